"""Contract checks of fitting, learning and saving."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from specbench.core.errors import NotFittedError
from specbench.core.types import Message, Trace
from specbench.predictors import checkpoint
from specbench.testing.checks_predict import frozen
from specbench.testing.subject import Subject, require, require_same, require_valid
from specbench.testing.traces import odd_trace

__all__ = [
    "check_checkpoint",
    "check_cold_start",
    "check_deterministic",
    "check_fit_on_no_calls",
    "check_fit_on_odd_traces",
    "check_fit_on_one_tool",
    "check_fit_on_one_trace",
    "check_learn",
    "check_not_fitted",
    "check_refit",
]


def check_not_fitted(subject: Subject) -> None:
    """Before ``fit``, ``predict`` raises :class:`~specbench.core.errors.NotFittedError`, and so does ``save``."""
    predictor = subject.make()
    require(not predictor.fitted, "a new predictor says that it is fitted")
    with TemporaryDirectory() as folder:
        for what, act in (
            ("predict", lambda: predictor.predict(subject.points[0])),
            ("save", lambda: predictor.save(Path(folder) / "checkpoint")),
            ("replay", lambda: next(predictor.replay(subject.held_out[0]))),
        ):
            try:
                act()
            except NotFittedError:
                continue
            require(False, f"{what} of a predictor that was never fitted does not raise NotFittedError")


def check_cold_start(subject: Subject) -> None:
    """Fitting on no traces works and returns the predictor; it abstains, or predicts within the rules."""
    predictor = subject.make()
    require(predictor.fit([]) is predictor, "fit does not return the predictor itself")
    require(predictor.fitted, "a predictor fitted on no traces says that it is not fitted")
    require_valid(predictor, subject.points, "after fitting on no traces")


def check_deterministic(subject: Subject) -> None:
    """Two fits on the same traces predict the same: every random choice comes from a seed."""
    require_same(
        subject.fitted, subject.make().fit(subject.training), subject.points, "two fits on the same traces differ"
    )


def check_refit(subject: Subject) -> None:
    """A second ``fit`` forgets the first."""
    half = subject.training[: len(subject.training) // 2]
    twice = subject.make().fit(half).fit(subject.training)
    require_same(subject.fitted, twice, subject.points, "fitting again does not forget what was learned before")


def check_checkpoint(subject: Subject) -> None:
    """Saving and loading changes no prediction."""
    with TemporaryDirectory() as home:
        folder = subject.fitted.save(Path(home) / "checkpoint")
        loaded = checkpoint.load(folder, make=subject.make)
    points = [*subject.points, *(decision.point for decision in odd_trace().decisions())]
    require_same(subject.fitted, loaded, points, "a loaded checkpoint predicts something else")


def check_fit_on_one_trace(subject: Subject) -> None:
    """One conversation is enough to fit on."""
    predictor = subject.make().fit(subject.training[:1])
    require_valid(predictor, subject.points, "after fitting on one trace")


def check_fit_on_one_tool(subject: Subject) -> None:
    """Traces with a single tool are enough to fit on."""
    traces = []
    for trace in subject.training[:4]:
        calls = [call for message in trace.messages for call in message.tool_calls]
        keep = calls[0].name if calls else ""
        kept = []
        for message in trace.messages:
            if message.tool_calls:
                message = replace(message, tool_calls=tuple(call for call in message.tool_calls if call.name == keep))
            kept.append(message)
        tools = {keep: trace.tools[keep]} if keep in trace.tools else {}
        traces.append(replace(trace, messages=tuple(kept), tools=tools))
    require_valid(subject.make().fit(traces), subject.points, "after fitting on traces with one tool")


def check_fit_on_no_calls(subject: Subject) -> None:
    """Traces in which no tool is ever called, or nobody says a word, are no reason to fail."""
    talk = (Message("user", "hello"), Message("assistant", "hello"))
    traces = [Trace(f"talk_{at}", f"task_{at}", "testing", talk[: at % 3]) for at in range(6)]
    require_valid(subject.make().fit(traces), subject.points, "after fitting on traces without calls")


def check_fit_on_odd_traces(subject: Subject) -> None:
    """Invalid arguments, parallel calls, errors and missing results among the training traces do no harm."""
    predictor = subject.make().fit([*subject.training[:4], odd_trace()])
    points = [*subject.points[:4], *(decision.point for decision in odd_trace().decisions())]
    require_valid(predictor, points, "after fitting on odd traces")


def check_learn(subject: Subject) -> None:
    """``learn`` keeps the contract and leaves a state that can be saved; so does learning before any fit on data."""
    for predictor, when in ((subject.changeable(), "a fitted predictor"), (subject.make().fit([]), "a cold start")):
        for trace in [*subject.held_out, odd_trace()]:
            for point, calls in trace.decisions():
                predictor.learn(point, calls[0] if calls else None)
        require_valid(predictor, subject.points, f"after learn() on {when}")
        frozen(predictor.state())
        with TemporaryDirectory() as home:
            loaded = checkpoint.load(predictor.save(Path(home) / "checkpoint"), make=subject.make)
        require_same(predictor, loaded, subject.points, f"a checkpoint after learn() on {when} predicts something else")
