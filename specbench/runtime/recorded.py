"""Recorded traces through the real executor: the LLM decides what was recorded, the tools return what was recorded.

On a virtual clock (:func:`specbench.testing.run_virtual`) the ledger equals that of the simulator; on a real one it
shows what the executor itself costs.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Protocol, Self

import anyio

from specbench.core.ledger import Ledger
from specbench.core.types import DecisionPoint, Effect, Message, Prediction, ToolCall, ToolSpec, Trace
from specbench.metrics.prediction_table import PredictionTable
from specbench.policies import Estimates, Policy
from specbench.predictors import Predictor
from specbench.predictors.base import Session
from specbench.runtime.executor import Executor
from specbench.runtime.results import Decided, Partial
from specbench.runtime.tools import Staging, Tool
from specbench.speculation import Options, Traits
from specbench.speculation.partial_decision import Timeline

__all__ = ["execute"]

_TRACE: ContextVar[str] = ContextVar("trace")


class Seconds(Protocol):
    """How long LLM, tools and user take: any :class:`specbench.sim.Latency`."""

    def think_s(self, trace_id: str, index: int) -> float:
        """Return the seconds of the LLM."""
        ...

    def tool_s(self, trace_id: str, call: str) -> float:
        """Return the seconds of a call."""
        ...

    def user_s(self, trace_id: str, index: int) -> float:
        """Return the seconds of the user."""
        ...

    def expected(self) -> tuple[float, float]:
        """Return what a policy expects of LLM and tool."""
        ...

    def describe(self) -> dict[str, Any]:
        """Return the model as JSON values."""
        ...


async def execute(
    table: PredictionTable,
    policy: Policy,
    latency: Seconds,
    *,
    predict_s: float = 0.0,
    options: Options | None = None,
    traits: Mapping[str, Traits] | None = None,
    sessions: int = 1,
    gap_s: float = 0.0,
    timeline: Timeline | None = None,
) -> Ledger:
    """Return the ledger of a replay by the executor; the parameters are those of :func:`specbench.sim.simulate`.

    LLM, tools and users sleep for the seconds of the latency model, and the predictor for ``predict_s``.
    """
    recorded = _Recorded(table, latency, timeline)
    predictor = _FromTable(table, predict_s)
    options = options if options is not None else Options()
    tools = [recorded.tool(spec, (traits or {}).get(name, Traits())) for name, spec in recorded.specs.items()]
    spans = recorded.spans()
    weightless = replace(options, max_bytes=sys.maxsize)  # the simulator does not weigh results
    executor = Executor(tools, predictor, policy, options=weightless, expected=Estimates(*latency.expected()))
    async with executor:

        async def work(number: int) -> None:
            await anyio.sleep(number * gap_s)
            for trace_id, start, stop in spans:
                _TRACE.set(trace_id)
                await recorded.play(executor, trace_id, start, stop)
                executor.end_session(trace_id)

        async with anyio.create_task_group() as group:
            for number in range(sessions):
                group.start_soon(work, number)
    return executor.ledger(latency=latency.describe(), predict_s=predict_s, options=options.describe())


class _Recorded:
    """What LLM, tools and users did."""

    def __init__(self, table: PredictionTable, latency: Seconds, timeline: Timeline | None) -> None:
        self.table, self.latency, self.timeline = table, latency, timeline
        self.specs: dict[str, ToolSpec] = {}
        self.rows: dict[tuple[str, int], int] = {}
        self.results: dict[tuple[str, str], list[tuple[int, str]]] = {}
        self.at: dict[str, int] = {}
        for row, (point, calls) in enumerate(zip(table.points, table.calls, strict=True)):
            self.specs.update(point.tools)
            self.rows[point.trace_id, point.index] = row
            results = [message.content for message in self.after(row)[1:] if message.role == "tool"]
            for call, text in zip(calls, [*results, *[""] * len(calls)], strict=False):
                self.specs.setdefault(call.name, ToolSpec(call.name))
                self.results.setdefault((point.trace_id, call.key), []).append((row, text))

    def after(self, row: int) -> Sequence[Message]:
        """The messages from this decision up to the next one of the same trace."""
        points = self.table.points
        if row + 1 < len(points) and points[row + 1].trace_id == points[row].trace_id:
            return points[row + 1].messages[len(points[row].messages) :]
        return ()

    def spans(self) -> Iterator[tuple[str, int, int]]:
        start, points = 0, self.table.points
        for row in range(1, len(points) + 1):
            if row == len(points) or points[row].trace_id != points[start].trace_id:
                yield points[start].trace_id, start, row
                start = row

    def tool(self, spec: ToolSpec, traits: Traits) -> Tool:
        async def run(**arguments: Any) -> str:
            call = ToolCall(spec.name, arguments).of(spec)
            trace_id = _TRACE.get()
            await anyio.sleep(self.latency.tool_s(trace_id, call.key))
            known = self.results.get((trace_id, call.key), [(0, "")])
            return next((text for row, text in known if row >= self.at[trace_id]), known[-1][1])

        staging = _Instant(run) if spec.effect is Effect.STAGED else None
        return Tool(spec, run, replace(traits, any_spelling=True), staging=staging)

    async def think(self, point: DecisionPoint) -> AsyncIterator[Partial | Decided]:
        started_s = anyio.current_time()
        for part in self.timeline(point.trace_id, point.index) if self.timeline is not None else ():
            await anyio.sleep_until(started_s + part.after_s)
            yield Partial(tool=part.tool, arguments=part.arguments, complete=part.complete)
        await anyio.sleep_until(started_s + self.latency.think_s(point.trace_id, point.index))
        row = self.rows.get((point.trace_id, point.index))
        if row is None:
            yield Decided()
            return
        after = self.after(row)
        yield Decided(self.table.calls[row], after[0].content if after and self.table.calls[row] else "")

    async def play(self, executor: Executor, trace_id: str, start: int, stop: int) -> None:
        think = self.think  # one bound method, so that run-aheads know it again
        for row in range(start, stop):
            self.at[trace_id] = row
            point = replace(self.table.points[row], agent=trace_id)
            await executor.run_step(point, think, task_id=self.table.tasks[row])
            waits = not self.table.calls[row] and any(message.role == "user" for message in self.after(row))
            if waits or (not self.after(row) and not self.table.calls[row] and row + 1 < stop):
                await anyio.sleep(self.latency.user_s(trace_id, point.index))


class _Instant(Staging):
    """Recorded staged writes: the run is the staging, commit and rollback take no time."""

    def __init__(self, run: Any) -> None:
        self.run = run

    async def stage(self, token: str, arguments: Mapping[str, Any]) -> Any:
        return await self.run(**arguments)

    async def commit(self, token: str) -> bool:
        return True

    async def rollback(self, token: str) -> None:
        """Nothing was written."""


class _FromTable(Predictor):
    """Says what a table says, by trace (its name is in ``agent``) and number of assistant messages."""

    name = "table"
    fitted = True

    def __init__(self, table: PredictionTable, predict_s: float) -> None:
        self.predict_s = predict_s
        self.known: dict[tuple[str | None, int, bool], list[Prediction]] = {}
        for row, point in enumerate(table.points):
            self.known[point.trace_id, point.index, False] = table.predictions[row]
            if table.ahead:
                self.known[point.trace_id, point.index, True] = table.ahead[row]

    def fit(self, traces: Sequence[Trace]) -> Self:
        return self

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        return _TableSession(self, agent)

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Nothing is kept."""


class _TableSession(Session):
    def __init__(self, predictor: _FromTable, trace_id: str | None) -> None:
        self.predictor, self.trace_id = predictor, trace_id
        self.decisions, self.ahead = 0, False

    def observe(self, message: Message) -> None:
        self.ahead = message.role == "assistant"
        self.decisions += self.ahead

    async def predict(self, k: int = 1) -> list[Prediction]:  # type: ignore[override]  # takes time, like a draft
        await anyio.sleep(self.predictor.predict_s)
        return self.predictor.known.get((self.trace_id, self.decisions, self.ahead), [])[:k]
