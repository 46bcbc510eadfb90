"""The protocol's stdio transport, byte for byte: our own standard input and output, and a server as a subprocess."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import anyio.to_thread
from anyio.abc import Process

from specbench.core.errors import ConfigError
from specbench.integrations.mcp.wires import LineWire

__all__ = ["own_stdio", "server_process"]

GRACE_S = 2.0
"""Seconds that a server gets to leave when its input has ended, and again when it was told to."""
CHUNK = 1 << 16
AT_ONCE = 4096
"""Bytes that a pipe which is ready takes without blocking (POSIX: ``PIPE_BUF`` on Linux)."""


@asynccontextmanager
async def own_stdio() -> AsyncIterator[LineWire]:
    """Give the wire to the client that has started this process.

    Whatever else prints meanwhile goes to standard error: a stray line would break the protocol.
    """
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)

    async def read() -> bytes:
        try:
            await anyio.wait_readable(source)
        except (OSError, NotImplementedError):  # a file, or Windows: nobody tells when there is something to read
            return await anyio.to_thread.run_sync(os.read, source, CHUNK, abandon_on_cancel=True)
        return os.read(source, CHUNK)

    async def write(data: bytes) -> None:
        if len(data) <= AT_ONCE and sys.platform != "win32" and select.select([], [sink], [], 0)[1]:
            os.write(sink, data)
        else:
            await anyio.to_thread.run_sync(_write_all, sink, data, abandon_on_cancel=True)

    try:
        yield LineWire(read, write)
    finally:
        os.close(sink)  # the client sees the end, though a thread may wait for its next word still


def _write_all(sink: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(sink, view) :]


@asynccontextmanager
async def server_process(
    command: Sequence[str], env: Mapping[str, str] | None = None, cwd: str | Path | None = None
) -> AsyncIterator[LineWire]:
    """Start a server; it ends with the block: its input is closed, then it is told to leave, then it is killed.

    Parameters
    ----------
    command
        The program and its arguments.
    env
        Added to the environment of this process.
    cwd
        Where it runs; by default where this process does.

    Raises
    ------
    ConfigError
        When it cannot be started.
    """
    try:
        process = await anyio.open_process(
            list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None, cwd=cwd,
            env={**os.environ, **(env or {})}, start_new_session=sys.platform != "win32",
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise ConfigError(f"the MCP server {' '.join(command)!r} cannot be started: {error}") from error
    assert process.stdin is not None and process.stdout is not None
    source = process.stdout

    async def read() -> bytes:
        return await source.receive(CHUNK)

    try:
        yield LineWire(read, process.stdin.send, process.stdin.aclose)
    finally:
        with anyio.CancelScope(shield=True):
            await _leave(process)


async def _leave(process: Process) -> None:
    assert process.stdin is not None
    with suppress(OSError, anyio.BrokenResourceError, anyio.ClosedResourceError):
        await process.stdin.aclose()
    for number in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        with anyio.move_on_after(GRACE_S):
            await process.wait()
        if process.returncode is not None:
            break
        _tell(process, number)
    with anyio.move_on_after(GRACE_S):
        await process.aclose()


def _tell(process: Process, number: int) -> None:
    """Send a signal to the server and to what it has started."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.terminate()
        else:
            os.killpg(process.pid, number)
