"""Which run an invocation of the model, or a call of a tool, belongs to: the SDK tells neither of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import count
from typing import Any

__all__ = ["RunNames"]

MANY = 1000
"""Runs that are kept in mind; those that were cut short are forgotten, the oldest first."""


@dataclass(frozen=True)
class _UnderWay:
    """The run of this task. An object of ours: a text would count as the name of a caller."""

    name: str = ""


_UNDER_WAY: ContextVar[_UnderWay] = ContextVar("specbench_openai_agents_run")


@dataclass
class _Run:
    """What is known of a run: the conversation that the model was last asked with, and the calls that it then made."""

    items: str = ""
    number: int = 0
    calls: frozenset[str] = frozenset()
    thinking: bool = True


class RunNames:
    """Names runs by the ids of their calls, and by the conversation where several runs have the same ids.

    A run that cannot be told from others is a new one: nothing of another run is ever joined.

    Parameters
    ----------
    end
        Told the name of each run that is over or forgotten.

    Examples
    --------
    >>> names = RunNames(print)
    >>> hello = {"role": "user", "content": "hi"}
    >>> run = names.of_model([hello])
    >>> names.called(run, ["c1"])
    >>> names.of_call("c1") == run == names.of_model([hello, {"type": "function_call", "call_id": "c1"}])
    True
    """

    def __init__(self, end: Callable[[str], object]) -> None:
        self._ended = end
        self._runs: dict[str, _Run] = {}
        self._numbers = count(1)

    def __len__(self) -> int:
        return len(self._runs)

    def of_model(self, items: Sequence[Mapping[str, Any]]) -> str:
        """Return the run that goes on with this conversation; a new one where none does."""
        made = {str(item.get("call_id")) for item in items if item.get("call_id")}
        found = [
            name
            for name, run in self._runs.items()
            if run.calls & made and not run.thinking and repr(items[: run.number]) == run.items
        ]
        own = _UNDER_WAY.get(_UnderWay()).name
        name = own if own in found else found[0] if found else f"run {next(self._numbers)}"
        self._runs[name] = _Run(repr(items), len(items))
        if len(self._runs) > MANY:
            self.end(next(iter(self._runs)))
        _UNDER_WAY.set(_UnderWay(name))
        return name

    def of_call(self, call_id: str) -> str | None:
        """Return the run that has made this call; ``None``, and an end to all that may have, where it is not clear."""
        found = [name for name, run in self._runs.items() if call_id in run.calls]
        own = _UNDER_WAY.get(_UnderWay()).name
        if own in found or len(found) == 1:
            return own if own in found else found[0]
        for name in found:
            self.end(name)
        return None

    def called(self, name: str, call_ids: Iterable[str]) -> None:
        """The run has decided: these calls, or none."""
        if name in self._runs:
            self._runs[name].calls, self._runs[name].thinking = frozenset(call_ids), False

    def has_calls(self, name: str) -> bool:
        """Whether the run goes on: its last decision was calls."""
        return name in self._runs and bool(self._runs[name].calls)

    def end(self, name: str) -> None:
        """The run is over."""
        self._runs.pop(name, None)
        self._ended(name)
