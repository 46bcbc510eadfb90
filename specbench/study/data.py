"""The data of a study: traces with what is needed to find the same bytes again, and the check against leaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.types import Effect, Trace
from specbench.study.leaks import by_group, content_hashes, known_share, without_foretelling_lists
from specbench.traces.effects import Effects
from specbench.traces.sources.records import is_derived
from specbench.traces.splitting import Split, split
from specbench.traces.store import Paths, ReadReport, load

__all__ = [
    "Data",
    "known_tools",
    "load_data",
    "overlap",
    "prepared",
    "refuse_overlap",
    "split_data",
    "split_sizes",
]

TASKS_NAMED = 5


@dataclass(frozen=True)
class Data:
    """Traces, the files that they came from, and what must be known to read the numbers."""

    traces: list[Trace]
    report: ReadReport
    warnings: tuple[str, ...] = ()

    @property
    def tasks(self) -> set[str]:
        """The task ids."""
        return {trace.task_id for trace in self.traces}

    @property
    def hashes(self) -> list[str]:
        """The hashes of all files, those read beside traces too, sorted."""
        return sorted(hash for file in self.report.files for hash in (file.sha256, *file.beside.values()))

    def to_dict(self) -> dict[str, Any]:
        """Return files with hashes, and the numbers of traces and tasks, as JSON values."""
        return {
            "files": [
                {
                    "path": file.path,
                    "format": file.format,
                    "sha256": file.sha256,
                    "traces": file.read,
                    "skipped": list(file.skipped),
                    **({"beside": dict(file.beside)} if file.beside else {}),
                }
                for file in self.report.files
            ],
            "traces": len(self.traces),
            "tasks": len(self.tasks),
            "warnings": list(self.warnings),
        }


def load_data(
    paths: Paths,
    format: str | None = None,
    skip_invalid: bool = False,
    *,
    effects: Effects | None = None,
    label: str = "traces",
) -> Data:
    """Read traces for a study; see :func:`specbench.traces.store.read_traces` for the parameters.

    Traces hold no staging pair, so a ``staged`` tool counts as the ``write`` that it is without one: declared reads
    alone are launched.

    Parameters
    ----------
    label
        What the traces are for, in the message of an error.

    Raises
    ------
    ConfigError
        When there is no trace, or no decision point in any.
    """
    traces, report = load(paths, format, skip_invalid, effects=effects)
    if not traces:
        raise ConfigError(
            f"{label}: no trace was read from {_shown(paths)} ({len(report.skipped)} records were skipped); "
            "`specbench traces validate` says what is wrong with them"
        )
    return prepared(traces, report, label)


def prepared(traces: Sequence[Trace], report: ReadReport, label: str = "traces") -> Data:
    """Return traces that were read as the data of a study; see :func:`load_data`.

    Raises
    ------
    ConfigError
        When there is no decision point in any.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> len(prepared(make_traces(8), ReadReport()).tasks)
    4
    """
    if not any(message.role == "assistant" for trace in traces for message in trace.messages):
        raise ConfigError(
            f"{label}: {len(traces)} trace(s) but no decision point; a decision point is an assistant message, give "
            "conversations that have some"
        )
    told, warnings = without_foretelling_lists([_without_pairs(trace) for trace in traces])
    grouped, about_tasks = by_group(told)
    return Data(grouped, report, (*report.warnings, *warnings, *about_tasks))


def _without_pairs(trace: Trace) -> Trace:
    staged = {name: spec for name, spec in trace.tools.items() if spec.effect is Effect.STAGED}
    if not staged:
        return trace
    writes = {name: replace(spec, effect=Effect.WRITE) for name, spec in staged.items()}
    return replace(trace, tools={**trace.tools, **writes})


def overlap(train: Sequence[Trace], test: Sequence[Trace]) -> list[str]:
    """Return the task ids that both have, sorted."""
    return sorted({trace.task_id for trace in train} & {trace.task_id for trace in test})


def refuse_overlap(train: Sequence[Trace], test: Sequence[Trace]) -> None:
    """Raise when training and test share a declared task id, or a conversation: what was learned by heart is no skill.

    Ids that a reader derived from the first user message, for want of declared ones, do not count: two customers may
    both open with "hello".

    Examples
    --------
    >>> refuse_overlap([Trace("a", "retail/7", "doc", ())], [Trace("b", "retail/7", "doc", ())])
    Traceback (most recent call last):
    specbench.core.errors.ConfigError: training and test share 1 task(s): retail/7. ...
    """
    declared = {trace.task_id for trace in (*train, *test) if not is_derived(trace.task_id)}
    shared = [task for task in overlap(train, test) if task in declared]
    if shared:
        named = ", ".join(shared[:TASKS_NAMED]) + (", ..." if len(shared) > TASKS_NAMED else "")
        raise ConfigError(
            f"training and test share {len(shared)} task(s): {named}. That is a leak: the numbers would be too good. "
            "Split by task, or pass --allow-overlap (allow_overlap=True) if that is what you want"
        )
    known = known_share(content_hashes(train), test)
    if known:
        raise ConfigError(
            f"{100 * known:.0f} % of the test conversations with calls are in the training traces too, word for word, "
            "under other ids. That is a leak: the numbers would be too good. Split by task, or pass --allow-overlap "
            "(allow_overlap=True) if that is what you want"
        )


def known_tools(traces: Sequence[Trace]) -> frozenset[str]:
    """Return the tools that ``traces`` offer or call."""
    offered = {tool for trace in traces for tool in trace.tools}
    called = {call.name for trace in traces for message in trace.messages for call in message.tool_calls}
    return frozenset(offered | called)


def split_data(data: Data, seed: int) -> Split:
    """Split the traces of a study by task: a quarter for the test, 15 % for validation.

    Raises
    ------
    ConfigError
        When there are too few tasks, or the test part holds no decision point.
    """
    tasks = len(data.tasks)
    if tasks < 2:
        raise ConfigError(
            f"a study learns from some tasks and is tested on others, so it needs at least 2; got {tasks} task in "
            f"{len(data.traces)} trace(s). Give traces of more tasks, or tell the tasks apart by their field task_id"
        )
    parts = split(data.traces, validation=0.15 if tasks > 2 else 0.0, seed=seed)
    if not any(message.role == "assistant" for trace in parts.test for message in trace.messages):
        raise ConfigError(
            f"the {len(parts.test)} test trace(s) hold no decision point (no assistant message); give more traces, or "
            "another --seed"
        )
    return parts


def split_sizes(parts: Split) -> dict[str, dict[str, int]]:
    """Return traces, tasks and decision points of each part."""
    return {
        name: {
            "traces": len(traces),
            "tasks": len({trace.task_id for trace in traces}),
            "decision_points": sum(message.role == "assistant" for trace in traces for message in trace.messages),
        }
        for name, traces in (("train", parts.train), ("validation", parts.validation), ("test", parts.test))
    }


def _shown(paths: Paths) -> str:
    return str(paths) if isinstance(paths, (str, Path)) else ", ".join(map(str, paths))
