"""Cache warming: rules, TTLs, writes, statistics; the caches, Redis for real where its server is."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from specbench.core.errors import ConfigError, SpecbenchError
from specbench.core.types import Effect, ToolCall, ToolSpec
from specbench.runtime import CacheWarmer, Executor, RedisCache, Tool, TTLCache, Warmer
from specbench.speculation import Limit, Options, Traits
from specbench.testing import BACKENDS, run_virtual
from tests.runtime.agent import Recorder, Says, call, point, sure, thinks

RULE = Warmer("find", lambda _, value: [call("orders", of=1), call("tickets", of=1), call("delete", of=1)], ttl_s=30.0)


def box(tools: Recorder) -> list[Any]:
    return [
        tools.tool("find", 1.0),
        tools.tool("orders", 2.0, traits=Traits(("orders:{of}",))),
        tools.tool("tickets", 2.0, traits=Traits(("tickets:{of}",))),
        tools.tool("delete", 1.0, Effect.WRITE, Traits(("orders:{of}",))),
    ]


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_lookup_warms_what_is_asked_next(backend: str) -> None:
    async def main() -> None:
        tools, warmer = Recorder(), CacheWarmer([RULE])
        async with Executor(box(tools), warmer=warmer) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("find")))
            step = await executor.run_step(step.next_point(), thinks(3.0, call("orders", of=1)))
            assert step.outcome.speculative_s == pytest.approx(3.0)  # both loads ran beside the LLM
            step = await executor.run_step(step.next_point(), thinks(0.0, call("orders", of=2)))
            assert step.outcome.speculative_s == pytest.approx(2.0)
            await anyio.sleep(60)
            step = await executor.run_step(step.next_point(), thinks(0.0, call("tickets", of=1)))
            assert step.outcome.speculative_s == pytest.approx(2.0)  # its time to live is over
        stats = warmer.stats
        assert (stats.loaded, stats.hits, stats.misses, stats.unused, stats.refused) == (2, 1, 2, 1, 1)
        assert stats.report() == (
            "hit rate 33 % (1 hits, 2 misses); 2 loads in 4.0 s, 1 unused; 0 failed, 1 refused, 0 shed"
        )
        assert not [name for name, _, _ in tools.log if name.startswith("delete")]  # a rule never writes

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_write_voids_what_is_warm_and_what_is_loading(backend: str) -> None:
    async def main(wait_s: float) -> tuple[int, int]:
        tools, warmer = Recorder(), CacheWarmer([RULE])
        async with Executor(box(tools), warmer=warmer) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("find")))
            step = await executor.run_step(step.next_point(), thinks(wait_s, call("delete", of=1)))
            step = await executor.run_step(step.next_point(), thinks(5.0, call("orders", of=1), call("tickets", of=1)))
        return warmer.stats.hits, sum(name.startswith("orders") for name, _, _ in tools.log)

    assert run_virtual(main, 0.5, backend=backend) == (1, 2)
    assert run_virtual(main, 4.0, backend=backend) == (1, 2)


def test_a_rule_or_load_that_fails_is_a_miss() -> None:
    async def main() -> None:
        async def fails(of: int) -> str:
            raise RuntimeError("down")

        tools = Recorder()
        warmer = CacheWarmer([RULE, Warmer("find", lambda _, value: value["nothing"], 1.0)])
        mine = [tools.tool("find", 1.0), Tool(ToolSpec("orders", effect=Effect.READ), fails)]
        async with Executor(mine, warmer=warmer) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("find")))
            step = await executor.run_step(step.next_point(), thinks(1.0, call("orders", of=1)))
            assert str(step.results[0].error) == "down"
        assert (warmer.stats.errors, warmer.stats.refused) == (2, 2)

    run_virtual(main)


@pytest.mark.parametrize("backend", BACKENDS)
def test_seconds_that_warming_saves_are_counted(backend: str) -> None:
    async def main() -> None:
        tools, warmer = Recorder(), CacheWarmer([RULE])
        async with Executor(box(tools), warmer=warmer) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("find")))
            for think_s, saved_s in ((0.5, 0.5), (1.0, 2.0)):  # while it loads, and once it is there
                step = await executor.run_step(step.next_point(), thinks(think_s, call("orders", of=1)))
                assert (step.outcome.tool_s, step.outcome.saved_s) == (pytest.approx(2.0), pytest.approx(saved_s))

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_rules_that_name_nonsense_load_nothing(backend: str) -> None:
    async def main() -> None:
        tools, nonsense = Recorder(), Warmer("find", lambda *_: [None, call("orders", of={1, 2})], 30.0)  # type: ignore[list-item]
        async with Executor(box(tools), warmer=CacheWarmer([nonsense])) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("find")))
            assert step.results[0].error is None and executor.warmer is not None
            assert (executor.warmer.stats.errors, executor.warmer.stats.loaded) == (1, 0)

    run_virtual(main, backend=backend)


class Failing(TTLCache):
    """A cache that stops answering for a while."""

    failing: str = ""

    async def get(self, call: ToolCall) -> Any:
        if self.failing == "get":
            raise ValueError("no answer")
        return await super().get(call)

    async def delete(self, call: ToolCall) -> None:
        if self.failing == "delete":
            raise SpecbenchError("no answer")
        await super().delete(call)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("failing", ["get", "delete"])
def test_a_cache_that_fails_never_gives_what_a_write_has_changed(backend: str, failing: str) -> None:
    async def main() -> None:
        tools, cache = Recorder(), Failing()
        async with Executor(box(tools), warmer=CacheWarmer([RULE], cache)) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("find")))
            await anyio.sleep(5.0)  # all is loaded
            cache.failing = failing
            step = await executor.run_step(step.next_point(), thinks(5.0, call("delete", of=1)))
            if failing == "delete":
                cache.failing = ""
            await executor.run_step(step.next_point(), thinks(1.0, call("orders", of=1)))
        assert sum(name.startswith("orders") for name, _, _ in tools.log) == 2  # asked anew

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_volatile_read_is_warm_for_as_long_as_it_may_be_stale(backend: str) -> None:
    async def main() -> None:
        tools, rule = Recorder(), Warmer("find", lambda *_: [call("price")], 300.0)
        mine = [tools.tool("find"), tools.tool("price", 0.1, traits=Traits(max_staleness_s=1.0))]
        async with Executor(mine, warmer=CacheWarmer([rule])) as executor:
            step = await executor.run_step(point(executor), thinks(0.0, call("find")))
            await executor.run_step(step.next_point(), thinks(5.0, call("price")))
        assert sum(name.startswith("price") for name, _, _ in tools.log) == 2

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_warmer_belongs_to_one_executor_at_a_time(backend: str) -> None:
    async def main() -> None:
        warmer = CacheWarmer([RULE])
        for _ in range(2):  # one after the other is fine
            async with Executor(box(Recorder()), warmer=warmer):
                with pytest.raises(ConfigError, match="in use by an executor that runs"):
                    async with Executor(box(Recorder()), warmer=warmer):
                        pass

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_write_that_is_cancelled_before_it_runs_blocks_nothing(backend: str) -> None:
    class Slow(TTLCache):
        async def delete(self, call: ToolCall) -> None:
            await anyio.sleep(1.0)

    async def main() -> None:
        tools = Recorder()
        says = Says(sure(call("orders", of=1)))
        async with Executor(box(tools), says, warmer=CacheWarmer([RULE], Slow())) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("find")))
            await anyio.sleep(5.0)
            with anyio.move_on_after(0.5):
                await executor.run_step(step.next_point(), thinks(0.1, call("delete", of=1)))
            step = await executor.run_step(step.next_point(), thinks(1.0, text="Sorry."))
            assert step.outcome.reason == "p 0.90 reaches 0.60"

    run_virtual(main, backend=backend)


def test_wrong_settings_are_told() -> None:
    with pytest.raises(ConfigError, match="ttl_s is seconds above 0; got 0"):
        Warmer("find", lambda *_: [], 0)
    with pytest.raises(ConfigError, match="parallel is a count"):
        CacheWarmer([], parallel=0)
    with pytest.raises(ConfigError, match="max_entries is a count"):
        TTLCache(0)
    with pytest.raises(ConfigError, match="no Redis URL"):
        RedisCache("http://example.com")


async def exercise(cache: Any, sleep: Any) -> None:
    """What every cache does."""
    assert await cache.get("first") is None
    await cache.set("first", call("look", x=1), {"seen": [1]}, ttl_s=0.5)
    await cache.set("second", call("look", x=2), "two", ttl_s=60)
    kept = await cache.get("first")
    assert kept is not None and (kept.call.key, kept.value) == ('look({"x":1})', {"seen": [1]})
    assert {(key, each.key) async for key, each in cache.calls()} == {
        ("first", 'look({"x":1})'), ("second", 'look({"x":2})'),
    }  # fmt: skip
    await sleep(0.6)
    assert await cache.get("first") is None
    await cache.delete("second")
    assert await cache.get("second") is None


def test_the_cache_in_this_process() -> None:
    async def main() -> None:
        await exercise(TTLCache(), anyio.sleep)
        small = TTLCache(2)
        for x in range(3):
            await small.set(str(x), call("look", x=x), x, ttl_s=60)
        assert await small.get("0") is None

    run_virtual(main)


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("no redis-server on this machine (Debian: apt-get install redis-server)")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "Ready to accept connections" in line:
                break
        yield f"redis://127.0.0.1:{port}/0"
        process.terminate()
        process.communicate(timeout=10)


def test_the_cache_in_redis(redis_url: str) -> None:
    async def main() -> None:
        cache, other = RedisCache(redis_url), RedisCache(redis_url, prefix="[odd]*:")
        await exercise(cache, anyio.sleep)
        await other.set("look", call("look"), "other", ttl_s=60)
        for value in (object(), (1, 2), {1: "one"}):  # JSON does not give them back as they are
            await cache.set("look", call("look"), value, ttl_s=60)
        await cache._redis.set(cache.prefix + "orders", "somebody else's")
        assert await cache.get("orders") is None
        assert [each async for each in cache.calls()] == []
        assert [each async for each in other.calls()] == [("look", call("look"))]
        assert cache.errors == 2  # somebody else's, twice
        await cache.close()
        await other.close()

    anyio.run(main)


def test_a_redis_that_is_not_there_is_a_miss() -> None:
    async def main() -> None:
        cache = RedisCache("redis://:secret@127.0.0.1:1/0", timeout_s=0.2)
        await cache.set("look", call("look"), 1, ttl_s=60)
        assert await cache.get("look") is None
        with pytest.raises(SpecbenchError, match="Redis does not answer"):
            await cache.delete("look")  # what it holds may be stale from now on
        with pytest.raises(SpecbenchError, match="Redis does not answer"):
            [each async for each in cache.calls()]
        assert cache.errors == 4
        await cache.close()

    anyio.run(main)


def test_the_ledger_says_what_was_warm_and_why_a_load_failed() -> None:
    async def main() -> Any:
        async def fails(of: int) -> str:
            raise RuntimeError("down")

        tools = Recorder()
        warmer = CacheWarmer([RULE, Warmer("find", lambda _, value: value["nothing"], 1.0)])
        mine = [*box(tools)[:2], Tool(ToolSpec("tickets", effect=Effect.READ), fails)]
        async with Executor(mine, warmer=warmer) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("find")))
            await executor.run_step(step.next_point(), thinks(5.0, call("orders", of=1)))
        return executor.ledger()

    ledger = run_virtual(main)
    assert [row.reason == "orders came from the warm cache" for row in ledger.outcomes] == [False, True]
    warming = ledger.config["warming"]
    assert (warming["hits"], warming["errors"]) == (1, 2)
    assert warming["failures"][0].startswith("the rule for find: ")
    assert warming["failures"][1] == 'tickets({"of":1}): RuntimeError: down'


@pytest.mark.parametrize("backend", BACKENDS)
def test_loads_keep_to_slots_and_make_way_for_real_calls(backend: str) -> None:
    async def main() -> None:
        tools, warmer = Recorder(), CacheWarmer([RULE])
        async with Executor(box(tools), warmer=warmer, options=Options(tool_slots=1)) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("find")))
            assert [key for key, *_ in tools.log] == ["find({})"]
            await anyio.sleep(0.5)
            assert (len(tools.log), warmer.stats.shed) == (2, 1)  # one load has the slot, for the other there is none
            step = await executor.run_step(step.next_point(), thinks(0.0, call("find")))  # it takes the slot
            assert step.outcome.speculative_s == pytest.approx(1.0)
            await anyio.sleep(5.0)
        assert (
            warmer.stats.shed == 3
            and executor.shared.tool_slots.real == 0
            and not executor.shared.tool_slots.speculative
        )

    run_virtual(main, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_loads_take_from_the_reserve_of_a_rate_limit_alone(backend: str) -> None:
    async def main() -> None:
        tools = Recorder()
        rule = Warmer("find", lambda *_: [call("orders", of=at) for at in range(5)], ttl_s=30.0)
        warmer, limits = CacheWarmer([rule]), {"orders": Limit(per_s=0.001, burst=10.0, reserve=0.2)}
        async with Executor(box(tools), warmer=warmer, options=Options(limits=limits)) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("find")))
            await anyio.sleep(9.0)
            assert (warmer.stats.loaded, warmer.stats.shed) == (2, 3)
            calls = [call("orders", of=at) for at in range(10, 18)]
            step = await executor.run_step(step.next_point(), thinks(0.0, *calls))
            assert step.outcome.speculative_s == pytest.approx(2.0)  # the eight of the real calls are all there

    run_virtual(main, backend=backend)
