"""What a proxy records: calls and results, in order, with the seconds that they took."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

import specbench as sb
from specbench.core.types import ToolCall
from specbench.integrations.mcp import Proxy, ProxySettings, proxy_report
from specbench.integrations.mcp.talk import LONGEST_THINK_S, Talk
from specbench.testing import run_virtual
from tests.integrations.mcp.world import Shop, always, look, settings, through_proxy, work


@pytest.mark.parametrize("mode", ["record-only", "shadow", "on"])
def test_seconds_of_thinking_and_of_tools_are_those_that_passed(mode: str, tmp_path: Path) -> None:
    async def main() -> None:
        given = settings(mode=mode, predictor=always(look(1)), record=tmp_path)
        async with Proxy(given, "shop") as proxy, through_proxy(Shop(tool_s=1.5).server(), proxy) as client:
            await work(client, [look(0), look(1), look(2)], 4.0)

    run_virtual(main, backend="asyncio")
    (trace,) = sb.read(tmp_path)
    thought = [message.timing for message in trace.messages if message.role == "assistant"]
    ran = [message.timing for message in trace.messages if message.role == "tool"]
    assert thought[0] is None  # when the LLM began is not known
    assert [each.duration_s for each in thought[1:] if each] == pytest.approx([4.0, 4.0], abs=0.05)
    assert [each.duration_s for each in ran if each] == pytest.approx([1.5, 1.5, 1.5], abs=0.05)
    assert trace.metadata["mode"] == mode
    assert set(trace.tools) >= {"look", "put"}


@pytest.mark.parametrize("mode", ["record-only", "on"])
def test_parallel_calls_are_one_decision(mode: str, tmp_path: Path) -> None:
    async def main() -> None:
        given = settings(mode=mode, predictor=always(look(0), look(1)), policy="topk:2", record=tmp_path)
        async with Proxy(given, "shop") as proxy, through_proxy(Shop().server(), proxy) as client:
            await client.list_tools()
            for _ in range(2):
                await anyio.sleep(3.0)  # the guesses are there by now
                async with anyio.create_task_group() as group:
                    for number in range(3):
                        group.start_soon(client.call_tool, "look", {"id": str(number)})

    run_virtual(main, backend="asyncio")
    (trace,) = sb.read(tmp_path)
    decisions = [message.tool_calls for message in trace.messages if message.role == "assistant"]
    assert [len(calls) for calls in decisions] == [3, 3]


@pytest.mark.parametrize("mode", ["record-only", "shadow", "on"])
def test_all_calls_are_counted_from_the_first_on(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.parquet"

    async def main() -> str:
        given = settings(mode=mode, predictor=always(look(1)), record=tmp_path / "traces", ledger=path)
        async with Proxy(given, "shop") as proxy:
            async with through_proxy(Shop().server(), proxy) as client:
                await work(client, [look(0)], 0.0)
                await client.call_tool("unlisted", {})
                await work(client, [look(1), look(2)], 2.0)
            return proxy.status.line()

    assert f"{mode}, 4 calls" in run_virtual(main, backend="asyncio")
    report = proxy_report(path)
    assert report.startswith(f"{mode}: 1 sessions, 4 calls") and "unlisted" in report
    rows = sorted(sb.Ledger.from_parquet(path).outcomes, key=lambda row: row.index)
    assert [row.index for row in rows] == [0, 1, 2, 3]
    assert rows[0].tool_s == pytest.approx(1.0, abs=0.05)


def test_a_long_pause_is_a_person_and_has_no_time() -> None:
    now = [0.0]
    talk = Talk(clock=lambda: now[0])
    for number, pause_s in enumerate([1.0, 5.0, LONGEST_THINK_S + 1]):
        now[0] += pause_s
        call = ToolCall("look", {}, id=str(number))
        talk.called(call)
        now[0] += 1.0
        talk.answered(call, "seen", 1.0)
    timings = [message.timing for message in talk.messages if message.role == "assistant"]
    assert [None if each is None else each.duration_s for each in timings] == [None, 5.0, None]


def test_a_result_that_is_very_long_is_cut_and_says_so() -> None:
    talk, call = Talk(), ToolCall("look", {}, id="1")
    talk.called(call)
    talk.answered(call, "x" * 10_000_000, 1.0)
    assert len(talk.messages[-1].content) < 210_000
    assert talk.messages[-1].content.endswith("[specbench: 9,800,000 more characters are left out here]")


def test_what_was_recorded_can_be_simulated_and_trained_on(tmp_path: Path) -> None:
    async def main() -> None:
        async with Proxy(ProxySettings(mode="record-only", record=tmp_path), "shop") as proxy:
            for _ in range(6):
                async with through_proxy(Shop().server(), proxy) as client:
                    await work(client, [look(0), look(1), look(2)], 2.0)

    run_virtual(main, backend="asyncio")
    traces = sb.read(tmp_path, effects={"look": "read"})
    predictor = sb.Markov().fit(traces[:4])
    run = sb.simulate(predictor, traces[4:], "threshold:0.3", latency="measured")
    assert len(run.ledger.outcomes) == 6
