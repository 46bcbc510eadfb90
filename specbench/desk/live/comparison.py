"""Live runs on the support desk: a real model decides, real tools run, sequentially and speculatively in turns.

The customer's messages are those of a scripted conversation, one after the other, whatever the model answers: both runs
hear the same. What the model says, which calls it makes, what the tools answer and what the desk holds at the end must
be equal; time may differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio

from specbench.core.ledger import Ledger
from specbench.core.types import DecisionPoint, Message, Trace
from specbench.desk.micro_llama.conversations import CUSTOMERS, conversation
from specbench.desk.phrases.books import read_book
from specbench.desk.world.desk import SupportDesk
from specbench.desk.world.tools import DeskLatency, desk_tools
from specbench.integrations.llm_think import ThinkPoint, thinking
from specbench.integrations.tracing import Tracer
from specbench.llm.base import Backend, ContextError, Usage, UsageTotal
from specbench.policies import Never, Policy
from specbench.predictors import Predictor
from specbench.runtime import Executor
from specbench.speculation import Options
from specbench.traces.call_results import as_linked

__all__ = ["LiveComparison", "LiveRun", "compare_live", "count_usage", "joined", "play_live", "scripted_talks"]

MAX_STEPS = 10
"""LLM invocations between two messages of the customer, at most; a model that goes round in circles is stopped."""
DESK_SEED = 41_000_000


@dataclass
class LiveRun:
    """One way of running the conversations: what was said and done, and what it took.

    Parameters
    ----------
    messages
        Of each conversation, in order.
    desks
        All rows of the desk at the end of each, as SQL.
    elapsed_s
        Seconds of each, end to end.
    ledger
        What the executor recorded.
    usage
        Tokens and seconds of the model, cancelled and run-ahead invocations included.
    cut
        Numbers of the conversations that ended early because they outgrew the model's context.
    """

    messages: list[tuple[Message, ...]] = field(default_factory=list)
    desks: list[list[str]] = field(default_factory=list)
    elapsed_s: list[float] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    usage: UsageTotal = field(default_factory=UsageTotal)
    cut: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class LiveComparison:
    """The same conversations run sequentially and speculatively."""

    backend: str
    sequential: LiveRun
    speculative: LiveRun

    @property
    def lossless(self) -> bool:
        """Whether every message and every row of the desk is the same in both.

        A provider draws new ids for calls each time: which call a result answers counts, and not by which id.
        """
        return self.differences == []

    @property
    def differences(self) -> list[int]:
        """Numbers of the conversations that differ."""
        one, two = self.sequential, self.speculative
        pairs = zip(one.messages, two.messages, one.desks, two.desks, strict=True)
        return [at for at, (a, b, c, d) in enumerate(pairs) if as_linked(a) != as_linked(b) or c != d]

    @property
    def saved_share(self) -> float:
        """Share of the sequential end-to-end seconds that speculation saved."""
        return 1 - sum(self.speculative.elapsed_s) / sum(self.sequential.elapsed_s)

    def beside(self, simulated: Ledger) -> list[dict[str, Any]]:
        """Return each conversation's seconds, measured and simulated, without and with speculation.

        Parameters
        ----------
        simulated
            From :func:`specbench.desk.live.simulated.simulate_live`.

        Returns
        -------
        list of dict
            ``kind, simulated_s, measured_s``.
        """
        seconds: dict[str, list[float]] = {}
        for row in simulated.outcomes:
            total = seconds.setdefault(row.trace_id, [0.0, 0.0])
            total[0] += row.sequential_s
            total[1] += row.speculative_s
        rows = []
        for at, kind in enumerate(("sequential", "speculative")):
            measured = (self.sequential, self.speculative)[at].elapsed_s
            for known, found in zip(seconds.values(), measured, strict=True):
                rows.append({"kind": kind, "simulated_s": known[at], "measured_s": found})
        return rows


def scripted_talks(count: int, seed: int = 1) -> list[Trace]:
    """Conversations with the deterministic agent on one desk, whose customers' words a live run repeats.

    ``task_id`` is the customer's id.
    """
    with SupportDesk(seed=DESK_SEED + seed, customers=CUSTOMERS) as desk:
        users, book = desk.user_ids(), read_book("customer")
        return [conversation(desk, users[at % CUSTOMERS], f"live/{seed}/{at}", book) for at in range(count)]


async def play_live(
    executor: Executor, think: ThinkPoint, talk: Trace, trace_id: str
) -> tuple[tuple[Message, ...], bool]:
    """Run one conversation: each message of the customer, then the agent's steps until it replies.

    Returns
    -------
    tuple
        The conversation as it went, and whether it outgrew the model's context: then it ends there.
    """
    messages = [message for message in talk.messages[:1] if message.role == "system"]
    index, cut = 0, False
    try:
        for said in (message for message in talk.messages if message.role == "user"):
            messages.append(said)
            for _ in range(MAX_STEPS):
                point = DecisionPoint(trace_id, index, tuple(messages), executor.tools.specs, talk.agent)
                step = await executor.run_step(point, think, task_id=talk.task_id)
                messages += step.messages
                index += 1
                if not step.decided.calls:
                    break
    except ContextError:
        cut = True
    executor.end_session(trace_id)
    return tuple(messages), cut


async def compare_live(
    backend: Backend,
    predictor: Predictor,
    policy: Policy,
    talks: Sequence[Trace],
    *,
    seed: int = 1,
    latency: DeskLatency | None = None,
    options: Options | None = None,
    early: bool = True,
    tracer: Tracer | None = None,
    note: Callable[[str], None] = lambda _: None,
) -> LiveComparison:
    """Run conversations sequentially and speculatively, in turns, each on its own copy of the desk.

    Parameters
    ----------
    backend
        The model. It must write the same at both times: greedy, or seeded.
    predictor, policy, options
        Of the speculative runs.
    talks
        From :func:`scripted_talks` with the same ``seed``.
    latency
        Of the tools.
    early
        Start calls from streamed tokens; see :func:`specbench.integrations.llm_think.thinking`.
    tracer
        Where spans of the speculative runs go; nowhere by default.
    note
        Told a line a conversation.
    """
    runs = {"sequential": LiveRun(), "speculative": LiveRun()}
    ledgers: dict[str, list[Ledger]] = {name: [] for name in runs}
    await backend.warm_up()  # else the first run, a sequential one, would pay for it
    with SupportDesk(seed=DESK_SEED + seed, customers=CUSTOMERS) as desk:
        for number, talk in enumerate(talks):
            order = ("sequential", "speculative") if number % 2 == 0 else ("speculative", "sequential")
            for name in order:
                run = runs[name]
                think = thinking(backend, early=early, told=partial(count_usage, run))
                chosen = Never() if name == "sequential" else policy
                spans = tracer if tracer is not None and name == "speculative" else Tracer()
                with desk.copy() as own, spans.conversation(talk.trace_id, backend=backend.name) as span:
                    tools = spans.tools(desk_tools(own, latency))
                    executor = Executor(tools, predictor, chosen, options=options)
                    started_s = anyio.current_time()
                    async with executor:
                        traced = spans.think(think, backend.name)
                        messages, cut = await play_live(executor, traced, talk, talk.trace_id)
                        run.messages.append(messages)
                        run.cut += [number] if cut else []
                        elapsed_s = anyio.current_time() - started_s
                    ledger = executor.ledger(backend=backend.name)
                    spans.speculations(ledger, span)
                    run.elapsed_s.append(elapsed_s)
                    run.desks.append(own.dump())
                ledgers[name].append(ledger)
            note(
                f"{talk.trace_id}: {runs['sequential'].elapsed_s[-1]:.1f} s sequentially, "
                f"{runs['speculative'].elapsed_s[-1]:.1f} s speculatively"
                f"{' (ended: it outgrew the context)' if number in run.cut else ''}"
            )
    for name, run in runs.items():
        run.ledger = joined(ledgers[name])
    return LiveComparison(backend.name, runs["sequential"], runs["speculative"])


def count_usage(run: LiveRun, point: DecisionPoint, usage: Usage) -> None:
    """Count what an invocation of a run has cost."""
    run.usage.add(usage)


def joined(ledgers: Sequence[Ledger]) -> Ledger:
    """One ledger of several."""
    config = ledgers[0].config if ledgers else {}
    return Ledger(
        [row for each in ledgers for row in each.outcomes],
        [row for each in ledgers for row in each.speculations],
        config,
        [row for each in ledgers for row in each.aheads],
    )
