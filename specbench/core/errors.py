"""Every exception that specbench raises on purpose.

::

    SpecbenchError
    ├── TraceError            a trace cannot be read (also a ValueError): file, line, field, what came, what to do
    │   └── TraceFormatError  the format of a file is not known
    ├── ConfigError           an option or argument is out of range (also a ValueError)
    ├── PredictorError        a predictor broke its contract
    │   ├── NotFittedError    predict() before fit()
    │   └── CheckpointError   a checkpoint is truncated, foreign, newer or tampered with
    ├── ClusterError          the workers of a cluster cannot be reached, or cannot do the work
    └── MissingExtraError     an optional dependency is absent (also an ImportError); names the pip command

    PluginWarning             a part of another package is left out (a UserWarning)

Each message says what came, what is allowed and what to do.
"""

from __future__ import annotations

import reprlib
from functools import partial
from pathlib import Path
from typing import Any

from specbench.core.text import shown

__all__ = [
    "CheckpointError",
    "ClusterError",
    "ConfigError",
    "MissingExtraError",
    "NotFittedError",
    "PluginWarning",
    "PredictorError",
    "SpecbenchError",
    "TraceError",
    "TraceFormatError",
    "ends_program",
    "in_words",
]


LONGEST_BYTES = 1000
"""Of a message."""


def _without_middle(said: str) -> str:
    raw = said.encode("utf-8", "surrogatepass")
    if len(raw) <= LONGEST_BYTES:
        return said
    return " … ".join(part.decode("utf-8", "ignore") for part in (raw[:600], raw[-300:]))


class SpecbenchError(Exception):
    """Base of all errors that specbench raises on purpose. A message with a long value in it loses its middle."""

    def __str__(self) -> str:
        return _without_middle(super().__str__())


class ConfigError(SpecbenchError, ValueError):
    """An option or argument is not one that is allowed."""


class TraceError(SpecbenchError, ValueError):
    """A trace cannot be read.

    Parameters
    ----------
    problem
        What is wrong, in a sentence.
    path, line, field
        Where: the file, the 1-based line (or record number in a file that is one JSON list), and the path of
        the field inside the record (``messages[3].role``).
    got
        The offending value; shortened in the message.
    remedy
        What to do about it.

    Examples
    --------
    >>> print(TraceError("role is not known", path="a.jsonl", line=3, field="messages[0].role", got="bot",
    ...                  remedy="use system, user or tool"))
    a.jsonl, line 3, field messages[0].role: role is not known; got 'bot'. What to do: use system, user or tool.
    """

    def __init__(
        self,
        problem: str,
        *,
        path: str | Path | None = None,
        line: int | None = None,
        field: str | None = None,
        got: Any = ...,
        remedy: str | None = None,
    ) -> None:
        self.problem = problem
        self.path = path
        self.line = line
        self.field = field
        self.got = got
        self.remedy = remedy
        super().__init__(problem)

    def at(self, *, path: str | Path | None = None, line: int | None = None) -> TraceError:
        """Return the same error with file and line filled in where they were missing."""
        self.path = self.path if self.path is not None else path
        self.line = self.line if self.line is not None else line
        return self

    def __str__(self) -> str:
        place = ", ".join(
            shown(text, 150)
            for text, known in (
                (f"{self.path}", self.path is not None),
                (f"line {self.line}", self.line is not None),
                (f"field {self.field}", self.field is not None),
            )
            if known
        )
        text = f"{place}: {shown(self.problem, 220)}" if place else shown(self.problem, 220)
        if self.got is not ...:
            short = isinstance(self.got, (str, bytes)) and len(self.got) <= 100
            got = repr(self.got) if short else _BRIEF.repr(self.got)
            text += f"; got {got if len(got) <= 80 else got[:77] + '...'}"
        if self.remedy:
            text += f". What to do: {shown(self.remedy, 250)}"
        return _without_middle(text + ".")


class _Brief(reprlib.Repr):
    """Shows the beginning of a value without looking at all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = 8
        self.maxstring = self.maxother = self.maxlong = 100
        self.maxlevel = 4


_BRIEF = _Brief()


class TraceFormatError(TraceError):
    """The format of a trace file is not known, or not the one that was named."""


class PredictorError(SpecbenchError):
    """A predictor broke its contract."""

    def __str__(self) -> str:
        return "\n".join(map(_without_middle, Exception.__str__(self).split("\n")))  # a line for each that broke


class NotFittedError(PredictorError):
    """A predictor was asked before it was fitted."""


class CheckpointError(PredictorError):
    """A checkpoint is truncated, foreign, from a newer version, or tampered with."""


class ClusterError(SpecbenchError):
    """The workers of a cluster cannot be reached, or cannot do the work."""


class MissingExtraError(SpecbenchError, ImportError):
    """An optional dependency is not installed.

    Examples
    --------
    >>> print(MissingExtraError("torch", extra="llm"))
    torch is not installed; it comes with an extra: pip install 'specbench[llm]'
    """

    def __init__(self, package: str, *, extra: str) -> None:
        self.package = package
        self.extra = extra
        super().__init__(f"{package} is not installed; it comes with an extra: pip install 'specbench[{extra}]'")

    def __reduce__(self) -> tuple[Any, ...]:
        """Tell other processes how to raise it: those of a cluster may lack an extra."""
        return partial(type(self), extra=self.extra), (self.package,)


class PluginWarning(UserWarning):
    """A part that another package brings cannot be used, and is left out."""


def in_words(error: BaseException) -> str:
    """Return an exception as a text: its type and what it says; of a group, that of each member. Never raises.

    Examples
    --------
    >>> in_words(ValueError("no such row")), in_words(TimeoutError())
    ('ValueError: no such row', 'TimeoutError')
    >>> in_words(ExceptionGroup("unhandled errors in a TaskGroup", [OSError("refused"), TimeoutError()]))
    'OSError: refused; TimeoutError'
    """
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(dict.fromkeys(map(in_words, error.exceptions)))
    try:
        said = str(error)
    except Exception:
        said = "(its text cannot be shown)"
    name = type(error).__name__
    return f"{name}: {said}" if said else name


def ends_program(error: BaseException) -> bool:
    """Whether an exception asks the whole program to end (``sys.exit``, Ctrl-C), alone or in a group.

    Examples
    --------
    >>> ends_program(KeyboardInterrupt()), ends_program(GeneratorExit())
    (True, False)
    """
    if isinstance(error, BaseExceptionGroup):
        return any(map(ends_program, error.exceptions))
    return isinstance(error, (KeyboardInterrupt, SystemExit))
