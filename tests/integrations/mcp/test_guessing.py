"""What a client gets through a proxy that guesses: just what it would have got, and sooner."""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio
import pytest
from mcp.server.mcpserver import Context
from pydantic import BaseModel

from specbench.core.ledger import Ledger
from specbench.core.types import Message, Prediction, ToolCall
from specbench.integrations.mcp import Budget, Proxy
from specbench.integrations.mcp.governor import Governor, Mode
from specbench.predictors.base import Predictor
from specbench.speculation import Limit
from specbench.testing import run_virtual
from tests.integrations.mcp.world import Scripted, Shop, always, direct, look, settings, through_proxy, work

LIST = ToolCall("list_all", {})


class Sure(BaseModel):
    """What a user answers."""

    sure: bool


def run(shop: Shop, calls: list[ToolCall], *, think_s: float = 2.0, **given: Any) -> tuple[list[Any], float, Proxy]:
    """Return the results of a session through a proxy, the seconds that it took, and the proxy."""

    async def main() -> tuple[list[Any], float, Proxy]:
        async with Proxy(settings(**given), "shop") as proxy, through_proxy(shop.server(), proxy) as client:
            began_s = anyio.current_time()
            results = await work(client, calls, think_s)
            took_s = anyio.current_time() - began_s
        return results, took_s, proxy

    return run_virtual(main, backend="asyncio")


def run_directly(shop: Shop, calls: list[ToolCall], think_s: float = 2.0) -> tuple[list[Any], float]:
    """Return the same without a proxy."""

    async def main() -> tuple[list[Any], float]:
        async with direct(shop.server()) as client:
            began_s = anyio.current_time()
            return await work(client, calls, think_s), anyio.current_time() - began_s

    return run_virtual(main, backend="asyncio")


def next_look(messages: tuple[Message, ...]) -> list[Prediction]:
    """Predict the look at one more than the last."""
    done = sum(message.role == "tool" for message in messages)
    return [Prediction(look(done), 0.9)]


def test_a_guess_that_comes_true_hides_the_seconds_of_the_tool() -> None:
    calls = [look(number) for number in range(5)]
    sequential, direct_s = run_directly(Shop(), calls)
    results, took_s, proxy = run(Shop(), calls, predictor=Scripted(next_look))
    assert results == sequential
    assert direct_s == pytest.approx(15.0, abs=0.2)
    assert took_s == pytest.approx(10.0, abs=0.2)
    assert (proxy.status.calls, proxy.status.hits) == (5, 5)
    assert proxy.status.saved_s == pytest.approx(5.0, abs=0.2)


def test_a_call_that_comes_before_its_guess_has_ended_waits_for_the_rest_of_it_alone() -> None:
    shop = Shop(tool_s=3.0)
    _, took_s, proxy = run(shop, [look(0), look(1)], predictor=Scripted(next_look))
    assert took_s == pytest.approx(6.0, abs=0.2)
    assert proxy.status.hits == 2
    assert [name for name, _ in shop.asked[:2]] == ["look", "look"]


def test_structured_results_keep_their_structure() -> None:
    (result,), _, proxy = run(Shop(), [LIST], predictor=always(LIST))
    assert proxy.status.hits == 1
    assert result["structuredContent"]["n"] == 20 and result["content"] == []


def test_nothing_is_guessed_that_is_not_declared_a_read() -> None:
    shop = Shop()
    put, hinted = ToolCall("put", {"id": "1", "to": "new"}), ToolCall("hinted", {"id": "1"})
    run(shop, [look(5)], predictor=always(put, hinted), policy="topk:8")
    assert shop.asked == [("look", {"id": "5"})]


def test_hints_of_a_server_count_where_it_is_trusted() -> None:
    shop, hinted = Shop(), ToolCall("hinted", {"id": "1"})
    _, _, proxy = run(shop, [hinted], predictor=always(hinted), effects={}, trust_annotations=True)
    assert proxy.status.hits == 1


def test_a_write_ends_the_life_of_what_was_guessed_before_it() -> None:
    put = ToolCall("put", {"id": "1", "to": "new"})
    calls = [look(2), put, look(1)]
    results, _, _ = run(Shop(), calls, predictor=always(look(1)))
    assert results == run_directly(Shop(), calls)[0]
    assert results[2]["content"][0]["text"] == "new"


