"""The metrics of a run: worked out by hand, and told in words."""

from __future__ import annotations

import pytest
from hypothesis import given

from specbench.core.errors import ConfigError
from specbench.core.ledger import Ledger
from specbench.metrics import SpeculationMetrics, confusion, summarise
from specbench.metrics.speculation import disclosed_entities
from specbench.metrics.theory import breadth_probability, breadth_time_ratio, client_speed_up
from specbench.policies import TopK
from specbench.sim import Constant, simulate
from specbench.speculation import Options, RunAhead
from tests.tables import table, tables


def test_by_hand() -> None:
    rows = [
        ("a.1", ["read:1"], [("read:1", 0.9)]), ("a.1", ["read:2"], [("read:9", 0.9)]),
        ("b.1", [], [("read:1", 0.9)]), ("b.1", ["write:1"], []),
    ]  # fmt: skip
    metrics = SpeculationMetrics.of(simulate(table(*rows), TopK(), latency=Constant(2.0, 1.0)))
    assert (metrics.points, metrics.calls, metrics.launched, metrics.hits, metrics.commits) == (4, 3, 3, 1, 1)
    assert (metrics.recall, metrics.precision, metrics.attempt_recall) == (1 / 3, 1 / 3, 1 / 3)
    assert (metrics.saved_s, metrics.wasted_s, metrics.net_s, metrics.sequential_s) == (1.0, 2.0, -1.0, 11.0)
    assert (metrics.p50_s, metrics.sequential_p95_s) == (2.5, 3.0)
    assert metrics.disclosed == 1  # x=9; the agent itself asked for x=1 in both sessions
    assert metrics.report() == (
        "recall 33 %, precision 33 %, saved 1.0 s of 11.0 s (9.1 %), wasted 2.0 s, net -1.0 s, p50 2.50 s, p95 3.00 s"
    )
    said = metrics.verdicts()
    assert said[0].startswith("Speculation wasted as much as it saved, or more")
    assert said[0].endswith("They are too few for an interval.")
    assert "33 % of the calls are hits (the second rule holds), and 33 % of the decisions with a launch" in said[1]


def test_a_carried_hit_is_no_hit_of_an_attempt() -> None:
    rows = [
        ("t", ["read:1"], [("read:1", 0.6), ("read:2", 0.3)]),
        ("t", ["read:2"], [(None, 0.9)]),  # served by what was launched at the point before
    ]
    ledger = simulate(table(*rows), TopK(2), latency=Constant(2.0, 1.0), options=Options(carry_ttl_s=60))
    metrics = SpeculationMetrics.of(ledger)
    assert (metrics.hits, metrics.recall, metrics.attempt_recall) == (2, 1.0, 1.0)
    assert (metrics.hits_carried, metrics.hits_behind_first) == (1, 0)
    both = [("t", ["read:1", "read:2"], [("read:1", 0.6), ("read:2", 0.3)])]
    metrics = SpeculationMetrics.of(simulate(table(*both), TopK(2), latency=Constant(2.0, 1.0)))
    assert (metrics.hits, metrics.hits_carried, metrics.hits_behind_first) == (2, 0, 1)
    found = confusion(ledger)
    assert (found.points["read"], found.idle["read"], found.hits["read"]) == (2, 1, 1)


def test_run_ahead_is_an_axis_of_its_own() -> None:
    rows = [("t", ["read:2"], [("read:1", 0.9)])] * 2
    options = Options(run_ahead=RunAhead())
    metrics = SpeculationMetrics.of(simulate(table(*rows), TopK(), latency=Constant(2.0, 1.0), options=options))
    assert (metrics.wasted_s, metrics.run_ahead_lost_s, metrics.run_ahead_lost_tok) == (2.0, 2.0, 60.0)
    assert metrics.report().endswith("run-ahead lost 2.0 s and 60 tokens of LLM")


def test_no_launch_and_no_points() -> None:
    assert SpeculationMetrics.of(Ledger()).report() == "no decision points"
    quiet = SpeculationMetrics.of(simulate(table(("t", ["read:1"], [])), TopK()))
    assert quiet.verdicts() == ["Nothing was launched: nothing was saved, and nothing wasted."]


@given(tables())
def test_it_is_the_summary_and_more(found: object) -> None:
    ledger = simulate(found, TopK(2), latency=Constant(2.0, 1.0))  # type: ignore[arg-type]
    metrics, sums = SpeculationMetrics.of(ledger).to_dict(), summarise(ledger)
    assert {name: metrics[name] for name in sums.keys() & metrics.keys()} == {
        name: sums[name] for name in sums.keys() & metrics.keys()
    }
    assert metrics["recall"] == sums["recall"]
    assert disclosed_entities(ledger) <= sum(1 for row in ledger.speculations if row.fate != "commit")


def test_bounds_of_the_formulas() -> None:
    assert client_speed_up(1.0, 1.0, 1.0) == 2.0
    assert breadth_time_ratio(1.0, 3, 1.0, 1e12) == pytest.approx(0.5)
    assert breadth_probability(0.3, 1) == pytest.approx(0.3)
    with pytest.raises(ConfigError, match=r"p is a probability in \[0, 1\]; got 1.5"):
        client_speed_up(1.0, 1.0, 1.5)
