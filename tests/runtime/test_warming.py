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

from specbench.errors import ConfigError
from specbench.runtime import CacheWarmer, Executor, RedisCache, TTLCache, Warmer
from specbench.speculation import Traits
from specbench.testing import BACKENDS, run_virtual
from specbench.types import Effect, ToolCall
from tests.runtime.agent import Recorder, call, point, thinks

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
        assert stats.report() == ("hit rate 33 % (1 hits, 2 misses); 2 loads in 4.0 s, 1 unused; 0 failed, 1 refused")
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
        from specbench.runtime import Tool
        from specbench.types import ToolSpec

        warmer = CacheWarmer([RULE, Warmer("find", lambda _, value: value["nothing"], 1.0)])
        mine = [tools.tool("find", 1.0), Tool(ToolSpec("orders", effect=Effect.READ), fails)]
        async with Executor(mine, warmer=warmer) as executor:
            step = await executor.run_step(point(executor), thinks(1.0, call("find")))
            step = await executor.run_step(step.next_point(), thinks(1.0, call("orders", of=1)))
            assert str(step.results[0].error) == "down"
        assert (warmer.stats.errors, warmer.stats.refused) == (2, 2)

    run_virtual(main)


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
    first, second = call("look", x=1), ToolCall("look", {"x": 2})
    assert await cache.get(first) is None
    await cache.set(first, {"seen": [1]}, ttl_s=0.5)
    await cache.set(second, "two", ttl_s=60)
    kept = await cache.get(ToolCall("look", {"x": 1.0}))
    assert kept is not None and kept.value == {"seen": [1]}
    assert {each.key async for each in cache.calls()} == {first.key, second.key}
    await sleep(0.6)
    assert await cache.get(first) is None
    await cache.delete(second)
    assert await cache.get(second) is None


def test_the_cache_in_this_process() -> None:
    async def main() -> None:
        await exercise(TTLCache(), anyio.sleep)
        small = TTLCache(2)
        for x in range(3):
            await small.set(call("look", x=x), x, ttl_s=60)
        assert await small.get(call("look", x=0)) is None

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
        await other.set(call("look"), "other", ttl_s=60)
        await cache.set(call("look"), object(), ttl_s=60)  # no JSON: not kept
        assert [each.key async for each in cache.calls()] == []
        assert [each.key async for each in other.calls()] == ["look({})"]
        assert cache.errors == 0
        await cache.close()
        await other.close()

    anyio.run(main)


def test_a_redis_that_is_not_there_is_a_miss() -> None:
    async def main() -> None:
        cache = RedisCache("redis://:secret@127.0.0.1:1/0", timeout_s=0.2)
        await cache.set(call("look"), 1, ttl_s=60)
        assert await cache.get(call("look")) is None
        assert [each async for each in cache.calls()] == []
        assert cache.errors == 3
        await cache.close()

    anyio.run(main)
