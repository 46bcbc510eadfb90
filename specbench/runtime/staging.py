"""Staging pairs: a SQLite transaction that really rolls back, and three functions of your own."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import anyio.to_thread

from specbench.core.errors import ConfigError

__all__ = ["Compensation", "SqliteSavepoint"]

_NAME = "specbench"
_TABLE = "CREATE TABLE IF NOT EXISTS specbench_staged (token TEXT PRIMARY KEY)"
_FORGET = "DELETE FROM specbench_staged WHERE rowid <= (SELECT max(rowid) FROM specbench_staged) - 1000"


@dataclass(frozen=True)
class Compensation:
    """A staging pair from three coroutine functions: prepare (hold a seat), make real (confirm it), undo (release it).

    The token names the write in all three, also after a crash. ``confirm`` and ``undo`` may be called again with the
    same token, and are when they raise. ``confirm`` returns whether the write is real now, whichever call made it so.

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
        must not end the transaction (``commit``, ``with connection``, ``executescript``, ``ROLLBACK``): SQLite is told
        to refuse that, before anything is real, and the tool then raises :class:`~specbench.core.errors.ConfigError`.
        Savepoints of its own are allowed.
    busy_s
        Seconds to wait for the write lock.
    hold_s
        Seconds to keep it, at most, for a write that the agent has not asked for yet: a human may be thinking.
    """

    exclusive: ClassVar[bool] = True

    path: str | Path
    write: Callable[..., Any]
    busy_s: float = 5.0
    hold_s: float = 10.0
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
        return sqlite3.connect(
            self.path, timeout=self.busy_s, isolation_level=None, check_same_thread=False,
            cached_statements=0,  # each statement is authorised when it runs, not only when it is first seen
        )  # fmt: skip

    def _stage(self, token: str, arguments: dict[str, Any]) -> Any:
        connection = self._connect()
        result = None
        try:
            connection.execute(_TABLE)
            connection.execute("BEGIN IMMEDIATE")
            with _stays_open(connection, self.write):
                result = self.write(connection, **arguments)
        except BaseException:
            result = None  # a cursor that has not ended would keep the lock
            _close(connection)
            raise
        self._open[token] = connection
        return result

    def _commit(self, token: str) -> bool:
        connection = self._open.pop(token, None)
        if connection is None:
            return self._known(token)
        try:
            if token:
                connection.execute("INSERT INTO specbench_staged VALUES (?)", (token,))
                connection.execute(_FORGET)
            connection.execute("COMMIT")
        except sqlite3.Error:
            if not token:
                raise
            _close(connection)
            return self._known(token)
        finally:
            _close(connection)
        return True

    def _rollback(self, token: str) -> None:
        connection = self._open.pop(token, None)
        if connection is not None:
            _close(connection)

    def _known(self, token: str) -> bool:
        connection = self._connect()
        try:
            connection.execute(_TABLE)
            return connection.execute("SELECT 1 FROM specbench_staged WHERE token = ?", (token,)).fetchone() is not None
        finally:
            connection.close()


@contextmanager
def _stays_open(connection: sqlite3.Connection, write: Callable[..., Any]) -> Iterator[None]:
    """Refuse what would end the transaction, and whatever comes once it has ended.

    Raises
    ------
    ConfigError
        When something was refused, even if ``write`` took no notice.
    """
    refused: list[str] = []

    def authorize(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if action == sqlite3.SQLITE_TRANSACTION:
            refused.append(f"{first}")
        elif action == sqlite3.SQLITE_SAVEPOINT and f"{second}".lower() == _NAME:
            refused.append(f"{first} of the savepoint {_NAME}")
        elif not connection.in_transaction:  # a conflict has rolled it back: this statement would be real at once
            refused.append("a statement after a ROLLBACK")
        else:
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    cause: Exception | None = None
    connection.execute(f"SAVEPOINT {_NAME}")
    connection.set_authorizer(authorize)
    try:
        yield
    except Exception as error:
        if not refused:
            raise
        cause = error
    finally:
        with suppress(sqlite3.ProgrammingError):  # it was closed
            connection.set_authorizer(None)
    if not refused:
        try:
            connection.execute(f"RELEASE {_NAME}")
            return
        except sqlite3.Error as error:  # it is not there any more
            if "in progress" in str(error):
                raise ConfigError(
                    f"{getattr(write, '__name__', write)}: a statement of a staged write has not ended; fetch its rows "
                    "(fetchone, fetchall) and return these, not the cursor. Nothing was written"
                ) from None
            refused.append("ending it")
            cause = error
    raise ConfigError(
        f"{getattr(write, '__name__', write)}: a staged write leaves its transaction open, and {refused[0]} was "
        "refused; nothing was written. Take out commit, rollback, `with connection` and executescript: specbench "
        "commits"
    ) from cause


def _close(connection: sqlite3.Connection) -> None:
    """Close a connection, and roll back what is open in it; one that is closed stays so."""
    with suppress(sqlite3.ProgrammingError):
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    connection.close()
