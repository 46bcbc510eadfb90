"""A ledger that many proxies write to, one for each session of a client: rows are added, none is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from specbench.core.ledger import Ledger

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

__all__ = ["LedgerFile"]

MOST_WAITING = 100_000
"""Rows that are kept in memory while the file cannot be written; beyond them rows are lost."""


class LedgerFile:
    """Adds rows to a Parquet file, a batch at a time; another process may do so, too.

    Parameters
    ----------
    path
        The file; it appears with the first rows.

    Raises
    ------
    ConfigError
        When it holds something else.

    Examples
    --------
    >>> import tempfile
    >>> from specbench.core.ledger import Outcome
    >>> path = Path(tempfile.mkdtemp()) / "ledger.parquet"
    >>> row = Outcome("t", "a", 0, None, None, None, 0, False, 0, 2.0, 0.0, 0.0, 2.0, 2.0, 0.0, "off")
    >>> for name in ("one", "two"):
    ...     file = LedgerFile(path)
    ...     file.add(Ledger([row], [], {"mode": name}))
    ...     file.write(file.take(), {name: {"mode": "on"}})
    >>> ledger = Ledger.from_parquet(path)
    >>> len(ledger.outcomes), sorted(ledger.config["sessions"])
    (2, ['one', 'two'])
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if self.path.is_file():
            Ledger.from_parquet(self.path)
        self._waiting = Ledger()

    def add(self, rows: Ledger) -> None:
        """Keep rows for the next :meth:`take`."""
        self._waiting.extend([rows])
        self._waiting.config = {**self._waiting.config, **rows.config}

    def take(self) -> Ledger:
        """Return what was added since the last time."""
        waiting, self._waiting = self._waiting, Ledger()
        return waiting

    def put_back(self, rows: Ledger) -> None:
        """Keep rows of :meth:`take` that could not be written, for the next time."""
        if len(rows.outcomes) + len(rows.speculations) <= MOST_WAITING:
            newer, self._waiting = self._waiting, rows
            self.add(newer)

    def write(self, waiting: Ledger, sessions: dict[str, Any]) -> None:
        """Write rows; in a thread, if you like.

        Parameters
        ----------
        waiting
            Of :meth:`take`.
        sessions
            What is known of the sessions by name: it stands in the configuration.
        """
        if not (waiting.outcomes or waiting.speculations):
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._alone():
            waiting.append_to_parquet(
                self.path,
                lambda known: {**known, **waiting.config, "sessions": {**known.get("sessions", {}), **sessions}},
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from writing."""
        held = os.open(self.path.with_name(f".{self.path.name}.lock"), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            if fcntl is not None:
                fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)
