"""The protocol's stdio transport, byte for byte: our own standard input and output, and a server as a subprocess."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import anyio.to_thread

from specbench.core.errors import ConfigError
from specbench.integrations.mcp.wires import LineWire

__all__ = ["own_stdio", "server_process"]

GRACE_S = 2.0
"""Seconds that a server gets to leave when its input has ended, and again when it was told to."""
LOOK_S = 0.01
"""How often it is looked whether it has left."""
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
    try:
        yield _wire(source, sink)
    finally:
        os.close(sink)  # the client sees the end, though a thread may wait for its next word still


def _wire(source: int, sink: int, close: Callable[[], Awaitable[None]] | None = None) -> LineWire:
    """Return a wire over two pipes; their file descriptors are read and written without layers in between."""

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

    return LineWire(read, write, close)


def _write_all(sink: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(sink, view) :]


@asynccontextmanager
async def server_process(
    command: Sequence[str],
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    left: Callable[[int], None] | None = None,
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
    left
        Gets its exit code, if it ends without being told to.

    Raises
    ------
    ConfigError
        When it cannot be started.
    """
    try:
        process = subprocess.Popen(
            list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, cwd=cwd,
            env={**os.environ, **(env or {})}, start_new_session=sys.platform != "win32",
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise ConfigError(f"the MCP server {' '.join(command)!r} cannot be started: {error}") from error
    source, sink = process.stdout, process.stdin
    assert source is not None and sink is not None

    async def close() -> None:
        with suppress(OSError):
            sink.close()

    try:
        yield _wire(source.fileno(), sink.fileno(), close)
    finally:
        with anyio.CancelScope(shield=True):
            await close()
            code = await _leave(process)
            if left is not None and code is not None:
                left(code)
            source.close()


async def _leave(process: subprocess.Popen[bytes]) -> int | None:
    """Wait until the server has left; returns its exit code if it did so without being told to."""
    for turn, number in enumerate((signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM), None)):
        with anyio.move_on_after(GRACE_S):
            while process.poll() is None:
                await anyio.sleep(LOOK_S)
        if process.returncode is not None or number is None:
            return process.returncode if turn == 0 else None
        _tell(process, number)
    return None


def _tell(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal to the server and to what it has started."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.terminate()
        else:
            os.killpg(process.pid, number)
