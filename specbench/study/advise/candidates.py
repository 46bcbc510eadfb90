"""What predictors reach on held-out tasks, within a budget of minutes: quick counting ones, and ``learned``."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from specbench.core.display import plural
from specbench.core.types import Trace
from specbench.metrics.intervals import MIN_TASKS
from specbench.policies import DEFAULT_THRESHOLD
from specbench.study.evaluation import Evaluated, Settings, evaluate_predictor
from specbench.study.operating_point import OperatingPoint, best_point
from specbench.study.predictions import Predicted, predicted, seeded
from specbench.study.progress import Progress
from specbench.traces.splitting import Split

__all__ = ["COUNTING", "LEARNED", "Candidate", "Clock", "best_of", "candidates"]

COUNTING = ("markov", "patterns")
"""Predictors that only count; each takes seconds."""
LEARNED = "learned"
FEW_TASKS = 8
"""Training tasks below which ``learned`` is not fitted: it cross-fits over folds of tasks."""
PILOT, PILOT_TASKS = 200, 4
"""Decisions and tasks, at least, of the pilot fit of ``learned``, which tells how long a whole one takes."""
PER_TASK = 0.7
"""Share of the pilot's time that grows with the tasks."""
SMALL = 800
"""Training decisions that ``learned`` is always fitted on: that takes half a minute."""


class Clock:
    """The budget of minutes.

    Parameters
    ----------
    minutes
        In all, from now on.

    Examples
    --------
    >>> Clock(0.0).left_s
    0.0
    """

    def __init__(self, minutes: float) -> None:
        self.until = time.monotonic() + 60 * minutes
        self.given_s = 60 * minutes

    @property
    def left_s(self) -> float:
        """Seconds that are left."""
        return max(0.0, self.until - time.monotonic())


@dataclass(frozen=True)
class Candidate:
    """One predictor, tuned on validation tasks and measured once on test tasks.

    Parameters
    ----------
    measured
        Its rates and curve on the test tasks, at its operating point.
    tuned
        What it says on the validation tasks.
    point
        Its threshold, and where that comes from.
    validation_net
        Net gain at that threshold on the validation tasks, as a share of their time.
    trained_on, of
        Traces that it learned from, and training traces there are: fewer where the time did not reach.
    """

    measured: Evaluated
    tuned: Predicted | None
    point: OperatingPoint
    validation_net: float
    trained_on: int
    of: int

    @property
    def name(self) -> str:
        """The predictor's name."""
        return self.measured.name


def candidates(
    parts: Split, settings: Settings, budget: float | None, clock: Clock, progress: Progress
) -> tuple[list[Candidate], list[str]]:
    """Return the predictors with what they reach, and a sentence for each that was left out or cut short.

    Parameters
    ----------
    parts
        The split by task.
    settings
        Seed, seconds, the price of waste and the least gain.
    budget
        Most wasted ÷ sequential seconds; ``None`` for no such limit.
    clock
        When to be ready. The counting ones run in any case.
    progress
        Told what is done.
    """
    started = time.monotonic()
    found = [_candidate(name, parts.train, len(parts.train), parts, settings, budget, progress) for name in COUNTING]
    tasks = len({trace.task_id for trace in parts.train})
    if tasks < FEW_TASKS:
        return found, [f"`learned` was not fitted: it needs {FEW_TASKS} training tasks, and there are {tasks}."]
    kept, why = _affordable(parts, settings, clock, progress, (time.monotonic() - started) / len(COUNTING))
    if kept:
        found.append(_candidate(LEARNED, kept, len(parts.train), parts, settings, budget, progress))
    return found, [why] if why else []


def best_of(found: Sequence[Candidate]) -> Candidate:
    """Return the one with the best net gain on the validation tasks; of equal ones the last, which is the strongest."""
    return max(reversed(found), key=lambda each: each.validation_net)


def _candidate(
    name: str, train: Sequence[Trace], of: int, parts: Split, settings: Settings, budget: float | None,
    progress: Progress,
) -> Candidate:  # fmt: skip
    progress.note(f"{name}: fitting on {plural(len(train), 'trace')}")
    predictor = seeded(name, settings.seed).fit(train)
    tasks = len({trace.task_id for trace in parts.validation})
    point, tuned, net = OperatingPoint(DEFAULT_THRESHOLD), None, 0.0
    if tasks >= MIN_TASKS:
        tuned = predicted(predictor, name, parts.validation, ahead=False, progress=progress)
        point, net = best_point(tuned, settings.model(parts.validation), settings, budget)
    at = replace(settings, threshold=point.p)
    measured = evaluate_predictor(name, None, parts.test, at, progress, predictor)
    return Candidate(measured, tuned, point, net, len(train), of)


def _affordable(
    parts: Split, settings: Settings, clock: Clock, progress: Progress, after_s: float
) -> tuple[list[Trace], str | None]:
    """Return the training traces of as many tasks as ``learned`` can be fitted on in the time that is left.

    ``after_s`` is what the measurements behind it are expected to take.
    """
    if not clock.left_s:
        return [], f"`learned` was not fitted: the time ({clock.given_s / 60:g} minutes) is over; see --minutes."
    by_task: dict[str, list[Trace]] = {}
    for trace in parts.train:
        by_task.setdefault(trace.task_id, []).append(trace)
    tasks = list(by_task)
    if _decisions(parts.train) <= SMALL:
        return list(parts.train), None
    pilot: list[Trace] = []
    for number, task in enumerate(tasks):
        if number >= PILOT_TASKS and _decisions(pilot) >= PILOT:
            break
        pilot += by_task[task]
    started = time.monotonic()
    progress.note(f"{LEARNED}: a pilot fit on {plural(len(pilot), 'trace')} tells how long it takes")
    predictor = seeded(LEARNED, settings.seed).fit(pilot)
    pilot_s = time.monotonic() - started
    all_s = pilot_s * (1 - PER_TASK + PER_TASK * len(parts.train) / len(pilot))
    asked = predicted(predictor, LEARNED, [*parts.validation[:5], *parts.test[:5]], ahead=False)
    ask_s = 2e-3 * float(asked.table.latency_ms.mean())  # each decision is asked twice: for the time, for the guess
    left_s = max(0.0, clock.left_s - ask_s * _decisions([*parts.validation, *parts.test]) - after_s)
    share = left_s / all_s
    if share >= 0.9:
        return list(parts.train), None
    kept = [trace for task in tasks[: int(share * len(tasks))] for trace in by_task[task]]
    kept = max(kept, pilot, key=len)
    return kept, (
        f"`learned` was fitted on {len(kept):,} of {len(parts.train):,} training traces, as {clock.given_s / 60:g} "
        "minutes do not reach for all: more may show more "
        f"(--minutes {math.ceil((clock.given_s + all_s) / 60)})."
    )


def _decisions(traces: Sequence[Trace]) -> int:
    return sum(message.role == "assistant" for trace in traces for message in trace.messages)
