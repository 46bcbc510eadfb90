"""specbench: a research workbench for speculative tool execution in LLM agents.

While an LLM agent is still thinking, a **predictor** guesses its next tool call; the call is started, and on a hit its
latency is hidden. specbench tells from recorded conversations (**traces**) whether that pays: with which predictor,
with which **policy** (what to launch), and at what waste. Then it runs the predictor beside your agent (**executor**).

>>> import specbench as sb
>>> traces = sb.sample(tasks=24)  # yours: sb.read("traces/")
>>> train, test = traces.split(test=0.25, seed=0)
>>> result = sb.evaluate(["markov", sb.NGram()], train, test)
>>> figure = result.plot_curve()
>>> run = sb.simulate(result["ngram"], test, sb.Threshold(0.4))  # latency="measured" where the traces carry seconds
>>> print(run.report().splitlines()[1])
Seconds: constant (modelled).

Importing the package loads nothing heavy: each name is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specbench.core.lazy import lazy
from specbench.core.version import __version__

if TYPE_CHECKING:
    from specbench import plots
    from specbench.core.cluster import cluster
    from specbench.core.errors import SpecbenchError
    from specbench.core.ledger import Ledger
    from specbench.core.types import DecisionPoint, Effect, Message, Prediction, ToolCall, ToolSpec, Trace
    from specbench.metrics import SpeculationMetrics
    from specbench.policies import ExpectedValue, Policy, Threshold, TopK
    from specbench.predictors.base import Predictor, Session
    from specbench.predictors.checkpoint import load, save
    from specbench.predictors.counting.markov import MarkovPredictor as Markov
    from specbench.predictors.counting.ngram import NgramPredictor as NGram
    from specbench.predictors.counting.patterns import PatternPredictor as Patterns
    from specbench.predictors.learned.predictor import LearnedPredictor as Learned
    from specbench.runtime import Executor, Tool
    from specbench.sim import ByTokens, Constant, Empirical, Latency, LogNormal, Measured
    from specbench.speculation import Breaker, Limit, Options, RunAhead, Traits
    from specbench.study import notebook
    from specbench.study.advise import advise
    from specbench.study.interface import compare, evaluate, simulate, sweep
    from specbench.study.setting import Setting
    from specbench.study.workbench import Workbench
    from specbench.testing import check_predictor
    from specbench.traces.collection import Traces, read, sample
    from specbench.traces.recorder import Recorder
    from specbench.traces.store import write_traces

_PLACES = {
    # traces
    "read": "specbench.traces.collection",
    "sample": "specbench.traces.collection",
    "write_traces": "specbench.traces.store",
    "Recorder": "specbench.traces.recorder",
    "Traces": "specbench.traces.collection",
    "Trace": "specbench.core.types",
    "Message": "specbench.core.types",
    "ToolCall": "specbench.core.types",
    "ToolSpec": "specbench.core.types",
    "Effect": "specbench.core.types",
    "DecisionPoint": "specbench.core.types",
    "Prediction": "specbench.core.types",
    # predictors
    "Predictor": "specbench.predictors.base",
    "Session": "specbench.predictors.base",
    "Markov": "specbench.predictors.counting.markov:MarkovPredictor",
    "NGram": "specbench.predictors.counting.ngram:NgramPredictor",
    "Patterns": "specbench.predictors.counting.patterns:PatternPredictor",
    "Learned": "specbench.predictors.learned.predictor:LearnedPredictor",
    "load": "specbench.predictors.checkpoint",
    "save": "specbench.predictors.checkpoint",
    "check_predictor": "specbench.testing",
    # questions
    "advise": "specbench.study.advise",
    "evaluate": "specbench.study.interface",
    "compare": "specbench.study.interface",
    "simulate": "specbench.study.interface",
    "sweep": "specbench.study.interface",
    "cluster": "specbench.core.cluster",
    "Workbench": "specbench.study.workbench",
    "Setting": "specbench.study.setting",
    "notebook": "specbench.study.notebook:",
    "plots": "specbench.plots:",
    # policies, options, seconds
    "Policy": "specbench.policies",
    "Threshold": "specbench.policies",
    "TopK": "specbench.policies",
    "ExpectedValue": "specbench.policies",
    "Options": "specbench.speculation",
    "RunAhead": "specbench.speculation",
    "Limit": "specbench.speculation",
    "Breaker": "specbench.speculation",
    "Traits": "specbench.speculation",
    "Latency": "specbench.sim",
    "Constant": "specbench.sim",
    "LogNormal": "specbench.sim",
    "ByTokens": "specbench.sim",
    "Empirical": "specbench.sim",
    "Measured": "specbench.sim",
    # running and recording
    "Executor": "specbench.runtime",
    "Tool": "specbench.runtime",
    "Ledger": "specbench.core.ledger",
    "SpeculationMetrics": "specbench.metrics",
    "SpecbenchError": "specbench.core.errors",
}
"""Name → module, or ``module:attribute`` where it has another name there."""

__all__ = [
    "Breaker",
    "ByTokens",
    "Constant",
    "DecisionPoint",
    "Effect",
    "Empirical",
    "Executor",
    "ExpectedValue",
    "Latency",
    "Learned",
    "Ledger",
    "Limit",
    "LogNormal",
    "Markov",
    "Measured",
    "Message",
    "NGram",
    "Options",
    "Patterns",
    "Policy",
    "Prediction",
    "Predictor",
    "Recorder",
    "RunAhead",
    "Session",
    "Setting",
    "SpecbenchError",
    "SpeculationMetrics",
    "Threshold",
    "Tool",
    "ToolCall",
    "ToolSpec",
    "TopK",
    "Trace",
    "Traces",
    "Traits",
    "Workbench",
    "__version__",
    "advise",
    "check_predictor",
    "cluster",
    "compare",
    "evaluate",
    "load",
    "notebook",
    "plots",
    "read",
    "sample",
    "save",
    "simulate",
    "sweep",
    "write_traces",
]


__getattr__, __dir__ = lazy(__name__, _PLACES)
