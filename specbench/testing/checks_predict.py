"""Contract checks of a fitted predictor: what a prediction looks like, and what predicting must not do."""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from collections.abc import Mapping
from dataclasses import replace
from functools import _lru_cache_wrapper
from typing import Any

import numpy as np

from specbench.core.types import DecisionPoint, Effect, Message, ToolCall, ToolSpec, Trace
from specbench.predictors import Predictor
from specbench.testing.subject import Subject, require, require_ranking, require_valid
from specbench.testing.traces import make_traces, odd_trace

__all__ = [
    "check_bounded_memory",
    "check_bounded_time",
    "check_empty_history",
    "check_k",
    "check_odd_history",
    "check_predict_batch",
    "check_pure",
    "check_ranking",
    "check_session",
    "check_sessions_apart",
    "check_unseen_tools",
]

MAX_GROWTH_BYTES = 500_000
MAX_SECONDS = 10.0


def check_ranking(subject: Subject) -> None:
    """Predictions are sorted and distinct, p is in (0, 1], Σp ≤ 1, and only tools on offer are predicted."""
    require_valid(subject.fitted, subject.points, "on recorded conversations")


def check_k(subject: Subject) -> None:
    """``predict(point, k)`` gives at most ``k`` outcomes: the first ``k`` of a longer ranking."""
    for point in subject.points:
        longest = subject.fitted.predict(point, k=8)
        for k in (1, 2, 5):
            some = subject.fitted.predict(point, k=k)
            require(len(some) <= k, f"k={k} was asked for, {len(some)} predictions came")
            require(some == longest[:k], f"k={k} is not the beginning of k=8 at decision {point.index}")


def check_pure(subject: Subject) -> None:
    """Predicting twice gives the same, whatever was asked in between, and changes neither predictor nor point."""
    predictor = subject.fitted
    before = frozen(predictor.state())
    first = [predictor.predict(point, k=4) for point in subject.points]
    messages = [frozen([repr(message) for message in point.messages]) for point in subject.points]
    second = [predictor.predict(point, k=4) for point in reversed(subject.points)][::-1]
    require(first == second, "the same question is answered differently the second time")
    require(frozen(predictor.state()) == before, "predicting changes the predictor's state; only fit and learn may")
    after = [frozen([repr(message) for message in point.messages]) for point in subject.points]
    require(messages == after, "predicting changes the messages of the decision point")


def check_predict_batch(subject: Subject) -> None:
    """``predict_batch`` equals ``predict`` one by one."""
    points = subject.points
    alone = [subject.fitted.predict(point, k=3) for point in points]
    require(subject.fitted.predict_batch(points, k=3) == alone, "predict_batch differs from predict point by point")


def check_session(subject: Subject) -> None:
    """A live session says at every decision point what ``predict`` says from scratch."""
    predictor = subject.fitted
    for trace in [*subject.held_out, subject.training[0], odd_trace()]:
        live = predictor.session(trace.tools, trace.agent)
        seen = 0
        for (point, _), replayed in zip(trace.decisions(), predictor.replay(trace), strict=True):
            for message in point.messages[seen:]:
                live.observe(message)
            seen = len(point.messages)
            scratch = predictor.predict(point, k=4)
            for session, kind in ((live, "a live session"), (replayed, "replay()")):
                require(
                    session.predict(k=4) == scratch
                    and session.predict_tools(k=4) == predictor.at(point).predict_tools(k=4),
                    f"{kind} differs from predict() at decision {point.index} of trace {trace.trace_id!r}",
                )


def check_sessions_apart(subject: Subject) -> None:
    """Sessions of one predictor that run at the same time do not disturb each other."""
    first, second = (subject.held_out[0], subject.training[0])
    one, two = (subject.fitted.session(trace.tools, trace.agent) for trace in (first, second))
    for at in range(max(len(first.messages), len(second.messages))):
        for session, trace in ((one, first), (two, second)):
            if at < len(trace.messages):
                session.observe(trace.messages[at])
                session.predict(k=2)
    for session, trace in ((one, first), (two, second)):
        alone = subject.fitted.at(DecisionPoint(trace.trace_id, 0, trace.messages, trace.tools, trace.agent))
        require(session.predict(k=4) == alone.predict(k=4), "two sessions at the same time disturb each other")


def check_empty_history(subject: Subject) -> None:
    """A conversation that has not begun is a decision point like any other, with tools and without."""
    tools = subject.training[0].tools
    points = [
        DecisionPoint("empty", 0, (), tools),
        DecisionPoint("bare", 0, ()),
        DecisionPoint("named", 0, (), tools, "x"),
    ]
    require_valid(subject.fitted, points, "on an empty history")


