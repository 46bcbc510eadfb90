"""What may change what a server says ends the life of guesses, whoever sends it; what is harmless does not."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from specbench.testing import run_virtual
from tests.integrations.mcp.lines import Peer, call, result
from tests.integrations.mcp.test_faults import with_a_guess


async def heard_after(client: Peer, server: Peer) -> Any:
    """Let the client call; returns what it gets, where the server says "after" to all that it is asked from now on."""
    await client.say(call(7))

    async def say_after() -> None:
        while True:
            message = await server.hear()
            if message.get("method") == "tools/call":
                await server.say(result(message["id"], "after"))

    async with anyio.create_task_group() as group:
        group.start_soon(say_after)
        while (heard := await client.hear()).get("id") != 7:
            pass
        group.cancel_scope.cancel()
    return heard


def request(method: str) -> dict[str, Any]:
    """Return a request."""
    return {"jsonrpc": "2.0", "id": 5, "method": method, "params": {}}


def notification(method: str, **params: Any) -> dict[str, Any]:
    """Return a notification."""
    return {"jsonrpc": "2.0", "method": method, "params": params}


@pytest.mark.parametrize(
    "message",
    [
        *(
            request(method)
            for method in (
                "initialize", "resources/read", "prompts/get", "logging/setLevel", "completion/complete",
                "resources/subscribe", "resources/unsubscribe", "tasks/get", "vendor/any",
            )
        ),
        notification("notifications/roots/list_changed"),
        notification("notifications/cancelled", requestId="of no call"),
        notification("notifications/vendor"),
        {"jsonrpc": "2.0", "id": "of the server", "result": {"roots": []}},
    ],
)  # fmt: skip
def test_what_a_client_says_that_may_change_something_ends_the_life_of_guesses(message: dict[str, Any]) -> None:
    async def main() -> None:
        async with with_a_guess() as (client, server, guess):
            await server.say(result(guess, "before"))
            await anyio.sleep(1.0)
            await client.say(message)
            assert await server.hear() == message
            assert await heard_after(client, server) == result(7, "after")

    run_virtual(main, backend="asyncio")


@pytest.mark.parametrize(
    "method", ["resources/updated", "resources/list_changed", "tools/list_changed", "prompts/list_changed", "vendor"]
)
def test_what_a_server_says_to_have_changed_ends_the_life_of_guesses(method: str) -> None:
    async def main() -> None:
        async with with_a_guess() as (client, server, guess):
            await server.say(result(guess, "before"))
            await anyio.sleep(1.0)
            await server.say(notification(f"notifications/{method}"))
            assert await client.hear() == notification(f"notifications/{method}")
            assert await heard_after(client, server) == result(7, "after")

    run_virtual(main, backend="asyncio")


@pytest.mark.parametrize(
    "message",
    [
        *(request(method) for method in ("ping", "prompts/list", "resources/list", "resources/templates/list")),
        notification("notifications/progress", progressToken="x", progress=1),
    ],
)
def test_what_is_harmless_leaves_guesses_alone(message: dict[str, Any]) -> None:
    ping = {"jsonrpc": "2.0", "id": "p", "method": "ping"}

    async def main() -> None:
        async with with_a_guess() as (client, server, guess):
            await server.say(result(guess, "before"))
            await server.say(notification("notifications/message", level="info", data="x"))
            await server.say(ping)
            assert [(await client.hear())["method"], (await client.hear())["method"]] == [
                "notifications/message",
                "ping",
            ]
            await client.say({"jsonrpc": "2.0", "id": "p", "result": {}})
            await client.say(message)
            assert [await server.hear(), await server.hear()][1] == message
            assert await heard_after(client, server) == result(7, "before")

    run_virtual(main, backend="asyncio")


def test_a_guess_from_before_the_answer_to_a_request_that_changes_something_is_not_used() -> None:
    async def main() -> None:
        async with with_a_guess() as (client, server, _):
            await client.say(request("vendor/write"))
            while (heard := await server.hear()) != request("vendor/write"):
                assert heard["method"] == "notifications/cancelled"
            while (heard := await server.hear())["method"] != "tools/call":
                pass
            await server.say(result(heard["id"], "before"))
            await anyio.sleep(1.0)
            await server.say({"jsonrpc": "2.0", "id": 5, "result": {}})
            assert (await client.hear())["id"] == 5
            assert await heard_after(client, server) == result(7, "after")

    run_virtual(main, backend="asyncio")


def test_guesses_that_make_a_server_report_changes_do_not_go_on_for_ever() -> None:
    async def main() -> int:
        async with with_a_guess() as (_, server, _):
            guesses = 1
            await server.say(notification("notifications/resources/updated"))
            with anyio.move_on_after(20.0):
                while True:
                    if (await server.hear())["method"] == "tools/call":
                        guesses += 1
                        await server.say(notification("notifications/resources/updated"))
            return guesses

    assert run_virtual(main, backend="asyncio") <= 3


def test_a_cancelled_write_that_is_answered_late_ends_the_life_of_what_was_guessed_meanwhile() -> None:
    async def main() -> None:
        async with with_a_guess() as (client, server, guess):
            await server.say(result(guess, "before"))
            await client.say(call(6, "put"))
            assert await server.hear() == call(6, "put")
            await anyio.sleep(0.3)
            await client.say(notification("notifications/cancelled", requestId=6))
            assert (await server.hear())["method"] == "notifications/cancelled"
            await anyio.sleep(10.5)
            later = await server.hear()  # guessed again: nobody knows how long a write that was cancelled goes on
            assert later["method"] == "tools/call"
            await server.say(result(later["id"], "before"))
            await anyio.sleep(2.0)
            await server.say(result(6))
            assert await client.hear() == result(6)
            assert await heard_after(client, server) == result(7, "after")

    run_virtual(main, backend="asyncio")
