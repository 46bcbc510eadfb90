"""Traces as people hold them: read from files or folders, looked at, split by task."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, overload

from specbench.core.display import facts_html, plural
from specbench.core.errors import ConfigError
from specbench.core.types import Effect, ToolSpec, Trace
from specbench.traces.describe import Description, describe
from specbench.traces.effects import Effects
from specbench.traces.sources import Source
from specbench.traces.sources.by_function import RecordToTrace
from specbench.traces.splitting import split
from specbench.traces.store import Paths, ReadReport, load

__all__ = ["SAMPLE_SOURCE", "Traces", "read", "sample", "sample_path"]

SAMPLE_SOURCE = "support_desk (synthetic)"
"""The ``source`` of the sample traces."""


class Traces(Sequence[Trace]):
    """Recorded conversations, in order, with a report of where they came from.

    Parameters
    ----------
    traces
        The traces.
    report
        Files, hashes and skipped records; empty for traces that come from nowhere.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> Traces(make_traces(8))
    <Traces: 8 traces of 4 tasks, 61 decision points, 6 tools>
    """

    def __init__(self, traces: Iterable[Trace], report: ReadReport | None = None) -> None:
        self._traces = list(traces)
        self.report = report if report is not None else ReadReport()

    def __len__(self) -> int:
        return len(self._traces)

    @overload
    def __getitem__(self, index: int) -> Trace: ...

    @overload
    def __getitem__(self, index: slice) -> Traces: ...

    def __getitem__(self, index: int | slice) -> Trace | Traces:
        found = self._traces[index]
        return Traces(found, self.report) if isinstance(found, list) else found

    def __iter__(self) -> Iterator[Trace]:
        return iter(self._traces)

    @property
    def tasks(self) -> list[str]:
        """The task ids, sorted."""
        return sorted({trace.task_id for trace in self._traces})

    @property
    def tools(self) -> dict[str, ToolSpec]:
        """Every tool on offer in any trace, by name; the first declaration counts."""
        found: dict[str, ToolSpec] = {}
        for trace in self._traces:
            for name, spec in trace.tools.items():
                found.setdefault(name, spec)
        return found

    @overload
    def split(self, test: float = ..., validation: None = ..., seed: int = ...) -> tuple[Traces, Traces]: ...

    @overload
    def split(self, test: float, validation: float, seed: int = ...) -> tuple[Traces, Traces, Traces]: ...

    def split(
        self, test: float = 0.25, validation: float | None = None, seed: int = 0
    ) -> tuple[Traces, Traces] | tuple[Traces, Traces, Traces]:
        """Split by task, never by turn: all traces of one task fall into the same part.

        Parameters
        ----------
        test, validation
            Share of the tasks in each part; ``None`` for no validation part.
        seed
            The same seed and the same tasks give the same split.

        Returns
        -------
        train, test
            Or ``train, validation, test`` where a validation part is asked for.

        Raises
        ------
        ConfigError
            When the shares are out of range or there are too few tasks.

        Examples
        --------
        >>> from specbench.testing import make_traces
        >>> train, test = Traces(make_traces(8)).split(test=0.25)
        >>> len(train), len(test)
        (6, 2)
        """
        parts = split(self._traces, test=test, validation=validation or 0.0, seed=seed)
        train, held_out = Traces(parts.train, self.report), Traces(parts.test, self.report)
        if validation is None:
            return train, held_out
        return train, Traces(parts.validation, self.report), held_out

    def describe(self) -> Description:
        """Return counts, effects, entropy and what a perfect predictor would save."""
        return describe(self._traces)

    def _facts(self) -> dict[str, int]:
        points = sum(message.role == "assistant" for trace in self._traces for message in trace.messages)
        return {"trace": len(self._traces), "task": len(self.tasks), "decision point": points, "tool": len(self.tools)}

    def __repr__(self) -> str:
        traces, *others = (plural(number, noun) for noun, number in self._facts().items())
        return f"<Traces: {traces} of {', '.join(others)}>"

    def _repr_html_(self) -> str:
        facts: dict[str, Any] = {f"{noun}s": number for noun, number in self._facts().items()}
        effects = [self.tools[name].effect for name in self.tools]
        facts["tools by effect"] = ", ".join(f"{effects.count(each)} {each}" for each in Effect if each in effects)
        facts["files"] = len(self.report.files)
        if self.report.skipped:
            facts["records skipped"] = len(self.report.skipped)
        if repeated := sum(file.counted_once for file in self.report.files):
            facts["repeated, counted once"] = repeated
        return facts_html("Traces", facts)


def read(
    paths: Paths,
    *,
    format: str | Source | type[Source] | None = None,
    effects: Effects | None = None,
    skip_invalid: bool = False,
    keep_prefixes: bool = False,
    record_to_trace: RecordToTrace | None = None,
) -> Traces:
    """Read traces of any format that specbench knows.

    Parameters
    ----------
    paths
        A file or folder, or several; see :func:`specbench.traces.store.read_traces`.
    format
        Name of the reader, or a reader of your own; found by content when not given.
    effects
        ``{tool: effect}`` or a JSON file of it. Only tools that are declared ``read`` are ever run ahead.
    skip_invalid
        Leave broken records out (``traces.report.skipped`` says why) instead of raising.
    keep_prefixes
        Keep traces that are the beginning of another one (a log of requests repeats a conversation at every step), or
        its copy.
    record_to_trace
        For files of any other shape: takes a parsed record and returns a :class:`~specbench.core.types.Trace`, a list
        of them, chat messages (a list, or ``{"messages": ..., "tools": ...}``), or ``None``.

    Raises
    ------
    TraceError
        A path does not exist, a file is not recognised, a record is broken: with file, line and remedy.
    ConfigError
        When nothing was read.

    Examples
    --------
    >>> read("data/support_desk.jsonl")
    <Traces: 480 traces of 240 tasks, 4,937 decision points, 19 tools>
    """
    traces, report = load(
        paths, format, skip_invalid, effects=effects, keep_prefixes=keep_prefixes, record_to_trace=record_to_trace
    )
    if not traces:
        raise ConfigError(
            f"no trace was read from {paths!r} ({len(report.skipped)} records were skipped); `specbench traces "
            "validate` says what is wrong with them"
        )
    return Traces(traces, report)


def sample_path() -> Path:
    """Return the file of the sample traces: the synthetic support desk, in a checkout or in the installed package."""
    package = Path(__file__).parents[1]
    installed = package / "sample_data" / "support_desk.jsonl"
    path = installed if installed.is_file() else package.parent / "data" / installed.name
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def sample(tasks: int | None = None) -> Traces:
    """Return the sample traces that come with specbench: a SYNTHETIC support desk, 480 traces of 240 tasks.

    Parameters
    ----------
    tasks
        Only those of so many tasks, for trying things out.

    Examples
    --------
    >>> sample(tasks=10)
    <Traces: 20 traces of 10 tasks, 197 decision points, 19 tools>
    """
    found = read(sample_path())
    kept = set(found.tasks[:tasks])
    return Traces((trace for trace in found if trace.task_id in kept), found.report)
