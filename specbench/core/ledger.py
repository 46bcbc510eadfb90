"""The ledger: what happened at every decision point, and what became of every speculation.

Simulator and executor write the same ledger; the metrics read nothing else. An :class:`Outcome` is a row per decision
point, a :class:`Speculation` a row per launched prediction, an :class:`Ahead` a row per LLM invocation run ahead.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from specbench.core.display import clipped, facts_html, plural
from specbench.core.errors import ConfigError
from specbench.core.extras import named_extras
from specbench.core.files import atomic_file
from specbench.core.text import writable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Ahead", "Fate", "Ledger", "Outcome", "Speculation", "Window"]

_CONFIG_KEY = b"specbench.config"


class Fate(StrEnum):
    """What became of a speculation: its result was used, was never used, or it raised."""

    COMMIT = "commit"
    SQUASH = "squash"
    FAIL = "fail"


class Window(StrEnum):
    """What a speculation overlaps: LLM decoding, a running tool, or waiting for the user."""

    THINK = "think"
    TOOL = "tool"
    USER = "user"


class Speculation(NamedTuple):
    """One launched prediction. Times are seconds since the start of its trace, on the clock of the speculative run.

    ``committed_at`` is the index of the decision that used the result (``None`` unless the fate is commit); ``late``
    says that the result arrived after the LLM's decision. ``squashed_s`` is when it was given up, ``ended_s`` when its
    work really stopped: thread-bound tools go on after they were cancelled, and that is waste too. ``in_doubt`` says
    that nobody knows whether a staged write is real: its commit gave no answer, or its undo failed. ``error`` is what
    the tool raised, where the fate is fail. ``irrelevant`` are the arguments that it ran with and that do not count
    (:attr:`~specbench.core.types.ToolSpec.irrelevant`): where it commits, the tool has run with these, and not with
    the agent's.
    """

    trace_id: str
    index: int  # type: ignore[assignment]  # hides tuple.index
    tool: str
    call: str
    p: float
    window: str
    launched_s: float
    ended_s: float
    fate: str
    squashed_s: float | None = None
    committed_at: int | None = None
    late: bool = False
    in_doubt: bool = False
    error: str | None = None
    irrelevant: str | None = None

    @property
    def run_s(self) -> float:
        """Seconds of work."""
        return self.ended_s - self.launched_s


class Outcome(NamedTuple):
    """One decision point: what the LLM decided and what the decision cost with and without speculation.

    ``tool``, ``effect`` and ``call`` are those of the first call (``None`` for a reply), and ``hit`` says whether it
    used a speculation; ``calls`` counts all parallel ones, ``hits`` those that used one, and ``other_calls`` are the
    ones behind the first (a JSON list of texts). ``think_s`` is the LLM's decoding, ``tool_s`` the run time of all its
    calls, ``predict_s`` the predictor's own latency (part of the window). ``sequential_s`` is what the
    decision takes without speculation, its parallel calls side by side where they may run so. ``saved_s`` = sequential
    end − speculative end; what is waited for slots and rate limits is in the latter alone. ``reason`` says why
    something was or was not launched. ``began_s`` is when the decision began in the speculative run, seconds since the
    start of its trace, user time included (``None`` where nobody noted it).
    """

    trace_id: str
    task_id: str
    index: int  # type: ignore[assignment]  # hides tuple.index
    tool: str | None
    effect: str | None
    call: str | None
    calls: int
    hit: bool
    launched: int
    think_s: float
    tool_s: float
    predict_s: float
    sequential_s: float
    speculative_s: float
    saved_s: float
    reason: str
    began_s: float | None = None
    hits: int = 0
    other_calls: str | None = None

    @property
    def all_calls(self) -> list[str]:
        """The canonical forms of its calls, in order."""
        return [] if self.call is None else [self.call, *json.loads(self.other_calls or "[]")]


class Ahead(NamedTuple):
    """One run-ahead: an LLM invocation that was started on the result of a speculation (``call``), before the current
    one had ended.

    ``index`` is the decision that it makes, ``depth`` how many unconfirmed results it stood on. ``used_tok`` are
    its tokens; those of one that was cancelled may be an estimate. Its fate is commit when its decision was used,
    squash or fail otherwise: then seconds and tokens are lost, and counted apart from the tools' seconds.
    """

    trace_id: str
    index: int  # type: ignore[assignment]  # hides tuple.index
    call: str
    p: float
    depth: int
    launched_s: float
    ended_s: float
    fate: str
    used_tok: float

    @property
    def run_s(self) -> float:
        """Seconds of LLM work."""
        return self.ended_s - self.launched_s


@dataclass(repr=False)
class Ledger:
    """Rows of a run, with the configuration that made it.

    Parameters
    ----------
    outcomes, speculations, aheads
        The rows.
    config
        What made them (predictor, policy, latency, seed, ...): JSON-able.

    Examples
    --------
    >>> ledger = Ledger()
    >>> ledger.outcomes.append(Outcome("t", "a", 0, None, None, None, 0, False, 0, 2.0, 0.0, 0.0, 2.0, 2.0, 0.0, "off"))
    >>> ledger.decisions_frame()[["trace_id", "think_s", "saved_s"]].to_dict("records")
    [{'trace_id': 't', 'think_s': 2.0, 'saved_s': 0.0}]
    """

    outcomes: list[Outcome] = field(default_factory=list)
    speculations: list[Speculation] = field(default_factory=list)
    config: Mapping[str, Any] = field(default_factory=dict)
    aheads: list[Ahead] = field(default_factory=list)

    @property
    def measured(self) -> bool:
        """Whether the seconds were recorded or run in, and not modelled; as the configuration says."""
        latency = self.config.get("latency")
        return isinstance(latency, Mapping) and str(latency.get("model")).startswith("measured")

    def __repr__(self) -> str:
        parts = plural(len(self.outcomes), "decision"), plural(len(self.speculations), "speculation")
        return f"<Ledger of {clipped(str(self.config.get('predictor')))}: {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        calls, hits = sum(row.calls for row in self.outcomes), sum(row.hits for row in self.outcomes)
        fates, doubts = [row.fate for row in self.speculations], sum(row.in_doubt for row in self.speculations)
        facts = {
            "decisions": len(self.outcomes), "calls": calls, "of these hit": hits, "speculations": len(fates),
            **{f"of these {fate}": fates.count(fate) for fate in dict.fromkeys(fates)},
            **({"staged writes in doubt": doubts} if doubts else {}),
            "run-aheads": len(self.aheads),
            "predictor": self.config.get("predictor"), "policy": self.config.get("policy"),
        }  # fmt: skip
        return facts_html("Ledger", facts)

    def decisions_frame(self) -> pd.DataFrame:
        """One row a decision point."""
        with named_extras():
            import pandas as pd

        return pd.DataFrame([_cells(row) for row in self.outcomes], columns=list(Outcome._fields))

    def speculations_frame(self) -> pd.DataFrame:
        """One row a speculation."""
        with named_extras():
            import pandas as pd

        return pd.DataFrame([_cells(row) for row in self.speculations], columns=list(Speculation._fields))

    def to_frame(self) -> pd.DataFrame:
        """All rows in one table, told apart by the column ``kind``: ``decision``, ``speculation`` or ``run_ahead``."""
        with named_extras():
            import pandas as pd

        return pd.DataFrame.from_records(self._records(), columns=_COLUMNS)

    def to_parquet(self, path: str | Path) -> None:
        """Write all rows and the configuration to one Parquet file, atomically; half surrogate pairs as escapes."""
        self._write([], self.config, path)

    def append_to_parquet(self, path: str | Path, config: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Add all rows to a file that :meth:`to_parquet` wrote, atomically; the rows that it has stay columns.

        Parameters
        ----------
        path
            The file; it is made where there is none.
        config
            Makes the new configuration of that of the file, or of an empty one.

        Raises
        ------
        ConfigError
            When the file is not a ledger.
        """
        if not Path(path).exists():
            self._write([], config({}), path)
            return
        table = _table(path)
        self._write([table], config(json.loads(table.schema.metadata[_CONFIG_KEY])), path)

    def _write(self, before: list[Any], config: Mapping[str, Any], path: str | Path) -> None:
        with named_extras():
            import pyarrow as pa
            import pyarrow.parquet as pq

        table = pa.concat_tables(
            [*before, pa.Table.from_pylist(self._records(), schema=_schema())], promote_options="default"
        )
        table = table.replace_schema_metadata({_CONFIG_KEY: json.dumps(config, sort_keys=True).encode()})
        with atomic_file(path) as temporary:
            pq.write_table(table, temporary, compression="zstd")

    def _records(self) -> list[dict[str, Any]]:
        kinds: tuple[tuple[str, list[Any]], ...] = (
            ("decision", self.outcomes), ("speculation", self.speculations), ("run_ahead", self.aheads),
        )  # fmt: skip
        return [
            {"kind": kind, **dict(zip(row._fields, _cells(row), strict=True))} for kind, rows in kinds for row in rows
        ]

    @classmethod
    def from_parquet(cls, path: str | Path) -> Ledger:
        """Read what :meth:`to_parquet` wrote.

        Raises
        ------
        ConfigError
            When the file is not a ledger.
        """
        table = _table(path)
        rows: dict[str, list[Any]] = {"decision": [], "speculation": [], "run_ahead": []}
        kinds: dict[str, Any] = {"decision": Outcome, "speculation": Speculation, "run_ahead": Ahead}
        for row in table.to_pylist():
            made = kinds[row["kind"]]
            if row.get("hits") is None and made is Outcome:  # of a version that knew of the first call alone
                row["hits"] = int(row["hit"])
            rows[row["kind"]].append(made(**{name: row[name] for name in made._fields if name in row}))
        return cls(
            rows["decision"], rows["speculation"], json.loads(table.schema.metadata[_CONFIG_KEY]), rows["run_ahead"]
        )

    def extend(self, others: Iterable[Ledger]) -> None:
        """Append the rows of other ledgers."""
        for other in others:
            self.outcomes.extend(other.outcomes)
            self.speculations.extend(other.speculations)
            self.aheads.extend(other.aheads)


