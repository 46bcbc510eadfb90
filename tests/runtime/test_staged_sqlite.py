"""A staged SQLite write never ends its own transaction: nothing is real before the agent asks, whatever it tries."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import anyio
import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import Effect, ToolSpec
from specbench.runtime import Executor, SqliteSavepoint, Tool
from tests.runtime.agent import Says, call, point, sure, thinks

SELL = "UPDATE seats SET state = 'sold' WHERE seat = 7"
TWICE = "INSERT OR ROLLBACK INTO seats VALUES (?, 'sold')"


def commits(connection: sqlite3.Connection) -> None:
    connection.execute(SELL)
    connection.commit()


def uses_a_with_block(connection: sqlite3.Connection) -> None:
    with connection:
        connection.execute(SELL)


def runs_a_script(connection: sqlite3.Connection) -> None:
    connection.executescript(SELL)


def says_commit_in_sql(connection: sqlite3.Connection) -> None:
    connection.execute(SELL)
    connection.execute("/* done */ end transaction")


def rolls_back_and_begins_again(connection: sqlite3.Connection) -> None:
    connection.execute("ROLLBACK")
    connection.execute("BEGIN")
    connection.execute(SELL)


def changes_the_isolation_level(connection: sqlite3.Connection) -> None:
    connection.execute(SELL)
    connection.isolation_level = None  # commits


def releases_the_savepoint(connection: sqlite3.Connection) -> None:
    connection.execute(SELL)
    connection.execute('RELEASE "SpecBench"')


def returns_to_the_savepoint(connection: sqlite3.Connection) -> None:
    connection.execute(SELL)
    connection.execute("ROLLBACK TO specbench")


def takes_no_notice(connection: sqlite3.Connection) -> None:
    connection.execute(SELL)
    with suppress(sqlite3.Error):
        connection.commit()


def hides_the_error(connection: sqlite3.Connection) -> None:
    try:
        runs_a_script(connection)
    except sqlite3.Error:
        raise RuntimeError("the shop is closed") from None


def goes_on_after_a_conflict(connection: sqlite3.Connection) -> None:
    for seat in (7, 8):  # the first one is there, and rolls the whole transaction back
        with suppress(sqlite3.IntegrityError):
            connection.execute(TWICE, (seat,))


def closes_the_connection(connection: sqlite3.Connection) -> None:
    connection.execute(SELL)
    connection.close()


ENDS = [
    commits, uses_a_with_block, runs_a_script, says_commit_in_sql, rolls_back_and_begins_again,
    changes_the_isolation_level, releases_the_savepoint, returns_to_the_savepoint, takes_no_notice, hides_the_error,
    goes_on_after_a_conflict, closes_the_connection,
]  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "seats.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            "CREATE TABLE seats (seat INTEGER PRIMARY KEY, state TEXT); INSERT INTO seats VALUES (7, 'free')"
        )
    return path


def seats(database: Path) -> list[Any]:
    with closing(sqlite3.connect(database, timeout=0)) as connection:
        connection.execute("BEGIN IMMEDIATE")  # nobody holds the lock any more
        return connection.execute("SELECT * FROM seats").fetchall()


@pytest.mark.parametrize("write", ENDS)
@pytest.mark.parametrize("asked", [True, False])
def test_a_write_that_ends_its_transaction_is_refused_before_anything_is_real(
    database: Path, write: Callable[[sqlite3.Connection], None], asked: bool
) -> None:
    async def main() -> None:
        pair = SqliteSavepoint(database, write)
        tool = Tool(ToolSpec("buy", effect=Effect.STAGED), pair.run, staging=pair)
        async with Executor([tool], Says(sure(call("buy")))) as executor:
            calls = (call("buy"),) if asked else ()
            step = await executor.run_step(point(executor), thinks(0.1, *calls))
            for result in step.results:
                assert isinstance(result.error, ConfigError)
                assert f"{write.__name__}: a staged write leaves its transaction open" in result.text
            assert seats(database) == [(7, "free")]

    anyio.run(main)


def test_the_error_names_what_was_refused(database: Path) -> None:
    for write, refused in [
        (runs_a_script, "COMMIT was refused"),
        (returns_to_the_savepoint, "ROLLBACK of the savepoint specbench was refused"),
        (goes_on_after_a_conflict, "a statement after a ROLLBACK was refused"),
    ]:
        with pytest.raises(ConfigError, match=refused):
            SqliteSavepoint(database, write).run()


def test_savepoints_of_its_own_are_allowed(database: Path) -> None:
    def write(connection: sqlite3.Connection) -> str:
        connection.execute("SAVEPOINT mine")
        connection.execute("DELETE FROM seats")
        connection.execute("ROLLBACK TO mine")
        connection.execute("RELEASE mine")
        connection.execute(SELL)
        return "sold"

    assert SqliteSavepoint(database, write).run() == "sold"
    assert seats(database) == [(7, "sold")]


def test_an_error_of_its_own_is_its_result_and_rolls_back(database: Path) -> None:
    def write(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO seats VALUES (8, 'sold')")
        connection.execute("INSERT INTO seats VALUES (7, 'sold')")

    with pytest.raises(sqlite3.IntegrityError):
        SqliteSavepoint(database, write).run()
    assert seats(database) == [(7, "free")]


def test_a_commit_that_sqlite_refuses_leaves_it_to_the_real_call(database: Path) -> None:
    """A deferred foreign key is looked at when the transaction commits: the agent sees the error of the real call."""

    def write(connection: sqlite3.Connection) -> str:
        connection.execute("INSERT INTO owners VALUES (8)")
        return "sold"

    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE owners (seat REFERENCES seats DEFERRABLE INITIALLY DEFERRED)")

    class Checked(SqliteSavepoint):
        def _connect(self) -> sqlite3.Connection:
            connection = super()._connect()
            connection.execute("PRAGMA foreign_keys = ON")
            return connection

    async def main() -> None:
        pair = Checked(database, write)
        tool = Tool(ToolSpec("buy", effect=Effect.STAGED), pair.run, staging=pair)
        async with Executor([tool], Says(sure(call("buy")))) as executor:
            step = await executor.run_step(point(executor), thinks(0.1, call("buy")))
            assert isinstance(step.results[0].error, sqlite3.IntegrityError) and not step.results[0].speculated
        (row,) = executor.ledger().speculations
        assert (row.fate, row.committed_at) == ("fail", None)
        assert await pair.commit("a token that nobody knows") is False

    anyio.run(main)
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT * FROM owners").fetchall() == []


@pytest.mark.parametrize("asked", [True, False])
def test_a_cursor_that_has_not_ended_is_named_and_keeps_no_lock(database: Path, asked: bool) -> None:
    def returns_a_cursor(connection: sqlite3.Connection) -> Any:
        return connection.execute(SELL + " RETURNING seat")

    async def main() -> None:
        pair = SqliteSavepoint(database, returns_a_cursor)
        tool = Tool(ToolSpec("buy", effect=Effect.STAGED), pair.run, staging=pair)
        async with Executor([tool], Says(sure(call("buy")))) as executor:
            step = await executor.run_step(point(executor), thinks(0.1, *((call("buy"),) if asked else ())))
            assert all("fetch its rows" in result.text for result in step.results)
        assert seats(database) == [(7, "free")]

    anyio.run(main)
