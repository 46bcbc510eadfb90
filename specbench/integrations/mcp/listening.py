"""The proxy as a server of its own, over streamable HTTP: a connection to the real server for each session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import uuid4

import anyio
from anyio.abc import TaskGroup, TaskStatus

from specbench.core.errors import ConfigError
from specbench.core.extras import named_extras
from specbench.integrations.mcp.frames import is_request, is_response, params_of
from specbench.integrations.mcp.sdk_wire import SdkWire
from specbench.integrations.mcp.wires import Wire

with named_extras():
    import uvicorn
    from mcp.server.streamable_http import MCP_SESSION_ID_HEADER, StreamableHTTPServerTransport
    from mcp.server.transport_security import TransportSecuritySettings
    from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER, unsupported_protocol_version_rejection
    from mcp.shared.message import MessageMetadata, ServerMessageMetadata
    from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.types import Receive, Scope, Send

__all__ = ["Listener", "listen"]

IDLE_S = 1800.0
"""A session without a request for so long is over."""
Serve = Callable[[Wire, Wire], Awaitable[object]]


class Listener:
    """An ASGI application: one endpoint, any number of sessions.

    A revision of the protocol without sessions does not tell which conversation a call belongs to. Clients that offer
    one are told which revisions there are, and take one of those.

    Parameters
    ----------
    serve
        Passes messages on between a client and a server.
    connect
        Connects to the real server.
    group
        Where sessions run.
    hosts
        Values of the ``Host`` header that are served, against rebinding of names.
    """

    def __init__(
        self, serve: Serve, connect: Callable[[], AbstractAsyncContextManager[Wire]], group: TaskGroup, hosts: list[str]
    ) -> None:
        self._serve, self._connect, self._group = serve, connect, group
        self._security = TransportSecuritySettings(
            allowed_hosts=hosts, allowed_origins=[f"http://{host}" for host in hosts]
        )
        self._sessions: dict[str, StreamableHTTPServerTransport] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of HTTP."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        version = request.headers.get(MCP_PROTOCOL_VERSION_HEADER)
        name = request.headers.get(MCP_SESSION_ID_HEADER)
        if version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS:
            await self._refuse(request, version)(scope, receive, send)
        elif name is None:
            transport = await self._group.start(self._session)
            await transport.handle_request(scope, receive, send)
        elif name in self._sessions:
            await self._sessions[name].handle_request(scope, receive, send)
        else:
            error = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "Session not found"}}
            await JSONResponse(error, 404)(scope, receive, send)

    def _refuse(self, request: Request, version: str) -> JSONResponse:
        told = unsupported_protocol_version_rejection(version, HANDSHAKE_PROTOCOL_VERSIONS)
        assert told is not None
        error = {"code": told.code, "message": told.message, "data": told.data}
        return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, 400)

    async def _session(self, *, task_status: TaskStatus[StreamableHTTPServerTransport]) -> None:
        name = uuid4().hex
        transport = StreamableHTTPServerTransport(name, security_settings=self._security, idle_timeout=IDLE_S)
        open_requests = _OpenRequests(self._group)
        try:
            async with transport.connect() as streams:
                self._sessions[name] = transport
                task_status.started(transport)
                with transport.idle_scope or anyio.CancelScope():
                    async with self._connect() as server:
                        client = SdkWire(streams, open_requests.of, open_requests.saw)
                        await self._serve(client, server)
        finally:
            self._sessions.pop(name, None)
            with anyio.CancelScope(shield=True):
                await transport.terminate()


class _OpenRequests:
    """Which request a message to the client belongs to: over HTTP it goes on the stream of that one."""

    def __init__(self, group: TaskGroup) -> None:
        self._group = group
        self._open: dict[Any, Any] = {}
        self._ends: dict[Any, Callable[[], Awaitable[None]]] = {}

    def saw(self, message: Any, metadata: MessageMetadata) -> None:
        """The client has sent a message."""
        if is_request(message):
            meta = params_of(message).get("_meta")
            self._open[message["id"]] = meta.get("progressToken") if isinstance(meta, dict) else None
            if isinstance(metadata, ServerMessageMetadata) and metadata.on_request_unanswered is not None:
                self._ends[message["id"]] = metadata.on_request_unanswered
        elif message.get("method") == "notifications/cancelled":
            number = params_of(message).get("requestId")
            self._open.pop(number, None)
            if number in self._ends:  # over HTTP a request ends with an answer, whether there is one or not
                self._group.start_soon(_end, self._ends.pop(number))

    def of(self, message: Any) -> MessageMetadata:
        """Return where a message to the client goes."""
        if is_response(message):
            self._open.pop(message["id"], None)
            self._ends.pop(message["id"], None)
            return None
        token = params_of(message).get("progressToken")
        for number, each in self._open.items():
            if token is not None and each == token:
                return ServerMessageMetadata(related_request_id=number)
        if is_request(message) and self._open:  # what the server asks, it asks for what it was asked last
            return ServerMessageMetadata(related_request_id=list(self._open)[-1])
        return None


async def _end(action: Callable[[], Awaitable[None]]) -> None:
    await action()


async def listen(address: str, serve: Serve, connect: Callable[[], AbstractAsyncContextManager[Wire]]) -> None:
    """Serve clients over HTTP until it is cancelled or told to stop.

    Parameters
    ----------
    address
        ``HOST:PORT``.
    serve, connect
        See :class:`Listener`.

    Raises
    ------
    ConfigError
        When the address is none.
    """
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise ConfigError(f"an address is HOST:PORT, such as 127.0.0.1:8765; got {address!r}")
    async with anyio.create_task_group() as group:
        app = Listener(serve, connect, group, [address, f"localhost:{port}", f"127.0.0.1:{port}"])
        config = uvicorn.Config(app, host=host, port=int(port), log_level="warning", lifespan="off")
        await uvicorn.Server(config).serve()
        group.cancel_scope.cancel()
