"""What goes wrong with guesses, servers and clients: no call is dropped, doubled or answered with something else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from specbench.core.ledger import Ledger
from specbench.core.types import ToolCall
from specbench.integrations.mcp import Proxy, ProxySettings
from specbench.testing import run_virtual
from tests.integrations.mcp.lines import Peer, call, list_tools, peers, result
from tests.integrations.mcp.world import Scripted, Shop, always, look, settings, through_proxy, work

ON = settings(predictor=always(ToolCall("look", {})), effects={"look": "read"})


@asynccontextmanager
async def with_a_guess(given: ProxySettings = ON) -> AsyncIterator[tuple[Peer, Peer, Any]]:
    """Give a client and a server that has just been asked for a guess, and the id of that."""
    async with Proxy(given, "s") as proxy, peers(proxy) as (client, server):
        await list_tools(client, server)
        guess = await server.hear()
        assert guess["method"] == "tools/call" and guess["params"]["name"] == "look"
        yield client, server, guess["id"]


def test_a_hit_is_what_the_server_said_to_the_letter() -> None:
    said = {
        "content": [{"type": "odd", "x": [1.0, 2**70]}],
        "structuredContent": {"a": None},
        "vendor": {},
        "isError": False,
    }

    async def main() -> None:
        async with with_a_guess() as (client, server, guess):
            await server.say({"jsonrpc": "2.0", "id": guess, "result": said})
            await client.say(call(7))
            assert await client.hear() == {"jsonrpc": "2.0", "id": 7, "result": said}
            assert client.silent()

    run_virtual(main, backend="asyncio")


def test_cancelling_a_call_that_waits_for_its_guess_cancels_the_guess_alone() -> None:
    async def main() -> None:
        async with with_a_guess() as (client, server, guess):
            await client.say(call(7))
            await anyio.sleep(1.0)
            await client.say({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}})
            told = await server.hear()
            assert (told["method"], told["params"]["requestId"]) == ("notifications/cancelled", guess)
            await server.say(result(guess))
            await client.say(call(8, "put"))
            while (heard := await server.hear())["params"].get("name") != "put":
                assert str(heard.get("id", "")).startswith("specbench") or heard["method"] == "notifications/cancelled"
            assert heard == call(8, "put")
            await server.say(result(8))
            assert await client.hear() == result(8)

    run_virtual(main, backend="asyncio")


def test_cancelling_a_call_that_is_at_the_server_is_passed_on_and_so_is_a_late_answer() -> None:
    async def main() -> None:
        async with Proxy(ON, "s") as proxy, peers(proxy) as (client, server):
            cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7, "reason": "r"}}
            await client.say(call(7, "put"))
            assert (await server.hear())["id"] == 7
            await client.say(cancel)
            while (heard := await server.hear()) != cancel:
                assert heard["method"] == "tools/list"  # the proxy's own: the client has not asked
            await server.say(result(7))
            assert await client.hear() == result(7)

    run_virtual(main, backend="asyncio")


def test_nothing_is_guessed_while_a_cancelled_write_may_go_on() -> None:
    async def main() -> None:
        async with with_a_guess() as (client, server, guess):
            await server.say(result(guess, "before"))
            await client.say(call(7, "put"))
            assert (await server.hear())["id"] == 7
            await client.say({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}})
            assert (await server.hear())["method"] == "notifications/cancelled"
            await anyio.sleep(5.0)
            assert server.silent()
            await client.say(call(8))
            assert await server.hear() == call(8)
            await server.say(result(8, "after"))
            assert await client.hear() == result(8, "after")
            await anyio.sleep(20.0)
            assert not server.silent()  # guessed again

    run_virtual(main, backend="asyncio")


@pytest.mark.parametrize(
    "answer",
    [
        {"result": {"content": [], "isError": True}},
        {"result": {"resultType": "input_required", "inputRequests": {}}},
        {"result": [1, 2]},
        {"result": None},
        {"error": {"code": -32603, "message": "broken"}},
        {"error": "no object"},
        {},
    ],
)
def test_a_guess_that_is_answered_with_anything_but_a_plain_result_is_not_used(answer: dict[str, Any]) -> None:
    async def main() -> None:
        async with with_a_guess() as (client, server, guess):
            await server.say({"jsonrpc": "2.0", "id": guess, **answer})
            await anyio.sleep(1.0)
            await client.say(call(7))
            assert await server.hear() == call(7)
            await server.say(result(7))
            assert await client.hear() == result(7)

    run_virtual(main, backend="asyncio")


def test_a_call_that_waits_for_a_guess_which_fails_goes_to_the_server() -> None:
    async def main() -> None:
        async with with_a_guess() as (client, server, guess):
            await client.say(call(7))
            await anyio.sleep(1.0)
            await server.say({"jsonrpc": "2.0", "id": guess, "error": {"code": 1, "message": "m"}})
            assert await server.hear() == call(7)
            await server.say(result(7))
            assert await client.hear() == result(7)

    run_virtual(main, backend="asyncio")


def test_a_server_that_dies_amid_a_guess_ends_the_session_as_it_would_without_a_proxy() -> None:
    async def main() -> bool:
        client, server = Peer(), Peer()
        async with Proxy(ON, "s") as proxy, anyio.create_task_group() as group:
            ended = anyio.Event()

            async def serve() -> None:
                await proxy.serve(client.wire, server.wire)
                ended.set()

            group.start_soon(serve)
            await list_tools(client, server)
            await server.hear()
            await client.say(call(7))
            await anyio.sleep(1.0)
            server.hang_up()
            with anyio.fail_after(5):
                await ended.wait()
        client.close()
        server.close()
        return True

    assert run_virtual(main, backend="asyncio")


def test_progress_of_a_guess_is_shown_when_the_client_asks_for_it_and_not_before() -> None:
    def progress(token: Any, done: float) -> dict[str, Any]:
        return {
            "jsonrpc": "2.0",
            "method": "notifications/progress",
            "params": {"progressToken": token, "progress": done},
        }

    async def main() -> None:
        async with with_a_guess() as (client, server, guess):
            await server.say(progress(guess, 0.1))
            await server.say(result(guess))
            await anyio.sleep(1.0)
            await client.say(call(6, _meta={"progressToken": "t6"}))
            assert [await client.hear(), await client.hear()] == [progress("t6", 0.1), result(6)]
            second = await server.hear()
            token = second["params"]["_meta"]["progressToken"]
            await server.say(progress(token, 0.3))
            await anyio.sleep(1.0)
            assert client.silent()
            await client.say(call(7, _meta={"progressToken": "t7"}))
            assert await client.hear() == progress("t7", 0.3)
            await server.say(progress(token, 0.6))
            assert await client.hear() == progress("t7", 0.6)
            await server.say(result(second["id"]))
            assert await client.hear() == result(7)

    run_virtual(main, backend="asyncio")


def test_a_read_behind_a_write_that_was_sent_beside_it_is_not_served_from_before_it() -> None:
    async def main() -> None:
        async with with_a_guess() as (client, server, guess):
            await server.say(result(guess, "before"))
            await client.say(call(7, "put"))
            await client.say(call(8))
            assert [await server.hear(), await server.hear()] == [call(7, "put"), call(8)]
            await server.say(result(7))
            await server.say(result(8, "after"))
            assert [await client.hear(), await client.hear()] == [result(7), result(8, "after")]

    run_virtual(main, backend="asyncio")


@pytest.mark.parametrize(
    "request_", [{"method": "vendor/write"}, call(0, "unlisted"), call(0, "look", task={"ttl": 5})]
)
def test_what_may_have_changed_something_ends_the_life_of_guesses(request_: dict[str, Any]) -> None:
    async def main() -> None:
        async with with_a_guess() as (client, server, guess):
            await server.say(result(guess, "before"))
            await client.say({**request_, "jsonrpc": "2.0", "id": 6})
            assert (await server.hear())["id"] == 6
            await client.say(call(7))
            await anyio.sleep(0.5)
            heard = [await server.hear()]
            while not server.silent():
                heard.append(await server.hear())
            assert call(7) in heard or any(str(each["id"]).startswith("specbench") for each in heard)
            await server.say({"jsonrpc": "2.0", "id": 6, "result": {}})
            for each in heard:
                await server.say(result(each["id"], "after"))
            assert await client.hear() == {"jsonrpc": "2.0", "id": 6, "result": {}}
            assert await client.hear() == result(7, "after")

    run_virtual(main, backend="asyncio")


def test_a_result_of_ten_megabytes_is_whole_through_a_guess_and_through_none() -> None:
    big = ToolCall("big", {"id": "1"})

    async def main() -> int:
        async with (
            Proxy(settings(predictor=always(big)), "shop") as proxy,
            through_proxy(Shop(tool_s=0.5).server(), proxy) as client,
        ):
            await client.list_tools()
            await anyio.sleep(2.0)
            for number in ("1", "2"):
                answer = await client.call_tool("big", {"id": number})
                assert answer.content[0].text == "x" * 10_000_000  # type: ignore[union-attr]
            await anyio.sleep(1.0)
        return proxy.status.hits

    assert run_virtual(main, backend="asyncio") == 1


def test_a_predictor_that_cannot_be_loaded_costs_the_guesses_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "predictor.json").write_text("{")
    shop = Shop(tool_s=0.01)

    async def main() -> None:
        async with (
            Proxy(settings(predictor=str(tmp_path)), "shop") as proxy,
            through_proxy(shop.server(), proxy) as client,
        ):
            await client.list_tools()
            for number in range(3):
                await client.call_tool("look", {"id": str(number)})

    anyio.run(main)
    assert len(shop.asked) == 3
    assert "nothing is guessed in this session, all else goes on" in caplog.text


def test_a_predictor_that_does_not_exist_is_named_and_costs_the_guesses_alone(caplog: pytest.LogCaptureFixture) -> None:
    shop = Shop(tool_s=0.01)
    told: list[str] = []

    async def main() -> None:
        async with (
            Proxy(settings(predictor="markof", tell=told.append), "shop") as proxy,
            through_proxy(shop.server(), proxy) as client,
        ):
            await client.list_tools()
            for number in range(3):
                await client.call_tool("look", {"id": str(number)})

    anyio.run(main)
    words = "'markof' is neither a predictor nor the folder of a checkpoint"
    assert len(shop.asked) == 3
    assert words in caplog.text
    assert "3 calls; nothing is guessed" in told[-1] and words in told[-1]


@pytest.mark.parametrize("place", ["/proc/no/such/place/ledger.parquet", "folder"])
def test_a_ledger_that_cannot_be_written_ends_no_session(
    place: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    path = Path(place) if place.startswith("/") else tmp_path
    given = settings(predictor=always(look(1)), ledger=path, tell=told.append)

    async def main() -> None:
        shop = Shop(tool_s=1.0)
        async with Proxy(given, "shop") as proxy, through_proxy(shop.server(), proxy) as client:
            await client.list_tools()
            for number in range(3):
                await anyio.sleep(2.0)
                await client.call_tool("look", {"id": str(number)})
            shop.tool_s = 20.0
            assert not (await client.call_tool("put", {"id": "1", "to": "new"})).is_error
            shop.tool_s = 1.0
            answer = await client.call_tool("look", {"id": "1"})
            assert answer.content[0].text == "new"  # type: ignore[union-attr]

    run_virtual(main, backend="asyncio")
    assert caplog.text.count("cannot be written") == 1
    assert f"the ledger {path} cannot be written" in told[-1]


def test_rows_that_could_not_be_written_are_written_later(tmp_path: Path) -> None:
    place = tmp_path / "file" / "ledger.parquet"
    place.parent.write_text("in the way")

    async def main() -> dict[str, str]:
        async with Proxy(settings(predictor=always(look(1)), ledger=place), "shop") as proxy:
            async with through_proxy(Shop().server(), proxy) as client:
                await work(client, [look(0), look(1)], 1.0)
            assert "ledger" in proxy.status.troubles
            place.parent.unlink()
            async with through_proxy(Shop().server(), proxy) as client:
                await work(client, [look(2)], 1.0)
            return dict(proxy.status.troubles)

    assert run_virtual(main, backend="asyncio") == {}
    assert sum(row.calls for row in Ledger.from_parquet(place).outcomes) == 3


def test_a_policy_that_breaks_breaks_nothing() -> None:
    shop = Shop()

    async def main() -> None:
        given = settings(predictor=Scripted(lambda messages: [None]))  # type: ignore[list-item]
        async with Proxy(given, "shop") as proxy, through_proxy(shop.server(), proxy) as client:
            await client.list_tools()
            for number in range(3):
                await anyio.sleep(1.0)
                assert not (await client.call_tool("look", {"id": str(number)})).is_error
        assert proxy.status.calls == 3

    run_virtual(main, backend="asyncio")


@pytest.mark.parametrize("depth", [300, 520, 900])
def test_arguments_and_results_that_are_nested_deeply_pass(depth: int) -> None:
    deep: Any = "x"
    for _ in range(depth):
        deep = [deep]

    async def main() -> None:
        async with with_a_guess() as (client, server, guess):
            await server.say({"jsonrpc": "2.0", "id": guess, "result": {"content": [], "deep": deep}})
            await client.say(call(6, arguments={"deep": deep}))
            assert await server.hear() == call(6, arguments={"deep": deep})
            await server.say({"jsonrpc": "2.0", "id": 6, "result": {"content": deep}})
            assert await client.hear() == {"jsonrpc": "2.0", "id": 6, "result": {"content": deep}}

    run_virtual(main, backend="asyncio")
