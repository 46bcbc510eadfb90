"""Replay recorded traces on a virtual clock: what would speculation have saved and wasted?

The rules, in one place. A decision starts when the last one ended. The prediction is ready ``predict_s`` later and the
chosen calls are launched then, if the LLM is still thinking (a launch needs ``predict_s < think``). The LLM decides
after ``think`` seconds. A launched call that equals the first call of the decision is a hit: its result is there at the
later of decision and its own end; further (parallel) calls run one after the other behind it. All others are cancelled
at the decision, and what they ran until then, at most their own run time, is waste. User time is not counted: it is the
same in both runs.
"""

from __future__ import annotations

from typing import Any

from specbench.ledger import Fate, Ledger, Outcome, Speculation, Window
from specbench.metrics.table import PredictionTable
from specbench.policies import Policy
from specbench.sim.latency import Constant, Latency
from specbench.types import Effect

__all__ = ["simulate"]


def simulate(
    table: PredictionTable,
    policy: Policy,
    *,
    latency: Latency | None = None,
    predict_s: float = 0.0,
    config: dict[str, Any] | None = None,
) -> Ledger:
    """Return the ledger of a speculative run of recorded traces (modelled time).

    Parameters
    ----------
    table
        Predictions at every decision point, from :func:`specbench.metrics.predict_traces`.
    policy
        What to launch.
    latency
        Seconds of LLM and tools; ``Constant()`` (2 s, 1 s) by default.
    predict_s
        Seconds the predictor takes, charged to every decision's window.
    config
        Anything else to keep with the ledger.
    """
    latency = latency if latency is not None else Constant()
    ledger = Ledger(
        config={
            "predictor": table.predictor,
            "policy": repr(policy),
            "latency": latency.describe(),
            "predict_s": predict_s,
            **(config or {}),
        }
    )
    outcomes, speculations = ledger.outcomes, ledger.speculations
    trace_id, clock = None, 0.0
    for point, calls, predictions, task in zip(table.points, table.calls, table.predictions, table.tasks, strict=True):
        if point.trace_id != trace_id:
            trace_id, clock = point.trace_id, 0.0
        think = latency.think_s(trace_id, point.index)
        durations = [latency.tool_s(trace_id, call.key) for call in calls]
        decided = clock + think
        sequential = think + sum(durations)
        outcome = calls[0] if calls else None
        launch, reason = policy.choose(point, predictions)
        if launch and predict_s >= think:
            launch, reason = [], "the prediction came after the decision"
        started = clock + predict_s
        end = decided + sum(durations)
        hit = False
        for call, p in launch:
            assert call is not None  # policies launch calls only
            ready = started + latency.tool_s(trace_id, call.key)
            if not hit and call == outcome:
                hit = True
                end = max(decided, ready) + sum(durations[1:])
                speculations.append(
                    Speculation(
                        trace_id, point.index, call.name, call.key, p, Window.THINK, started, ready, Fate.COMMIT,
                        None, point.index, ready > decided,
                    )
                )  # fmt: skip
            else:
                speculations.append(
                    Speculation(
                        trace_id, point.index, call.name, call.key, p, Window.THINK, started, min(ready, decided),
                        Fate.SQUASH, decided,
                    )
                )  # fmt: skip
        spec = point.tools.get(outcome.name) if outcome else None
        outcomes.append(
            Outcome(
                trace_id, task, point.index,
                outcome.name if outcome else None,
                None if outcome is None else str(spec.effect if spec else Effect.UNKNOWN),
                outcome.key if outcome else None,
                len(calls), hit, len(launch), think, sum(durations), predict_s,
                sequential, end - clock, sequential - (end - clock), reason,
            )
        )  # fmt: skip
        clock = end
    return ledger