def test_an_old_result_is_not_used() -> None:
    shop = Shop()
    _, _, proxy = run(shop, [look(1)], predictor=always(look(1)), think_s=100.0, ttl_s=30.0)
    assert proxy.status.hits == 0 and len(shop.asked) >= 2


def test_errors_are_never_served_from_a_guess() -> None:
    shop, fail = Shop(), ToolCall("fail", {"id": "1"})
    (result,), _, proxy = run(shop, [fail], predictor=always(fail))
    assert result["isError"] and proxy.status.hits == 0
    assert len(shop.asked) >= 2


def test_shadow_mode_counts_what_would_have_been_and_runs_nothing() -> None:
    calls = [look(number) for number in range(5)]
    shop = Shop()
    results, took_s, proxy = run(shop, calls, mode="shadow", predictor=Scripted(next_look))
    assert [arguments for _, arguments in shop.asked] == [dict(call.arguments) for call in calls]
    assert results == run_directly(Shop(), calls)[0]
    assert took_s == pytest.approx(15.0, abs=0.2)
    assert proxy.status.hits == 5
    assert proxy.status.saved_s == pytest.approx(5.0, abs=0.5)


@pytest.mark.parametrize(("share", "modes"), [(0.0, {"shadow"}), (1.0, {"on"}), (0.5, {"on", "shadow"})])
def test_canary_mode_is_on_for_a_share_of_the_sessions(share: float, modes: set[str], tmp_path: Any) -> None:
    path = tmp_path / "ledger.parquet"

    async def main() -> None:
        given = settings(mode="canary", canary_share=share, predictor=Scripted(next_look), ledger=path)
        async with Proxy(given, "shop") as proxy:
            for _ in range(24):
                async with through_proxy(Shop().server(), proxy) as client:
                    await work(client, [look(0)], 2.0)

    run_virtual(main, backend="asyncio")
    sessions = Ledger.from_parquet(path).config["sessions"]
    assert len(sessions) == 24 and {each["mode"] for each in sessions.values()} == modes


def test_the_off_file_stops_guessing_and_drops_no_call(tmp_path: Any) -> None:
    off = tmp_path / "off"
    shop = Shop(tool_s=5.0)

    async def main() -> Proxy:
        given = settings(predictor=always(look(1)), off_file=off)
        async with Proxy(given, "shop") as proxy, through_proxy(shop.server(), proxy) as client:
            await client.list_tools()
            await anyio.sleep(2.0)
            assert len(shop.asked) == 1
            off.touch()
            await anyio.sleep(1.0)
            assert shop.cancelled == ["look"]
            result = await client.call_tool("look", {"id": "1"})
            assert result.content[0].text == "item 1"  # type: ignore[union-attr]
            await anyio.sleep(2.0)
            assert len(shop.asked) == 2
        return proxy

    assert run_virtual(main, backend="asyncio").status.hits == 0


def test_the_switch_leaves_a_call_alone_that_waits_for_its_guess() -> None:
    shop = Shop(tool_s=5.0)

    async def main() -> Proxy:
        async with (
            Proxy(settings(predictor=always(look(1))), "shop") as proxy,
            through_proxy(shop.server(), proxy) as client,
            anyio.create_task_group() as group,
        ):
            await client.list_tools()
            await anyio.sleep(2.0)
            group.start_soon(client.call_tool, "look", {"id": "1"})
            await anyio.sleep(1.0)
            proxy.switch()
        return proxy

    assert run_virtual(main, backend="asyncio").status.hits == 1
    assert len(shop.asked) == 1 and shop.cancelled == []


@pytest.mark.parametrize("budget", [Budget(wasted_s=3.0), Budget(share=0.5)])
def test_a_waste_budget_stops_guessing(budget: Budget) -> None:
    shop, calls = Shop(), [look(number % 10) for number in range(40)]
    results, _, proxy = run(
        shop, calls, predictor=always(look(19)), budget=budget, breaker=False, ttl_s=1.0, policy="topk:1"
    )
    assert results == run_directly(Shop(), calls)[0]
    guessed = len(shop.asked) - 40
    assert 2 <= guessed <= 25
    assert proxy.status.wasted_s == pytest.approx(guessed, abs=1.5)


