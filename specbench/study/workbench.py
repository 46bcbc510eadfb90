"""What the notebooks and the playground ask: traces split by task, predictors fitted once, runs for any setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from specbench.errors import ConfigError
from specbench.ledger import Ledger
from specbench.metrics import PredictionTable, SpeculationMetrics, predict_traces, rates
from specbench.metrics.information import bits
from specbench.policies import Policy, parse_policy
from specbench.predictors import Predictor, make_predictor
from specbench.sim import Constant, Latency, simulate, sweep
from specbench.speculation import Options, parse_options
from specbench.study.compare.paired import subset
from specbench.study.data import Data, load_data, shipped_traces, split_data
from specbench.study.environment import charged_ms
from specbench.study.episode import Episode
from specbench.study.evaluate import seeded
from specbench.traces.store import Paths
from specbench.types import Effect, Trace

__all__ = ["Setting", "Workbench"]

THRESHOLDS = tuple(step / 50 for step in range(51))


@dataclass(frozen=True)
class Setting:
    """One operating point: a predictor, a policy, seconds, windows. Everything that the widgets move.

    Parameters
    ----------
    predictor
        A name, or the label of one that was added to the workbench.
    policy
        ``threshold``, ``topk`` or ``ev``.
    threshold, k, waste
        Least probability; most launches at a decision point; what a wasted second costs (``ev``).
    think_s, tool_s, user_s, predict_ms
        Seconds of LLM, tool and user; milliseconds of the predictor.
    windows
        Some of ``think, tool, user``.
    carry_s
        Seconds that unused results stay.
    ahead
        Depth of run-ahead; 0 for none.
    launches
        Budget of a session; 0 for none.

    Examples
    --------
    >>> Setting(threshold=0.4, k=2, carry_s=60).policy_text(), Setting(carry_s=60, ahead=1).options_text()
    ('threshold:0.4,2', 'windows=think; carry=60; ahead=1')
    """

    predictor: str = "ngram"
    policy: str = "threshold"
    threshold: float = 0.6
    k: int = 1
    waste: float = 0.5
    think_s: float = 2.0
    tool_s: float = 1.0
    user_s: float = 8.0
    predict_ms: float = 2.0
    windows: tuple[str, ...] = ("think",)
    carry_s: float = 0.0
    ahead: int = 0
    launches: int = 0

    def policy_text(self) -> str:
        """Return the policy as ``specbench simulate`` takes it."""
        text = {
            "threshold": f"threshold:{self.threshold:g},{self.k}",
            "topk": f"topk:{self.k}",
            "ev": f"ev:{self.waste:g},{self.k}",
        }[self.policy]
        return f"{text}+launches:{self.launches}" if self.launches else text

    def options_text(self) -> str:
        """Return the options as ``specbench simulate`` takes them."""
        parts = [f"windows={'+'.join(self.windows) or 'think'}"]
        parts += [f"carry={self.carry_s:g}"] if self.carry_s else []
        parts += [f"ahead={self.ahead}"] if self.ahead else []
        return "; ".join(parts)

    def latency(self) -> Latency:
        """Return the latency model."""
        return Constant(self.think_s, self.tool_s, self.user_s)

    def make_policy(self) -> Policy:
        """Return the policy."""
        return parse_policy(self.policy_text())

    def make_options(self) -> Options:
        """Return the options."""
        return parse_options(self.options_text())

    def code(self, traces: str, checkpoint: str | None = None) -> str:
        """Return Python that gives the same run outside Jupyter.

        Examples
        --------
        >>> "Setting(" in Setting().code("data/support_desk.jsonl")
        True
        """
        given = asdict(self)
        default = asdict(Setting())
        own = ", ".join(f"{name}={value!r}" for name, value in given.items() if value != default[name])
        lines = ["from specbench.study.workbench import Setting, Workbench", "", f"bench = Workbench({traces!r})"]
        if checkpoint is not None:
            lines.append(f"bench.add({self.predictor!r}, checkpoint={checkpoint!r})")
        lines += [f"setting = Setting({own})", "ledger, metrics = bench.run(setting)", "print(metrics.report())"]
        return "\n".join(lines) + "\n"


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
    >>> ledger, metrics = bench.run(Setting(predictor="markov", threshold=0.2))
    >>> len(ledger.outcomes) == len(bench.table("markov"))
    True
    """

    def __init__(
        self,
        traces: Paths | None = None,
        *,
        seed: int = 0,
        most: int | None = None,
        effects: str | Path | Mapping[str, Effect | str] | None = None,
        format: str | None = None,
    ) -> None:
        data = load_data(traces if traces is not None else shipped_traces(), format, effects=effects)
        if most is not None:
            kept = set(sorted(data.tasks)[:most])
            data = Data([trace for trace in data.traces if trace.task_id in kept], data.report)
        self.data, self.seed = data, seed
        self.parts = split_data(data, seed)
        self._predictors: dict[str, Predictor] = {}
        self._tables: dict[str, PredictionTable] = {}
        self._curves: dict[tuple[Any, ...], pd.DataFrame] = {}

    @property
    def train(self) -> list[Trace]:
        """Training and validation traces: what predictors are fitted on."""
        return self.parts.train + self.parts.validation

    @property
    def test(self) -> list[Trace]:
        """Test traces: what every number is about."""
        return self.parts.test

    def add(
        self, label: str, predictor: Predictor | None = None, *, checkpoint: str | Path | None = None, **options: object
    ) -> Predictor:
        """Add a predictor: a fitted one, a checkpoint, or a variant (``add("bare", name="learned", folds=2)``)."""
        if checkpoint is not None:
            from specbench.predictors.checkpoint import load

            predictor = load(checkpoint)
        if predictor is None:
            name = str(options.pop("name", label))
            predictor = seeded(name, self.seed, **options).fit(self.train)
        self._predictors[label] = predictor
        self._tables.pop(label, None)
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

    def curve(self, setting: Setting, resamples: int = 0) -> pd.DataFrame:
        """Return recall against waste at every threshold, think window only (:func:`specbench.sim.sweep`)."""
        table = self.table(setting.predictor)
        key = (
            setting.predictor, setting.k, setting.think_s, setting.tool_s, setting.user_s, setting.predict_ms, resamples
        )  # fmt: skip
        if key not in self._curves:
            self._curves[key] = sweep(
                table, THRESHOLDS, k=setting.k, latency=setting.latency(), predict_s=setting.predict_ms / 1e3,
                resamples=resamples, seed=self.seed,
            ).assign(predictor=setting.predictor)  # fmt: skip
        return self._curves[key].copy()

    def curves(self, names: Sequence[str], setting: Setting | None = None, resamples: int = 200) -> pd.DataFrame:
        """Return the curves of several predictors; without a setting each is charged its own latency."""
        frames = []
        for name in names:
            if setting is None:
                own_ms = charged_ms(float(np.median(self.table(name).latency_ms)))
                frames.append(self.curve(Setting(predictor=name, predict_ms=own_ms), resamples))
            else:
                frames.append(self.curve(replace(setting, predictor=name), resamples))
        return pd.concat(frames, ignore_index=True)

    def run(self, setting: Setting, *, intervals: bool = True) -> tuple[Ledger, SpeculationMetrics]:
        """Simulate the test traces with a setting (modelled seconds)."""
        return self._run(self.table(setting.predictor), setting, intervals)

    def _run(self, table: PredictionTable, setting: Setting, intervals: bool) -> tuple[Ledger, SpeculationMetrics]:
        ledger = simulate(
            table, setting.make_policy(), latency=setting.latency(), predict_s=setting.predict_ms / 1e3,
            options=setting.make_options(), config={"seed": self.seed},
        )  # fmt: skip
        return ledger, SpeculationMetrics.of(ledger, resamples=500 if intervals else 0, seed=self.seed)

    # --- what the notebooks tabulate --------------------------------------------------------------------------------

    def time_shares(self, setting: Setting | None = None) -> tuple[dict[str, float], float]:
        """Return the test traces' seconds by kind, and those that a perfect predictor of READ calls would hide."""
        setting = replace(setting if setting is not None else Setting(), predictor="oracle", policy="topk", k=1)
        ledger, metrics = self.run(setting, intervals=False)
        seconds = {"LLM": 0.0, "READ tools": 0.0, "other tools": 0.0}
        for row in ledger.outcomes:
            seconds["LLM"] += row.think_s
            seconds["READ tools" if row.effect == Effect.READ else "other tools"] += row.tool_s
        return seconds, metrics.saved_s

    def information(self, names: Sequence[str]) -> pd.DataFrame:
        """Return the bits that each predictor leaves to guess (:func:`specbench.metrics.information.bits`)."""
        return pd.DataFrame([{"predictor": name, **bits(self.table(name))._asdict()} for name in names])

    def accuracy(self, names: Sequence[str]) -> pd.DataFrame:
        """Return how often tool, call and call-or-reply are right, with intervals of the READ calls (95 %, by task)."""
        rows = []
        for name in names:
            found = rates(self.table(name))
            low, high = found["ci"]["read_call_top1"] or (None, None)
            rows.append(
                {"predictor": name, "tool @1": found["tool_top1"], "READ call @1": found["read_call_top1"],
                 "low": low, "high": high, "READ call @3": found["read_call_top3"],
                 "call or reply": found["reply_accuracy"], "calibration error": found["ece"]}
            )  # fmt: skip
        return pd.DataFrame(rows)

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
        own = subset(table, frozenset({trace_id}))
        if not len(own):
            raise ConfigError(f"no test conversation is called {trace_id!r}; use one of Workbench.episodes()")
        ledger, metrics = self._run(own, setting, False)
        trace = next(each for each in self.test if each.trace_id == trace_id)
        return Episode(trace, own, ledger, metrics)

    def why(self, trace_id: str, index: int, setting: Setting, k: int = 3) -> list[str]:
        """Return why the predictor says what it says at a decision point; learned predictors only, else nothing."""
        from specbench.predictors.explain import explain
        from specbench.predictors.learned import LearnedSession

        table = self.table(setting.predictor)
        point = next(each for each in table.points if each.trace_id == trace_id and each.index == index)
        session = self.predictor(setting.predictor).at(point)
        if not isinstance(session, LearnedSession):
            return []
        return [str(each) for each in explain(session, k)]

    def confusion(self, setting: Setting, most: int = 12) -> pd.DataFrame:
        """Return how often which tool was predicted (columns) where which one was called (rows); replies included."""
        table = self.table(setting.predictor)
        called = [calls[0].name if calls else "reply" for calls in table.calls]
        guessed = [(tools[0].tool or "reply") if tools else "abstains" for tools in table.tools]
        frame = pd.crosstab(pd.Series(called, name="called"), pd.Series(guessed, name="predicted"))
        top = frame.sum(axis=1).sort_values(ascending=False).index[:most]
        columns = [name for name in [*top, "reply", "abstains"] if name in frame.columns]
        columns += [name for name in frame.columns if name not in columns]
        return frame.loc[top, list(dict.fromkeys(columns))[: most + 2]]
