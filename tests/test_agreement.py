"""Simulator and executor write the same ledger, whatever the traces, policies, latencies, windows and limits."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from specbench.core.batches import PARALLEL
from specbench.core.ledger import Ledger
from specbench.core.types import Effect, Message, Prediction, ToolCall, ToolSpec, Trace
from specbench.metrics import PredictionTable, differences
from specbench.policies import All, Budgeted, Disclosure, ExpectedValue, Policy, Threshold, TopK
from specbench.runtime.recorded import execute
from specbench.sim import LogNormal, simulate
from specbench.speculation import Breaker, Limit, Options, RunAhead, Traits
from specbench.speculation.partial_decision import PartialCall, Timeline
from specbench.testing import BACKENDS, run_virtual

TOOLS = {
    "get": ToolSpec("get", effect=Effect.READ, irrelevant=("why",)),
    "find": ToolSpec("find", effect=Effect.READ),
    "price": ToolSpec("price", effect=Effect.READ),
    "save": ToolSpec("save", effect=Effect.WRITE),
    "note": ToolSpec("note", effect=Effect.LOCAL),
    "book": ToolSpec("book", effect=Effect.STAGED),
    "run": ToolSpec("run", effect=Effect.WRITE, where=[{"x": [0, 1], "effect": "read"}]),  # type: ignore[list-item]
}
TRAITS = {
    "get": Traits(keys=("item:{x}",)),
    "find": Traits(keys=("index",), group="search"),
    "price": Traits(max_staleness_s=2.5, group="search"),
    "save": Traits(keys=("item:{x}",)),
}


def random_trace(draw: random.Random, name: str) -> Trace:
    """A conversation of up to fourteen decisions; results say what was asked, so that run-aheads can be right."""
    messages = [Message("user", "hello")]
    for _ in range(draw.randint(1, 14)):
        kind = draw.random()
        if kind < 0.25:
            messages.append(Message("assistant", "anything else?"))
            if draw.random() < 0.8:
                messages.append(Message("user", "yes"))
            continue
        calls = tuple(random_call(draw) for _ in range(1 if kind < 0.85 else draw.randint(2, 3)))
        messages.append(Message("assistant", "let me see" if draw.random() < 0.1 else "", calls))
        messages += [Message("tool", f"result of {call.key}", (), None, call.name) for call in calls]
    if messages[-1].role != "assistant":
        messages.append(Message("assistant", "done"))
    return Trace(name, name, "random", tuple(messages), TOOLS)


def random_call(draw: random.Random) -> ToolCall:
    spec = TOOLS[draw.choice(["get", "get", "find", "price", "save", "note", "book", "run"])]
    why = {name: draw.choice(["to see", "again"]) for name in spec.irrelevant if draw.random() < 0.3}
    return ToolCall(spec.name, {"x": draw.randint(0, 2), **why}).of(spec)


def random_predictions(draw: random.Random, outcome: ToolCall | None) -> list[Prediction]:
    """Predictions that are right half of the time."""
    found = [outcome] if draw.random() < 0.5 else []
    found += [None if draw.random() < 0.2 else random_call(draw) for _ in range(draw.randint(0, 3))]
    found = list(dict.fromkeys(found))
    weights = sorted((draw.random() for _ in found), reverse=True)
    total = max(1.0, sum(weights)) * 1.01
    return [Prediction(call, weight / total) for call, weight in zip(found, weights, strict=True) if weight > 0]


def random_table(seed: int, traces: int = 3) -> PredictionTable:
    draw = random.Random(seed)
    table = PredictionTable("random")
    for number in range(traces):
        trace = random_trace(draw, f"t{number}")
        decisions = list(trace.decisions())
        outcomes = [decision.outcome for decision in decisions]
        for at, (point, calls) in enumerate(decisions):
            table.points.append(point)
            table.calls.append(calls)
            table.predictions.append(random_predictions(draw, outcomes[at]))
            table.ahead.append(random_predictions(draw, outcomes[at]) if at else [])
            if point.messages[-1].role == "assistant":  # nothing came in between: the same question
                table.ahead[-1] = table.predictions[-1]
            table.tools.append([])
            table.tasks.append(trace.task_id)
    return table


POLICIES: st.SearchStrategy[Policy] = st.one_of(
    st.just(Threshold(1.0)),
    st.builds(Threshold, st.floats(0, 0.8), st.integers(1, 3)),
    st.builds(TopK, st.integers(1, 3)),
    st.builds(ExpectedValue, st.floats(0, 2), st.floats(0, 0.3)),
    st.builds(Budgeted, st.just(TopK(2)), st.integers(0, 8), st.floats(0, 5), st.sampled_from(["session", "run"])),
    st.builds(Disclosure, st.just(TopK(2)), st.integers(0, 3)),
    st.just(All((TopK(2), Threshold(0.2, 3)))),
)
OPTIONS = st.builds(
    Options,
    windows=st.sets(st.sampled_from(["think", "tool", "user"])),
    carry_ttl_s=st.sampled_from([0.0, 0.7, 3.0, 1e9]),
    max_entries=st.sampled_from([2, 256]),
    run_ahead=st.none() | st.builds(RunAhead, st.integers(1, 3), st.floats(0, 0.6), st.none() | st.just(90.0)),
    tool_slots=st.none() | st.integers(1, 3),
    llm_slots=st.none() | st.integers(1, 3),
    limits=st.sampled_from(
        [{}, {"get": Limit(1.5, 4.0)}, {"search": Limit(2.0, 6.0, 0.5), "get": Limit(4.0, 5.0, 0.3)}]
    ),
    breaker=st.none() | st.just(Breaker(window=6, at_least=3, probe_every=2, probes=2)),
    parallel=st.sampled_from(PARALLEL),
)


def timeline_of(table: PredictionTable, latency: LogNormal) -> Timeline:
    """The name at about a third of the decision, the arguments at two thirds; some are never complete."""
    calls = {(point.trace_id, point.index): each for point, each in zip(table.points, table.calls, strict=True)}

    def timeline(trace_id: str, index: int) -> list[PartialCall]:
        first = next(iter(calls.get((trace_id, index), ())), None)
        if first is None:
            return []
        think_s = latency.think_s(trace_id, index)
        whole = PartialCall(0.6789 * think_s, first.name, first.arguments, complete=index % 3 > 0)
        return [PartialCall(0.3456 * think_s, first.name), whole]

    return timeline


def check(
    seed: int, policy: Policy, options: Options, predict_s: float, sessions: int, backend: str, early: bool
) -> Ledger:
    table = random_table(seed)
    latency = LogNormal(2.0, 1.0, 0.8, seed, user=1.5)
    common: dict[str, Any] = {
        "predict_s": predict_s, "options": options, "traits": TRAITS, "sessions": sessions, "gap_s": 0.12345,
        "timeline": timeline_of(table, latency) if early else None,
    }  # fmt: skip
    simulated = simulate(table, policy, latency=latency, **common)
    executed = run_virtual(partial(execute, table, policy, latency, **common), backend=backend)
    assert differences(simulated, executed) == []
    return simulated


@settings(max_examples=300)
@given(
    seed=st.integers(0, 10**6),
    policy=POLICIES,
    options=OPTIONS,
    predict_s=st.sampled_from([0.0, 0.004, 0.3, 2.2]),
    sessions=st.integers(1, 3),
    early=st.booleans(),
)
def test_simulator_and_executor_agree(
    seed: int, policy: Policy, options: Options, predict_s: float, sessions: int, early: bool
) -> None:
    check(seed, policy, options, predict_s, sessions, BACKENDS[seed % 2], early)


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    policy=POLICIES,
    options=st.builds(
        replace,
        OPTIONS,
        tool_slots=st.just(1),
        limits=st.sampled_from([{"get": Limit(1.5, 4.0)}, {"search": Limit(2.0, 6.0, 0.5), "get": Limit(4.0, 5.0)}]),
    ),
    sessions=st.integers(2, 4),
)
def test_sessions_that_wait_for_one_slot_and_for_limits_are_served_in_the_same_order(
    seed: int, policy: Policy, options: Options, sessions: int
) -> None:
    check(seed, policy, options, 0.05, sessions, BACKENDS[seed % 2], False)