def check_unseen_tools(subject: Subject) -> None:
    """Tools, agents and schemas that training never saw do no harm, and only tools on offer are predicted."""
    schemas: tuple[Mapping[str, Any], ...] = (
        {},
        {"type": "object", "properties": {"zone": {"type": "string", "enum": ["a", "b"]}, "n": {"type": "integer"}}},
        {"properties": "oops", "required": 3},
        {
            "properties": {"order_id": None, "x": {"type": ["string", "null"]}, "y": {"anyOf": []}},
            "required": ["order_id"],
        },
    )
    unseen = {f"new_{at}": ToolSpec(f"new_{at}", "?", each, Effect.READ) for at, each in enumerate(schemas)}
    points = []
    for point in subject.points:
        points += [replace(point, tools=unseen, agent="new"), replace(point, tools={**point.tools, **unseen})]
    require_valid(subject.fitted, points, "with tools that training never saw")


def check_odd_history(subject: Subject) -> None:
    """Invalid arguments, parallel calls, errors, missing results and undeclared tools in the history do no harm."""
    points = [decision.point for decision in odd_trace().decisions()]
    require_valid(subject.fitted, points, "after invalid, parallel and failing calls")


def check_bounded_time(subject: Subject) -> None:
    """Junk and megabytes in a message cost bounded time (10 s of CPU each is far above what any of them needs)."""
    big = 1_000_000
    junk = {
        "binary junk": bytes(range(256)).decode("latin-1") * 40,
        "lone surrogates": '"\ud800\udfff" \ud83d',
        "one long string": json.dumps("x" * big),
        "one long word": "x" * big,
        "one long number": "7" * big,
        "white space": " " * big,
        "capitals": "Ab " * (big // 3),
        "punctuation": '#"@.-' * (big // 5),
        "a long list": json.dumps(list(range(big // 7))),
        "a long object": json.dumps({f"Key {at}": f"v{at}" for at in range(big // 20)}),
        "deep nesting": "[" * 5_000 + "]" * 5_000,
        "infinite numbers": '{"a": NaN, "b": Infinity, "c": 1e999, "d": ' + "9" * 400 + "}",
    }
    trace = subject.held_out[0]
    call = ToolCall(next(iter(trace.tools), "tool"), {"value": "x" * 5_000}, id="big")
    for kind, text in junk.items():
        result = (*trace.messages, Message("assistant", tool_calls=(call,)), Message("tool", text, tool_call_id="big"))
        session = subject.fitted.session(trace.tools, trace.agent)
        started = time.process_time()
        for message in (*result, Message("user", text)):
            session.observe(message)
            require_ranking(session.predict(k=3), f"after {kind} in a message")
        seconds = time.process_time() - started
        require(seconds < MAX_SECONDS, f"{kind} in a message costs {seconds:.1f} s; bound what you look at")


def check_bounded_memory(subject: Subject) -> None:
    """Predicting hundreds of points of new conversations keeps nothing (at most 0.5 MB, for caches of fixed size)."""
    predictor = subject.fitted
    # A full cache drops what was made before the count began: to the count that looks like growth.
    for cache in [each for each in gc.get_objects() if type(each) is _lru_cache_wrapper]:
        cache.cache_clear()
    for trace in make_traces(20, seed=1):
        _ask_all(predictor, trace)
    # What the process holds already is not searched for garbage: that takes a second where much is loaded.
    gc.freeze()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(2, 6):
            for trace in make_traces(15, seed=number):
                _ask_all(predictor, trace)
        del trace
        gc.collect()
        growth = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
        gc.unfreeze()
    require(
        growth <= MAX_GROWTH_BYTES, f"predicting in 60 conversations left {growth / 1e6:.1f} MB behind; keep no history"
    )


def _ask_all(predictor: Predictor, trace: Trace) -> None:
    session = predictor.session(trace.tools, trace.agent)
    for message in trace.messages:
        if message.role == "assistant":
            session.predict(k=3)
        session.observe(message)


def frozen(value: Any) -> str:
    """Return a text that differs when a state differs: JSON with the bytes of arrays."""

    def plain(each: Any) -> Any:
        if isinstance(each, np.ndarray):
            return [str(each.dtype), list(each.shape), each.tobytes().hex()]
        raise TypeError(f"state() holds {each!r}; allowed are JSON values and numpy arrays")

    return json.dumps(value, default=plain)
