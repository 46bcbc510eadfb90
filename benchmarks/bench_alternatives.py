"""What people would write instead of specbench, on the same conversations: an overlap by hand, counting, a draft LLM.

The overlap by hand is ``asyncio.create_task`` on the call that counting foresees: no waste budget, no effects, no run
that is joined, no cancellation that is waited for. Its guesses are those of ``frequent``: the calls that are most
frequent in the training. The draft is the shipped micro-Llama, which was trained on this very desk.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import suppress

from bench_executor import CALL, TOOL_S, Sure, get, steps, think
from common import ROOT, Result

from specbench.metrics import SpeculationMetrics, predict_traces
from specbench.metrics.prediction_rates import rates
from specbench.policies import ExpectedValue, TopK
from specbench.predictors import make_predictor
from specbench.sim import Constant, simulate
from specbench.traces.splitting import split
from specbench.traces.store import load

STEPS = 400
CONVERSATIONS = 20
GUESSES = {
    "frequent": "counting: the most frequent calls",
    "markov": "counting: the tool after the tool",
    "llm:micro": "an LLM draft (micro-Llama)",
    "learned": "specbench's learned predictor",
}


async def by_hand() -> list[float]:
    """Return the seconds of steps in which the right call was started by hand beside the thinking."""
    out = []
    for _ in range(STEPS):
        began = time.perf_counter()
        guess = asyncio.create_task(get(**CALL.arguments))
        if (await think()).calls[0] == CALL:
            await guess
        else:
            guess.cancel()
            with suppress(asyncio.CancelledError):
                await guess
        out.append(time.perf_counter() - began)
    return out


def overhead() -> list[Result]:
    """Return what a step with a hit takes with the executor, beside the overlap by hand, in turns."""
    ours, theirs = [], []
    for _ in range(3):
        ours += asyncio.run(steps(Sure().fit([]), TopK(1)))[10:]
        theirs += asyncio.run(by_hand())[10:]
    more = 1e3 * (statistics.median(ours) - statistics.median(theirs))
    note = f"a tool of {1e3 * TOOL_S:g} ms; by hand nothing is checked, cancelled in order or counted"
    return [Result("a step with a hit: executor over an overlap by hand, p50", more, "ms", note=note)]


def guesses() -> list[Result]:
    """Return how often the first guess is right, and what it takes, for each way to guess."""
    traces, _ = load(ROOT / "data" / "support_desk.jsonl")
    parts = split(traces, test=0.25, validation=0, seed=0)
    test = parts.test[:CONVERSATIONS]
    out = []
    for name, words in GUESSES.items():
        table = predict_traces(make_predictor(name).fit(parts.train), test)
        right = rates(table)["read_call_top1"]
        took_s = statistics.median(table.latency_ms) / 1e3
        ledger = simulate(table, ExpectedValue(), latency=Constant(2.0, 1.0), predict_s=took_s)
        run = SpeculationMetrics.of(ledger)
        saved, wasted = 100 * run.saved_s / run.sequential_s, 100 * run.wasted_s / run.sequential_s
        out += [
            Result(f"{words}: READ @1", 100 * right, "%", note=f"{len(table)} decisions of held-out tasks of the desk"),
            Result(f"{words}: a guess, p50", 1e3 * took_s, "ms",
                   note=f"simulated with thinking 2 s, tools 1 s: {saved:.1f} % saved, {wasted:.1f} % wasted"),
        ]  # fmt: skip
    return out


def measure() -> list[Result]:
    """Return both comparisons."""
    return [*overhead(), *guesses()]
