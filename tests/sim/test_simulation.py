"""The simulator, by examples small enough to work out by hand, and by what must hold for every run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.ledger import Fate
from specbench.core.types import Effect, Prediction
from specbench.metrics import PredictionTable, predict_traces, summarise
from specbench.policies import Never, Policy, Threshold, TopK
from specbench.predictors import make_predictor
from specbench.sim import Constant, Latency, LogNormal, simulate
from specbench.speculation import Options, Traits
from specbench.testing import make_traces
from tests.tables import call, table, tables

LATENCIES = st.builds(Constant, st.floats(0, 5), st.floats(0, 5)) | st.builds(
    LogNormal, st.floats(0.1, 4), st.floats(0.1, 4), st.floats(0, 1), st.integers(0, 9)
)
POLICIES: st.SearchStrategy[Policy] = st.builds(Threshold, st.floats(0, 1), st.integers(1, 4)) | st.builds(
    TopK, st.integers(1, 4)
)
SURE_HIT = table(("t", ["read:1"], [("read:1", 0.9)]))
SURE_MISS = table(("t", ["read:1"], [("read:2", 0.9)]))


def test_a_hit_that_ends_while_the_llm_thinks_hides_the_whole_call() -> None:
    ledger = simulate(SURE_HIT, Threshold(), latency=Constant(think=2.0, tool=1.5))
    (row,), (speculation,) = ledger.outcomes, ledger.speculations
    assert (row.sequential_s, row.speculative_s, row.saved_s, row.hit) == (3.5, 2.0, 1.5, True)
    assert (speculation.fate, speculation.late, speculation.committed_at) == (Fate.COMMIT, False, 0)
    assert (speculation.launched_s, speculation.ended_s, speculation.squashed_s) == (0.0, 1.5, None)


def test_a_late_commit_saves_only_the_overlap() -> None:
    ledger = simulate(SURE_HIT, Threshold(), latency=Constant(think=2.0, tool=5.0))
    (row,), (speculation,) = ledger.outcomes, ledger.speculations
    assert (row.sequential_s, row.speculative_s, row.saved_s) == (7.0, 5.0, 2.0)
    assert (speculation.late, speculation.ended_s, speculation.fate) == (True, 5.0, Fate.COMMIT)


def test_the_predictor_is_charged_to_the_window() -> None:
    early = simulate(SURE_HIT, Threshold(), latency=Constant(2.0, 1.5), predict_s=0.5)
    assert early.outcomes[0].saved_s == 1.5  # launched at 0.5, there at 2.0: just in time
    late = simulate(SURE_HIT, Threshold(), latency=Constant(2.0, 1.5), predict_s=1.25)
    assert late.outcomes[0].saved_s == 0.75  # launched at 1.25, there at 2.75 instead of 3.5
    assert late.speculations[0].launched_s == 1.25


@pytest.mark.parametrize("predict_s", [2.0, 9.0])
def test_a_prediction_after_the_decision_launches_nothing(predict_s: float) -> None:
    ledger = simulate(SURE_HIT, Threshold(), latency=Constant(2.0, 1.5), predict_s=predict_s)
    assert ledger.speculations == []
    row = ledger.outcomes[0]
    assert (row.launched, row.hit, row.saved_s) == (0, False, 0.0)
    assert row.reason == "the prediction came after the decision"


def test_a_miss_wastes_its_whole_run_when_it_was_short() -> None:
    ledger = simulate(SURE_MISS, Threshold(), latency=Constant(think=2.0, tool=1.5))
    (speculation,) = ledger.speculations
    assert (speculation.fate, speculation.run_s, speculation.squashed_s) == (Fate.SQUASH, 1.5, 2.0)
    assert (summarise(ledger)["saved_s"], summarise(ledger)["wasted_s"]) == (0.0, 1.5)


def test_a_miss_wastes_what_it_ran_until_it_was_cancelled() -> None:
    ledger = simulate(SURE_MISS, Threshold(), latency=Constant(think=2.0, tool=5.0), predict_s=0.5)
    (speculation,) = ledger.speculations
    assert (speculation.launched_s, speculation.ended_s, speculation.run_s) == (0.5, 2.0, 1.5)
    assert ledger.outcomes[0].speculative_s == ledger.outcomes[0].sequential_s == 7.0


def test_a_launch_at_a_reply_is_waste() -> None:
    ledger = simulate(table(("t", [], [("read:1", 0.7), (None, 0.3)])), Threshold(), latency=Constant(2.0, 1.0))
    numbers = summarise(ledger)
    assert (numbers["wasted_s"], numbers["precision"], numbers["recall"], numbers["calls"]) == (1.0, 0.0, None, 0)


PARALLEL = [
    # calls, guesses, TopK, parallel → sequential and speculative seconds, fates; thinking takes 2 s, a tool 1 s
    (["read:1", "look:1"], ["look:1", "read:1"], 2, "reads", 3.0, 2.0, "cc"),
    (["read:1", "look:1"], ["look:1", "read:1"], 1, "reads", 3.0, 3.0, "c"),  # the other one still takes its second
    (["read:1", "look:1"], ["look:1", "read:1"], 2, "off", 4.0, 2.0, "cc"),
    (["read:1", "look:1"], ["read:2"], 1, "reads", 3.0, 3.0, "s"),
    (["read:1", "write:1", "look:1"], ["read:1", "look:1"], 2, "reads", 5.0, 4.0, "cs"),  # read before the write: void
    (["read:1", "write:1", "look:1"], ["read:1", "look:1"], 2, "all", 3.0, 3.0, "cc"),
    (["write:1", "write:2"], ["read:1"], 1, "reads", 4.0, 4.0, "s"),
    (["write:1", "write:2"], ["read:1"], 1, "all", 3.0, 3.0, "s"),
    (["read:1", "read:1"], ["read:1"], 1, "reads", 3.0, 3.0, "c"),  # a result commits once
]


@pytest.mark.parametrize(("calls", "guesses", "k", "parallel", "sequential_s", "speculative_s", "fates"), PARALLEL)
def test_parallel_calls_worked_out_by_hand(
    calls: list[str],
    guesses: list[str],
    k: int,
    parallel: str,
    sequential_s: float,
    speculative_s: float,
    fates: str,
) -> None:
    rows = table(("t", calls, [(guess, 0.4) for guess in guesses]))
    ledger = simulate(rows, TopK(k), latency=Constant(think=2.0, tool=1.0), options=Options(parallel=parallel))
    (row,) = ledger.outcomes
    assert (row.sequential_s, row.speculative_s, row.tool_s) == (sequential_s, speculative_s, len(calls))
    assert "".join(str(each.fate)[0] for each in ledger.speculations) == fates
    assert (row.calls, row.hits, row.all_calls) == (len(calls), fates.count("c"), [call(each).key for each in calls])
    assert summarise(ledger)["recall"] == fates.count("c") / len(calls)


def test_a_write_of_the_decision_voids_only_what_it_may_touch() -> None:
    rows = table(("t", ["write:1", "look:2"], [("look:2", 0.9)]))
    apart = {"write": Traits(keys=("a",)), "look": Traits(keys=("b",))}
    for traits, fate in ((apart, Fate.COMMIT), ({}, Fate.SQUASH)):
        ledger = simulate(rows, TopK(1), latency=Constant(think=2.0, tool=1.0), traits=traits)
        assert [each.fate for each in ledger.speculations] == [fate]


def test_slots_hold_for_parallel_calls_with_and_without_speculation() -> None:
    rows = table(("t", ["read:1", "read:2", "read:3"], []))
    (row,) = simulate(rows, Never(), latency=Constant(2.0, 1.0), options=Options(tool_slots=2)).outcomes
    assert (row.sequential_s, row.speculative_s) == (4.0, 4.0)


def test_equal_predictions_share_one_launch() -> None:
    twice = table(("t", ["read:1"], [("read:1", 0.5), ("read:1", 0.4)]))
    ledger = simulate(twice, TopK(2), latency=Constant(2.0, 1.0))
    assert [each.fate for each in ledger.speculations] == [Fate.COMMIT]


def test_the_clock_goes_on_within_a_trace_and_starts_anew_with_the_next() -> None:
    rows = [("t", ["read:1"], [("read:1", 0.9)]), ("t", ["read:2"], [("read:2", 0.9)]), ("u", [], [("read:1", 0.9)])]
    ledger = simulate(table(*rows), Threshold(), latency=Constant(think=2.0, tool=3.0))
    assert [each.launched_s for each in ledger.speculations] == [0.0, 3.0, 0.0]


def test_writes_local_and_undeclared_tools_are_never_run_ahead() -> None:
    rows = [("t", [name], [(name, 0.99)]) for name in ("write:1", "note", "undeclared")]
    ledger = simulate(table(*rows), TopK(3))
    assert ledger.speculations == []
    assert [row.effect for row in ledger.outcomes] == ["write", "local", "unknown"]


def test_the_rates_of_a_run_worked_out_by_hand() -> None:
    rows = [
        ("t", ["read:1"], [("read:1", 0.9)]),  # hit
        ("t", ["read:2"], [("read:1", 0.7)]),  # miss
        ("t", ["write:1"], [("write:1", 0.9)]),  # not READ
        ("t", [], [("look", 0.8)]),  # a reply
        ("t", [], []),  # abstained
    ]
    numbers = summarise(simulate(table(*rows), Threshold(0.6), latency=Constant(2.0, 1.0)))
    assert numbers == {
        "points": 5,
        "calls": 3,
        "launched": 3,
        "hits": 1,
        "commits": 1,
        "attempt_rate": 3 / 5,
        "recall": 1 / 3,
        "first_call_recall": 1 / 3,
        "precision": 1 / 3,
        "amplification": 5 / 3,
        "saved_s": 1.0,
        "wasted_s": 2.0,
        "net_s": -1.0,
        "sequential_s": 13.0,
        "speculative_s": 12.0,
        "saved_share": 1 / 13,
    }


@given(table=tables(), policy=POLICIES, latency=LATENCIES, predict_s=st.floats(0, 3))
def test_speculation_never_makes_a_run_slower(
    table: PredictionTable, policy: Policy, latency: Latency, predict_s: float
) -> None:
    ledger = simulate(table, policy, latency=latency, predict_s=predict_s)
    for row in ledger.outcomes:
        assert row.speculative_s >= row.think_s - 1e-9
        assert -1e-9 <= row.saved_s <= min(row.tool_s, row.think_s) + 1e-9
        assert row.saved_s == pytest.approx(row.sequential_s - row.speculative_s)
        assert row.launched or row.saved_s == pytest.approx(0.0)
    for each in ledger.speculations:
        assert each.run_s >= -1e-9
        assert (each.fate == Fate.COMMIT) == (each.committed_at is not None) == (each.squashed_s is None)
    assert sum(row.launched for row in ledger.outcomes) == len(ledger.speculations)
    assert sum(row.hit for row in ledger.outcomes) <= summarise(ledger)["commits"]


@given(table=tables(), latency=LATENCIES)
def test_never_changes_nothing(table: PredictionTable, latency: Latency) -> None:
    ledger = simulate(table, Never(), latency=latency)
    assert ledger.speculations == []
    assert all(row.saved_s == pytest.approx(0.0, abs=1e-9) for row in ledger.outcomes)


@given(table=tables(), latency=LATENCIES)
def test_an_oracle_saves_the_overlap_of_every_read_and_wastes_nothing(table: PredictionTable, latency: Latency) -> None:
    table.calls = [calls[:1] for calls in table.calls]
    table.predictions = [[Prediction(outcome, 1.0)] for outcome in table.outcomes]
    numbers = summarise(simulate(table, Threshold(1.0), latency=latency))
    expected = sum(
        min(latency.think_s(point.trace_id, point.index), latency.tool_s(point.trace_id, calls[0].key))
        for point, calls, effect in zip(table.points, table.calls, table.effects(), strict=True)
        if effect == [Effect.READ] and latency.think_s(point.trace_id, point.index) > 0
    )
    assert numbers["saved_s"] == pytest.approx(expected)
    assert numbers["wasted_s"] == 0.0
    assert numbers["precision"] in (None, 1.0)


@given(table=tables(), latency=LATENCIES, policy=POLICIES)
def test_always_wrong_saves_nothing(table: PredictionTable, latency: Latency, policy: Policy) -> None:
    table.predictions = [[Prediction(call("read:999"), 1.0)] for _ in table.points]
    numbers = summarise(simulate(table, policy, latency=latency))
    assert numbers["saved_s"] == pytest.approx(0.0, abs=1e-9)
    assert numbers["hits"] == numbers["commits"] == 0


def test_the_controls_frame_real_traces() -> None:
    traces = make_traces(8)
    latency = LogNormal(2.0, 1.0, 0.7, seed=4)
    numbers = {}
    for name in ("oracle", "wrong", "silent", "markov"):
        table = predict_traces(make_predictor(name).fit(traces), traces)
        numbers[name] = summarise(simulate(table, Threshold(0.3), latency=latency))
    reads = [
        min(latency.think_s(point.trace_id, point.index), latency.tool_s(point.trace_id, calls[0].key))
        for trace in traces
        for point, calls in trace.decisions()
        if calls and trace.effect(calls[0].name) is Effect.READ
    ]
    assert numbers["oracle"]["saved_s"] == pytest.approx(sum(reads))
    assert numbers["wrong"]["saved_s"] == pytest.approx(0.0, abs=1e-9)
    assert numbers["silent"]["saved_s"] == pytest.approx(0.0, abs=1e-9)
    assert 0.0 < numbers["markov"]["saved_s"] < numbers["oracle"]["saved_s"]
    assert numbers["wrong"]["wasted_s"] > numbers["markov"]["wasted_s"] > 0.0
    assert len({round(each["sequential_s"], 9) for each in numbers.values()}) == 1


def test_the_ledger_says_what_made_it() -> None:
    ledger = simulate(SURE_HIT, Threshold(0.7, 2), latency=Constant(2, 1), predict_s=0.01, config={"seed": 3})
    assert ledger.config == {
        "predictor": "hand",
        "policy": "Threshold(p=0.7, k=2)",
        "latency": {"model": "constant (modelled)", "think": 2, "tool": 1, "user": 0.0},
        "predict_s": 0.01,
        "options": Options().describe(),
        "sessions": 1,
        "seed": 3,
    }
