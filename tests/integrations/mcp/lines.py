"""Two scripted peers with a proxy between them, all in memory, as lines."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio

from specbench.integrations.mcp import Proxy
from specbench.integrations.mcp.wires import LineWire


class Peer:
    """The far end of a wire: what a test plays."""

    def __init__(self) -> None:
        self._put, self._items = anyio.create_memory_object_stream[bytes](math.inf)
        self._got, self._gets = anyio.create_memory_object_stream[bytes](math.inf)
        self.wire = LineWire(self._items.receive, self._got.send)

    async def say(self, message: Any) -> None:
        """Send a message, or a line as it is."""
        await self._put.send((message if isinstance(message, bytes) else json.dumps(message).encode()) + b"\n")

    async def hear_line(self) -> bytes:
        """Return the next line."""
        with anyio.fail_after(30):
            return (await self._gets.receive())[:-1]

    async def hear(self) -> Any:
        """Return the next message."""
        return json.loads(await self.hear_line())

    def silent(self) -> bool:
        """Whether nothing has come that was not heard."""
        return self._gets.statistics().current_buffer_used == 0

    def close(self) -> None:
        """Be gone."""
        for stream in (self._put, self._items, self._got, self._gets):
            stream.close()

    def hang_up(self) -> None:
        """Say no more."""
        self._put.close()


@asynccontextmanager
async def peers(proxy: Proxy) -> AsyncIterator[tuple[Peer, Peer]]:
    """Give the client's end and the server's end."""
    client, server = Peer(), Peer()
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(proxy.serve, client.wire, server.wire)
            yield client, server
            group.cancel_scope.cancel()
    finally:
        client.close()
        server.close()


TOOLS = [{"name": name, "inputSchema": {"type": "object"}} for name in ("look", "put")]


def call(number: Any, name: str = "look", arguments: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
    """Return a request to call a tool."""
    params = {"name": name, "arguments": arguments or {}, **params}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


def result(number: Any, text: str = "seen") -> dict[str, Any]:
    """Return the answer to a call."""
    return {"jsonrpc": "2.0", "id": number, "result": {"content": [{"type": "text", "text": text}]}}


async def list_tools(client: Peer, server: Peer) -> None:
    """Let the client ask what there is."""
    await client.say({"jsonrpc": "2.0", "id": "list", "method": "tools/list"})
    await server.hear()
    await server.say({"jsonrpc": "2.0", "id": "list", "result": {"tools": TOOLS}})
    await client.hear()
