"""What is learned first and what comes then: a plain stream, a change of the agent's habits, a tool that is new."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.text import writable
from specbench.core.types import Trace

__all__ = ["Scenario", "agent_change", "new_tool", "parse_shift", "stream"]

CHANGED = 0.4
"""Share of a new agent's tasks that it alone plays, where the old one has played them all."""


@dataclass(frozen=True)
class Scenario:
    """A first part to fit on, and a stream to be asked about and to learn from, in order.

    Parameters
    ----------
    name, about
        For file names and for people.
    fit, before, after
        Traces; ``before`` and ``after`` are the stream. They have no task in common. Without a change, ``before`` is
        empty.
    tool
        The new tool, if that is the change.
    """

    name: str
    about: str
    fit: list[Trace]
    before: list[Trace]
    after: list[Trace]
    tool: str | None = None

    @property
    def stream(self) -> list[Trace]:
        """The traces that come after fitting, in order."""
        return [*self.before, *self.after]

    def to_dict(self) -> dict[str, Any]:
        """Return name, text and sizes as JSON values."""
        sizes = {part: len(getattr(self, part)) for part in ("fit", "before", "after")}
        return {"name": self.name, "about": self.about, "tool": self.tool, "traces": sizes}


def stream(traces: Sequence[Trace], share: float = 0.3) -> Scenario:
    """Fit on the first ``share`` of the tasks; all others are the stream, each once.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> plain = stream(make_traces(20))
    >>> len(plain.fit), len(plain.stream), plain.stream[0].task_id
    (6, 7, 'task_3')
    """
    first, rest = _divided(traces, share)
    about = f"fitted on the first {100 * share:.0f} % of the tasks, then all others in order, each once"
    return _checked(Scenario("stream", about, first, [], rest), "give more tasks, or another --fit-share")


def agent_change(traces: Sequence[Trace], old: str, new: str, share: float = 0.8) -> Scenario:
    """Fit on the first ``share`` of the tasks of one agent; its others are ``before``, the new agent's are ``after``.

    Tasks that the old agent has played are left out of ``after``: the online arm would know them. Where that would
    leave none, the last :data:`CHANGED` of the new agent's are its own.

    Raises
    ------
    ConfigError
        When there are too few traces of either.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> traces = [replace(trace, agent="ab"[at // 2 % 2]) for at, trace in enumerate(make_traces(40))]
    >>> change = agent_change(traces, "a", "b")
    >>> len(change.fit), len(change.before), len(change.after)
    (16, 2, 10)
    """
    played, others = (dict.fromkeys(trace.task_id for trace in traces if trace.agent == name) for name in (old, new))
    if others.keys() <= played.keys():
        for task in list(others)[math.floor((1 - CHANGED) * len(others)) :]:
            del played[task]
    own = [trace for trace in traces if trace.agent == old and trace.task_id in played]
    fit, before = _divided(own, share)
    after = _once(trace for trace in traces if trace.agent == new and trace.task_id not in played)
    known = ", ".join(sorted({trace.agent for trace in traces if trace.agent is not None})) or "none"
    about = f"fitted on {old}; the stream goes on with {old}, then {new} takes over with other habits"
    found = Scenario(writable(f"agent-{old}-to-{new}"), writable(about), fit, before, after)
    return _checked(found, f"the agents of these traces are: {known}; name two with --shift agent:OLD,NEW")


def new_tool(traces: Sequence[Trace], tool: str, share: float = 0.5) -> Scenario:
    """Fit as if there were no ``tool``, stream without it, then let it appear.

    The first ``share`` of the tasks are for fitting, the first quarter of the others for ``before``. Of both, traces
    that call the tool are left out, and its declaration is taken from the others; in ``after`` nothing is changed.

    Raises
    ------
    ConfigError
        When no trace of the last part calls the tool.
    """
    first, rest = _divided(traces, share)
    early, after = _divided(rest, 0.25)
    about = f"fitted without {tool}, as if it did not exist; mid-stream it is offered and called"
    found = Scenario(
        writable(f"tool-{tool}"), writable(about), _without(first, tool), _without(early, tool), after, tool
    )
    if not any(_calls(trace, tool) for trace in after):
        called = sorted({call.name for trace in after for message in trace.messages for call in message.tool_calls})
        raise ConfigError(
            f"no trace of the last part of the stream calls {tool!r}; called there are: {', '.join(called) or 'none'}. "
            "Name one of these with --shift tool:NAME"
        )
    return _checked(found, "give more traces that do not call the tool")


def parse_shift(text: str, traces: Sequence[Trace]) -> Scenario:
    """Return the scenario of ``agent:OLD,NEW`` or ``tool:NAME``.

    Examples
    --------
    >>> parse_shift("agents", [])
    Traceback (most recent call last):
    specbench.core.errors.ConfigError: --shift is agent:OLD,NEW or tool:NAME; got 'agents'
    """
    kind, _, rest = text.partition(":")
    old, _, new = rest.partition(",")
    if kind == "agent" and old and new:
        return agent_change(traces, old, new)
    if kind == "tool" and rest:
        return new_tool(traces, rest)
    raise ConfigError(f"--shift is agent:OLD,NEW or tool:NAME; got {text!r}")


def _divided(traces: Sequence[Trace], share: float) -> tuple[list[Trace], list[Trace]]:
    """Cut where ``share`` of the tasks have begun; later traces of an early task stay with it.

    What comes after has each task once: the online arm would know one that comes again.
    """
    if not 0.0 < share < 1.0:
        raise ConfigError(f"the share of the tasks to fit on lies between 0 and 1; got {share!r}")
    tasks = list(dict.fromkeys(trace.task_id for trace in traces))
    early = set(tasks[: math.ceil(share * len(tasks) - 1e-9)])
    return (
        [trace for trace in traces if trace.task_id in early],
        _once(trace for trace in traces if trace.task_id not in early),
    )


def _once(traces: Iterable[Trace]) -> list[Trace]:
    first: dict[str, Trace] = {}
    for trace in traces:
        first.setdefault(trace.task_id, trace)
    return list(first.values())


def _without(traces: Sequence[Trace], tool: str) -> list[Trace]:
    return [
        replace(trace, tools={name: spec for name, spec in trace.tools.items() if name != tool})
        for trace in traces
        if not _calls(trace, tool)
    ]


def _calls(trace: Trace, tool: str) -> bool:
    return any(call.name == tool for message in trace.messages for call in message.tool_calls)


def _checked(scenario: Scenario, remedy: str) -> Scenario:
    for part, traces in (("to fit on", scenario.fit), ("to stream", scenario.after)):
        if not any(message.role == "assistant" for trace in traces for message in trace.messages):
            raise ConfigError(f"{scenario.name}: no decision point is left {part}; {remedy}")
    return scenario
