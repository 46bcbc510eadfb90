"""A small MCP server with tools of every kind, and ways to reach it: directly, and through a proxy."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
from mcp.client import Client
from mcp.server.lowlevel import Server as McpServer
from mcp.shared.memory import create_client_server_memory_streams
from mcp.types import CallToolResult, ListToolsResult, TextContent, Tool, ToolAnnotations

from specbench.core.types import Message, Prediction, ToolCall
from specbench.integrations.mcp import Budget, Proxy, ProxySettings
from specbench.integrations.mcp.sdk_wire import SdkWire
from specbench.predictors.base import Session
from specbench.predictors.controls import Silent

EFFECTS = {"look": "read", "list_all": "read", "big": "read", "ask": "read", "fail": "read", "put": "write"}
OBJECT: dict[str, Any] = {"type": "object"}


class Shop:
    """The server's state, and what it has been asked.

    Parameters
    ----------
    tool_s
        Seconds that each call takes.
    """

    def __init__(self, tool_s: float = 1.0) -> None:
        self.tool_s = tool_s
        self.items = {str(number): f"item {number}" for number in range(20)}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.cancelled: list[str] = []
        self.extra_tools: list[Tool] = []

    def server(self) -> McpServer[Any]:
        """Return a server of the SDK."""
        return McpServer("shop", instructions="look first", on_list_tools=self._list, on_call_tool=self._call)

    async def _list(self, context: Any, params: Any) -> ListToolsResult:
        number = {"type": "object", "properties": {"id": {"type": "string"}}}
        tools = [Tool(name=name, input_schema=number) for name in EFFECTS]
        tools.append(Tool(name="hinted", input_schema=number, annotations=ToolAnnotations(read_only_hint=True)))
        return ListToolsResult(tools=[*tools, *self.extra_tools])

    async def _call(self, context: Any, params: Any) -> CallToolResult:
        arguments = dict(params.arguments or {})
        self.asked.append((params.name, arguments))
        try:
            await anyio.sleep(self.tool_s)
        except anyio.get_cancelled_exc_class():
            self.cancelled.append(params.name)
            raise
        match params.name:
            case "put":
                self.items[arguments["id"]] = arguments["to"]
                return said("done")
            case "big":
                return said("x" * 10_000_000)
            case "fail":
                return CallToolResult(content=[TextContent(text="it failed")], is_error=True)
            case "list_all":
                return CallToolResult(content=[], structured_content={"items": list(self.items), "n": len(self.items)})
            case _:
                return said(self.items.get(arguments.get("id", ""), "nothing"))


def said(text: str) -> CallToolResult:
    """Return a result of one text."""
    return CallToolResult(content=[TextContent(text=text)])


Guess = Callable[[tuple[Message, ...]], list[Prediction]]


class Scripted(Silent):
    """Predicts what a function of the messages says."""

    name = "scripted"
    fitted = True

    def __init__(self, guess: Guess) -> None:
        super().__init__()
        self.fitted = True
        self.guess = guess

    def session(self, tools: object, agent: str | None = None) -> Session:
        """Start a session."""
        return _Scripted(self.guess)


class _Scripted(Session):
    def __init__(self, guess: Guess) -> None:
        self._guess = guess
        self._messages: list[Message] = []

    def observe(self, message: Message) -> None:
        """Keep it."""
        self._messages.append(message)

    def predict(self, k: int = 1) -> list[Prediction]:
        """Return what the function says."""
        return self._guess(tuple(self._messages))


def always(*calls: ToolCall, p: float = 0.9) -> Scripted:
    """Return a predictor that always predicts these calls."""
    return Scripted(lambda messages: [Prediction(call, p) for call in calls])


def look(number: int | str) -> ToolCall:
    """Return a call of the tool ``look``."""
    return ToolCall("look", {"id": str(number)})


class _Streams:
    """Streams that are there already, as a transport of the SDK."""

    def __init__(self, streams: Any) -> None:
        self._streams = streams

    async def __aenter__(self) -> Any:
        return self._streams

    async def __aexit__(self, *error: object) -> None:
        return None


@asynccontextmanager
async def through_proxy(
    server: McpServer[Any], proxy: Proxy, *, mode: str = "legacy", **options: Any
) -> AsyncIterator[Client]:
    """Connect a client of the SDK to a server of the SDK, through a session of a proxy."""
    async with (
        create_client_server_memory_streams() as (to_proxy, at_proxy),
        create_client_server_memory_streams() as (to_server, at_server),
        anyio.create_task_group() as group,
    ):
        group.start_soon(serve, server, at_server)
        group.start_soon(proxy.serve, SdkWire(at_proxy), SdkWire(to_server))  # type: ignore[arg-type]
        async with Client(_Streams(to_proxy), mode=mode, **options) as client:
            yield client
        group.cancel_scope.cancel()


async def serve(server: McpServer[Any], streams: Any) -> None:
    """Run a server on streams."""
    await server.run(*streams, server.create_initialization_options())


@asynccontextmanager
async def direct(server: McpServer[Any], *, mode: str = "legacy", **options: Any) -> AsyncIterator[Client]:
    """Connect them directly."""
    async with (
        create_client_server_memory_streams() as (to_server, at_server),
        anyio.create_task_group() as group,
    ):
        group.start_soon(serve, server, at_server)
        async with Client(_Streams(to_server), mode=mode, **options) as client:
            yield client
        group.cancel_scope.cancel()


async def work(client: Client, calls: Sequence[ToolCall], think_s: float) -> list[Mapping[str, Any]]:
    """Be an agent: think, call, read the result; returns the results as they came."""
    await client.list_tools()
    results = []
    for call in calls:
        await anyio.sleep(think_s)
        result = await client.call_tool(call.name, dict(call.arguments))
        results.append(result.model_dump(by_alias=True))
    return results


def settings(**given: Any) -> ProxySettings:
    """Return settings of a proxy that guesses."""
    return ProxySettings(**{"effects": EFFECTS, "policy": "threshold:0.5", "budget": Budget(), **given})
