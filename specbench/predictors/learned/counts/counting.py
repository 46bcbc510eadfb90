"""Counting over recorded conversations: folds by task, every real call with the state before it, the sum of counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np

from specbench.core.types import ToolCall, ToolSpec, Trace
from specbench.predictors.context.extraction import ENGLISH
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.context.language import Language
from specbench.predictors.learned.candidates.live_parameter import LiveParameter
from specbench.predictors.learned.counts.parameters import ParameterIndex

__all__ = ["calls_of", "count", "folds_of", "merged", "said_and_dates", "sample_of"]


def folds_of(traces: Sequence[Trace], folds: int, seed: int) -> list[int]:
    """Return a fold number for each trace; traces of one task share it.

    Examples
    --------
    >>> folds_of([Trace("a", "x", "", ()), Trace("b", "x", "", ())], 3, seed=0)[:1] * 2 == folds_of(
    ...     [Trace("a", "x", "", ()), Trace("b", "x", "", ())], 3, seed=0)
    True
    """
    tasks = sorted({trace.task_id for trace in traces})
    order = np.random.default_rng(seed).permutation(len(tasks))
    place = {tasks[task]: at % folds for at, task in enumerate(order.tolist())}
    return [place[trace.task_id] for trace in traces]


def sample_of(traces: Sequence[Trace], most: int, seed: int) -> list[int]:
    """Return which traces to look at, in their order: all, or about ``most`` decisions with as many tasks as can be.

    A second trace of a task is taken when there is one of every task.

    Examples
    --------
    >>> from specbench.core.types import Message
    >>> turns = (Message("user", "Hi"), Message("assistant", "Hello"))
    >>> traces = [Trace(f"t{at}", f"task-{at % 3}", "doc", turns) for at in range(9)]
    >>> sample_of(traces, most=9, seed=0)
    [0, 1, 2, 3, 4, 5, 6, 7, 8]
    >>> sorted(traces[at].task_id for at in sample_of(traces, most=3, seed=0))
    ['task-0', 'task-1', 'task-2']
    """
    sizes = [sum(message.role == "assistant" for message in trace.messages) for trace in traces]
    if sum(sizes) <= most:
        return list(range(len(traces)))
    turns: Counter[str] = Counter()
    drawn = []
    for at in np.random.default_rng([seed, 2]).permutation(len(traces)).tolist():
        drawn.append((turns[traces[at].task_id], at))
        turns[traces[at].task_id] += 1
    chosen: list[int] = []
    for _, at in sorted(drawn, key=lambda each: each[0]):
        if most <= 0:
            break
        chosen.append(at)
        most -= sizes[at]
    return sorted(chosen)


def calls_of(
    traces: Sequence[Trace], today: date | None, counts: ParameterIndex, language: Language
) -> Iterator[tuple[ToolCall, ToolSpec | None, ContextIndex, dict[Any, LiveParameter]]]:
    """Yield every valid call with its spec, the state just before it, and a store for the parameters of its trace."""
    for trace in traces:
        index = ContextIndex(today, counts.prefixes(), counts.seen.folders(), counts.seen.filler(), language)
        live_parameters: dict[Any, LiveParameter] = {}
        for message in trace.messages:
            for call in message.tool_calls:
                if call.invalid_arguments is None:
                    yield call, trace.tools.get(call.name), index, live_parameters
            index.append(message)


def count(traces: Sequence[Trace], today: date | None = None, language: Language = ENGLISH) -> ParameterIndex:
    """Count the parameters of all calls of ``traces``."""
    counts = ParameterIndex()
    known: dict[str, set[tuple[str, str, str]]] = {}
    for trace in traces:
        index = ContextIndex(today, language=language)
        for message in trace.messages:
            for call in message.tool_calls:
                if call.invalid_arguments is None:
                    counts.count(call, trace.tools.get(call.name), index, known.setdefault(trace.task_id, set()))
            index.append(message)
        counts.word_values.take_names(index)
        counts.seen.take(index)
    return counts


def said_and_dates(traces: Sequence[Trace]) -> Iterator[tuple[str, list[str]]]:
    """Yield, for every call, what the user has said so far and the arguments that may be ISO dates."""
    for trace in traces:
        said = ""
        for message in trace.messages:
            if message.role == "user":
                said = f"{said}\n{message.content}"
            for call in message.tool_calls:
                yield said, [v for v in call.arguments.values() if isinstance(v, str) and len(v) == 10]


def merged(parts: Sequence[ParameterIndex]) -> ParameterIndex:
    """Return the sum of several counts."""
    out = ParameterIndex()
    for part in parts:
        out.add(part)
    out.compact()
    return out
