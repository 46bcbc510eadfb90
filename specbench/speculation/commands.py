"""What the course of a conversation asks its driver to do; it does none of it itself.

They wait in :attr:`specbench.speculation.Shared.commands`. The driver carries them out, oldest first, after each event
that it has told. What happened then it tells as the next event, at once or much later.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from specbench.core.ledger import Window
from specbench.speculation.launch import Launch
from specbench.speculation.step import Step

__all__ = [
    "Command",
    "Predict",
    "PredictNext",
    "StartThinking",
    "StartTool",
    "StopThinking",
    "StopTool",
    "Undo",
    "Wake",
]


class StartTool(NamedTuple):
    """Start the work of a speculation. Answer: ``arrived``, ``failed`` or ``lost``."""

    launch: Launch


class StopTool(NamedTuple):
    """A speculation that runs was given up: stop it. Answer: ``stopped``, when its work has really ended."""

    launch: Launch


class Undo(NamedTuple):
    """A staged write was given up: roll it back before anything real runs."""

    launch: Launch


class StartThinking(NamedTuple):
    """Run the LLM ahead for ``step``, as if ``step.parent`` were what ``after`` decides. Answer: ``thought``."""

    step: Step
    after: Step


class StopThinking(NamedTuple):
    """A run-ahead was given up: stop its LLM. No answer."""

    step: Step


class Predict(NamedTuple):
    """Ask the predictor at ``step``. Answer: ``predicted``."""

    step: Step


class PredictNext(NamedTuple):
    """Ask the predictor about the decision after ``step``. Answer: ``predicted_next``.

    With ``parent``, as if the step decided that call and had its result (a chain); without, on what it did decide.
    """

    step: Step
    window: Window
    parent: Launch | None


class Wake(NamedTuple):
    """Who waits with this ticket has its slot now."""

    ticket: Any


Command: TypeAlias = StartTool | StopTool | Undo | StartThinking | StopThinking | Predict | PredictNext | Wake
