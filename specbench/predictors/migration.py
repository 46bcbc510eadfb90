"""Checkpoints of earlier versions: each change of the format comes with a step from the one before.

Two numbers say how to read a checkpoint. ``version`` is that of the document around the state: :data:`STEPS` are the
steps from each version to the next. ``layout`` is that of the state, and belongs to the predictor's class
(:attr:`specbench.predictors.Predictor.layout`): its steps are ``Predictor.layout_steps``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from specbench.core.errors import CheckpointError

__all__ = ["STEPS", "check_layout", "current_document", "current_state"]

Step = Callable[[dict[str, Any]], dict[str, Any]]


class Laid(Protocol):
    """What a predictor says of the layouts of its state."""

    @property
    def layout(self) -> int:
        """The layout of today."""

    @property
    def layout_steps(self) -> Mapping[int, Step | str]:
        """Layout → the step to the next one, or why there is none."""


def _add_layout(document: dict[str, Any]) -> dict[str, Any]:
    """Version 1 did not number states, and the learned predictor had two of them: the second names its language."""
    layout = 1
    if document["class"] == "LearnedPredictor":
        settings = document["state"].get("settings")
        layout = 2 if isinstance(settings, dict) and "language" in settings else 1
    return {**document, "version": 2, "layout": layout}


STEPS: Mapping[int, Step] = {1: _add_layout}
"""Version of a document → the step to the next version."""


def current_document(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document, whose hash has been checked, as today's version has it.

    Examples
    --------
    >>> old = {"version": 1, "class": "MarkovPredictor", "state": {}}
    >>> current_document(old)["version"], current_document(old)["layout"]
    (2, 1)
    """
    while document["version"] in STEPS:
        document = STEPS[document["version"]](document)
    return document


def check_layout(predictor: Laid, layout: Any, folder: Path) -> None:
    """Raise where a state of this layout cannot become one of today's.

    Raises
    ------
    CheckpointError
        When the layout is none, newer than the predictor, or one without a step.
    """
    if not isinstance(layout, int) or isinstance(layout, bool) or layout < 1:
        raise CheckpointError(f"{folder} has the layout {layout!r}; layouts are whole numbers from 1")
    if layout > predictor.layout:
        raise CheckpointError(
            f"{folder}: its state has layout {layout}, and the installed predictor reads up to {predictor.layout}. "
            "What to do: upgrade the package that brings it"
        )
    for number in range(layout, predictor.layout):
        why = predictor.layout_steps[number]
        if isinstance(why, str):
            raise CheckpointError(f"{folder}: {why}")


def current_state(predictor: Laid, layout: int, state: dict[str, Any]) -> dict[str, Any]:
    """Return a state, arrays and all, as today's layout has it; :func:`check_layout` has allowed it."""
    for number in range(layout, predictor.layout):
        step = predictor.layout_steps[number]
        if not isinstance(step, str):
            state = step(state)
    return state
