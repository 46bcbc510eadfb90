"""The proxy as a server over HTTP: the whole protocol passes there, too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
import uvicorn
from mcp.client import Client
from mcp.shared.memory import create_client_server_memory_streams

from specbench.core.errors import ConfigError
from specbench.integrations.mcp import Proxy, ProxySettings
from specbench.integrations.mcp.listening import Listener, listen
from specbench.integrations.mcp.sdk_wire import SdkWire
from specbench.integrations.mcp.wires import Wire
from tests.integrations.mcp.test_passing_on import callbacks, rich_server, use_everything
from tests.integrations.mcp.test_processes import free_port
from tests.integrations.mcp.world import direct, serve


@asynccontextmanager
async def to_rich_server() -> AsyncIterator[Wire]:
    """Connect to a server of its own."""
    server = rich_server()._lowlevel_server
    async with create_client_server_memory_streams() as (client, streams), anyio.create_task_group() as group:
        group.start_soon(serve, server, streams)
        yield SdkWire(client)  # type: ignore[arg-type]
        group.cancel_scope.cancel()


@pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:uvicorn", "ignore::DeprecationWarning:websockets")
def test_the_whole_protocol_is_the_same_over_http() -> None:
    async def main() -> None:
        async with direct(rich_server()._lowlevel_server, **callbacks([])) as client:
            without = await use_everything(client)
        port = free_port()
        async with Proxy(ProxySettings(mode="shadow"), "rich") as proxy, anyio.create_task_group() as group:
            app = Listener(proxy.serve, to_rich_server, group, [f"127.0.0.1:{port}"])
            http = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
            group.start_soon(http.serve)
            while not http.started:
                await anyio.sleep(0.01)
            for mode in ("legacy", "auto"):
                with anyio.fail_after(30):
                    async with Client(f"http://127.0.0.1:{port}/mcp", mode=mode, **callbacks([])) as client:
                        assert await use_everything(client) == without
            http.should_exit = True
            await anyio.sleep(0.2)
            group.cancel_scope.cancel()

    anyio.run(main)


@pytest.mark.parametrize("address", ["8765", "localhost", "localhost:port"])
def test_an_address_that_is_none_is_named(address: str) -> None:
    with pytest.raises(ConfigError, match=r"an address is HOST:PORT, such as 127\.0\.0\.1:8765; got"):
        anyio.run(listen, address, None, None)
