"""Reading a lake: a stream of traces, from the shards and row groups alone that a question needs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from specbench.core.display import plural
from specbench.core.errors import ConfigError, TraceError
from specbench.core.extras import named_extras
from specbench.core.types import Trace
from specbench.traces.collection import Traces
from specbench.traces.describe import Description, describe
from specbench.traces.lake.rows import MANIFEST, TRACE, trace_of
from specbench.traces.siblings import LARGEST
from specbench.traces.splitting import chosen_tasks

if TYPE_CHECKING:
    from pyarrow import dataset

__all__ = ["Lake", "LakeSplit", "Plan"]

ROWS_AT_ONCE = 64


class Plan(NamedTuple):
    """What reading touches: shards, row groups, and their bytes on disk."""

    shards: int
    row_groups: int
    bytes: int


class LakeSplit(NamedTuple):
    """Three lakes; no task is in two of them."""

    train: Lake
    validation: Lake
    test: Lake


@contextmanager
def _named(path: str) -> Iterator[None]:
    """Tell what pyarrow raises with the shard."""
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError) as error:
        why = str(error).splitlines()[0][:300]
        raise TraceError(
            f"the shard cannot be read ({why})", path=path, remedy="write the lake again, or restore this file"
        ) from error


class Lake(Collection[Trace]):
    """Traces in a folder that :func:`write_lake` wrote; read anew, in order, each time that they are gone through.

    Predictors that count (``markov``, ``ngram``, ``patterns``, …) learn from a lake as they do from a list, without
    holding it. ``sb.Learned`` and everything that compares takes a :meth:`sample`.

    Parameters
    ----------
    folder
        The lake.

    Raises
    ------
    ConfigError
        When the folder is no lake, or a shard is missing.

    Examples
    --------
    >>> import tempfile
    >>> from specbench.testing import make_traces
    >>> from specbench.traces.lake import write_lake
    >>> folder = Path(tempfile.mkdtemp()) / "lake"
    >>> write_lake(folder, make_traces(8))
    8
    >>> lake = Lake(folder)
    >>> lake
    <Lake: 8 traces in 1 shard>
    >>> len(lake.where(min_calls=1)), len(lake.where(source="elsewhere"))
    (8, 0)
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        with named_extras():
            import pyarrow.dataset  # noqa: F401
        try:
            facts = json.loads((self.folder / MANIFEST).read_text("utf-8"))
            self.shard_facts: list[dict[str, Any]] = [dict(each) for each in facts["shards"]]
            names = [str(each["path"]) for each in self.shard_facts]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"{folder} is no lake ({type(error).__name__}: {error}); write one with "
                "`specbench traces convert TRACES --lake --out FOLDER`"
            ) from error
        missing = [name for name in names if not (self.folder / name).is_file()]
        if missing:
            raise ConfigError(f"{folder} lacks {plural(len(missing), 'shard')} ({missing[0]}, …); write it again")
        self._names = names
        self._filter: Any = None

    def _like(self, names: list[str] | None = None, more: Any = None) -> Lake:
        other = Lake.__new__(Lake)
        other.folder, other.shard_facts = self.folder, self.shard_facts
        other._names = self._names if names is None else names
        other._filter = self._filter if more is None else more if self._filter is None else self._filter & more
        return other

    @cached_property
    def _dataset(self) -> dataset.Dataset:
        import pyarrow as pa
        from pyarrow import dataset

        from specbench.traces.lake.rows import schema

        whole = schema().append(pa.field("source", pa.string())).append(pa.field("day", pa.string()))
        parts = pa.schema([("source", pa.string()), ("day", pa.string())])
        return dataset.dataset(
            [str(self.folder / name) for name in self._names], schema=whole, format="parquet",
            partitioning=dataset.HivePartitioning(parts), partition_base_dir=str(self.folder),
        )  # fmt: skip

    def where(
        self,
        *,
        source: str | None = None,
        days: tuple[str, str] | None = None,
        agent: str | None = None,
        tool: str | None = None,
        min_calls: int | None = None,
    ) -> Lake:
        """Return the part of the lake for which all of this is true; shards and row groups without it are not read.

        Parameters
        ----------
        source
            The format that the traces came from (the part of ``Trace.source`` before a colon).
        days
            First and last day, such as ``("2026-11-01", "2026-11-30")``; traces of unknown day are left out.
        agent, tool
            Whose agent configuration, or a call of which tool, they have.
        min_calls
            Calls that they have at least.
        """
        from pyarrow import compute, dataset

        field, out = dataset.field, self
        if source is not None:
            out = out._like(more=field("source") == source)
        if days is not None:
            out = out._like(more=(field("day") >= days[0]) & (field("day") <= days[1]))
        if agent is not None:
            out = out._like(more=field("agent") == agent)
        if min_calls is not None:
            out = out._like(more=field("calls") >= min_calls)
        if tool is not None:
            out = out._like(more=compute.match_substring(field("called"), f"|{tool}|"))
        return out

    def _fragments(self) -> Iterator[Any]:
        return iter(self._dataset.get_fragments(filter=self._filter) if self._names else ())

    def _scanner(self, fragment: Any, columns: list[str]) -> Any:
        from pyarrow import dataset

        return dataset.Scanner.from_fragment(
            fragment, schema=self._dataset.schema, filter=self._filter, columns=columns, batch_size=ROWS_AT_ONCE,
            batch_readahead=1, use_threads=False,
        )  # fmt: skip

    def _batches(self, *columns: str) -> Iterator[tuple[str, dict[str, list[Any]]]]:
        """Yield the shard's path and some of its columns, a few rows at a time."""
        for fragment in self._fragments():
            path = fragment.path
            with _named(path):
                batches = iter(self._scanner(fragment, list(columns)).to_batches())
            while True:
                with _named(path):
                    batch = next(batches, None)
                if batch is None:
                    break
                yield path, batch.to_pydict()

    def __iter__(self) -> Iterator[Trace]:
        for path, rows in self._batches("trace_id", TRACE):
            for trace_id, text in zip(rows["trace_id"], rows[TRACE], strict=True):
                try:
                    yield trace_of(text)
                except TraceError as error:
                    error.problem = f"trace {trace_id!r}: {error.problem}"
                    raise error.at(path=path) from None

    def __len__(self) -> int:
        found = 0
        for each in self._fragments():
            with _named(each.path):
                found += self._scanner(each, []).count_rows()
        return found

    def __contains__(self, trace: object) -> bool:
        return isinstance(trace, Trace) and any(each == trace for each in self)

    def __repr__(self) -> str:
        return f"<Lake: {plural(len(self), 'trace')} in {plural(self.plan().shards, 'shard')}>"

    def plan(self) -> Plan:
        """Return what going through the lake reads from the disk."""
        groups: list[Any] = []
        for each in self._fragments():
            with _named(each.path):
                groups += each.split_by_row_group(filter=self._filter, schema=self._dataset.schema)
        size = sum(info.total_byte_size for each in groups for info in each.row_groups)
        return Plan(len({each.path for each in groups}), len(groups), size)

    def shards(self) -> list[Lake]:
        """Return the lake shard by shard: work for one process each."""
        names = {Path(each.path).relative_to(self.folder).as_posix() for each in self._fragments()}
        return [self._like(names=[name]) for name in self._names if name in names]

    def describe(self) -> Description:
        """Return what :meth:`specbench.Traces.describe` says, in one pass."""
        return describe(self)

    def split(self, test: float = 0.25, validation: float = 0.15, seed: int = 0) -> LakeSplit:
        """Split by task, from three short columns alone.

        As :func:`specbench.traces.splitting.split`, with one difference: of conversations under several task ids those
        fall into one part that are alike to names and numbers; likenesses that are not exact are not looked for.

        Raises
        ------
        ConfigError
            When the shares are out of range or there are too few tasks.
        """
        labels = self._task_groups()
        held_out, tuned = chosen_tasks(sorted(set(labels.values())), test, validation, seed, len(labels))
        parts: tuple[list[str], list[str], list[str]] = ([], [], [])
        for task, label in labels.items():
            parts[2 if label in held_out else 1 if label in tuned else 0].append(task)
        return LakeSplit(*(self._of_tasks(tasks) for tasks in parts))

    def _of_tasks(self, tasks: list[str]) -> Lake:
        import pyarrow
        from pyarrow import dataset

        return self._like(more=dataset.field("task_id").isin(pyarrow.array(tasks, pyarrow.string())))

    def _task_groups(self) -> dict[str, str]:
        """Return the label of each task: the first task that it has a copy in common with."""
        parent: dict[str, str] = {}
        first: dict[str, str] = {}

        def of(task: str) -> str:
            while parent[task] != task:
                parent[task] = task = parent[parent[task]]
            return task

        for _, rows in self._batches("task_id", "copy", "calls"):
            for task, copy, calls in zip(rows["task_id"], rows["copy"], rows["calls"], strict=True):
                parent.setdefault(task, task)
                if calls:  # without a call people just say hello, and that is no copy
                    other = of(first.setdefault(copy, task))
                    parent[of(task)] = other
        labels = {task: of(task) for task in parent}
        largest = max(Counter(labels.values()).values(), default=0)
        # Some agents do the same thing every day with other ids: those are no copies.
        return labels if largest <= max(2, LARGEST * len(labels)) else {task: task for task in labels}

    def sample(self, tasks: int, seed: int = 0) -> Traces:
        """Return the traces of so many tasks, drawn at random, in memory.

        Raises
        ------
        ConfigError
            When ``tasks`` is below 1.
        """
        import numpy as np

        if tasks < 1:
            raise ConfigError(f"a sample has at least 1 task; got {tasks}")
        known = sorted({task for _, rows in self._batches("task_id") for task in rows["task_id"]})
        kept = np.random.default_rng(seed).permutation(len(known))[:tasks]
        return Traces(self._of_tasks([known[at] for at in sorted(kept)]))
