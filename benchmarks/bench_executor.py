"""What the executor itself costs: a step over the ideal schedule, a thousand sessions, speculation switched off."""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from functools import partial

import anyio
import numpy as np
from common import Result

from specbench.core.types import DecisionPoint, Effect, Message, Prediction, ToolCall, ToolSpec
from specbench.metrics.prediction_table import PredictionTable
from specbench.policies import Never, TopK
from specbench.predictors.base import Predictor, Session
from specbench.predictors.controls import Silent
from specbench.runtime import Decided, Executor, Tool
from specbench.runtime.recorded import execute
from specbench.sim import Constant
from specbench.speculation import Options
from specbench.testing import run_virtual

STEPS = 400
THINK_S, TOOL_S = 0.010, 0.006
SESSIONS = 1000
CALL = ToolCall("get", {"x": 1})
HELLO = (Message("user", "hello"),)


class Sure(Silent):
    """Predicts one call, at no cost of its own."""

    name = "sure"

    def session(self, tools: object, agent: str | None = None) -> Session:
        """Start a session."""
        return _Sure()


class _Sure(Session):
    def observe(self, message: Message) -> None:
        """See nothing."""

    def predict(self, k: int = 1) -> list[Prediction]:
        """Return the call."""
        return [Prediction(CALL, 0.9)]


async def get(x: int) -> str:
    """Take six milliseconds."""
    await anyio.sleep(TOOL_S)
    return "got"


async def think() -> Decided:
    """Take ten."""
    await anyio.sleep(THINK_S)
    return Decided((CALL,))


TOOL = Tool(ToolSpec("get", effect=Effect.READ), get)


def point(executor: Executor, name: str, index: int = 0) -> DecisionPoint:
    """Return a decision point."""
    return DecisionPoint(name, index, HELLO, executor.tools.specs)


async def steps(predictor: Predictor | None, policy: object) -> list[float]:
    """Return the seconds of each step."""
    async with Executor([TOOL], predictor, policy, options=Options()) as executor:  # type: ignore[arg-type]
        out = []
        for index in range(STEPS):
            at = point(executor, "t", index)
            began = time.perf_counter()
            await executor.run_step(at, think)
            out.append(time.perf_counter() - began)
    return out


async def bare() -> list[float]:
    """The same thinking, and the tool behind it, without an executor."""
    out = []
    for _ in range(STEPS):
        began = time.perf_counter()
        await think()
        await get(1)
        out.append(time.perf_counter() - began)
    return out


async def ideal() -> list[float]:
    """The thinking alone: what a hit should take, since the tool is shorter. Timers are late by as much."""
    out = []
    for _ in range(STEPS):
        began = time.perf_counter()
        await think()
        out.append(time.perf_counter() - began)
    return out


async def cpu_step(predictor: Predictor | None, policy: object) -> float:
    """Return the CPU seconds of a step when nothing takes time: the work of the executor alone."""

    async def at_once() -> Decided:
        await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
        return Decided((CALL,))

    async def quick(x: int) -> str:
        return "got"

    tool = Tool(ToolSpec("get", effect=Effect.READ), quick)
    async with Executor([tool], predictor, policy, options=Options()) as executor:  # type: ignore[arg-type]
        points = [point(executor, "t", index) for index in range(2000)]
        began = time.process_time()
        for at in points:
            await executor.run_step(at, at_once)
        return (time.process_time() - began) / len(points)


async def many() -> tuple[float, float]:
    """Return KiB a session beyond its data, and how many more objects are left after all have ended."""
    async with Executor([TOOL], Sure().fit([]), TopK(), options=Options(carry_ttl_s=60.0)) as executor:

        async def talk(number: int) -> None:
            for index in range(4):
                await executor.run_step(point(executor, f"t{number}", index), think)

        await talk(-1)
        executor.end_session("t-1")
        gc.collect()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        async with anyio.create_task_group() as group:
            for number in range(SESSIONS):
                group.start_soon(talk, number)
        gc.collect()
        during, _ = tracemalloc.get_traced_memory()
        for number in range(SESSIONS):
            executor.end_session(f"t{number}")
        await anyio.sleep(0.5)
        executor.shared.ledger.outcomes.clear()
        executor.shared.ledger.speculations.clear()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return (during - before) / 1024 / SESSIONS, (after - before) / 1024


def measure() -> list[Result]:
    """Return overheads, memory and speed."""
    sure = Sure().fit([])
    spoken = np.array(anyio.run(steps, sure, TopK())) - statistics.median(anyio.run(ideal))
    off = statistics.median(anyio.run(steps, None, Never())) - statistics.median(anyio.run(bare))
    work = anyio.run(cpu_step, sure, TopK())
    kib, left = anyio.run(many)
    return [
        Result(
            "executor, a step with a hit over the ideal schedule, p50", 1e3 * float(np.quantile(spoken, 0.5)), "ms", 0.3
        ),
        Result("the same, p99", 1e3 * float(np.quantile(spoken, 0.99)), "ms", 1.0),
        Result("executor, CPU of a step with a hit", 1e3 * work, "ms"),
        Result("executor, a step with speculation off over none", 1e3 * off, "ms"),
        Result(f"executor, {SESSIONS} concurrent sessions, memory a session", kib, "KiB", 50),
        Result("the same, left after they have ended", left, "KiB", note="all sessions together"),
        Result("executor on a virtual clock", *_virtual()),
    ]


def _virtual() -> tuple[float, str]:
    table = PredictionTable("sure")
    for index in range(2000):
        table.points.append(DecisionPoint("t", index, (), {"get": TOOL.spec}))
        table.calls.append((CALL,))
        table.predictions.append([Prediction(CALL, 0.9)])
        table.tools.append([])
        table.tasks.append("t")
    began = time.perf_counter()
    run_virtual(partial(execute, table, TopK(), Constant()), backend="asyncio")
    return len(table) / (time.perf_counter() - began), "decisions/s"
