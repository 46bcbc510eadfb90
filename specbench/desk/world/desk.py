"""The support desk: a SQLite database of customers, orders, tickets and products, and the tools an agent may call.

>>> with SupportDesk(seed=7, customers=5) as desk:
...     try:
...         desk.call("get_order", {"order_id": "'; DROP TABLE orders; --"})
...     except DeskError as error:
...         print(error)
order not found
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from specbench.core.types import Effect, ToolSpec
from specbench.desk.world import reads as desk_reads
from specbench.desk.world import writes as desk_writes
from specbench.desk.world.data import create_schema, populate
from specbench.desk.world.reads import DeskError
from specbench.desk.world.specs import TOOLS, argument_problem

__all__ = ["DeskError", "SupportDesk"]

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: getattr(desk_writes if spec.effect is Effect.WRITE else desk_reads, name) for name, spec in TOOLS.items()
}


class SupportDesk:
    """An open support desk. Use it as a context manager, or call :meth:`close`.

    Parameters
    ----------
    path
        ``":memory:"``, or a file. A file that does not exist yet is created and filled, in WAL mode; one that exists
        is opened as it is, and ``seed`` and ``customers`` do not count.
    seed
        Same seed, same population.
    customers
        Number of customers to create.

    Examples
    --------
    >>> with SupportDesk(seed=7, customers=5) as desk:
    ...     user_id = desk.user_ids()[0]
    ...     before = desk.call("get_preferences", {"user_id": user_id})["contact_channel"]
    ...     after = desk.call("update_preferences", {"user_id": user_id, "contact_channel": "phone"})
    ...     desk.call("get_preferences", {"user_id": user_id})["contact_channel"]
    'phone'
    """

    def __init__(self, path: str | Path = ":memory:", *, seed: int = 7, customers: int = 240) -> None:
        # Tools may run in worker threads; the lock makes each call one unit.
        self._lock = threading.RLock()
        self._connection = _connect(path)
        filled = self._connection.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'customers'").fetchone()[0]
        if not filled:
            create_schema(self._connection)
            populate(self._connection, seed=seed, customers=customers)

    @property
    def tools(self) -> Mapping[str, ToolSpec]:
        """The declared tools by name."""
        return TOOLS

    def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Run one tool.

        Parameters
        ----------
        name
            One of :attr:`tools`.
        arguments
            The arguments, checked against the tool's schema.

        Returns
        -------
        Any
            A JSON value.

        Raises
        ------
        DeskError
            When the tool or its arguments are not right, or the desk's rules forbid it. Nothing has changed then.
        """
        spec = TOOLS.get(name)
        if spec is None:
            raise DeskError(f"no tool '{name}'; there are {', '.join(TOOLS)}")
        problem = argument_problem(spec, arguments)
        if problem is not None:
            raise DeskError(problem)
        with self._lock, self._connection:
            return _FUNCTIONS[name](self._connection, **arguments)

    def user_ids(self) -> list[str]:
        """Every customer's id, sorted."""
        with self._lock:
            rows = self._connection.execute("SELECT user_id FROM customers ORDER BY user_id").fetchall()
        return [row["user_id"] for row in rows]

    def dump(self) -> list[str]:
        """All rows of all tables as SQL; two desks are the same when their dumps are."""
        with self._lock:
            return list(self._connection.iterdump())

    def copy(self) -> SupportDesk:
        """An independent desk in memory with the same rows; what one changes the other does not see."""
        other = SupportDesk.__new__(SupportDesk)
        other._lock = threading.RLock()
        other._connection = _connect(":memory:")
        with self._lock:
            self._connection.backup(other._connection)
        return other

    def close(self) -> None:
        """Close the database; closing twice is allowed."""
        self._connection.close()

    def __enter__(self) -> SupportDesk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _connect(path: str | Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    if str(path) != ":memory:":
        connection.execute("PRAGMA journal_mode = WAL")
    return connection
