from __future__ import annotations

import json
import math
from pathlib import Path
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.types import Effect, Message, Timing, ToolCall, ToolSpec, Trace
from specbench.traces.describe import ToolCount, describe
from specbench.traces.oracle import OracleSums
from specbench.traces.store import read_traces
from specbench.traces.timings import RecordedSeconds, fit

TOOLS = {
    "get": ToolSpec("get", effect=Effect.READ),
    "pay": ToolSpec("pay", effect=Effect.WRITE),
}


def trace(*outcomes: str | tuple[str, ...] | None, name: str = "t", task: str = "a") -> Trace:
    messages = [Message("user", "?")]
    for outcome in outcomes:
        names = outcome if isinstance(outcome, tuple) else () if outcome is None else (outcome,)
        messages.append(Message("assistant", tool_calls=tuple(ToolCall(each) for each in names)))
    return Trace(name, task, "test", tuple(messages), TOOLS)


def test_counts() -> None:
    broken = Message("assistant", tool_calls=(ToolCall("odd", invalid_arguments="{"),))
    last = Trace("u", "b", "test", (broken, Message("tool", "no", error=True)), TOOLS)
    found = describe([trace("get", ("get", "pay"), None), trace(name="v"), last])
    assert (found.traces, found.tasks, found.without_decisions) == (3, 2, 1)
    assert (found.decision_points, found.replies) == (4, 1)
    assert (found.calls, found.invalid_calls, found.tool_errors) == (4, 1, 1)
    assert (found.parallel_calls, found.parallel_messages) == (2, 1)
    assert found.calls_by_effect == {"read": 2, "write": 1, "unknown": 1}
    assert found.calls_by_tool == (
        ToolCount("get", "read", 2),
        ToolCount("odd", "unknown", 1),
        ToolCount("pay", "write", 1),
    )
    assert found.read_share == 0.5


def test_entropy_of_a_fixed_alternation_falls_to_zero_at_order_one() -> None:
    found = describe([trace(*["get", None] * 8)])
    assert found.entropy_bits[0] == pytest.approx(1.0)
    assert found.entropy_bits[1] == 0.0


def test_entropy_by_hand() -> None:
    # Outcomes get, get, pay, reply; contexts of order 1: start, get, get, pay.
    found = describe([trace("get", "get", "pay", None)])
    assert found.entropy_bits[0] == pytest.approx(1.5)
    assert found.entropy_bits[1] == pytest.approx(0.5)


@given(st.lists(st.lists(st.sampled_from(["get", "pay", None]), max_size=12), max_size=6))
def test_entropy_never_rises_with_the_order(outcomes: list[list[str | None]]) -> None:
    bits = describe([trace(*each) for each in outcomes]).entropy_bits
    assert all(bits[order] >= bits[order + 1] - 1e-9 for order in range(3))
    assert 0 <= bits[0] <= math.log2(3) + 1e-9


def test_the_modelled_oracle_saves_reads_that_no_write_of_their_decision_precedes() -> None:
    oracle = describe([trace("get", "pay", None, ("pay", "get"))]).oracle_modelled
    # 4 decisions think 2 s each, 4 calls run 1 s each; the second read stands behind a write.
    assert (oracle.think_s, oracle.tool_s, oracle.read_s, oracle.saved_s) == (8.0, 4.0, 2.0, 1.0)
    assert oracle.saved_share == pytest.approx(1 / 12)


def test_parallel_reads_run_side_by_side_in_the_baseline() -> None:
    # Three reads together take 1 s, not 3; all of it is hidden, and the write behind them is not.
    oracle = describe([trace(("get", "get", "get", "pay"))]).oracle_modelled
    assert (oracle.think_s, oracle.tool_s, oracle.saved_s) == (2.0, 2.0, 1.0)


def test_a_local_call_beside_reads_is_waited_for() -> None:
    sums = OracleSums("measured")
    sums.add(5.0, [(Effect.READ, 3.0), (Effect.LOCAL, 2.0)])
    found = sums.saving()
    assert (found.tool_s, found.read_s, found.saved_s) == (3.0, 1.0, 1.0)


@given(
    st.lists(
        st.tuples(st.floats(0, 9), st.lists(st.tuples(st.sampled_from(list(Effect)), st.floats(0, 9)), max_size=5)),
        max_size=5,
    )
)
def test_what_an_oracle_saves_is_bounded_by_reads_and_by_thinking(
    decisions: list[tuple[float, list[tuple[Effect, float]]]],
) -> None:
    sums = OracleSums("modelled")
    for think_s, calls in decisions:
        sums.add(think_s, calls)
    found = sums.saving()
    assert -1e-9 <= found.saved_s <= min(found.read_s, found.think_s) + 1e-9
    assert found.read_s <= found.tool_s + 1e-9 <= sum(s for _, calls in decisions for _, s in calls) + 1e-6


