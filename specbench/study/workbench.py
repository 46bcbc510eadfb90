"""What the notebooks and the playground ask: traces split by task, predictors fitted once, runs for any setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from specbench.core.display import clipped, facts_html, plural
from specbench.core.errors import ConfigError
from specbench.core.ledger import Ledger
from specbench.core.types import Effect, Trace
from specbench.metrics import Confusion, PredictionTable, SpeculationMetrics, confusion, predict_traces, rates
from specbench.metrics.information import bits
from specbench.metrics.intervals import ratio_interval
from specbench.metrics.prediction_rates import brier, launch_calibration
from specbench.metrics.prediction_table import DEPTH
from specbench.policies import TopK
from specbench.predictors import Predictor, make_predictor
from specbench.report.episode import Episode
from specbench.sim import simulate, sweep
from specbench.study.data import Data, load_data, split_data
from specbench.study.environment import charged_ms
from specbench.study.evaluation import seeded
from specbench.study.model_card import origin_card
from specbench.study.python_script import origin_of, script
from specbench.study.setting import Setting
from specbench.traces.collection import sample_path
from specbench.traces.effects import Effects
from specbench.traces.store import Paths

__all__ = ["Setting", "Workbench"]

THRESHOLDS = tuple(step / 50 for step in range(51))
CHEAP = 0.05
"""Waste that the leaderboard allows, as a share of the sequential time."""


class Workbench:
    """Traces with their split, and predictors that are fitted when they are first asked.

    Parameters
    ----------
    traces
        Files and folders; the shipped sample by default.
    seed
        Of the split and of every fit.
    most
        Use at most so many tasks (FAST mode): the first ones.
    effects, format
        As in :func:`specbench.traces.store.read_traces`.

    Examples
    --------
    >>> bench = Workbench(most=12)
    >>> ledger, metrics = bench.run(Setting("markov", "threshold:0.2"))
    >>> len(ledger.outcomes) == len(bench.table("markov"))
    True
    """

    def __init__(
        self,
        traces: Paths | None = None,
        *,
        seed: int = 0,
        most: int | None = None,
        effects: Effects | None = None,
        format: str | None = None,
    ) -> None:
        data = load_data(traces if traces is not None else sample_path(), format, effects=effects)
        if most is not None:
            kept = set(sorted(data.tasks)[:most])
            data = Data([trace for trace in data.traces if trace.task_id in kept], data.report)
        self.data, self.seed = data, seed
        self.origin = origin_of(traces, effects, seed=seed, most=most, format=format)
        self.recipes: dict[str, dict[str, Any]] = {}
        self.parts = split_data(data, seed)
        self._predictors: dict[str, Predictor] = {}
        self._tables: dict[str, PredictionTable] = {}
        self._rates: dict[str, dict[str, Any]] = {}
        self._curves: dict[tuple[Any, ...], pd.DataFrame] = {}

    def __repr__(self) -> str:
        fitted = ", ".join(self._predictors) or "none"
        sizes = f"{plural(len(self.train), 'training trace')}, {plural(len(self.test), 'test trace')}"
        return f"<Workbench: {sizes}; predictors fitted: {clipped(fitted, 80)}>"

    def _repr_html_(self) -> str:
        return facts_html(
            "Workbench",
            {"traces": len(self.data.traces), "tasks": len(self.data.tasks), "training traces": len(self.train),
             "test traces": len(self.test), "predictors fitted": ", ".join(self._predictors) or "none"},
        )  # fmt: skip

    @property
    def train(self) -> list[Trace]:
        """Training and validation traces: what predictors are fitted on."""
        return self.parts.train + self.parts.validation

    @property
    def test(self) -> list[Trace]:
        """Test traces: what every number is about."""
        return self.parts.test

    def add(
        self, label: str, predictor: Predictor | None = None, *, checkpoint: str | Path | None = None, **options: Any
    ) -> Predictor:
        """Add a predictor: a fitted one, a checkpoint, or a variant (``add("bare", name="learned", folds=2)``).

        With a checkpoint, the options say how it was trained on these traces, for :meth:`code`.
        """
        recipe = {"name": label, **options}
        if checkpoint is not None:
            from specbench.predictors.checkpoint import load

            predictor = load(checkpoint)
            recipe = recipe if options else {"checkpoint": str(Path(checkpoint).resolve())}
        elif predictor is None:
            predictor = seeded(**{**recipe, "seed": self.seed}).fit(self.train)
        else:
            recipe = {}
        self._predictors[label] = predictor
        self.recipes[label] = recipe
        self._tables.pop(label, None)
        self._rates.pop(label, None)
        self._curves = {key: frame for key, frame in self._curves.items() if key[0] != label}
        return predictor

    def predictor(self, name: str) -> Predictor:
        """Return a predictor, fitted on the training traces."""
        if name not in self._predictors:
            make_predictor(name)
            self._predictors[name] = seeded(name, self.seed).fit(self.train)
        return self._predictors[name]

    def labels(self) -> list[str]:
        """Return the predictors that have been fitted or added."""
        return list(self._predictors)

    def measured(self, setting: Setting | None = None) -> bool:
        """Whether a run with this setting (the default one) takes the seconds that the test traces recorded."""
        return (setting if setting is not None else Setting()).latency.for_traces(self.test).measured

    def known(self, name: str) -> bool:
        """Whether asking this predictor takes no time: its table is there."""
        return name in self._tables

    def table(self, name: str) -> PredictionTable:
        """Return what a predictor says at every test decision point, made once."""
        if name not in self._tables:
            table = predict_traces(self.predictor(name), self.test, ahead=True)
            table.predictor = name
            self._tables[name] = table
        return self._tables[name]

    def curve(self, setting: Setting, intervals: bool = False) -> pd.DataFrame:
        """Return recall against waste at every threshold, think window only (:func:`specbench.sim.sweep`)."""
        table = self.table(setting.predictor)
        key = (setting.predictor, setting.k, repr(setting.latency), setting.predict_ms, intervals)
        if key not in self._curves:
            self._curves[key] = sweep(
                table, THRESHOLDS, k=setting.k, latency=setting.latency.for_traces(self.test),
                predict_s=setting.predict_ms / 1e3, intervals=intervals,
            ).assign(predictor=setting.predictor)  # fmt: skip
        return self._curves[key].copy()

    def curves(
        self, names: str | Sequence[str], setting: Setting | None = None, intervals: bool = True
    ) -> pd.DataFrame:
        """Return the curves of several predictors; without a setting each is charged its own latency."""
        frames = []
        for name in _names(names):
            if setting is None:
                own_ms = charged_ms(float(np.median(self.table(name).latency_ms)))
                frames.append(self.curve(Setting(predictor=name, predict_ms=own_ms), intervals))
            else:
                frames.append(self.curve(replace(setting, predictor=name), intervals))
        return pd.concat(frames, ignore_index=True)

    def run(self, setting: Setting | str) -> tuple[Ledger, SpeculationMetrics]:
        """Simulate the test traces with a setting, or with a predictor's name at the default setting."""
        setting = Setting(setting) if isinstance(setting, str) else setting
        return self._run(self.table(setting.predictor), setting)

    def _run(self, table: PredictionTable, setting: Setting) -> tuple[Ledger, SpeculationMetrics]:
        ledger = simulate(
            table, setting.policy, latency=setting.latency.for_traces(self.test), predict_s=setting.predict_ms / 1e3,
            options=setting.options, config={"seed": self.seed},
        )  # fmt: skip
        return ledger, SpeculationMetrics.of(ledger)

    # --- what people take home --------------------------------------------------------------------------------------

    def code(self, setting: Setting, folder: str | Path | None = None, *, run: bool = True) -> str:
        """Return Python that trains the same predictor and gives the same run outside Jupyter.

        Parameters
        ----------
        setting
            The run.
        folder
            Where the code writes the checkpoint; nowhere by default.
        run
            End with the run and its numbers.

        Examples
        --------
        >>> print(Workbench(most=12).code(Setting("markov", "threshold:0.6,2")))
        # Written by specbench: Workbench.code().
        import specbench as sb
        <BLANKLINE>
        bench = sb.Workbench(most=12)
        setting = sb.Setting(predictor='markov', policy='threshold:0.6,2')
        ledger, metrics = bench.run(setting)
        print(metrics.report())
        <BLANKLINE>
        """
        return script(self.origin, self.recipes.get(setting.predictor), setting, folder, run=run)

    def save(self, name: str, folder: str | Path) -> Path:
        """Write a predictor's checkpoint with a card that says what it learned from; returns the folder."""
        from specbench.predictors.checkpoint import read_card, save

        recipe = self.recipes.get(name, {})
        if "checkpoint" in recipe:
            return save(self.predictor(name), folder, card=read_card(recipe["checkpoint"]))
        made = f"Workbench.save({name!r}, folder); Workbench.code() gives the whole script"
        return save(self.predictor(name), folder, card=origin_card(self.data, self.parts, self.seed, made))

    # --- what the notebooks tabulate --------------------------------------------------------------------------------

    def time_shares(self, setting: Setting | None = None) -> tuple[dict[str, float], float]:
        """Return the test traces' seconds by kind, and those that a perfect predictor of READ calls would hide."""
        setting = replace(setting if setting is not None else Setting(), predictor="oracle", policy=TopK(DEPTH))
        ledger, metrics = self.run(setting)
        seconds = {"LLM": 0.0, "READ tools": 0.0, "other tools": 0.0}
        for row in ledger.outcomes:
            seconds["LLM"] += row.think_s
            seconds["READ tools" if row.effect == Effect.READ else "other tools"] += row.tool_s
        return seconds, metrics.saved_s

    def information(self, names: str | Sequence[str]) -> pd.DataFrame:
        """Return the bits that each predictor leaves to guess (:func:`specbench.metrics.information.bits`)."""
        return pd.DataFrame([{"predictor": name, **bits(self.table(name))._asdict()} for name in _names(names)])

    def accuracy(self, names: str | Sequence[str]) -> pd.DataFrame:
        """Return how often tool, call and call-or-reply are right, with intervals of the READ calls (95 %, by task)."""
        rows = []
        for name in _names(names):
            found = self.rates(name)
            low, high = found["ci"]["read_call_top1"] or (None, None)
            rows.append(
                {"predictor": name, "tool @1": found["tool_top1"], "READ call @1": found["read_call_top1"],
                 "low": low, "high": high, "READ call @3": found["read_call_top3"],
                 "call or reply": found["reply_accuracy"], "calibration error": found["ece"]}
            )  # fmt: skip
        return pd.DataFrame(rows)

    def calibration(self, names: str | Sequence[str], threshold: float = 0.0) -> pd.DataFrame:
        """Return how honest the launches at a threshold are, one row a predictor, each beside the first.

        Columns: ``launches, mean p, hit share``; ``difference`` (hits − p) with its 95 % interval by task; ``ECE`` and
        what honest launches would show by chance; ``Brier`` of all decisions, and its paired difference to the first
        predictor with its interval (below 0: better).
        """
        rows: list[dict[str, Any]] = []
        first = brier(self.table(_names(names)[0]))
        for name in _names(names):
            table = self.table(name)
            found, score = launch_calibration(table, threshold), brier(table)
            beside = ratio_interval(table.tasks, score - first, np.ones(len(score)), share=False) if rows else None
            rows.append(
                {"predictor": name, "launches": found["count"], "mean p": found["mean_p"],
                 "hit share": found["hit_share"], "difference": found["difference"], "low": found["low"],
                 "high": found["high"], "ECE": found["ece"], "honest ECE": found["honest"],
                 "Brier": float(score.mean()), "Brier minus first": float((score - first).mean()),
                 "Brier low": beside and beside[0], "Brier high": beside and beside[1]}
            )  # fmt: skip
        return pd.DataFrame(rows)

    def rates(self, name: str) -> dict[str, Any]:
        """Return the rates of a predictor (:func:`specbench.metrics.rates`), computed once."""
        if name not in self._rates:
            self._rates[name] = rates(self.table(name))
        return self._rates[name]

    def leaderboard(self, setting: Setting) -> pd.DataFrame:
        """Return the predictors that have been asked, best net first, with this setting's seconds.

        The recall is the best of all thresholds that waste at most 5 % of the sequential time; net the best of all.
        """
        rows = []
        for name in self._tables:
            curve, found = self.curve(replace(setting, predictor=name)), self.rates(name)
            best = curve.iloc[int(curve["net_s"].argmax())]
            cheap, ci = curve[curve["wasted_share"] <= CHEAP]["recall"].max(), found["ci"].get("read_call_top1")
            rows.append(
                {"predictor": name, "tool @1": found["tool_top1"],
                 "READ call @1": (found["read_call_top1"], *(ci or (None, None))), "recall at ≤ 5 % waste": cheap,
                 "best net, s": best["net_s"], "at p ≥": best["threshold"]}
            )  # fmt: skip
        return pd.DataFrame(rows).sort_values("best net, s", ascending=False, ignore_index=True)

    def transitions(self, most: int = 12) -> pd.DataFrame:
        """Return how often which outcome (columns) followed which (rows) in the training traces."""
        pairs = []
        for trace in self.train:
            outcomes = ["start", *(d.outcome.name if d.outcome else "reply" for d in trace.decisions())]
            pairs += list(pairwise(outcomes))
        before, after = (
            pd.Series([pair[at] for pair in pairs], name=name) for at, name in enumerate(("after", "comes"))
        )
        frame = pd.crosstab(before, after)
        rows = frame.sum(axis=1).sort_values(ascending=False).index[:most]
        return frame.loc[rows, frame.sum().sort_values(ascending=False).index[:most]]

    # --- one conversation -------------------------------------------------------------------------------------------

    def episodes(self) -> list[str]:
        """Return the test conversations."""
        return [trace.trace_id for trace in self.test]

    def episode(self, trace_id: str, setting: Setting) -> Episode:
        """Simulate one conversation."""
        table = self.table(setting.predictor)
        own = table.of_traces(frozenset({trace_id}))
        if not len(own):
            raise ConfigError(f"no test conversation is called {trace_id!r}; use one of Workbench.episodes()")
        ledger, metrics = self._run(own, setting)
        trace = next(each for each in self.test if each.trace_id == trace_id)
        return Episode(trace, own, ledger, metrics)

    def why(self, trace_id: str, index: int, setting: Setting, k: int = 3) -> list[str]:
        """Return why the predictor says what it says at a decision point; nothing where it cannot tell."""
        table = self.table(setting.predictor)
        point = next(each for each in table.points if each.trace_id == trace_id and each.index == index)
        return [str(each) for each in self.predictor(setting.predictor).at(point).explain(k)]

    def confusion(self, setting: Setting, most: int = 12) -> Confusion:
        """Return which tools this operating point launches where which one was called; replies included."""
        return confusion(self.run(setting)[0], most)


def _names(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)
