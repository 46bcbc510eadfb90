"""What makes numbers too good: tasks in both parts under other ids, and tool lists that tell what is coming."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from specbench.core.display import plural
from specbench.core.types import ToolSpec, Trace
from specbench.traces.siblings import task_groups
from specbench.traces.sources.records import derived_task

__all__ = [
    "KEPT",
    "by_group",
    "content_hashes",
    "conversations_card",
    "known_share",
    "trained_on",
    "without_foretelling_lists",
]

FORETELLING = 0.8
"""Share of the conversations with calls from which on equal lists of offered and called tools are no coincidence."""
LISTS_OF_A_TOOL = 5.0
"""Conversations that offer the same tool, on average, from which on a common list is known."""
KEPT = 2_000
"""Hashes kept in a checkpoint's card: the smallest, so that two cards are compared on the same sample."""


def content_hashes(traces: Sequence[Trace]) -> list[str]:
    """Return a hash of what was said and called in each conversation with a call, without ids, sorted and once each.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> one = make_traces(1)
    >>> content_hashes(one) == content_hashes([replace(one[0], trace_id="x", task_id="y")]) != []
    True
    """
    return sorted({_content(trace) for trace in traces if any(message.tool_calls for message in trace.messages)})


def conversations_card(traces: Sequence[Trace]) -> dict[str, Any]:
    """Return what a model card says of the conversations that a predictor has learned from."""
    hashes = content_hashes(traces)
    return {"of": len(hashes), "hashes": hashes[:KEPT]}


def known_share(hashes: Sequence[str], traces: Sequence[Trace]) -> float:
    """Return the share of ``traces`` whose content is among ``hashes``, which may be the :data:`KEPT` smallest of more.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> traces = make_traces(4)
    >>> known_share(content_hashes(traces[:2]), traces)
    0.5
    """
    known = set(hashes)
    asked = content_hashes(traces)
    if len(known) >= KEPT:
        asked = [each for each in asked if each <= max(known)]
    return sum(each in known for each in asked) / len(asked) if asked else 0.0


def by_group(traces: Sequence[Trace]) -> tuple[list[Trace], list[str]]:
    """Return the traces with one task id for all copies of a task, and what must be known about the ids.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> traces = make_traces(4)
    >>> by_group(traces) == (traces, [])
    True
    """
    out = []
    tasks = {trace.task_id for trace in traces}
    derived = {trace.task_id for trace in traces if trace.task_id == derived_task(trace.messages)}
    if derived:
        out.append(
            f"{plural(len(derived), 'task id')} of {len(tasks)} were derived from the first user message, as the "
            "traces declare none: repeats of one task may count as several tasks; a field task_id tells them apart"
        )
    labels = task_groups(traces)
    if len(set(labels)) < len(tasks):
        out.append(
            f"{plural(len(tasks), 'task id')} are {plural(len(set(labels)), 'task')}: some conversations are copies of "
            "others but for names and numbers, or look up the same things; they count as one task, which is never "
            "divided"
        )
    pairs = zip(traces, labels, strict=True)
    return [trace if trace.task_id == label else replace(trace, task_id=label) for trace, label in pairs], out


def without_foretelling_lists(traces: Sequence[Trace]) -> tuple[list[Trace], list[str]]:
    """Return the traces with tool lists that do not tell what is coming, and a warning where they did.

    A list that holds just the tools that its own conversation calls tells the future. Where most lists are so, each is
    replaced by all tools that conversations of the same source and agent offer, if these share their tools; otherwise
    they are only warned of.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> traces = make_traces(8)
    >>> without_foretelling_lists(traces)[1]
    []
    """
    called = [{call.name for message in trace.messages for call in message.tool_calls} for trace in traces]
    able = [at for at, names in enumerate(called) if names and traces[at].tools]
    equal = [at for at in able if set(traces[at].tools) == called[at]]
    if len(equal) < FORETELLING * len(able) or len({frozenset(traces[at].tools) for at in able}) < 2:
        return list(traces), []
    tools: dict[tuple[str, str | None], dict[str, ToolSpec]] = defaultdict(dict)
    for trace in traces:
        for name, spec in trace.tools.items():
            tools[trace.source, trace.agent].setdefault(name, spec)
    offered = sum(len(trace.tools) for trace in traces)
    text = (
        f"{len(equal)} of {len(able)} conversations list just the tools that they call: such a list tells the future, "
        "and makes every predictor look better than it is"
    )
    if offered < LISTS_OF_A_TOOL * sum(map(len, tools.values())):
        return list(traces), [f"{text}; give the list that the agent really had"]
    replaced = [
        replace(trace, tools={**tools[trace.source, trace.agent], **trace.tools}) if trace.tools else trace
        for trace in traces
    ]
    return replaced, [f"{text}; each was replaced by all tools that conversations of its source offer"]


def _content(trace: Trace) -> str:
    digest = hashlib.sha256()
    for message in trace.messages:
        calls: list[Any] = [call.key for call in message.tool_calls]
        digest.update(repr((message.role, message.content, calls)).encode("utf-8", errors="surrogatepass"))
    return digest.hexdigest()[:12]


def trained_on(card: Mapping[str, Any] | None, traces: Sequence[Trace]) -> float | None:
    """Return the share of ``traces`` that the predictor of a card has learned from; ``None`` where it does not say.

    Examples
    --------
    >>> trained_on(None, []) is None
    True
    """
    told = (card or {}).get("conversations")
    hashes = told.get("hashes") if isinstance(told, dict) else None
    if not isinstance(hashes, list):
        return None
    return known_share([each for each in hashes if isinstance(each, str)], traces)
