"""Markov's tool prediction, and what a whole prediction with arguments costs per decision."""

from __future__ import annotations

from common import ROOT, Result, seconds

from specbench.metrics import predict_traces
from specbench.predictors import make_predictor
from specbench.predictors.counting.markov import MarkovPredictor
from specbench.traces.store import load

CALLS = 100_000


def measure() -> list[Result]:
    """Return microseconds per prediction."""
    traces, _ = load(ROOT / "data" / "support_desk.jsonl")
    markov = MarkovPredictor().fit(traces)
    tools = [name for name in markov.transitions.counts if not name.startswith("<")]

    def ask() -> None:
        predict = markov.predict
        for at in range(CALLS):
            predict(tools[at % len(tools)])

    def learn() -> None:
        chain = MarkovPredictor()
        for at in range(CALLS):
            chain.record(tools[at % len(tools)], tools[(at * 7) % len(tools)])
            chain.predict(tools[at % len(tools)])

    out = [
        Result("Markov, predict(current_tool)", 1e6 * seconds(ask) / CALLS, "µs", 20),
        Result("Markov, record and predict", 1e6 * seconds(learn) / CALLS, "µs", 20),
    ]
    for name in ("markov", "ngram"):
        table = predict_traces(make_predictor(name).fit(traces[:240]), traces[240:360])
        median = sorted(table.latency_ms)[len(table) // 2]
        out.append(Result(f"{name}, new messages and calls with arguments, p50", 1e3 * median, "µs"))
    return out
