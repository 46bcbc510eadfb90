"""The predictor contract: ``fit`` on traces, ``predict`` at a decision point, ``session`` for a live conversation.

A :class:`Predictor` is immutable while it predicts; a :class:`Session` carries the state of one conversation and costs
time proportional to the new message, not to the conversation. ``predict(point)`` is defined as a fresh session that
observes the point's messages, so both always agree.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from numbers import Real
from operator import index
from pathlib import Path
from reprlib import repr as shortened
from typing import Any, ClassVar, NamedTuple, Self

from specbench.core.display import facts_html
from specbench.core.errors import CheckpointError, ConfigError, NotFittedError, PredictorError, SpecbenchError, in_words
from specbench.core.relevant import whole_predictions
from specbench.core.types import DecisionPoint, Message, Prediction, ToolCall, ToolPrediction, ToolSpec, Trace

__all__ = ["Networks", "Predictor", "Session", "at_most", "checked_predictions", "ranked"]


class Networks(NamedTuple):
    """Networks as ONNX graphs, and what a reader of them needs to know.

    Attributes
    ----------
    graphs
        File name → the graph's bytes.
    facts
        Names of the inputs' features, numbers of classes, and the like: JSON values.
    page
        What each graph takes and gives, in Markdown.
    """

    graphs: dict[str, bytes]
    facts: dict[str, Any]
    page: str


class Session(ABC):
    """One live conversation, seen by one predictor."""

    @abstractmethod
    def observe(self, message: Message) -> None:
        """Take in the next message of the conversation."""

    @abstractmethod
    def predict(self, k: int = 1) -> list[Prediction]:
        """Return the ``k`` most probable outcomes now, best first; ``[]`` abstains. Changes nothing."""

    def predict_tools(self, k: int = 1) -> list[ToolPrediction]:
        """Return the ``k`` most probable tools (``None`` for a reply), arguments aside.

        The default adds up :meth:`predict`; predictors that model the tool on its own override it.
        """
        mass: dict[str | None, float] = {}
        for call, p in self.predict(k=50):
            name = call.name if call else None
            mass[name] = mass.get(name, 0.0) + p
        best = sorted(mass.items(), key=lambda item: -item[1])[: at_most(k)]
        return [ToolPrediction(tool, min(1.0, p)) for tool, p in best]

    def explain(self, k: int = 3) -> list[Any]:
        """Return why the ``k`` best predictions are made, as objects whose ``str`` says it; nothing by default."""
        return []

    def learn(self, outcome: ToolCall | None) -> None:
        """Teach the predictor what the LLM decided here (online update). The default learns nothing.

        Call it before the decision is observed, from one thread at a time. The predictor changes, for this session and
        all others.
        """


class Predictor(ABC):
    """Guesses the outcome of a decision point.

    Subclasses set ``name``, and implement :meth:`fit`, :meth:`session`, :meth:`state` and :meth:`restore`. The
    contract is a test suite: :func:`specbench.testing.check_predictor`.

    Attributes
    ----------
    name
        What the command line, tables and figures call it.
    about
        What it is, in a line, for the report.
    control
        It frames a comparison (an upper or lower bound) rather than competes in it.
    needs
        What has to stand behind its name and a colon (``llm:BACKEND``); ``""`` for most.
    filler_by_default
        Its argument filler when none is named (``NAME+FILLER``); ``""`` where it takes none.
    fitted
        Whether it may be asked.
    loaded_from
        The folder of the checkpoint that it was restored from, if any.
    layout
        The number of the layout of its state, which a checkpoint names: one more, with a step, whenever :meth:`restore`
        cannot read what an earlier :meth:`state` returned.
    layout_steps
        Layout → a function that makes the state of the next layout, or a text: why there is none and what to do.
    learned_from
        Hashes of the conversations that it was fitted on, where a study fitted it: a checkpoint keeps them.
    """

    name: ClassVar[str]
    about: ClassVar[str] = ""
    control: ClassVar[bool] = False
    needs: ClassVar[str] = ""
    filler_by_default: ClassVar[str] = ""
    layout: ClassVar[int] = 1
    layout_steps: ClassVar[Mapping[int, Callable[[dict[str, Any]], dict[str, Any]] | str]] = {}
    fitted: bool = False
    loaded_from: str = ""
    learned_from: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        return f"<predictor {self.name}, {'fitted' if self.fitted else 'not fitted'}>"

    def _repr_html_(self) -> str:
        return facts_html(
            f"Predictor {self.name}",
            {"class": type(self).__name__, "fitted": "yes" if self.fitted else "no", "what it is": self.about or "–"},
        )

    @abstractmethod
    def fit(self, traces: Sequence[Trace]) -> Self:
        """Learn from ``traces`` and return ``self``. Fitting on no traces is allowed: the result abstains."""

    @abstractmethod
    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        """Start a live conversation in which ``tools`` are on offer."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return all that :meth:`restore` needs: JSON values and numpy arrays, nested in dicts and lists."""

    @abstractmethod
    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the predictor whose :meth:`state` this is."""

    def predict(self, point: DecisionPoint, k: int = 1) -> list[Prediction]:
        """Return the ``k`` most probable outcomes at ``point``, best first, with Σp ≤ 1; ``[]`` abstains.

        Raises
        ------
        NotFittedError
            Before :meth:`fit` or a checkpoint.
        CheckpointError
            When it came from a checkpoint whose content it cannot work with.
        """
        try:
            return whole_predictions(self.at(point).predict(k), point.tools)
        except SpecbenchError:
            raise
        except Exception as error:
            if not self.loaded_from:
                raise
            raise CheckpointError(
                f"{self.loaded_from}: {self.name} cannot work with what this checkpoint holds ({in_words(error)}). "
                "What to do: train it again and save it"
            ) from error

    def predict_batch(self, points: Iterable[DecisionPoint], k: int = 1) -> list[list[Prediction]]:
        """Return :meth:`predict` for each of ``points``."""
        return [self.predict(point, k) for point in points]

    def at(self, point: DecisionPoint) -> Session:
        """Return a session that has observed the messages of ``point``."""
        self._check_fitted()
        session = self.session(point.tools, point.agent)
        for message in point.messages:
            session.observe(message)
        return session

    def replay(self, trace: Trace) -> Iterator[Session]:
        """Yield a session at every decision point of a recorded trace, in order; it is one and the same session.

        Advancing the iterator takes in the messages up to the next decision point.
        """
        self._check_fitted()
        session = self.session(trace.tools, trace.agent)
        for message in trace.messages:
            if message.role == "assistant":
                yield session
            session.observe(message)

    def replay_ahead(self, trace: Trace) -> Iterator[Session]:
        """Yield a session right after every assistant message: when its tools run, or the user reads and types.

        What it predicts is about the decision point after it.
        """
        self._check_fitted()
        session = self.session(trace.tools, trace.agent)
        for message in trace.messages:
            session.observe(message)
            if message.role == "assistant":
                yield session

    def _check_fitted(self) -> None:
        if not self.fitted:
            raise NotFittedError(f"{self.name} has not been fitted; call fit(traces) or load a checkpoint first")

    def learn(self, point: DecisionPoint, outcome: ToolCall | None) -> None:
        """Take in one labelled decision point (online update; no :meth:`fit` needed); see :meth:`Session.learn`."""
        session = self.session(point.tools, point.agent)
        for message in point.messages:
            session.observe(message)
        session.learn(outcome)
        self.fitted = True

    @property
    def learns_from_points(self) -> bool:
        """Whether :meth:`learn` is its own: then it is told decision points, and its sessions learn nothing."""
        return type(self).learn is not Predictor.learn

    def networks(self) -> Networks:
        """Return the networks as ONNX graphs, for those who serve them with a runtime of their own.

        Raises
        ------
        ConfigError
            When there are none, as in a predictor that counts.
        """
        raise ConfigError(f"the predictor {self.name!r} has no network: there is nothing to write as ONNX")

    def save(self, folder: str | Path) -> Path:
        """Write a checkpoint; see :func:`specbench.predictors.saving.save`."""
        from specbench.predictors.saving import save

        return save(self, folder)


def ranked(predictions: Iterable[Prediction], k: int) -> list[Prediction]:
    """Return the ``k`` best of ``predictions``: by falling probability, ties by canonical form, replies last.

    Examples
    --------
    >>> [p for _, p in ranked([Prediction(None, 0.2), Prediction(ToolCall("a"), 0.5)], k=1)]
    [0.5]
    """
    kept = [each for each in predictions if each.p > 0.0]
    kept.sort(key=lambda each: (-each.p, each.call is None, each.call.key if each.call else ""))
    return kept[: at_most(k)]


def checked_predictions(
    found: Any, predictor: str, tools: Mapping[str, ToolSpec] | None = None, where: str = ""
) -> list[Prediction]:
    """Return what a predictor has answered, if these are predictions; ``where`` is for the error.

    With ``tools`` the calls are whole: see :func:`~specbench.core.relevant.whole_predictions`.

    Raises
    ------
    PredictorError
        When it is no list, or something in it is no :class:`Prediction` of a call (or of ``None``) with a probability.

    Examples
    --------
    >>> checked_predictions([("look", 0.9)], "mine")
    Traceback (most recent call last):
    ...
    specbench.core.errors.PredictorError: the predictor 'mine' gave ('look', 0.9); predict() returns a list of ...
    """
    if isinstance(found, (list, tuple)) and all(map(_is_prediction, found)):
        return whole_predictions(found, tools or {})
    wrong = next((each for each in found if not _is_prediction(each)), found) if isinstance(found, list) else found
    raise PredictorError(
        f"the predictor {predictor!r} gave {shortened(wrong)}{where}; predict() returns a list of Prediction(call, p): "
        "a ToolCall, or None for a reply, and a probability in [0, 1]. specbench.check_predictor tells more"
    )


def _is_prediction(value: Any) -> bool:
    if not isinstance(value, Prediction):
        return False
    call, p = value
    right = call is None or (
        isinstance(call, ToolCall) and isinstance(call.name, str) and isinstance(call.arguments, Mapping)
    )
    number: Any = p
    return right and isinstance(number, Real) and 0.0 <= float(number) <= 1.0


def at_most(k: int) -> int:
    """Return how many predictions are wanted.

    Raises
    ------
    ConfigError
        When it is no whole number of 0 or more.
    """
    try:
        wanted = index(k)
    except TypeError:
        wanted = -1
    if wanted < 0:
        raise ConfigError(f"k is how many predictions are wanted, a whole number of 0 or more; got {k!r}")
    return wanted
