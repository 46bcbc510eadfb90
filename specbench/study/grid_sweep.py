"""Predictors × policies × latencies × options: every operating point of a design, in parallel, resumable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from specbench.core.cluster import Cluster, opened
from specbench.core.errors import ConfigError
from specbench.core.files import atomic_file, tell_full_disk
from specbench.core.json_values import check_file, read_json
from specbench.core.types import Trace
from specbench.core.version import __version__
from specbench.core.workers import Processes
from specbench.metrics import PredictionTable, SpeculationMetrics
from specbench.policies import Policy
from specbench.predictors import competitor_names
from specbench.sim import Auto, ByProfile, Latency, simulate
from specbench.speculation import Options, RunAhead
from specbench.study.data import split_sizes
from specbench.study.job import Job, kind_of
from specbench.study.predictions import Predicted, fitted, predicted
from specbench.traces.effects import Effects
from specbench.traces.splitting import Split
from specbench.traces.store import Paths, read_effects

__all__ = ["KEYS", "expand_policies", "run_sweep"]

KEYS = ["predictor", "policy", "latency", "options"]
BATCH = 12
MOST_STEPS = 1000


def expand_policies(texts: Sequence[str]) -> list[str]:
    """Return policy texts with ranges written out: ``threshold:0.2:0.4:0.1`` is three of them.

    Examples
    --------
    >>> expand_policies(["topk:1", "threshold:0.2:0.4:0.1"])
    ['topk:1', 'threshold:0.2', 'threshold:0.3', 'threshold:0.4']
    """
    out: list[str] = []
    for text in texts:
        kind, *numbers = text.split(":")
        if len(numbers) == 3:
            try:
                first, last, step = (float(each) for each in numbers)
            except ValueError:
                raise ConfigError(f"{text!r} is no range; use KIND:FIRST:LAST:STEP") from None
            if not step > 0 or not 0 <= (last - first) / step < MOST_STEPS:
                raise ConfigError(
                    f"{text!r}: the step is above 0, the last not below the first, and they give at most {MOST_STEPS} "
                    "values"
                )
            out += [f"{kind}:{value:g}" for value in np.arange(first, last + step / 2, step).round(9)]
        else:
            out.append(text)
    return list(dict.fromkeys(out))


def run_sweep(
    traces: Paths,
    out: str | Path,
    *,
    predictors: Sequence[str] | None = None,
    policies: Sequence[str] = ("threshold:0:0.95:0.05",),
    latencies: Sequence[str] = ("auto",),
    windows: Sequence[str] = ("think",),
    carry_ttl_s: Sequence[float] = (0.0,),
    run_ahead: Sequence[str] = ("0",),
    options: str | Options = "plain",
    sessions: int = 1,
    predict_ms: float | None = None,
    seed: int = 0,
    jobs: int = -1,
    cluster: str | Cluster | None = None,
    format: str | None = None,
    skip_invalid: bool = False,
    effects: Effects | None = None,
    progress: bool = False,
) -> pd.DataFrame:
    """Simulate every combination on held-out traces and write ``sweep.parquet`` to ``out``, a row a combination.

    A sweep that was interrupted goes on where it stopped: the same command does only what is missing, and a longer
    list of policies, latencies or options adds to it. What the rows depend on besides is kept as contents, not as file
    names, in ``config.json``.

    Parameters
    ----------
    traces, out
        As in :func:`specbench.study.simulation.run_simulate`.
    predictors, policies, latencies
        Names (all that need no model by default) and texts; policies may be ranges (:func:`expand_policies`).
    windows, carry_ttl_s, run_ahead
        Sets of options to combine: comma lists of windows, seconds that unused results stay, run-ahead as ``DEPTH`` or
        ``DEPTH@P`` (``0`` for none).
    options
        What all of these have in common: slots, limits, breaker.
    sessions, predict_ms, seed, format, skip_invalid, effects, progress
        As there.
    jobs
        Processes; -1 for all cores.
    cluster
        Fits and simulates there instead of in processes of this machine: see :func:`specbench.core.cluster.cluster`.

    Returns
    -------
    DataFrame
        ``predictor, policy, latency, options`` and the fields of :class:`specbench.metrics.SpeculationMetrics`.

    Raises
    ------
    ConfigError
        When ``out`` holds a sweep of other data, effects, profiles or settings, by another specbench, or anything else.
    """
    policies, options = expand_policies(policies), Options.from_text(options)
    predictors = list(predictors) if predictors is not None else competitor_names()
    job = Job("sweep", locals())
    for text in policies:
        Policy.from_text(text)
    option_sets = {str(each): each for each in _option_sets(options, windows, carry_ttl_s, run_ahead)}
    if jobs == 0:
        raise ConfigError("jobs is a number of processes, or -1 for all cores; got 0")
    folder = Path(out)
    check_file(folder / "config.json")
    data = job.read()
    parts = job.split(data)
    models = {}
    for text in latencies:
        asked_for = Latency.from_text(text, seed)
        model = asked_for.for_traces(parts.test)
        models[str(model) if isinstance(asked_for, Auto) else text] = model  # rows say what the seconds were
    identity = {
        "data": data.hashes, "seed": seed, "sessions": sessions, "predict_ms": predict_ms,
        "effects": None if effects is None else read_effects(effects),
        "profiles": {text: asdict(model.profile) for text, model in models.items() if isinstance(model, ByProfile)},
        "specbench": __version__,
    }  # fmt: skip
    done = _resume(folder, job.kind, identity)
    folder.mkdir(parents=True, exist_ok=True)
    config = {"latencies": {text: model.describe() for text, model in models.items()}}
    job.write_config(folder, data, identity=identity, config=config, split=split_sizes(parts))
    have = {tuple(row) for row in done[KEYS].itertuples(index=False)} if len(done) else set()
    missing = {
        name: [key for key in product([name], policies, models, option_sets) if key not in have] for name in predictors
    }
    asked = [name for name in predictors if missing[name]]
    with opened(cluster) as elsewhere:
        workers = elsewhere if elsewhere is not None else Processes(jobs)
        for name, found in _asked(asked, parts, seed, predict_ms, job, elsewhere):
            table = workers.hold(found.table)
            batches = [missing[name][at : at + BATCH] for at in range(0, len(missing[name]), BATCH)]
            items = [(batch, table, models, found.predict_s, sessions, seed) for batch in batches]
            finished = workers.as_finished(_cells, items)
            for _ in job.progress.bar(batches, f"{name}: simulating"):
                _, rows = next(finished)
                done = pd.concat([done, pd.DataFrame(rows)], ignore_index=True) if len(done) else pd.DataFrame(rows)
                _write(done, folder / "sweep.parquet")
    done = done.sort_values(KEYS, ignore_index=True)
    if asked:
        _write(done, folder / "sweep.parquet")
    return done


def _asked(
    names: Sequence[str], parts: Split, seed: int, predict_ms: float | None, job: Job, cluster: Cluster | None
) -> Iterator[tuple[str, Predicted]]:
    """Fit predictors and ask them: here one after the other, in a cluster side by side."""
    if cluster is None:
        for name in names:
            model = fitted(name, parts.train_and_validation, seed=seed, progress=job.progress)
            yield name, predicted(model, name, parts.test, predict_ms=predict_ms, progress=job.progress)
        return
    train, test = cluster.hold(parts.train_and_validation), cluster.hold(parts.test)
    items = [(name, train, test, seed, predict_ms) for name in names]
    for place, found in cluster.as_finished(_fit_and_ask, items):
        job.progress.note(f"{names[place]}: fitted and asked in the cluster")
        yield names[place], found


def _fit_and_ask(
    name: str, train: Sequence[Trace], test: Sequence[Trace], seed: int, predict_ms: float | None
) -> Predicted:
    return predicted(fitted(name, train, seed=seed), name, test, predict_ms=predict_ms)


def _option_sets(
    common: Options, windows: Sequence[str], carry_ttl_s: Sequence[float], run_ahead: Sequence[str]
) -> Iterator[Options]:
    """Yield every combination, with what all have in common."""
    for names, seconds, depth in product(windows, carry_ttl_s, run_ahead):
        yield replace(
            common,
            windows={name.strip() for name in names.split(",") if name.strip()},
            carry_ttl_s=seconds,
            run_ahead=None if depth == "0" else RunAhead.from_text(depth),
        )


def _cells(
    keys: Sequence[tuple[str, ...]],
    table: PredictionTable,
    models: Mapping[str, Any],
    predict_s: float,
    sessions: int,
    seed: int,
) -> list[dict[str, Any]]:
    rows = []
    for key in keys:
        _, policy, latency, options = key
        ledger = simulate(
            table, Policy.from_text(policy), latency=models[latency], predict_s=predict_s,
            options=Options.from_text(options),
            sessions=sessions,
        )  # fmt: skip
        metrics = SpeculationMetrics.of(ledger).to_dict()
        for name in ("recall_ci", "saved_share_ci", "net_share_ci"):
            low, high = metrics.pop(name) or (None, None)
            metrics[name[:-2] + "low"], metrics[name[:-2] + "high"] = low, high
        rows.append({**dict(zip(KEYS, key, strict=True)), **metrics})
    return rows


def _resume(folder: Path, kind: str, identity: dict[str, Any]) -> pd.DataFrame:
    """Return the rows of an earlier run of the same sweep; ``identity`` gets the profiles of these rows."""
    if not folder.exists() or not any(folder.iterdir()):
        return pd.DataFrame()
    if kind_of(folder) != kind:
        raise ConfigError(f"{folder} holds something else than a sweep; choose another --out")
    earlier = read_json(folder / "config.json").get("identity") or {}
    profiles = {**(earlier.get("profiles") or {}), **identity["profiles"]}
    if {**earlier, "profiles": {**profiles, **(earlier.get("profiles") or {})}} != {**identity, "profiles": profiles}:
        raise ConfigError(
            f"{folder} holds a sweep of other traces, effects, latency profiles, sessions or milliseconds a "
            "prediction, of another seed, or by another specbench; choose another --out, or remove that one"
        )
    identity["profiles"] = profiles
    path = folder / "sweep.parquet"
    return pd.read_parquet(path) if path.is_file() else pd.DataFrame()


def _write(frame: pd.DataFrame, path: Path) -> None:
    with tell_full_disk(path.parent), atomic_file(path) as temporary:
        frame.to_parquet(temporary, compression="zstd")
