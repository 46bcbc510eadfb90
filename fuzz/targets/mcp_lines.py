"""Any bytes from an MCP client or server: the same lines, whole or in pieces, and those that are messages parsed."""

from __future__ import annotations

import anyio

from fuzz.oracle import allowed
from specbench.integrations.mcp.frames import Frame, is_request, is_response, params_of
from specbench.integrations.mcp.wires import LineWire


def check(data: bytes) -> None:
    """Receive what came; the first byte says how long the pieces are."""
    size, content = (data[0] % 32 + 1) if data else 1, data[1:]
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    with allowed(len(data)):
        frames, written = anyio.run(_passed_on, pieces)
        lines = [line.rstrip(b"\r") for line in content.split(b"\n") if line.strip()]
        assert [frame.line for frame in frames] == lines
        assert written == [line + b"\n" for line in lines]
        for frame in frames:
            assert not (is_request(frame.message) and is_response(frame.message))
            if isinstance(frame.message, dict):
                assert isinstance(params_of(frame.message), dict)
                again = Frame.of(Frame(frame.message).encoded())
                assert again.message == frame.message or b"NaN" in again.encoded()


async def _passed_on(pieces: list[bytes]) -> tuple[list[Frame], list[bytes]]:
    rest, written, frames = list(reversed(pieces)), list[bytes](), list[Frame]()

    async def read() -> bytes:
        return rest.pop() if rest else b""

    async def write(data: bytes) -> None:
        written.append(data)

    wire = LineWire(read, write)
    try:
        while True:
            frames.append(await wire.receive())
            await wire.send(frames[-1])
    except anyio.EndOfStream:
        return frames, written
