"""Everything passes through a proxy as it is, in both directions, known to specbench or not."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from mcp.client import Client
from mcp.server.mcpserver import Context, MCPServer
from mcp.types import (
    CreateMessageResult,
    ElicitResult,
    ListRootsResult,
    PromptReference,
    Root,
    SamplingMessage,
    TextContent,
)
from pydantic import BaseModel, FileUrl

from specbench.core.types import ToolCall
from specbench.integrations.mcp import Proxy, ProxySettings
from specbench.testing import run_virtual
from tests.integrations.mcp.lines import call, list_tools, peers, result
from tests.integrations.mcp.world import always, direct, settings, through_proxy

ON = settings(predictor=always(ToolCall("look", {"id": "9"})), effects={"look": "read"}, policy="topk:1")
SHADOW = settings(mode="shadow", predictor=always(ToolCall("look", {"id": "9"})), effects={"look": "read"})

FROM_CLIENT = [
    {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "initialize",
        "params": {"clientInfo": {"name": "c"}, "capabilities": {"x": 1}},
    },
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": "a", "method": "tools/list", "params": {"cursor": None, "_meta": {"k": [1.0, 1e300]}}},
    {"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": "file:///a"}},
    {"jsonrpc": "2.0", "id": 2, "method": "prompts/get", "params": {"name": "p"}},
    {"jsonrpc": "2.0", "id": 3, "method": "completion/complete", "params": {}},
    {"jsonrpc": "2.0", "id": 4, "method": "vendor/unknown", "params": {"any": {"thing": "é\ud800"}}},
    {"jsonrpc": "2.0", "method": "notifications/vendor", "params": [1, 2]},
    {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 3, "reason": "no"}},
    {"jsonrpc": "2.0", "id": 5, "method": "ping"},
    {"jsonrpc": "2.0", "id": 900, "result": {"roots": []}},
    {"jsonrpc": "2.0", "id": 901, "error": {"code": -1, "message": "declined", "data": {"n": None}}},
    call(6, arguments={"big": 2**70, "float": 1.0}, _meta={"progressToken": 6}),
    call("7", task={"ttl": 1}),
    call(8, arguments={"x": 1}, extra={"a": 1}),
    {"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": {"name": 5, "arguments": [1]}},
    {"jsonrpc": "2.0", "id": 10, "method": "tools/call"},
    [{"jsonrpc": "2.0", "id": 11, "method": "ping"}, {"jsonrpc": "2.0", "id": 12, "method": "ping"}],
]
FROM_SERVER = [
    {
        "jsonrpc": "2.0",
        "id": 0,
        "result": {"serverInfo": {"name": "s"}, "instructions": "i", "capabilities": {"z": {}}},
    },
    {
        "jsonrpc": "2.0",
        "id": "a",
        "result": {"tools": [{"name": "look", "outputSchema": {"a": 1}, "odd": 1}], "ttlMs": 5},
    },
    {"jsonrpc": "2.0", "id": 900, "method": "roots/list"},
    {"jsonrpc": "2.0", "id": 901, "method": "sampling/createMessage", "params": {"messages": []}},
    {"jsonrpc": "2.0", "id": "e", "method": "elicitation/create", "params": {"message": "sure?"}},
    {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 6, "progress": 0.5}},
    {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "é"}},
    {"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "file:///a"}},
    {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"},
    {
        "jsonrpc": "2.0",
        "id": 6,
        "result": {"content": [], "structuredContent": {"n": 1.0}, "_meta": {"a": 1}, "isError": True},
    },
    {"jsonrpc": "2.0", "id": "7", "result": {"taskId": "t", "resultType": "task"}},
    {"jsonrpc": "2.0", "id": 8, "error": {"code": -32602, "message": "no such tool"}},
    {"jsonrpc": "2.0", "id": 4, "result": None},
    {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "parse"}},
    {"jsonrpc": "2.0", "id": 777, "result": {"nobody": "asked"}},
]
ODD_LINES = [
    b"not json at all",
    b'{"jsonrpc": "2.0", "id": 1,',
    b'  {"spaces":   1}',
    b'"text"',
    b"17",
    b"\xff\xfe",
    b"[" * 5000,
]


@pytest.mark.parametrize("given", [ON, SHADOW])
def test_every_line_passes_byte_for_byte_in_both_directions(given: ProxySettings) -> None:
    async def main() -> None:
        async with Proxy(given, "s") as proxy, peers(proxy) as (client, server):
            for message in [*FROM_CLIENT, *ODD_LINES]:
                line = message if isinstance(message, bytes) else json.dumps(message).encode()
                await client.say(line)
                assert await server.hear_line() == line
            for message in [*FROM_SERVER, *ODD_LINES]:
                line = message if isinstance(message, bytes) else json.dumps(message).encode()
                await server.say(line)
                assert await client.hear_line() == line
            await anyio.sleep(1.0)
            assert client.silent()

    run_virtual(main, backend="asyncio")


def test_a_client_of_http_that_reuses_ids_as_text_and_number_is_told_apart() -> None:
    async def main() -> None:
        async with Proxy(SHADOW, "s") as proxy, peers(proxy) as (client, server):
            await list_tools(client, server)
            await client.say(call(1))
            await client.say(call("1", arguments={"id": "2"}))
            await server.hear(), await server.hear()
            await server.say(result("1", "text"))
            await server.say(result(1, "number"))
            assert [await client.hear(), await client.hear()] == [result("1", "text"), result(1, "number")]

    run_virtual(main, backend="asyncio")


class Colour(BaseModel):
    """What a user is asked for."""

    name: str


def rich_server() -> MCPServer:
    """Return a server that uses all of the protocol."""
    server = MCPServer("rich", instructions="be kind")

    @server.tool()
    async def everything(context: Context) -> dict[str, Any]:  # type: ignore[type-arg]
        await context.report_progress(1, 2, "half")
        await context.info("a line of log")
        sampled = await context.session.create_message(
            [SamplingMessage(role="user", content=TextContent(text="hi"))], max_tokens=5
        )
        colour = await context.elicit("which colour?", Colour)
        roots = await context.session.list_roots()
        return {
            "sampled": sampled.content.text,
            "colour": colour.action,
            "roots": [str(each.uri) for each in roots.roots],
        }

    @server.resource("note://{name}")
    def note(name: str) -> str:
        return f"note {name}"

    @server.resource("text://fixed")
    def fixed() -> str:
        return "fixed"

    @server.prompt()
    def greet(name: str) -> str:
        return f"Greet {name}"

    @server.completion()
    async def complete(reference: Any, argument: Any, context: Any) -> Any:
        from mcp.types import Completion

        return Completion(values=[f"{argument.value}-completed"])

    return server


async def use_everything(client: Client) -> list[Any]:
    """Use all of it; returns what came."""
    seen: list[Any] = [client.session.initialize_result]
    progress: list[Any] = []

    async def on_progress(done: float, total: float | None, message: str | None) -> None:
        progress.append((done, total, message))

    seen.append(await client.list_tools())
    seen.append(await client.call_tool("everything", {}, progress_callback=on_progress))
    seen.append(progress)
    seen.append(await client.list_resources())
    seen.append(await client.list_resource_templates())
    seen.append(await client.read_resource("note://a"))
    seen.append(await client.list_prompts())
    seen.append(await client.get_prompt("greet", {"name": "Ann"}))
    seen.append(await client.complete(PromptReference(name="greet"), {"name": "name", "value": "An"}))
    return [each.model_dump() if isinstance(each, BaseModel) else each for each in seen]


def callbacks(logs: list[Any]) -> dict[str, Any]:
    """Return what a client answers when it is asked; lines of log go to ``logs``."""

    async def sample(context: Any, params: Any) -> Any:
        return CreateMessageResult(role="assistant", content=TextContent(text="sampled"), model="m")

    async def elicit(context: Any, params: Any) -> Any:
        return ElicitResult(action="accept", content={"name": "blue"})

    async def roots(context: Any) -> Any:
        return ListRootsResult(roots=[Root(uri=FileUrl("file:///a"))])

    async def log(params: Any) -> None:
        logs.append(params.model_dump())

    asked = {"sampling_callback": sample, "elicitation_callback": elicit, "list_roots_callback": roots}
    return {**asked, "logging_callback": log}


@pytest.mark.filterwarnings("ignore::mcp.shared.exceptions.MCPDeprecationWarning")
def test_the_whole_protocol_is_the_same_with_and_without_a_proxy() -> None:
    logs: tuple[list[Any], list[Any]] = ([], [])

    async def main() -> None:
        async with direct(rich_server()._lowlevel_server, **callbacks(logs[0])) as client:
            without = await use_everything(client)
        async with (
            Proxy(settings(predictor=always(ToolCall("everything", {})), effects={}), "rich") as proxy,
            through_proxy(rich_server()._lowlevel_server, proxy, **callbacks(logs[1])) as client,
        ):
            assert await use_everything(client) == without
        assert not without[2]["is_error"], without[2]
        assert logs[0] == logs[1] and len(logs[0]) == 1

    run_virtual(main, backend="asyncio")
