"""The journal: on the disk before what it announces, and readable whatever a crash or a full disk has left of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

from specbench.core.errors import ConfigError, SpecbenchError
from specbench.core.types import Effect, ToolSpec
from specbench.runtime import Compensation, Executor, Journal, Tool
from specbench.testing import run_virtual
from tests.runtime.agent import Says, call, point, sure, thinks


def booking(log: list[tuple[str, str]]) -> Tool:
    """A tool whose staging pair notes what it was asked, and for which token."""

    async def hold(token: str, arguments: Any) -> str:
        log.append(("hold", token))
        return "sold"

    async def confirm(token: str) -> bool:
        log.append(("confirm", token))
        return True

    async def release(token: str) -> None:
        log.append(("release", token))

    async def book() -> str:
        log.append(("book", ""))
        return "sold"

    return Tool(ToolSpec("book", effect=Effect.STAGED), book, staging=Compensation(hold, confirm, release))


def recovered(path: Path, log: list[tuple[str, str]] | None = None) -> list[tuple[str, str]]:
    """Start an executor on a journal; returns (token, what was done) of what had been left."""

    async def main() -> list[tuple[str, str]]:
        async with Executor([booking(log if log is not None else [])], journal=Journal(path)) as executor:
            return [(token, done) for token, _, done in executor.journal.recovered]

    found: list[tuple[str, str]] = anyio.run(main)
    assert path.read_bytes() == b""
    return found


def line(event: str, token: str) -> bytes:
    return json.dumps({"event": event, "token": token, **({"tool": "book"} if event == "begin" else {})}).encode()


@pytest.mark.parametrize(("asks", "last"), [(True, "confirm"), (False, "release")])
def test_each_step_is_on_the_disk_before_it_is_taken(
    asks: bool, last: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, on_disk, seen = tmp_path / "journal", [b""], []

    def fsync(descriptor: int) -> None:
        on_disk.append(Path(f"/proc/self/fd/{descriptor}").read_bytes())

    class Log(list[tuple[str, str]]):
        def append(self, asked: tuple[str, str]) -> None:
            events = [json.loads(each)["event"] for each in on_disk[-1].splitlines()]
            seen.append((asked[0], events, on_disk[-1].count(asked[1].encode())))

    async def main() -> None:
        async with Executor([booking(Log())], Says(sure(call("book"))), journal=Journal(path)) as executor:
            await executor.run_step(point(executor), thinks(1.0, *(call("book"),) * asks))

    monkeypatch.setattr(os, "fsync", fsync)
    run_virtual(main)
    noted = ["begin", "commit"] if asks else ["begin"]
    assert seen == [("hold", ["begin"], 1), (last, noted, len(noted))]
    assert on_disk[-1] == b""  # it is over


def test_a_full_disk_costs_the_guess_and_a_later_start_finds_the_rest(tmp_path: Path) -> None:
    """A process that may write only so much: its journal is torn in the middle of an entry, and goes on after it."""
    path = tmp_path / "journal"
    code = (
        "import resource, signal, sys; from pathlib import Path; from specbench.core.errors import SpecbenchError\n"
        "from specbench.core.types import ToolCall; from specbench.runtime import Journal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "journal = Journal(sys.argv[1]); print(journal.begin('book', ToolCall('book')))\n"
        "most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        "def limit(size): resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))\n"
        "limit(Path(sys.argv[1]).stat().st_size + 40)\n"
        "try: journal.begin('book', ToolCall('book'))\n"
        "except SpecbenchError as error: print(error)\n"
        "limit(10**6); print(journal.begin('book', ToolCall('book')))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    first, said, second = done.stdout.splitlines()
    assert "the journal cannot be written" in said
    assert path.read_bytes().count(b"\n") == 2  # the torn entry and the next one share a line
    assert recovered(path) == [(first, "rolled back"), (second, "rolled back")]


@pytest.mark.parametrize("torn", [b"", b"{", b'{"event": "com', line("commit", "1"), b"\0\0\0", b'{"event": "do\0\0'])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_torn_entry_takes_no_other_one_with_it(torn: bytes, end: bytes, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(
        line("begin", "1") + b"\n" + torn + line("begin", "2") + b"\n" + line("commit", "2") + b"\n" + torn + end
    )
    whole = torn == line("commit", "1")  # at the end, where only the end of the line is missing
    assert recovered(path) == [("1", "committed" if whole else "rolled back"), ("2", "committed")]


def test_what_is_done_or_must_not_become_real_is_known(tmp_path: Path) -> None:
    path, log = tmp_path / "journal", []
    events = [("begin", "1"), ("commit", "1"), ("begin", "2"), ("done", "1"), ("commit", "2"), ("undo", "2")]
    path.write_bytes(b"".join(line(*each) + b"\n" for each in events))
    assert recovered(path, log) == [("2", "rolled back")] and log == [("release", "2")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"[" * 100_000, "line 1.*recursion"),
        (b'{"event": "begin", "token": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "line 1.*recursion"),
        (line("begin", "1") + b'\n{"event": ' + b'{"a":' * 100_000, "line 2.*recursion"),
        (b'{"event": "begin", "token": ["1"], "tool": "book"}\n', "line 1.*no object of texts"),
        (b'{"event": "begin", "token": "1", "tool": 7}\n', "line 1.*no object of texts"),
        (line("begin", "1") + b"\n" + line("finish", "1") + b"\n", "line 2.*finish"),
        (line("commit", "1") + b"\n", "line 1.*'1'"),
        (b'2026-11-30 INFO {"event": "begin", "token": "1", "tool": "book"}\n', "line 1.*begins otherwise"),
        (b"remember the milk", "line 1"),
        (b"7", "line 1"),
    ],
)  # fmt: skip
def test_what_is_no_journal_is_named_and_left_alone(text: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(text)
    with pytest.raises(ConfigError, match=f"(?s){words}") as caught:
        recovered(path)
    assert "no entry of a journal that specbench wrote" in str(caught.value) and len(str(caught.value)) < 500
    assert path.read_bytes() == text


def test_a_guess_whose_journal_cannot_be_written_is_not_made(tmp_path: Path) -> None:
    async def main() -> None:
        log: list[tuple[str, str]] = []
        journal = Journal(tmp_path / "journal")
        async with Executor([booking(log)], Says(sure(call("book"))), journal=journal) as executor:
            journal.path = tmp_path / "nowhere" / "journal"
            step = await executor.run_step(point(executor), thinks(1.0, call("book")))
            assert step.results[0].value == "sold" and log == [("book", "")]
            with pytest.raises(SpecbenchError, match="the journal cannot be written"):
                journal.begin("book", call("book"))

    run_virtual(main)
