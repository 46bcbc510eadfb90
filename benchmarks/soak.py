"""Does memory stay flat? An executor, a cache and the MCP proxy at work for half an hour: ``soak.py --minutes 30``.

Each part is a process of its own. Its resident memory (RSS, from psutil) is read every second; the first third of the
time is warm-up. The rest is cut into ten parts; the slope is that of the least-squares line through their means, with
its 95 % t-interval (8 degrees of freedom). Flat means that the interval's lower end is not above the bound.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import numpy as np
import psutil
from common import ROOT

from specbench.core.types import DecisionPoint, Effect, Message, ToolCall, ToolSpec
from specbench.predictors import make_predictor
from specbench.runtime import Executor, Tool, TTLCache
from specbench.speculation import Options

BOUND_MIB_PER_HOUR = 10.0
PARTS, T_95 = 10, 2.306
CALLS_PER_S = 50
SERVER = [sys.executable, str(Path(__file__).with_name("mcp_tools.py"))]


def thinking(call: ToolCall) -> Callable[[], Awaitable[ToolCall]]:
    """Return an LLM that makes a call, after 2 ms."""

    async def think() -> ToolCall:
        await anyio.sleep(0.002)
        return call

    return think


async def executor() -> None:
    """Run conversations of twelve steps, with carried results, a cache behind the tool and rows that are drained."""
    cache = TTLCache(max_entries=256)

    async def look(x: int) -> dict[str, object]:
        key = f"look {x}"
        kept = await cache.get(key)
        if kept is None:
            await cache.set(key, ToolCall("look", {"x": x}), {"x": x, "page": "y" * 1000}, ttl_s=2.0)
            kept = await cache.get(key)
        assert kept is not None
        return dict(kept.value)

    tools = [Tool(ToolSpec("look", effect=Effect.READ), look)]
    options = Options(windows={"think", "tool", "user"}, carry_ttl_s=3)
    predictor = make_predictor("repeat").fit([])
    async with Executor(tools, predictor, "topk:2", options=options, session_ttl_s=5, learn=False) as running:
        for number in itertools.count():
            point = DecisionPoint(f"t{number}", 0, (Message("user", f"look at {number}"),), running.tools.specs)
            for step in range(12):
                wanted = ToolCall("look", {"x": (number + step // 2) % 1000})  # every second one repeats the last
                point = (await running.run_step(point, thinking(wanted))).next_point()
            running.drain()


def proxy(stop: threading.Event, folder: Path) -> subprocess.Popen[bytes]:
    """Start a proxy that guesses, records and keeps a ledger, and call through it until told to stop."""
    effects = folder / "effects.json"
    effects.write_text('{"look": "read"}')
    options = ["--effects", str(effects), "--record", str(folder / "traces"), "--ledger", str(folder / "l.parquet")]
    command = [sys.executable, "-m", "specbench", "mcp-proxy", "--quiet", *options, "--", *SERVER]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    numbers = itertools.count(1)

    def ask(method: str, **params: object) -> None:
        assert process.stdin is not None and process.stdout is not None
        message = {"jsonrpc": "2.0", "id": next(numbers), "method": method, "params": params}
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
        if not process.stdout.readline() and not stop.is_set():
            raise RuntimeError("the proxy has ended")

    def talk() -> None:
        client = {"name": "soak", "version": "1"}
        ask("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=client)
        ask("tools/list")
        for number in itertools.count():
            if stop.wait(1 / CALLS_PER_S):
                break
            ask("tools/call", name="look", arguments={"id": number % 20})

    threading.Thread(target=talk, daemon=True).start()
    return process


def slope(samples: list[tuple[float, float]]) -> tuple[float, float]:
    """Return MiB per hour, and half of the width of its 95 % interval, from (seconds, MiB) behind the warm-up."""
    at, mib = (np.array([np.mean(part) for part in np.array_split(each, PARTS)]) for each in zip(*samples, strict=True))
    at = at / 3600
    fit = np.polyfit(at, mib, 1)
    rest = mib - np.polyval(fit, at)
    error = np.sqrt(np.sum(rest**2) / (PARTS - 2) / np.sum((at - at.mean()) ** 2))
    return float(fit[0]), float(T_95 * error)


def main() -> int:
    """Watch both; returns how many of them grow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--part", choices=["executor"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.minutes < 1:
        parser.error("a slope needs a minute at least")
    if options.part:
        anyio.run(executor)
    stop = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        processes = {
            "executor and cache": subprocess.Popen([sys.executable, __file__, "--part", "executor"]),
            "MCP proxy": proxy(stop, Path(folder)),
        }
        samples: dict[str, list[tuple[float, float]]] = {name: [] for name in processes}
        began_s = time.monotonic()
        try:
            while (passed_s := time.monotonic() - began_s) < 60 * options.minutes:
                for name, process in processes.items():
                    if process.poll() is not None:
                        raise RuntimeError(f"{name} has ended with {process.returncode}")
                    samples[name].append((passed_s, psutil.Process(process.pid).memory_info().rss / 2**20))
                time.sleep(1.0)
        finally:
            stop.set()
            for process in processes.values():
                process.kill()
                process.wait()
    growing = 0
    for name, all_of_them in samples.items():
        measured = all_of_them[len(all_of_them) // 3 :]
        per_hour, half = slope(measured)
        growing += per_hour - half > BOUND_MIB_PER_HOUR
        print(f"{name}: {measured[0][1]:.1f} to {measured[-1][1]:.1f} MiB, {per_hour:+.1f} ± {half:.1f} MiB an hour")
    return growing


if __name__ == "__main__":
    sys.exit(main())