def test_guesses_keep_to_a_part_of_a_rate_limit_and_real_calls_wait_for_none() -> None:
    shop, calls = Shop(tool_s=0.1), [look(number % 10) for number in range(30)]
    results, took_s, _ = run(
        shop, calls, think_s=0.5, predictor=always(look(19)), limits={"look": Limit(per_s=2.0, burst=10.0)}, ttl_s=0.1
    )
    assert results == run_directly(Shop(tool_s=0.1), calls, think_s=0.5)[0]
    assert took_s == pytest.approx(30 * 0.6, abs=0.2)
    assert 0 < len(shop.asked) - 30 < 10


def test_what_the_breaker_stops_is_not_guessed() -> None:
    shop = Shop()
    run(shop, [look(number % 10) for number in range(120)], predictor=always(look(19)), ttl_s=1.0, policy="topk:1")
    assert len(shop.asked) - 120 < 100


@pytest.mark.parametrize("mode", ["legacy", "auto", "2026-07-28"])
def test_every_revision_of_the_protocol_is_served(mode: str) -> None:
    async def main() -> tuple[list[Any], Proxy]:
        async with (
            Proxy(settings(predictor=Scripted(next_look)), "shop") as proxy,
            through_proxy(Shop().server(), proxy, mode=mode) as client,
        ):
            results = await work(client, [look(0), look(1)], 2.0)
        return results, proxy

    results, proxy = run_virtual(main, backend="asyncio")
    assert [each["content"][0]["text"] for each in results] == ["item 0", "item 1"]
    assert proxy.status.hits == 2


@pytest.mark.parametrize("predictor", [Scripted(next_look), Scripted(lambda messages: 1 / 0)])  # type: ignore[arg-type, return-value]
def test_parallel_calls_are_one_decision(predictor: Predictor) -> None:
    shop = Shop()

    async def main() -> Proxy:
        async with (
            Proxy(settings(predictor=predictor), "shop") as proxy,
            through_proxy(shop.server(), proxy) as client,
        ):
            await client.list_tools()
            await anyio.sleep(2.0)
            async with anyio.create_task_group() as group:
                for number in range(3):
                    group.start_soon(client.call_tool, "look", {"id": str(number)})
            await anyio.sleep(1.0)
        return proxy

    proxy = run_virtual(main, backend="asyncio")
    assert proxy.status.calls == 3
    assert sorted(arguments["id"] for _, arguments in shop.asked[:3]) == ["0", "1", "2"]


def test_each_of_several_parallel_calls_may_use_a_guess() -> None:
    shop = Shop(tool_s=5.0)

    async def main() -> float:
        async with (
            Proxy(settings(predictor=always(look(0), look(1), look(2)), policy="topk:3"), "shop") as proxy,
            through_proxy(shop.server(), proxy) as client,
        ):
            await client.list_tools()
            await anyio.sleep(2.0)
            began_s = anyio.current_time()
            async with anyio.create_task_group() as group:
                for number in range(3):
                    group.start_soon(client.call_tool, "look", {"id": str(number)})
            took_s = anyio.current_time() - began_s
            await anyio.sleep(1.0)
        assert (proxy.status.calls, proxy.status.hits) == (3, 3)
        return took_s

    assert run_virtual(main, backend="asyncio") == pytest.approx(3.0, abs=0.2)


def test_a_guess_is_not_used_where_the_metadata_of_the_call_differs() -> None:
    shop = Shop()

    async def main(tenants: str, *ignored: str, member: str = "tenant") -> int:
        given = settings(predictor=always(look(1)), ignore_meta=ignored)
        async with Proxy(given, "shop") as proxy, through_proxy(shop.server(), proxy) as client:
            await client.list_tools()
            for tenant in tenants:
                await anyio.sleep(2.0)
                await client.call_tool("look", {"id": "1"}, meta={member: tenant})  # type: ignore[typeddict-unknown-key]
            await anyio.sleep(1.0)
        return proxy.status.hits

    assert run_virtual(main, "abcd", backend="asyncio") == 0
    assert run_virtual(main, "aaaa", backend="asyncio") == 3  # before the first call nobody knows it
    assert run_virtual(main, "abcd", "tenant", backend="asyncio") == 4
    assert run_virtual(partial(main, member="claudecode/toolUseId"), "abcd", backend="asyncio") == 4


