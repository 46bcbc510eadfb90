"""Many random sessions, with and without a proxy: not one result differs, and no write happens twice."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import pytest
from mcp.client import Client

from specbench.core.types import Message, Prediction, ToolCall
from specbench.integrations.mcp import Proxy
from specbench.predictors.base import Predictor
from specbench.testing import run_virtual
from tests.integrations.mcp.world import Scripted, Shop, direct, look, settings, through_proxy

Step = tuple[float, list[ToolCall], bool]
"""Seconds of thinking, the calls of the decision, and whether the client gives up waiting."""
Connect = Callable[[Shop], AbstractAsyncContextManager[Client]]


def script(random_: random.Random) -> list[Step]:
    """Return a session: reads alone and side by side, writes, errors, calls that are given up."""
    steps: list[Step] = []
    for _ in range(random_.randint(3, 12)):
        kind, think_s = random_.random(), random_.choice([0.0, 0.3, 1.0, 2.5, 40.0])
        some = [look(random_.randint(0, 4)) for _ in range(random_.randint(1, 3))]
        if kind < 0.25:
            some = [ToolCall("put", {"id": str(random_.randint(0, 4)), "to": f"new {random_.random()}"})]
        elif kind < 0.35:
            some = [ToolCall(random_.choice(["list_all", "fail", "unheard_of"]), {})]
        steps.append((think_s, some, kind > 0.95))
    return steps


async def play(client: Client, steps: Sequence[Step], shop: Shop) -> list[Any]:
    """Be the client of a session; returns every result, by step and call, and the state at the end."""
    seen: dict[tuple[int, int], Any] = {}
    await client.list_tools()

    async def ask(at: int, number: int, call: ToolCall, patience_s: float) -> None:
        with anyio.move_on_after(patience_s):
            result = await client.call_tool(call.name, dict(call.arguments))
            seen[at, number] = result.model_dump()

    for at, (think_s, calls, given_up) in enumerate(steps):
        await anyio.sleep(think_s)
        async with anyio.create_task_group() as group:
            for number, call in enumerate(calls):
                group.start_soon(ask, at, number, call, 0.2 if given_up and call.name == "look" else 1e6)
    await anyio.sleep(15.0)
    writes = [arguments for name, arguments in shop.asked if name == "put"]
    given = {(at, number) for at, (_, calls, up) in enumerate(steps) if up for number in range(len(calls))}
    return [{key: value for key, value in seen.items() if key not in given}, shop.items, writes]


def half_right(steps: Sequence[Step], seed: int) -> Predictor:
    """Predict what comes, and as often something else."""
    flat = [calls for _, calls, _ in steps]

    def guess(messages: tuple[Message, ...]) -> list[Prediction]:
        at = sum(message.role == "assistant" for message in messages)
        chance = random.Random(f"{seed} {at}")
        right = flat[at] if at < len(flat) and chance.random() < 0.6 else []
        return [Prediction(call, 0.9) for call in [*right, look(chance.randint(0, 4))]]

    return Scripted(guess)


def soak(sessions: int, first: int = 0, **given: Any) -> tuple[int, Proxy]:
    """Compare so many sessions; returns how many differ, and the proxy."""

    async def main() -> tuple[int, Proxy]:
        differ = 0
        for seed in range(first, first + sessions):
            steps = script(random.Random(seed))
            tool_s = random.Random(seed).choice([0.1, 1.0, 3.0])
            options = {"predictor": half_right(steps, seed), "policy": "topk:3", "breaker": False, **given}
            async with Proxy(settings(**options), "shop") as proxy:
                seen = [
                    await _played(connect, steps, Shop(tool_s))
                    for connect in (
                        lambda shop: direct(shop.server()),
                        lambda shop: through_proxy(shop.server(), proxy),
                    )
                ]
            differ += seen[0] != seen[1]
            total.calls += proxy.status.calls
            total.hits += proxy.status.hits
            total.launched += proxy.status.launched
        return differ, proxy

    from specbench.integrations.mcp.status import Status

    total = Status("on")
    differ, proxy = run_virtual(main, backend="asyncio")
    proxy.status = total
    return differ, proxy


async def _played(connect: Connect, steps: Sequence[Step], shop: Shop) -> list[Any]:
    async with connect(shop) as client:
        return await play(client, steps, shop)


def test_no_result_differs_in_fifty_sessions() -> None:
    differ, proxy = soak(50)
    assert differ == 0
    assert proxy.status.hits > 50 and proxy.status.launched > proxy.status.hits


@pytest.mark.slow
def test_no_result_differs_in_a_thousand_sessions() -> None:
    differ, proxy = soak(1000, first=1000)
    assert differ == 0
    assert proxy.status.hits > 1000


def test_shadow_changes_nothing_and_runs_nothing() -> None:
    differ, proxy = soak(15, mode="shadow")
    assert differ == 0 and proxy.status.hits > 15


@asynccontextmanager
async def _timed(took: list[float]) -> AsyncIterator[None]:
    began_s = anyio.current_time()
    yield
    took.append(anyio.current_time() - began_s)


@pytest.mark.parametrize("kind", ["nothing is guessed", "all guesses are wrong"])
def test_a_proxy_costs_no_time_where_no_guess_comes_true(kind: str) -> None:
    """On the virtual clock: what a process really costs is measured in ``benchmarks/bench_mcp_proxy.py``."""
    wrong = Scripted(lambda messages: [Prediction(look(19), 0.9)])
    mode = "shadow" if kind == "nothing is guessed" else "on"

    async def main() -> list[float]:
        took: list[float] = []
        for seed in range(5):
            steps = script(random.Random(seed))
            async with direct(Shop().server()) as client, _timed(took):
                await play(client, steps, Shop())
            async with (
                Proxy(settings(mode=mode, predictor=wrong, breaker=False), "shop") as proxy,
                through_proxy(Shop().server(), proxy) as client,
                _timed(took),
            ):
                await play(client, steps, Shop())
        return took

    took = run_virtual(main, backend="asyncio")
    assert sum(took[1::2]) == pytest.approx(sum(took[::2]), rel=0.001)
