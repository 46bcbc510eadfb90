from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.types import Effect, Message, Timing, ToolCall, ToolSpec, Trace
from specbench.traces.describe import ToolCount, describe
from specbench.traces.store import read_traces

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
    assert (found.calls, found.parallel_calls, found.invalid_calls, found.tool_errors) == (4, 1, 1, 1)
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


def test_the_modelled_oracle_saves_the_smaller_of_think_and_tool_per_read_outcome() -> None:
    oracle = describe([trace("get", "pay", None, ("pay", "get"))]).oracle_modelled
    # 4 decisions think 2 s each, 4 calls run 1 s each; only the first call is a READ outcome.
    assert (oracle.think_s, oracle.tool_s, oracle.saved_s) == (8.0, 4.0, 1.0)
    assert oracle.saved_share == pytest.approx(1 / 12)


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
    assert (
        "saves 20.0% (measured, on 3 timed decisions)"
        in describe([Trace("t", "a", "test", tuple(messages), TOOLS)]).to_text()
    )


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


def test_nothing_is_described_without_dividing_by_zero() -> None:
    found = describe([])
    assert (found.traces, found.read_share, found.oracle_modelled.saved_share) == (0, 0.0, 0.0)
    assert found.oracle_measured is None
    assert set(found.entropy_bits.values()) == {0.0}
    assert "calls by effect       none" in found.to_text()
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
