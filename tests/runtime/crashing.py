"""A process that is killed in the middle of a staged write: ``python crashing.py DATABASE JOURNAL MOMENT``."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio

from specbench.core.types import Effect, ToolSpec
from specbench.runtime import Compensation, Executor, Journal, SqliteSavepoint, Tool
from tests.runtime.agent import Says, call, point, sure, thinks


def write(connection: sqlite3.Connection, seat: int) -> str:
    connection.execute("INSERT INTO seats VALUES (?, 'sold')", (seat,))
    return f"seat {seat} sold"


def savepoint(database: Path) -> Tool:
    pair = SqliteSavepoint(database, write)
    return Tool(ToolSpec("buy", effect=Effect.STAGED), pair.run, staging=pair)


def held(database: Path, moment: str = "") -> Tool:
    """Seats that are held, confirmed, released: each step is committed to the database at once."""

    def execute(sql: str, *values: Any) -> int:
        with sqlite3.connect(database) as connection:
            count = connection.execute(sql, values).rowcount
        connection.close()
        return count

    async def hold(token: str, arguments: Mapping[str, Any]) -> str:
        execute("INSERT INTO holds VALUES (?, ?, 'held')", token, arguments["seat"])
        return f"seat {arguments['seat']} sold"

    async def confirm(token: str) -> bool:
        if moment == "commit":
            print("now", flush=True)
            await anyio.sleep(60)
        return execute("UPDATE holds SET state = 'sold' WHERE token = ?", token) == 1

    async def release(token: str) -> None:
        execute("DELETE FROM holds WHERE token = ? AND state = 'held'", token)

    async def buy(seat: int) -> str:
        execute("INSERT INTO holds VALUES ('', ?, 'sold')", seat)
        return f"seat {seat} sold"

    return Tool(ToolSpec("buy", effect=Effect.STAGED), buy, staging=Compensation(hold, confirm, release))


async def main(database: Path, journal: Path, kind: str, moment: str) -> None:
    tool = savepoint(database) if kind == "savepoint" else held(database, moment)
    async with Executor([tool], Says(sure(call("buy", seat=7))), journal=Journal(journal)) as executor:
        if moment == "stage":

            async def think() -> Any:
                await anyio.sleep(0.3)
                print("now", flush=True)
                await anyio.sleep(60)

            await executor.run_step(point(executor), think)
        await executor.run_step(point(executor), thinks(0.3, call("buy", seat=7)))


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4])