def _table(path: str | Path) -> Any:
    with named_extras():
        import pyarrow as pa
        import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise ConfigError(f"{path} is not a ledger that specbench wrote: {error}") from error
    if _CONFIG_KEY not in (table.schema.metadata or {}) or set(_COLUMNS) - set(table.column_names) - _LATER:
        raise ConfigError(f"{path} is a Parquet file but not a ledger that specbench wrote (columns differ)")
    return table


def _cells(row: tuple[Any, ...]) -> list[Any]:
    return [writable(value) for value in row]


_COLUMNS = ["kind", *dict.fromkeys(Outcome._fields + Speculation._fields + Ahead._fields)]


_WHOLE = frozenset({"index", "calls", "hits", "launched", "committed_at", "depth"})
_FLAGS = frozenset({"hit", "late", "in_doubt"})
_LATER = frozenset({"in_doubt", "error", "irrelevant", "hits", "other_calls"})
"""Columns that ledgers of earlier versions do not have."""


def _schema() -> Any:
    with named_extras():
        import pyarrow as pa

    def kind(name: str) -> Any:
        if name in _WHOLE:
            return pa.int64()
        if name in _FLAGS:
            return pa.bool_()
        return pa.float64() if name == "p" or name.endswith(("_s", "_tok")) else pa.string()

    return pa.schema([(name, kind(name)) for name in _COLUMNS])
