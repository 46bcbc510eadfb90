"""Splits by task: no task is in two parts, so that no test conversation has a sibling in training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from specbench.core.display import facts_html, plural
from specbench.core.errors import ConfigError
from specbench.core.extras import named_extras
from specbench.core.types import Trace
from specbench.traces.siblings import task_groups

__all__ = ["Split", "chosen_tasks", "split"]


@dataclass(frozen=True, repr=False)
class Split:
    """Traces in three parts; no task is in two of them."""

    train: list[Trace]
    validation: list[Trace]
    test: list[Trace]

    @property
    def train_and_validation(self) -> list[Trace]:
        """What a predictor learns from when nothing is tuned on the validation part."""
        return self.train + self.validation

    def _sizes(self) -> dict[str, str]:
        return {
            name: f"{plural(len(part), 'trace')} of {plural(len({trace.task_id for trace in part}), 'task')}"
            for name, part in (("train", self.train), ("validation", self.validation), ("test", self.test))
        }

    def __repr__(self) -> str:
        return f"<Split: {'; '.join(f'{name} {size}' for name, size in self._sizes().items())}>"

    def _repr_html_(self) -> str:
        return facts_html("Split by task", self._sizes())


def split(traces: Iterable[Trace], test: float = 0.25, validation: float = 0.15, seed: int = 0) -> Split:
    """Split traces by task, never by turn: all traces of one task fall into the same part.

    So do copies of a conversation under other task ids; see :func:`specbench.traces.siblings.task_groups`.

    Parameters
    ----------
    traces
        In any order; each part keeps it.
    test, validation
        Share of the *tasks*, of all tasks, that goes into each part; at least one task each when above 0, and training
        keeps at least one.
    seed
        The same seed and the same tasks give the same split.

    Raises
    ------
    ConfigError
        When the shares are out of range or there are too few tasks.

    Examples
    --------
    >>> traces = [Trace(f"t{n}", f"task-{n % 10}", "doc", ()) for n in range(40)]
    >>> parts = split(traces)
    >>> len(parts.train), len(parts.validation), len(parts.test)
    (20, 8, 12)
    """
    everything = list(traces)
    _check_shares(test, validation)
    labels = task_groups(everything)
    held_out, tuned = chosen_tasks(sorted(set(labels)), test, validation, seed, len(everything))
    labelled = list(zip(everything, labels, strict=True))
    return Split(
        train=[trace for trace, task in labelled if task not in held_out and task not in tuned],
        validation=[trace for trace, task in labelled if task in tuned],
        test=[trace for trace, task in labelled if task in held_out],
    )


def chosen_tasks(tasks: list[str], test: float, validation: float, seed: int, traces: int) -> tuple[set[str], set[str]]:
    """Return the tasks of the test and of the validation part; ``traces`` is how many they come from, for the error.

    Raises
    ------
    ConfigError
        When the shares are out of range or there are too few tasks.
    """
    _check_shares(test, validation)
    parts = 1 + (test > 0) + (validation > 0)
    if len(tasks) < parts:
        raise ConfigError(
            f"a split into {parts} parts needs at least {parts} tasks; got {len(tasks)} task(s) in {traces} "
            "trace(s); give more tasks, or set test or validation to 0"
        )
    held_out = _choose(tasks, _count(test, len(tasks), spare=parts - 1), seed)
    rest = [task for task in tasks if task not in held_out]
    return held_out, _choose(rest, _count(validation, len(tasks), spare=1, among=len(rest)), (seed + 1) % 2**32)


def _check_shares(test: float, validation: float) -> None:
    for name, share in (("test", test), ("validation", validation)):
        if not 0 <= share < 1:
            raise ConfigError(f"{name} is the share of tasks in that part, from 0 to below 1; got {share}")
    if test + validation >= 1:
        raise ConfigError(
            f"test and validation leave nothing to train on; got {test} + {validation}; lower one of them"
        )


def _count(share: float, tasks: int, *, spare: int, among: int | None = None) -> int:
    if share == 0:
        return 0
    return max(1, min(int(share * tasks + 0.5), (tasks if among is None else among) - spare))


def _choose(tasks: list[str], count: int, seed: int) -> set[str]:
    if count == 0:
        return set()
    with named_extras():
        from sklearn.model_selection import GroupShuffleSplit

    splitter = GroupShuffleSplit(n_splits=1, test_size=count, random_state=seed)
    _, chosen = next(splitter.split(tasks, groups=tasks))
    return {tasks[index] for index in chosen}
