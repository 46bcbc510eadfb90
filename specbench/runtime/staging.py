"""Staging pairs: a SQLite transaction that really rolls back, and three functions of your own."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import anyio.to_thread

from specbench.core.errors import ConfigError

__all__ = ["Compensation", "SqliteSavepoint"]

_TABLE = "CREATE TABLE IF NOT EXISTS specbench_staged (token TEXT PRIMARY KEY)"


@dataclass(frozen=True)
class Compensation:
    """A staging pair from three coroutine functions: prepare (hold a seat), make real (confirm it), undo (release it).

    The token names the write in all three, also after a crash; ``confirm`` and ``undo`` may be called twice.
    ``confirm`` returns whether the write is real now.

    Examples
    --------
    >>> held = {}
    >>> async def hold(token, arguments):
    ...     held[token] = arguments["seat"]
    ...     return f"seat {arguments['seat']}"
    >>> async def confirm(token):
    ...     return token in held
    >>> async def release(token):
    ...     held.pop(token, None)
    >>> import anyio
    >>> pair = Compensation(hold, confirm, release)
    >>> anyio.run(pair.stage, "token", {"seat": 7}), held
    ('seat 7', {'token': 7})
    """

    prepare: Callable[[str, Mapping[str, Any]], Awaitable[Any]]
    confirm: Callable[[str], Awaitable[bool]]
    undo: Callable[[str], Awaitable[None]]

    async def stage(self, token: str, arguments: Mapping[str, Any]) -> Any:
        """Prepare the write."""
        return await self.prepare(token, arguments)

    async def commit(self, token: str) -> bool:
        """Make it real."""
        return await self.confirm(token)

    async def rollback(self, token: str) -> None:
        """Undo it."""
        await self.undo(token)


@dataclass
class SqliteSavepoint:
    """A write to a SQLite database, staged in an open transaction behind a savepoint.

    Until it is committed nobody else sees it. The commit notes the token in the same transaction (table
    ``specbench_staged``), so after a crash it is known whether the write is real. A staged write holds the database's
    write lock: it is given up when a conversation of the same executor really writes, and other writers wait for
    ``busy_s``. Meant for local databases; hold and confirm (:class:`Compensation`)
    suits shared ones better.

    Parameters
    ----------
    path
        The database file.
    write
        ``write(connection, **arguments)``: runs parameterised SQL on the open transaction and returns the result. It
        must not commit.
    busy_s
        Seconds to wait for the write lock.
    """

    exclusive: ClassVar[bool] = True

    path: str | Path
    write: Callable[..., Any]
    busy_s: float = 5.0
    _open: dict[str, sqlite3.Connection] = field(default_factory=dict)

    async def stage(self, token: str, arguments: Mapping[str, Any]) -> Any:
        """Run the write in a transaction that stays open."""
        return await anyio.to_thread.run_sync(self._stage, token, dict(arguments))

    async def commit(self, token: str) -> bool:
        """Commit the transaction. For a token that an earlier process left: whether it was committed."""
        return await anyio.to_thread.run_sync(self._commit, token)

    async def rollback(self, token: str) -> None:
        """Roll the transaction back; a crash has rolled back what it left open."""
        await anyio.to_thread.run_sync(self._rollback, token)

    def run(self, **arguments: Any) -> Any:
        """Run the write at once: the tool without speculation."""
        result = self._stage("", arguments)
        self._commit("")
        return result

    def _connect(self) -> sqlite3.Connection:
        if not Path(self.path).is_file():
            raise ConfigError(f"{self.path} is no SQLite database; create it, with its tables, before staging writes")
        return sqlite3.connect(self.path, timeout=self.busy_s, isolation_level=None, check_same_thread=False)

    def _stage(self, token: str, arguments: dict[str, Any]) -> Any:
        connection = self._connect()
        try:
            connection.execute(_TABLE)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("SAVEPOINT specbench")
            result = self.write(connection, **arguments)
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            connection.close()
            raise
        self._open[token] = connection
        return result

    def _commit(self, token: str) -> bool:
        connection = self._open.pop(token, None)
        if connection is None:
            return self._known(token)
        try:
            connection.execute("RELEASE specbench")
            if token:
                connection.execute("INSERT INTO specbench_staged VALUES (?)", (token,))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
            connection.close()
        return True

    def _rollback(self, token: str) -> None:
        connection = self._open.pop(token, None)
        if connection is None:
            return
        try:
            connection.execute("ROLLBACK TO specbench")
            connection.execute("ROLLBACK")
        finally:
            connection.close()

    def _known(self, token: str) -> bool:
        connection = self._connect()
        try:
            connection.execute(_TABLE)
            return connection.execute("SELECT 1 FROM specbench_staged WHERE token = ?", (token,)).fetchone() is not None
        finally:
            connection.close()
