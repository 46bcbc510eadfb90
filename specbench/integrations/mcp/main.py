"""Runs a proxy as a process: over stdio for the client that has started it, or over HTTP."""

from __future__ import annotations

import gc
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from specbench.integrations.mcp.proxy import Proxy, ProxySettings
from specbench.integrations.mcp.servers import Server
from specbench.integrations.mcp.stdio import own_stdio
from specbench.runtime.containment import first_of

__all__ = ["run_proxy"]


def run_proxy(settings: ProxySettings, server: Server, address: str | None = None) -> int:
    """Run until the client or the server is gone, or the process is told to stop.

    Parameters
    ----------
    settings, server
        What to do, and what stands behind it.
    address
        ``HOST:PORT`` to serve over HTTP; by default stdio.

    Returns
    -------
    int
        The exit code of a server that has ended by itself (128 + its number for a signal, as shells have it); 0 else.
    """
    gc.freeze()  # what was imported stays; the collector need not look through it amid the calls
    try:
        return anyio.run(_run, settings, server, address)
    except BaseExceptionGroup as group:  # of the task groups on the way
        raise first_of(group) from None


async def _run(settings: ProxySettings, server: Server, address: str | None) -> int:
    codes: list[int] = []
    server_left = False
    async with Proxy(settings, server.name) as proxy, _signals(proxy):
        if address is not None:
            from specbench.integrations.mcp.listening import listen

            await listen(address, proxy.serve, server.connect)
            return 0
        async with server.connect(codes.append) as to_server, own_stdio() as to_client:
            server_left = await proxy.serve(to_client, to_server)
    code = codes[0] if server_left and codes else 0
    return code if code >= 0 else 128 - code


@asynccontextmanager
async def _signals(proxy: Proxy) -> AsyncIterator[None]:
    """End in order when the process is told to; switch guessing off, or on again, at ``SIGUSR1``."""
    wanted = [getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1") if hasattr(signal, name)]

    async def watch() -> None:
        try:
            receiver = anyio.open_signal_receiver(*wanted)
            with receiver as signals:
                async for number in signals:
                    if number is getattr(signal, "SIGUSR1", None):
                        proxy.switch()
                    else:
                        group.cancel_scope.cancel()
        except NotImplementedError:  # Windows: the process ends as it does without
            return

    async with anyio.create_task_group() as group:
        group.start_soon(watch)
        yield
        group.cancel_scope.cancel()
