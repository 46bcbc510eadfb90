"""A wire over a transport of the official SDK. Importing the SDK takes most of a second, so lines do without it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import anyio

from specbench.core.extras import named_extras
from specbench.integrations.mcp.frames import Frame
from specbench.integrations.mcp.wires import GONE

with named_extras():
    from mcp.client._transport import TransportStreams
    from mcp.shared.message import MessageMetadata, SessionMessage
    from mcp.types.jsonrpc import jsonrpc_message_adapter

__all__ = ["SdkWire"]

_log = logging.getLogger("specbench.mcp")


class SdkWire:
    """A transport of the official SDK: streamable HTTP, or memory in tests.

    Parameters
    ----------
    streams
        As the transport gives them.
    metadata
        What goes with a message to the transport: headers, or the request that it belongs to.
    on_receive
        Sees what comes in, with the transport's own metadata.
    """

    def __init__(
        self,
        streams: TransportStreams,
        metadata: Callable[[Any], MessageMetadata] = lambda message: None,
        on_receive: Callable[[Any, MessageMetadata], None] = lambda message, metadata: None,
    ) -> None:
        self._read, self._write = streams
        self._metadata, self._on_receive = metadata, on_receive

    async def receive(self) -> Frame:
        """Return the next message; what the transport could not read is logged and left out, as the SDK does."""
        while True:
            try:
                item = await self._read.receive()
            except GONE:
                raise anyio.EndOfStream from None
            if isinstance(item, SessionMessage):
                message = item.message.model_dump(by_alias=True, exclude_unset=True)
                self._on_receive(message, item.metadata)
                return Frame(message)
            _log.warning("a message that the transport could not read was left out: %s", item)

    async def send(self, frame: Frame) -> None:
        """Send a message, if it is one."""
        try:
            message = jsonrpc_message_adapter.validate_python(frame.message, by_name=False)
        except ValueError as error:
            _log.warning("what is no JSON-RPC message cannot go through this transport: %s", error)
            return
        try:
            await self._write.send(SessionMessage(message, self._metadata(frame.message)))
        except GONE:
            return

    async def end(self) -> bool:
        """Nothing: a transport ends both ways at once."""
        return False
