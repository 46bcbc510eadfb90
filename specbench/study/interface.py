"""Evaluate, compare, simulate, sweep: the questions of a study as functions of traces and predictors.

They take objects or their short names and write nothing. The jobs of the command line (``specbench study``, ...) ask
the same questions and leave results folders behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from specbench.core.cluster import Cluster, opened
from specbench.core.errors import ConfigError
from specbench.core.types import Trace
from specbench.metrics import SpeculationMetrics
from specbench.metrics.paired import paired_differences
from specbench.policies import Policy, Threshold
from specbench.predictors import Predictor
from specbench.sim import Latency
from specbench.sim import simulate as simulate_table
from specbench.sim import sweep as sweep_table
from specbench.speculation import Options
from specbench.study.data import refuse_overlap
from specbench.study.evaluation import THRESHOLDS, Settings
from specbench.study.evaluations import Asked, evaluate_all
from specbench.study.predictions import predicted, seeded
from specbench.study.results import Evaluation, PairedComparison, Run

__all__ = ["Predictors", "compare", "evaluate", "simulate", "sweep"]

DEFAULT_POLICY, PLAIN = Threshold(), Options()

Predictors: TypeAlias = str | Predictor | Sequence[str | Predictor]


def evaluate(
    predictors: Predictors,
    train: Sequence[Trace] | None,
    test: Sequence[Trace],
    *,
    latency: str | Latency = "auto",
    predict_ms: float | None = None,
    seed: int = 0,
    allow_overlap: bool = False,
    cluster: str | Cluster | None = None,
) -> Evaluation:
    """Fit predictors on ``train`` and measure them on ``test``.

    Parameters
    ----------
    predictors
        Names or objects, or one of them.
    train, test
        Traces without a task in common. ``None`` for ``train`` measures predictors that are fitted already, such as
        loaded checkpoints, as they are.
    latency
        Seconds for the curves; a model or its text form. By default the recorded ones where the traces carry them.
    predict_ms
        Milliseconds charged for each prediction; each predictor's own measured median when not given.
    seed
        Of training.
    allow_overlap
        Let training and test share tasks (the numbers are too good then).
    cluster
        Fits and measures the predictors side by side: see :func:`specbench.cluster`. What is measured in milliseconds
        is that of its machines; all else is the same.

    Raises
    ------
    ConfigError
        When a predictor does not exist, or training and test share a task.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> evaluation = evaluate("markov", make_traces(6), make_traces(9)[6:])
    >>> evaluation["markov"].fitted, evaluation.metrics["markov"]["points"]
    (True, 22)
    """
    made = _made(predictors, seed)
    if train is None:
        unfitted = [name for name, each in made.items() if not each.fitted]
        if unfitted:
            raise ConfigError(f"without training traces only fitted predictors can be measured; {unfitted[0]!r} is not")
    else:
        train = _traces(train, "training")
        if not train:
            raise ConfigError("there is no training trace to fit on; None measures fitted predictors as they are")
        if not allow_overlap:
            refuse_overlap(train, _traces(test, "test"))
    test = _traces(test, "test")
    settings = Settings(seed, Latency.from_text(latency, seed), predict_ms)
    asked = [Asked(name, each, train, test) for name, each in made.items()]
    with opened(cluster) as elsewhere:
        return Evaluation(list(evaluate_all(asked, settings, cluster=elsewhere)))


def compare(
    predictors: Predictors,
    train: Sequence[Trace],
    test: Sequence[Trace],
    *,
    baseline: str = "markov",
    seed: int = 0,
    allow_overlap: bool = False,
    cluster: str | Cluster | None = None,
) -> PairedComparison:
    """Fit predictors on ``train`` and return their paired differences to a baseline on ``test``.

    Parameters
    ----------
    predictors
        Names or objects, or one of them.
    train, test, seed, allow_overlap, cluster
        As in :func:`evaluate`.
    baseline
        Name of the predictor to compare with; it is added where it is not among them.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> compare("ngram", make_traces(6), make_traces(9)[6:])
    <Comparison of ngram with markov>
    """
    given = _listed(predictors)
    if baseline not in [each if isinstance(each, str) else each.name for each in given]:
        given = [baseline, *given]
    evaluation = evaluate(given, train, test, seed=seed, allow_overlap=allow_overlap, cluster=cluster)
    against = evaluation.results[baseline].table
    rows = [
        {"predictor": name, "rate": rate, **found}
        for name, result in evaluation.results.items()
        if name != baseline
        for rate, found in paired_differences(result.table, against).items()
    ]
    return PairedComparison(evaluation, baseline, pd.DataFrame(rows))


def simulate(
    predictor: str | Predictor,
    traces: Sequence[Trace],
    policy: str | Policy = DEFAULT_POLICY,
    *,
    latency: str | Latency = "auto",
    options: str | Options = PLAIN,
    predict_ms: float | None = None,
    sessions: int = 1,
    seed: int = 0,
) -> Run:
    """Replay recorded traces on a virtual clock: what would speculation have saved and wasted?

    Parameters
    ----------
    predictor
        Fitted, or the name of one that learns nothing (``"oracle"``).
    traces
        What is replayed: traces that the predictor has not learned from.
    policy
        What to launch.
    latency
        By default each decision's and each call's own recorded seconds where the traces carry them (``"measured"``),
        else ``"constant:2,1"``; the report says which.
    options
        Windows, carried results, run-ahead, slots, rate limits.
    predict_ms
        Milliseconds charged for each prediction; the measured median when not given.
    sessions
        Traces that run at the same time.
    seed
        Of drawn latencies.

    Raises
    ------
    ConfigError
        When the predictor is not fitted, or the traces carry no seconds and ``"measured"`` is asked for.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> run = simulate("oracle", make_traces(4), "always")
    >>> run.metrics.precision
    1.0
    """
    made = _fitted(predictor, seed)
    policy, options, traces = Policy.from_text(policy), Options.from_text(options), _traces(traces, "recorded")
    model = Latency.from_text(latency, seed).for_traces(traces)
    found = predicted(made, made.name, traces, predict_ms=predict_ms)
    ledger = simulate_table(
        found.table, policy, latency=model, predict_s=found.predict_s, options=options, sessions=sessions,
        config={"seed": seed},
    )  # fmt: skip
    return Run(found.table, ledger, SpeculationMetrics.of(ledger))


def sweep(
    predictor: str | Predictor,
    traces: Sequence[Trace],
    *,
    thresholds: Sequence[float] = THRESHOLDS,
    k: int = 1,
    latency: str | Latency = "auto",
    predict_ms: float | None = None,
    intervals: bool = False,
    seed: int = 0,
) -> pd.DataFrame:
    """Return recall, waste and savings at many thresholds at once (think window only).

    Parameters
    ----------
    predictor, traces, latency, predict_ms, seed
        As in :func:`simulate`.
    thresholds, k
        Least probabilities; most launches at a decision point.
    intervals
        Add 95 % bands by task.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> sweep("oracle", make_traces(4), thresholds=[0.5])["precision"].tolist()
    [1.0]
    """
    made = _fitted(predictor, seed)
    found = predicted(made, made.name, traces, ahead=False, predict_ms=predict_ms)
    model = Latency.from_text(latency, seed).for_traces(traces)
    return sweep_table(
        found.table, thresholds, k=k, latency=model, predict_s=found.predict_s, intervals=intervals
    ).assign(predictor=made.name)


def _traces(traces: Any, what: str) -> Sequence[Trace]:
    """Return the traces, if they are some."""
    if isinstance(traces, (str, Path)):
        raise ConfigError(f"{what} traces are read first: specbench.read({str(traces)!r})")
    if isinstance(traces, Trace) or not isinstance(traces, Iterable):
        raise ConfigError(f"{what} traces are a list of traces, such as specbench.read(path) gives; got {traces!r}")
    found = traces if isinstance(traces, Sequence) else list(traces)
    if found and not isinstance(found[0], Trace):
        raise ConfigError(f"{what} traces are specbench.Trace objects; got {found[0]!r}")
    return found


def _listed(predictors: Predictors) -> list[str | Predictor]:
    return [predictors] if isinstance(predictors, (str, Predictor)) else list(predictors)


def _made(predictors: Predictors, seed: int) -> dict[str, Predictor]:
    """Return the predictors under different labels."""
    made: dict[str, Predictor] = {}
    for each in _listed(predictors):
        given: object = each
        if not isinstance(given, (str, Predictor)):
            remedy = f"; make one: {given.__name__}()" if isinstance(given, type) else ""
            raise ConfigError(f"a predictor is a name or a specbench.Predictor; got {given!r}{remedy}")
        if isinstance(each, str) and "," in each:
            names = [name.strip() for name in each.split(",")]
            raise ConfigError(f"{each!r} is several names in one text; give a list: {names!r}")
        predictor = seeded(each, seed) if isinstance(each, str) else each
        label = name = each if isinstance(each, str) else each.name
        number = 2
        while label in made:
            label, number = f"{name} {number}", number + 1
        made[label] = predictor
    if not made:
        raise ConfigError("no predictor was given; give a name such as 'markov', or a list of them")
    return made


def _fitted(predictor: str | Predictor, seed: int) -> Predictor:
    (made,) = _made([predictor], seed).values()
    if isinstance(predictor, str):
        if not type(made).control:
            raise ConfigError(
                f"{predictor!r} has to learn first: give the fitted predictor, such as "
                f"evaluate([{predictor!r}], train, test)[{predictor!r}]"
            )
        made.fit([])
    return made
