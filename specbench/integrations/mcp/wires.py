"""A wire is one end of a connection: frames come in and go out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

import anyio

from specbench.integrations.mcp.frames import Frame

__all__ = ["GONE", "LineWire", "Wire"]


class Wire(Protocol):
    """One end of a connection to a client or to a server."""

    async def receive(self) -> Frame:
        """Return the next message.

        Raises
        ------
        anyio.EndOfStream
            When the other side is gone.
        """
        ...

    async def send(self, frame: Frame) -> None:
        """Send a message; after the other side is gone it does nothing."""
        ...

    async def end(self) -> bool:
        """Nothing more will be sent. Returns whether the other side can see that, and may answer still."""
        ...


GONE = (anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError, OSError)
"""What a stream raises when the other side is gone."""


class LineWire:
    """Messages as lines, each one object of JSON: the protocol's stdio transport.

    Parameters
    ----------
    read
        Returns the next bytes, however many; empty at the end.
    write
        Writes all of these bytes.
    close
        Closes the way out, where that can be done alone.

    Examples
    --------
    >>> async def main():
    ...     chunks, written = [b'{"id": 1}\\n{"i', b'd": 2}', b"\\n"], []
    ...     async def read():
    ...         return chunks.pop(0) if chunks else b""
    ...     async def write(data):
    ...         written.append(data)
    ...     wire = LineWire(read, write)
    ...     await wire.send(await wire.receive())
    ...     return written, (await wire.receive()).message
    >>> anyio.run(main)
    ([b'{"id": 1}\\n'], {'id': 2})
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[bytes]],
        write: Callable[[bytes], Awaitable[None]],
        close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._read, self._write, self._close = read, write, close
        self._buffer, self._ended = bytearray(), False
        self._lock = anyio.Lock(fast_acquire=True)

    async def receive(self) -> Frame:
        """Return the next line; a last one without its end counts."""
        searched = 0
        while True:
            at = self._buffer.find(b"\n", searched)
            if at >= 0:
                line = bytes(self._buffer[:at])
                del self._buffer[: at + 1]
                searched = 0
            elif not self._ended:
                searched = len(self._buffer)
                try:
                    chunk = await self._read()
                except GONE:
                    chunk = b""
                self._ended = not chunk
                self._buffer += chunk
                continue
            elif self._buffer:
                line = bytes(self._buffer)
                self._buffer.clear()
            else:
                raise anyio.EndOfStream
            if line.strip():
                return Frame.of(line.rstrip(b"\r"))

    async def send(self, frame: Frame) -> None:
        """Write a line. It must not be cut short: whoever may be cancelled leaves it to another task."""
        data = frame.encoded() + b"\n"
        async with self._lock:
            try:
                await self._write(data)
            except GONE:
                return

    async def end(self) -> bool:
        """Close the way out."""
        if self._close is None:
            return False
        with suppress(*GONE):
            await self._close()
        return True