def test_the_measured_oracle_uses_the_traces_own_timings_where_they_are_complete() -> None:
    def step(call: str, think: Timing | None, tool: Timing | None) -> list[Message]:
        called = Message("assistant", tool_calls=(ToolCall("get", {"n": call}, call),), timing=think)
        return [called, Message("tool", "ok", tool_call_id=call, name="get", timing=tool)]

    messages = [
        *step("a", Timing(0, 3), Timing(3, 4)),
        *step("b", Timing(4, 5), Timing(5, 9)),
        *step("c", Timing(9, 10), None),
        *step("d", None, Timing(11, 12)),
        Message("assistant", "done", timing=Timing(12, 13)),
    ]
    oracle = describe([Trace("t", "a", "test", tuple(messages), TOOLS)]).oracle_measured
    assert oracle is not None
    assert (oracle.decision_points, oracle.think_s, oracle.tool_s, oracle.saved_s) == (3, 5.0, 5.0, 2.0)
    assert oracle.saved_share == 0.2
    found = describe([Trace("t", "a", "test", tuple(messages), TOOLS)])
    assert "saves 20.0% (measured, on 3 timed decisions)" in found.to_text()
    assert "recorded seconds: 78% of the decisions and calls have some" in found.to_text()
    assert "        1      3.4        6  get (3 of 4)" in found.to_text().splitlines()
    assert [(each.what, each.kind, each.p50_s, each.total_s) for each in found.seconds] == [
        ("LLM", "think", 1.0, 6.0),
        ("get", "tool", 1.0, 6.0),
    ]


def test_the_log_normal_fit_finds_median_and_spread_again() -> None:
    normal = NormalDist()
    drawn = [3.0 * math.exp(0.7 * normal.inv_cdf((at + 0.5) / 2000)) for at in range(2000)]
    found = fit("get", "tool", 2000, drawn)
    assert found.median_s == pytest.approx(3.0, rel=1e-3) and found.sigma == pytest.approx(0.7, rel=0.01)
    assert found.p90_s == pytest.approx(3.0 * math.exp(0.7 * normal.inv_cdf(0.9)), rel=0.01)
    assert fit("get", "tool", 2, [0.0, 0.0]).sigma == 0.0  # no logarithm of nothing


def test_coverage_needs_thinking_and_tools() -> None:
    thought = Message("assistant", tool_calls=(ToolCall("get", id="a"),), timing=Timing(0, 1))
    ran = Message("tool", "ok", tool_call_id="a", timing=Timing(1, 2))
    both = Trace("t", "a", "test", (thought, ran), TOOLS)
    without_tool = Trace("t", "a", "test", (thought, Message("tool", "ok", tool_call_id="a")), TOOLS)
    assert RecordedSeconds.of([both]).coverage == 1.0
    assert RecordedSeconds.of([both, without_tool]).coverage == 0.75
    assert RecordedSeconds.of([without_tool]).coverage == RecordedSeconds.of([]).coverage == 0.0


@pytest.mark.parametrize("name", ["get", None])
def test_results_without_ids_are_measured_in_the_order_of_their_calls(name: str | None) -> None:
    messages = (
        Message("assistant", tool_calls=(ToolCall("get"), ToolCall("pay")), timing=Timing(0, 3)),
        Message("tool", "ok", name=name, timing=Timing(3, 4)),
        Message("tool", "ok", timing=Timing(4, 6)),
        Message("assistant", "done", timing=Timing(6, 7)),
    )
    oracle = describe([Trace("t", "a", "test", messages, TOOLS)]).oracle_measured
    assert oracle is not None
    assert (oracle.decision_points, oracle.think_s, oracle.tool_s, oracle.saved_s) == (2, 4.0, 3.0, 1.0)
    assert oracle.read_s == 1.0


def test_nothing_is_described_without_dividing_by_zero() -> None:
    found = describe([])
    assert (found.traces, found.read_share, found.oracle_modelled.saved_share) == (0, 0.0, 0.0)
    assert found.oracle_measured is None
    assert set(found.entropy_bits.values()) == {0.0}
    assert "calls by effect       none" in found.to_text()
    assert "--effects" not in found.to_text() and "--effects" not in describe([trace("get")]).to_text()
    assert "no called tool is declared `read`" in describe([trace("pay")]).to_text()
    assert json.loads(json.dumps(found.to_dict()))["oracle_modelled"]["saved_share"] == 0.0


@pytest.mark.parametrize(
    ("folder", "points", "share", "saved", "bits"),
    [("tau_bench_retail", 3583, 0.700, 0.149, 2.76), ("tau_bench_airline", 2023, 0.575, 0.114, 2.52)],
)
def test_the_real_files_are_described(
    shared_data: Path, folder: str, points: int, share: float, saved: float, bits: float
) -> None:
    found = describe(read_traces(shared_data / folder))
    assert found.decision_points == points
    assert found.read_share == pytest.approx(share, abs=0.001)
    assert found.oracle_modelled.saved_share == pytest.approx(saved, abs=0.001)
    assert found.entropy_bits[0] == pytest.approx(bits, abs=0.01)