def test_a_list_of_tools_that_changes_is_followed() -> None:
    from mcp.types import Tool

    shop = Shop()

    async def main() -> Proxy:
        given = settings(predictor=always(ToolCall("late", {})), effects={"late": "read"})
        async with Proxy(given, "shop") as proxy, through_proxy(shop.server(), proxy) as client:
            await client.list_tools()
            await anyio.sleep(2.0)
            assert shop.asked == []
            shop.extra_tools.append(Tool(name="late", input_schema={"type": "object"}))
            await client.list_tools()
            await anyio.sleep(2.0)
            assert shop.asked == [("late", {})]
            await client.call_tool("late", {})
            await anyio.sleep(1.0)
        return proxy

    assert run_virtual(main, backend="asyncio").status.hits == 1


def test_a_client_that_never_asks_what_there_is_is_served_too() -> None:
    shop = Shop()

    async def main() -> Proxy:
        async with (
            Proxy(settings(predictor=always(look(1))), "shop") as proxy,
            through_proxy(shop.server(), proxy) as client,
        ):
            for _ in range(3):
                await client.session.send_request(  # the SDK's own call_tool lists the tools
                    _call_request("look", {"id": "1"}), _result_type()
                )
                await anyio.sleep(2.0)
        return proxy

    assert run_virtual(main, backend="asyncio").status.hits >= 1


def _call_request(name: str, arguments: dict[str, Any]) -> Any:
    from mcp.types import CallToolRequest, CallToolRequestParams

    return CallToolRequest(params=CallToolRequestParams(name=name, arguments=arguments))


def _result_type() -> Any:
    from mcp.types import CallToolResult

    return CallToolResult


def test_a_tool_that_asks_the_client_back_is_not_guessed_again() -> None:
    """What the user is asked in the middle of a guess, nobody is asked."""
    from mcp.server.mcpserver import MCPServer

    server, asked = MCPServer("asker"), []

    @server.tool()
    async def ask(id: str, context: Context) -> str:  # type: ignore[type-arg]
        asked.append(id)
        answer = await context.elicit("are you sure?", Sure)
        return f"the user said {answer.action}"

    shown: list[str] = []

    async def show(context: Any, params: Any) -> Any:
        from mcp.types import ElicitResult

        shown.append(params.message)
        return ElicitResult(action="decline")

    call = ToolCall("ask", {"id": "1"})

    async def main() -> Proxy:
        async with (
            Proxy(settings(predictor=always(call), effects={"ask": "read"}), "asker") as proxy,
            through_proxy(server._lowlevel_server, proxy, elicitation_callback=show) as client,
        ):
            await client.list_tools()
            await anyio.sleep(2.0)
            assert asked == ["1"] and shown == []
            result = await client.call_tool("ask", {"id": "1"})
            assert "decline" in result.content[0].text  # type: ignore[union-attr]
            await anyio.sleep(2.0)
        return proxy

    proxy = run_virtual(main, backend="asyncio")
    assert shown == ["are you sure?"] and asked == ["1", "1"]
    assert proxy.status.hits == 0


@pytest.mark.parametrize("budget", [Budget(wasted_s=0.0), Budget(share=0.0)])
def test_a_budget_of_nothing_guesses_nothing(budget: Budget) -> None:
    assert budget.spent(0.0, 10.0) is not None


def test_a_guess_that_waits_for_its_call_counts_against_the_budget() -> None:
    governor = Governor(Mode.ON, budget=Budget(wasted_s=1.0))
    governor.guessed_s = 0.8
    assert governor.refuse() is None
    governor.guessed_s = 1.6  # two that nobody has used yet
    assert "guesses have wasted 1.6 s" in str(governor.refuse())
    governor.used_s = 0.8  # one of them was right after all
    assert governor.refuse() is None
