"""A server that is reached by its address: streamable HTTP, or the older HTTP with server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from specbench.core.extras import named_extras
from specbench.integrations.mcp.frames import params_of
from specbench.integrations.mcp.sdk_wire import SdkWire

with named_extras():
    import httpx2
    from mcp.client.sse import sse_client
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared.inbound import (
        MCP_METHOD_HEADER,
        MCP_NAME_HEADER,
        MCP_PROTOCOL_VERSION_HEADER,
        NAME_BEARING_METHODS,
        encode_header_value,
        find_invalid_x_mcp_header,
        mcp_param_headers,
        x_mcp_header_map,
    )
    from mcp.shared.message import ClientMessageMetadata
    from mcp.types import PROTOCOL_VERSION_META_KEY

__all__ = ["remote_server"]

CONNECT_S = 30.0


@asynccontextmanager
async def remote_server(url: str, headers: Mapping[str, str], *, sse: bool = False) -> AsyncIterator[SdkWire]:
    """Connect to a server.

    Parameters
    ----------
    url, headers
        Its address, and what every request carries (a token).
    sse
        It speaks the older transport.
    """
    if sse:
        async with sse_client(url, headers=dict(headers)) as streams:
            yield SdkWire(streams)
        return
    stamps = Stamps()
    timeout = httpx2.Timeout(CONNECT_S, read=None)  # the client knows how long it waits for an answer
    async with (
        httpx2.AsyncClient(headers=dict(headers), timeout=timeout) as client,
        streamable_http_client(url, http_client=client, max_sse_event_size=None) as streams,
    ):
        yield SdkWire(streams, stamps.of, lambda message, _: stamps.saw(message))


class Stamps:
    """The headers that a client of streamable HTTP sends with each message, read off the message itself."""

    def __init__(self) -> None:
        self._version: str | None = None
        self._initialize: Any = None
        self._parameters: dict[str, Any] = {}

    def of(self, message: Mapping[str, Any]) -> ClientMessageMetadata:
        """Return the headers of a message to the server."""
        method, params = message.get("method"), params_of(message)
        if method == "initialize":
            self._initialize, self._version = message.get("id"), None
            return ClientMessageMetadata()
        meta = params.get("_meta")
        stated = meta.get(PROTOCOL_VERSION_META_KEY) if isinstance(meta, dict) else None
        if not isinstance(stated, str):  # a revision with sessions: the version is that of the handshake
            return ClientMessageMetadata(
                headers=None if self._version is None else {MCP_PROTOCOL_VERSION_HEADER: self._version}
            )
        found = {MCP_PROTOCOL_VERSION_HEADER: stated, MCP_METHOD_HEADER: str(method)}
        name = params.get(NAME_BEARING_METHODS.get(str(method), ""))
        if isinstance(name, str):
            found[MCP_NAME_HEADER] = encode_header_value(name)
            if method == "tools/call" and name in self._parameters:
                found |= mcp_param_headers(self._parameters[name], params.get("arguments") or {})
        return ClientMessageMetadata(headers=found)

    def saw(self, message: Mapping[str, Any]) -> None:
        """Take in a message of the server: the version that it has chosen, and its tools."""
        result = message.get("result")
        if not isinstance(result, dict):
            return
        if self._initialize is not None and message.get("id") == self._initialize:
            version, self._initialize = result.get("protocolVersion"), None
            self._version = version if isinstance(version, str) else None
        for tool in result.get("tools") or ():
            if isinstance(tool, dict) and find_invalid_x_mcp_header(tool.get("inputSchema")) is None:
                self._parameters[tool.get("name", "")] = x_mcp_header_map(tool.get("inputSchema"))
