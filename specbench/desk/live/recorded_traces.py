"""Recorded traces live: a real model is forced to write what was recorded, tools wait and return what was recorded.

Prefill, decoding and the executor take their real time on this machine; decisions and results are the trace's. A call
that was not recorded (a wrong speculation) waits as long as its kind does, and returns nothing of use.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import partial

import anyio

from specbench.core.ledger import Ledger
from specbench.core.types import DecisionPoint, Message, ToolCall, ToolSpec, Trace
from specbench.desk.live.comparison import LiveComparison, LiveRun, count_usage, joined
from specbench.integrations.llm_think import thinking
from specbench.llm.base import Backend, ContextError, Request
from specbench.policies import Never, Policy
from specbench.predictors import Predictor
from specbench.runtime import Executor, Tool
from specbench.sim.latency.models import Latency
from specbench.speculation import Options, Traits

__all__ = ["Recorded", "replay_live"]

_TRACE: ContextVar[str] = ContextVar("specbench_trace", default="")


class Recorded:
    """What agents and tools did in some traces.

    Parameters
    ----------
    traces
        The traces.
    latency
        Seconds of the tools.
    """

    def __init__(self, traces: Sequence[Trace], latency: Latency) -> None:
        self._latency = latency
        self._said: dict[str, Message] = {}
        self._results: dict[tuple[str, str], list[tuple[int, str]]] = {}
        self._at: dict[str, int] = {}
        self._specs: dict[str, ToolSpec] = {}
        for trace in traces:
            self._specs |= dict(trace.tools)
            for decision in trace.decisions():
                said = trace.messages[len(decision.point.messages)]
                self._said[_key(decision.point.messages)] = said
            calls: dict[str | None, ToolCall] = {}
            index = -1
            for message in trace.messages:
                index += message.role == "assistant"
                calls |= {call.id: call for call in message.tool_calls}
                call = calls.get(message.tool_call_id)
                if message.role == "tool" and call is not None:
                    known = self._results.setdefault((trace.trace_id, call.key), [])
                    known.append((index, message.content))
                    self._specs.setdefault(call.name, ToolSpec(call.name))

    def message(self, request: Request) -> Message:
        """The message that is recorded for a request."""
        return self._said[_key(request.messages)]

    def tools(self) -> list[Tool]:
        """The tools: they wait, and return what was recorded."""
        return [Tool(spec, self._runner(spec), Traits(any_spelling=True)) for spec in self._specs.values()]

    def reached(self, point: DecisionPoint) -> None:
        """A run has come to this decision: results from here on count."""
        self._at[point.trace_id] = point.index

    def _runner(self, spec: ToolSpec) -> Callable[..., object]:
        async def run(**arguments: object) -> str:
            call, trace_id = ToolCall(spec.name, arguments).of(spec), _TRACE.get()
            await anyio.sleep(self._latency.tool_s(trace_id, call.key))
            known = self._results.get((trace_id, call.key), [(0, "")])
            at = self._at.get(trace_id, 0)  # a call made twice may have answered twice: after a write, differently
            return next((text for index, text in known if index >= at), known[-1][1])

        return run


def _key(messages: Sequence[Message]) -> str:
    return json.dumps([(each.role, each.content, [call.key for call in each.tool_calls]) for each in messages])


async def replay_live(
    backend: Backend,
    predictor: Predictor,
    policy: Policy,
    traces: Sequence[Trace],
    recorded: Recorded,
    *,
    options: Options | None = None,
    early: bool = True,
    note: Callable[[str], None] = lambda _: None,
) -> LiveComparison:
    """Run recorded traces sequentially and speculatively, in turns; see
    :func:`specbench.desk.live.comparison.compare_live`.

    Parameters
    ----------
    backend
        A :class:`specbench.llm.backends.forced.ReplayBackend` of ``recorded.message``, perhaps paced.
    predictor, policy, options, early
        Of the speculative runs.
    traces, recorded
        What is run.
    note
        Told a line a trace.

    Raises
    ------
    ContextError
        When no conversation fits into the model's context; one that outgrows it ends there.
    """
    runs = {"sequential": LiveRun(), "speculative": LiveRun()}
    ledgers: dict[str, list[Ledger]] = {name: [] for name in runs}
    too_long: ContextError | None = None
    for number, trace in enumerate(traces):
        for name in ("sequential", "speculative") if number % 2 == 0 else ("speculative", "sequential"):
            run = runs[name]
            think = thinking(backend, early=early, told=partial(count_usage, run))
            executor = Executor(
                recorded.tools(), predictor, Never() if name == "sequential" else policy, options=options
            )
            token = _TRACE.set(trace.trace_id)
            started_s = anyio.current_time()
            said: list[Message] = []
            async with executor:
                try:
                    for decision in trace.decisions():
                        point = decision.point
                        recorded.reached(point)
                        live = DecisionPoint(
                            point.trace_id, point.index, point.messages, executor.tools.specs, point.agent
                        )
                        said += (await executor.run_step(live, think, task_id=trace.task_id)).messages
                except ContextError as error:
                    too_long = error
                    run.cut.append(number)
                elapsed_s = anyio.current_time() - started_s
            _TRACE.reset(token)
            run.messages.append(tuple(said))
            run.desks.append([])
            run.elapsed_s.append(elapsed_s)
            ledgers[name].append(executor.ledger(backend=backend.name))
        one, two = runs["sequential"].elapsed_s[-1], runs["speculative"].elapsed_s[-1]
        note(f"{trace.trace_id}: {one:.1f} s sequentially, {two:.1f} s speculatively")
    for name, run in runs.items():
        run.ledger = joined(ledgers[name])
    if too_long is not None and not any(runs["sequential"].messages):
        raise too_long
    return LiveComparison(backend.name, runs["sequential"], runs["speculative"])
