"""Summaries and entropies worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from specbench.core.ledger import Fate, Ledger, Outcome, Speculation, Window
from specbench.metrics import PredictionTable, predict_traces, summarise
from specbench.metrics.agreement import differences
from specbench.metrics.information import FLOOR, bits
from specbench.predictors import make_predictor
from specbench.testing import make_traces
from tests.tables import table


def outcome(
    trace: str, index: int, calls: int, hit: bool, launched: int, saved_s: float, sequential_s: float
) -> Outcome:
    tool = "get" if calls else None
    return Outcome(
        trace, trace, index, tool, "read" if calls else None, tool, calls, hit, launched, 2.0, float(calls), 0.1,
        sequential_s, sequential_s - saved_s, saved_s, "why", None, int(hit),
    )  # fmt: skip


def speculation(trace: str, index: int, run_s: float, fate: Fate, call: str = "get({})") -> Speculation:
    committed = index if fate is Fate.COMMIT else None
    squashed = None if fate is Fate.COMMIT else 9.0
    made: dict[str, Any] = {
        "trace_id": trace, "index": index, "tool": "get", "call": call, "p": 0.5, "window": Window.THINK,
        "launched_s": 1.0, "ended_s": 1.0 + run_s, "fate": fate, "squashed_s": squashed, "committed_at": committed,
        "late": False,
    }  # fmt: skip
    return Speculation(**made)


LEDGER = Ledger(
    [
        outcome("a", 0, 2, True, 2, 1.5, 4.0),
        outcome("a", 1, 1, False, 1, 0.0, 3.0),
        outcome("b", 0, 0, False, 1, 0.0, 2.0),
        outcome("b", 1, 1, False, 0, 0.0, 3.0),
    ],
    [
        speculation("a", 0, 1.0, Fate.COMMIT),
        speculation("a", 0, 0.5, Fate.SQUASH, 'get({"x":1})'),
        speculation("a", 1, 0.25, Fate.FAIL),
        speculation("b", 0, 2.0, Fate.SQUASH),
    ],
)


def test_a_summary() -> None:
    assert summarise(LEDGER) == {
        "points": 4, "calls": 4, "launched": 4, "hits": 1, "commits": 1, "attempt_rate": 3 / 4, "recall": 1 / 4,
        "first_call_recall": 1 / 3, "precision": 1 / 4, "amplification": (4 + 4 - 1) / 4, "saved_s": 1.5,
        "wasted_s": 2.75, "net_s": -1.25, "sequential_s": 12.0, "speculative_s": 10.5, "saved_share": 1.5 / 12,
    }  # fmt: skip


def test_differences_are_found_beyond_the_tolerance_alone() -> None:
    assert differences(LEDGER, LEDGER) == []
    moved = Ledger([LEDGER.outcomes[0]._replace(saved_s=1.5 + 2e-6), *LEDGER.outcomes[1:]], LEDGER.speculations)
    assert differences(LEDGER, moved) == ["decision a, 0: saved_s is 1.5 and 1.500002"]
    assert differences(LEDGER, moved, tolerance_s=3e-6) == []
    fewer = Ledger(LEDGER.outcomes, LEDGER.speculations[:-1])
    assert differences(LEDGER, fewer) == ["4 and 3 rows of speculations"]
    shuffled = Ledger(LEDGER.outcomes[::-1], LEDGER.speculations[::-1])
    assert differences(LEDGER, shuffled) == []
    other = Ledger([row._replace(reason="because") for row in LEDGER.outcomes], LEDGER.speculations)
    assert [each.split(":")[1] for each in differences(LEDGER, other)] == [" reason is 'why' and 'because'"] * 4


def test_at_most_twenty_differences_are_told() -> None:
    many = Ledger([outcome("a", index, 1, False, 0, 0.0, 3.0) for index in range(30)])
    others = Ledger([row._replace(calls=2) for row in many.outcomes])
    assert len(differences(many, others)) == 20


def test_bits_worked_out_by_hand() -> None:
    """The tool gets 1/2, its call 1/4: one bit for the tool and one more for the arguments."""
    one = table(("t", ["read:1"], [("read:1", 0.25), ("read:2", 0.25), (None, 0.5)]))
    found = bits(one)
    assert (found.tool, found.arguments, found.call) == (pytest.approx(1.0), pytest.approx(1.0), pytest.approx(2.0))
    reply = bits(table(("t", [], [("read:1", 0.5), (None, 0.5)])))
    assert (reply.tool, reply.call) == (pytest.approx(1.0), pytest.approx(1.0))
    missed = bits(table(("t", ["read:9"], [("look", 1.0)])))
    assert missed.call == missed.tool == pytest.approx(-math.log2(FLOOR))
    two = [(("read:1", 1.0),), (("read:1", 0.25), (None, 0.75))]
    both = bits(table(*((f"{task}.1", ["read:1"], list(said)) for at, said in enumerate(two) for task in "abc"[at:])))
    assert (both.call, both.tool_ci) == (pytest.approx(0.8), None)  # three of 0 bits, two of 2; three tasks
    many = bits(table(*((f"{task}.1", ["read:1"], list(two[task > "c"])) for task in "abcdef")))
    assert (many.call, many.tool_ci is None) == (pytest.approx(1.0), False)
    assert bits(PredictionTable("nobody")).call_ci is None


def test_an_oracle_needs_no_bits() -> None:
    traces = make_traces(3)
    found = bits(predict_traces(make_predictor("oracle").fit(traces), traces))
    assert (found.tool, found.call) == (0.0, 0.0)
