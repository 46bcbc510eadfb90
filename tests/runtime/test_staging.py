"""Staged writes: seen by nobody until they are committed, rolled back for real, and made good after a crash."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from specbench.core.errors import ConfigError
from specbench.core.ledger import Fate
from specbench.core.types import Effect, ToolSpec
from specbench.runtime import Executor, Journal, SqliteSavepoint, Tool
from tests.runtime.agent import Says, call, point, sure, thinks
from tests.runtime.crashing import held, savepoint

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "seats.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE seats (seat INTEGER, state TEXT)")
        connection.execute("CREATE TABLE holds (token TEXT, seat INTEGER, state TEXT)")
    connection.close()
    return path


def rows(database: Path, table: str = "seats") -> list[Any]:
    connection = sqlite3.connect(database)
    try:
        return connection.execute(f"SELECT seat, state FROM {table} ORDER BY seat").fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("seat", [7, 8])
def test_a_sqlite_write_is_staged_and_committed_or_rolled_back(database: Path, backend: str, seat: int) -> None:
    async def main() -> None:
        journal = Journal(database.with_name("journal"))
        async with Executor([savepoint(database)], Says(sure(call("buy", seat=7))), journal=journal) as executor:

            async def think() -> Any:
                await anyio.sleep(0.3)
                assert rows(database) == []  # staged: nobody sees it
                return call("buy", seat=seat)

            step = await executor.run_step(point(executor), think)
            assert step.results[0].value == f"seat {seat} sold"
            assert step.results[0].speculated == (seat == 7)
        assert rows(database) == [(seat, "sold")]
        (row,) = executor.ledger().speculations
        assert row.fate == (Fate.COMMIT if seat == 7 else Fate.SQUASH)
        assert not journal.path or journal.path.read_bytes() == b""

    anyio.run(main, backend=backend)


def test_a_reply_rolls_back(database: Path) -> None:
    async def main() -> None:
        async with Executor([savepoint(database)], Says(sure(call("buy", seat=7)))) as executor:
            await executor.run_step(point(executor), thinks(0.3, text="No seat for you."))
            with sqlite3.connect(database, timeout=0) as connection:  # the write lock is free again
                connection.execute("INSERT INTO seats VALUES (1, 'other')")
            connection.close()
        assert rows(database) == [(1, "other")]

    anyio.run(main)


def test_without_a_pair_a_staged_tool_is_a_write() -> None:
    async def main() -> None:
        async def buy(seat: int) -> str:
            return "sold"

        box = [Tool(ToolSpec("buy", effect=Effect.STAGED), buy)]
        async with Executor(box, Says(sure(call("buy", seat=7)))) as executor:
            step = await executor.run_step(point(executor), thinks(0.1, call("buy", seat=7)))
            assert step.outcome.launched == 0

    anyio.run(main)


def killed(database: Path, journal: Path, kind: str, moment: str) -> None:
    """Run the agent in a process of its own and kill it (-9) once it says so."""
    command = [sys.executable, "-m", "tests.runtime.crashing", str(database), str(journal), kind, moment]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "now\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)


@pytest.mark.parametrize(
    ("kind", "moment", "left", "after", "done"),
    [
        ("savepoint", "stage", [], [], "rolled back"),
        ("held", "stage", [(7, "held")], [], "rolled back"),
        ("held", "commit", [(7, "held")], [(7, "sold")], "committed"),
    ],
)
def test_killed_in_the_middle_of_a_staged_write(
    database: Path, kind: str, moment: str, left: list[Any], after: list[Any], done: str
) -> None:
    journal = database.with_name("journal")
    killed(database, journal, kind, moment)
    table = "seats" if kind == "savepoint" else "holds"
    assert rows(database, table) == left
    assert journal.read_bytes()

    async def restart() -> list[str]:
        again = Journal(journal)
        async with Executor([savepoint(database) if kind == "savepoint" else held(database)], journal=again):
            return [what for _, _, what in again.recovered]

    assert anyio.run(restart) == [done]
    assert rows(database, table) == after
    assert journal.read_bytes() == b""
    assert anyio.run(restart) == []  # once is enough


def test_a_journal_that_needs_a_tool_says_so_and_stays(database: Path) -> None:
    path = database.with_name("journal")
    Journal(path).begin("sell", call("sell"))
    before = path.read_bytes()

    async def restart() -> None:
        async with Executor([savepoint(database)], journal=Journal(path)):
            pass

    with pytest.raises(ConfigError, match="a staged write of 'sell' was left behind by a crash"):
        anyio.run(restart)
    assert path.read_bytes() == before


def test_a_torn_last_line_is_forgiven_a_foreign_file_is_not(database: Path) -> None:
    path = database.with_name("journal")
    journal = Journal(path)
    journal.begin("buy", call("buy"))
    with path.open("ab") as file:
        file.write(b'{"event": "com')

    async def restart() -> list[Any]:
        again = Journal(path)
        async with Executor([savepoint(database)], journal=again):
            return again.recovered

    assert [what for _, _, what in anyio.run(restart)] == ["rolled back"]
    journal.begin("sell", call("sell"))
    with path.open("ab") as file:
        file.write(b'{"event": "com')
    for _ in range(2):  # the tool is not there yet: the torn line is gone, the other one stays
        with pytest.raises(ConfigError, match="a staged write of 'sell' was left behind"):
            anyio.run(restart)
        assert path.read_bytes().count(b"\n") == 1 and path.read_bytes().endswith(b"}\n")
    path.write_text("name,price\napple,1\n")
    with pytest.raises(ConfigError, match=r"line 1: no entry of a journal that specbench wrote"):
        anyio.run(restart)
    assert path.read_text() == "name,price\napple,1\n"


def test_a_journal_belongs_to_one_executor_at_a_time(database: Path) -> None:
    path = database.with_name("journal")

    async def main() -> None:
        async with Executor([savepoint(database)], journal=Journal(path)):
            with pytest.raises(ConfigError, match="the journal of another executor that runs"):
                async with Executor([savepoint(database)], journal=Journal(path)):
                    pass
        async with Executor([savepoint(database)], journal=Journal(path)):
            pass

    anyio.run(main)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_speculated_write_locks_nobody_out(database: Path, backend: str) -> None:
    """One conversation stages a write that it will not make, another one really writes."""

    async def main() -> None:
        tool = savepoint(database)
        assert isinstance(tool.staging, SqliteSavepoint)
        tool.staging.busy_s = 0.5

        async def dithers() -> Any:
            await anyio.sleep(1.5)
            return "No seat for me."

        async with Executor([tool], Says(sure(call("buy", seat=7)))) as executor, anyio.create_task_group() as group:
            group.start_soon(executor.run_step, point(executor, trace_id="a"), dithers)
            await anyio.sleep(0.3)
            step = await executor.run_step(point(executor, trace_id="b"), thinks(0.0, call("buy", seat=8)))
            assert step.results[0].error is None
        assert rows(database) == [(8, "sold")]

    anyio.run(main, backend=backend)


def test_a_pair_needs_its_declaration(database: Path) -> None:
    pair = savepoint(database).staging
    with pytest.raises(ConfigError, match="has a staging pair but its effect is write; declare it staged"):
        Tool(ToolSpec("buy", effect=Effect.WRITE), print, staging=pair)
