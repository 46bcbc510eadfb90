"""What the simulator makes of a live run: the same decisions, the measured thinking, the tools' own seconds."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from specbench.core.ledger import Ledger, Window
from specbench.core.types import Trace
from specbench.desk.live.comparison import LiveComparison
from specbench.desk.world.specs import TOOLS
from specbench.desk.world.tools import KEYS, DeskLatency
from specbench.metrics import predict_traces
from specbench.policies import Policy
from specbench.predictors import Predictor
from specbench.sim import simulate
from specbench.sim.latency.models import Latency
from specbench.speculation import Options, Traits

__all__ = ["MeasuredLatency", "simulate_live", "simulate_recorded"]


@dataclass(frozen=True)
class MeasuredLatency(Latency):
    """The LLM's seconds as they were measured at each decision, and the tools' as they wait.

    Parameters
    ----------
    think
        Measured seconds by conversation and decision.
    tools
        Of the desk, or of recorded tools.
    """

    think: Mapping[tuple[str, int], float]
    tools: DeskLatency | Latency

    def think_s(self, trace_id: str, index: int) -> float:
        """Return the measured seconds; their median where a decision was not made."""
        return self.think.get((trace_id, index), self.expected()[0])

    def tool_s(self, trace_id: str, call: str) -> float:
        """Return the seconds that a tool waits for a call.

        Examples
        --------
        >>> MeasuredLatency({}, DeskLatency(sigma=0.0)).tool_s("t", 'get_order({"order_id":"D1"})')
        1.0
        """
        if not isinstance(self.tools, DeskLatency):
            return self.tools.tool_s(trace_id, call)
        name, _, rest = call.partition("(")
        return self.tools.seconds(name, json.loads(rest[:-1]))

    def user_s(self, trace_id: str, index: int) -> float:
        """Return 0: scripted customers answer at once."""
        return 0.0

    def expected(self) -> tuple[float, float]:
        """Return medians."""
        think_s = statistics.median(self.think.values()) if self.think else 0.0
        if not isinstance(self.tools, DeskLatency):
            return think_s, self.tools.expected()[1]
        return think_s, self.tools.scale * statistics.median(self.tools.medians_s.values())

    def describe(self) -> dict[str, Any]:
        """Return what it is."""
        whose = "the desk's" if isinstance(self.tools, DeskLatency) else "modelled"
        return {"model": f"measured thinking, {whose} tool latency", "decisions": len(self.think)}


def simulate_live(
    compared: LiveComparison,
    predictor: Predictor,
    policy: Policy,
    latency: DeskLatency,
    options: Options | None = None,
) -> Ledger:
    """Replay the sequential run's conversations on the simulator, with the speculative run's settings.

    Compare its ``speculative_s`` with the live run's. The simulator does not know of calls that start from streamed
    tokens: compare a live run with ``early=False``.
    """
    run = compared.sequential
    traces = []
    for messages, talk_id in zip(run.messages, dict.fromkeys(row.trace_id for row in run.ledger.outcomes), strict=True):
        traces.append(Trace(talk_id, talk_id, "live", messages, TOOLS))
    traits = {name: Traits(keys=keys) for name, keys in KEYS.items()}
    return _simulated(compared, predictor, policy, traces, latency, options, traits)


def simulate_recorded(
    compared: LiveComparison,
    predictor: Predictor,
    policy: Policy,
    traces: Sequence[Trace],
    latency: Latency,
    options: Options | None = None,
) -> Ledger | None:
    """The same of recorded traces that were run by :func:`specbench.desk.live.recorded_traces.replay_live`.

    Nothing where a conversation outgrew the model's context: it was not run to its end.

    Parameters
    ----------
    compared, predictor, policy, options
        What was run, with what settings.
    traces, latency
        What it was run on; the tools' seconds.
    """
    if compared.sequential.cut or compared.speculative.cut:
        return None
    return _simulated(compared, predictor, policy, traces, latency, options, {})


def _simulated(
    compared: LiveComparison,
    predictor: Predictor,
    policy: Policy,
    traces: Sequence[Trace],
    latency: DeskLatency | Latency,
    options: Options | None,
    traits: Mapping[str, Traits],
) -> Ledger:
    think = {(row.trace_id, row.index): row.think_s for row in compared.sequential.ledger.outcomes}
    asked = [row.predict_s for row in compared.speculative.ledger.outcomes if row.predict_s > 0]
    further = options is not None and bool(set(options.windows) - {Window.THINK})
    return simulate(
        predict_traces(predictor, traces, ahead=further),
        policy,
        latency=MeasuredLatency(think, latency),
        predict_s=statistics.median(asked) if asked else 0.0,
        options=options,
        traits=traits,
    )
