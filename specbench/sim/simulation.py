"""Replay recorded traces on a virtual clock: what would speculation have saved and wasted?

A decision starts when the last one ended (and the user has typed). The prediction is ready ``predict_s`` later and the
chosen calls are launched then, if the LLM is still thinking. The LLM decides after its ``think`` seconds. A live
speculation that equals a call of the decision is a hit: its result is there at the later of decision and its
own end; further (parallel) calls run one after the other behind it. What no later decision may use is cancelled at the
decision, and what it ran until then is waste. Ties and lifetimes: :mod:`specbench.speculation.rules`.

What is modelled beyond the seconds: a result that nobody recorded (of a call that was not made) is taken to lead to the
next recorded prediction, so that chains and run-aheads on wrong speculations cost what they would; an LLM invocation
that was run ahead is used only where the recorded decision is that one call without text beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from specbench.core.errors import ConfigError, in_words
from specbench.core.ledger import Ledger, Window
from specbench.core.types import DecisionPoint, Prediction
from specbench.metrics.prediction_table import PredictionTable
from specbench.policies import Choice, Policy, State
from specbench.sim.engine import Engine
from specbench.sim.latency.models import Constant, Latency
from specbench.sim.session import begin_session
from specbench.speculation import Options, Traits
from specbench.speculation.partial_decision import Timeline

__all__ = ["simulate"]


def simulate(
    table: PredictionTable,
    policy: Policy,
    *,
    latency: Latency | None = None,
    predict_s: float = 0.0,
    options: Options | None = None,
    traits: Mapping[str, Traits] | None = None,
    sessions: int = 1,
    gap_s: float = 0.0,
    config: dict[str, Any] | None = None,
    timeline: Timeline | None = None,
) -> Ledger:
    """Return the ledger of a speculative run of recorded traces (modelled time).

    Parameters
    ----------
    table
        Predictions at every decision point, from :func:`specbench.metrics.predict_traces`.
    policy
        What to launch.
    latency
        Seconds of LLM, tools and user; ``Constant()`` (2 s, 1 s, 0 s) by default.
    predict_s
        Seconds the predictor takes, charged to every decision's window.
    options
        Windows, carried results, run-ahead, slots, rate limits; by default the think window alone.
    traits
        What the tools declare beyond their effect, by name.
    sessions
        Traces that run at the same time; they share slots and rate limits. Each that ends makes room for the next.
    gap_s
        Seconds between the starts of the first ``sessions`` traces.
    config
        Anything else to keep with the ledger.
    timeline
        When the LLM has written which part of its call, where that was measured: early start from streamed tokens
        (:mod:`specbench.speculation.partial_decision`). Without it nothing is known before the decision.

    Raises
    ------
    ConfigError
        When a window needs predictions that the table does not hold.

    Examples
    --------
    >>> from specbench.metrics import predict_traces
    >>> from specbench.policies import TopK
    >>> from specbench.predictors import make_predictor
    >>> from specbench.speculation import RunAhead
    >>> from specbench.testing import make_traces
    >>> traces = make_traces(4)
    >>> table = predict_traces(make_predictor("oracle").fit([]), traces)
    >>> plain = simulate(table, TopK())
    >>> ahead = simulate(table, TopK(), options=Options(run_ahead=RunAhead(depth=2)))
    >>> sum(row.saved_s for row in ahead.outcomes) > sum(row.saved_s for row in plain.outcomes) > 0
    True
    """
    latency = latency if latency is not None else Constant()
    options = options if options is not None else Options()
    if not {Window.TOOL, Window.USER}.isdisjoint(options.windows) and len(table.ahead) != len(table):
        raise ConfigError(
            "the windows tool and user need predictions made before the next decision point; "
            "make the table with predict_traces(..., ahead=True)"
        )
    if sessions < 1:
        raise ConfigError(f"sessions is a number of traces at a time, 1 or more; got {sessions!r}")
    if not predict_s >= 0:
        raise ConfigError(f"predict_s is seconds, 0 or more; got {predict_s!r}")
    told = policy if type(policy).__module__.startswith("specbench.") else _Told(policy)
    engine = Engine(begin_session, table, told, latency, options, predict_s, traits or {}, sessions, gap_s, timeline)
    engine.run()
    rows = engine.shared.ledger
    return Ledger(
        rows.outcomes,
        rows.speculations,
        {
            "predictor": table.predictor,
            "policy": repr(policy),
            "latency": latency.describe(),
            "predict_s": predict_s,
            "options": options.describe(),
            "sessions": sessions,
            **(config or {}),
        },
        rows.aheads,
    )


class _Told(Policy):
    """A policy of somebody's own: what it raises, or gives that is no choice, is told with its name."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def choose(self, point: DecisionPoint, predictions: Sequence[Prediction], state: State | None = None) -> Choice:
        """Return what the policy chooses."""
        try:
            choice = self.policy.choose(point, predictions, state)
            if not isinstance(choice, Choice) or not all(isinstance(each, Prediction) for each in choice.launch):
                raise TypeError(f"it returned {choice!r}")
        except Exception as error:
            raise ConfigError(
                f"the policy {self.policy!r} raised {in_words(error)}; choose(point, predictions, state) "
                "returns Choice([predictions to launch], reason)"
            ) from error
        return choice
