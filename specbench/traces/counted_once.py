"""A log of requests repeats a conversation at every step: only its longest form counts, and copies count once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from specbench.core.types import Trace

__all__ = ["CountedOnce"]

_T = TypeVar("_T")

WINDOW = 1_000
WINDOW_CHARACTERS = 6 * 2**20
"""So many traces, with so much text, are held back: requests of one conversation that lie further apart count twice."""


class CountedOnce(Generic[_T]):
    """Holds traces back for a while, and leaves out those that are the beginning of another one, or its copy.

    Traces of different tasks or agents are never one. Equal traces without any call are no copies: people say hello
    more than once.

    Examples
    --------
    >>> from specbench.core.types import Message
    >>> hi, answer = Message("user", "hi"), Message("assistant", "hello")
    >>> once = CountedOnce()
    >>> logged = [Trace("1", "t", "doc", (hi,)), Trace("2", "t", "doc", (hi, answer)), Trace("3", "t", "doc", (hi,))]
    >>> [trace.trace_id for each in logged for trace, _ in once.add(each, None)]
    []
    >>> [trace.trace_id for trace, _ in once.rest()], once.left_out
    (['2'], [None, None])
    """

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._held: OrderedDict[Hashable, tuple[Trace, _T, list[Hashable]]] = OrderedDict()
        self._beginnings: dict[Hashable, int] = {}
        self._copies: set[Hashable] = set()
        self._characters = 0
        self.left_out: list[_T] = []

    def add(self, trace: Trace, tag: _T) -> Iterator[tuple[Trace, _T]]:
        """Take a trace, with a tag of one's own; yield those that are held back no longer."""
        chain = _chain(trace)
        calls = any(message.tool_calls for message in trace.messages)
        if not chain or (chain[-1] in self._held and not calls):
            self._hold(object(), trace, tag, [])
        elif chain[-1] in self._copies or chain[-1] in self._beginnings:
            self.left_out.append(tag)
        else:
            for beginning in chain[:-1]:
                if beginning in self._held:
                    self.left_out.append(self._drop(beginning)[1])
            self._hold(chain[-1], trace, tag, chain)
            if calls:
                self._copies.add(chain[-1])
            for beginning in chain[:-1]:
                self._beginnings[beginning] = self._beginnings.get(beginning, 0) + 1
        while len(self._held) > self._window or self._characters > WINDOW_CHARACTERS:
            yield self._drop(next(iter(self._held)))

    def rest(self) -> Iterator[tuple[Trace, _T]]:
        """Yield what is still held back."""
        while self._held:
            yield self._drop(next(iter(self._held)))

    def _hold(self, key: Hashable, trace: Trace, tag: _T, chain: list[Hashable]) -> None:
        self._held[key] = (trace, tag, chain)
        self._characters += _size(trace)

    def _drop(self, key: Hashable) -> tuple[Trace, _T]:
        trace, tag, chain = self._held.pop(key)
        self._characters -= _size(trace)
        for beginning in chain[:-1]:
            self._beginnings[beginning] -= 1
            if not self._beginnings[beginning]:
                del self._beginnings[beginning]
        return trace, tag


def _size(trace: Trace) -> int:
    return sum(len(message.content) for message in trace.messages)


def _chain(trace: Trace) -> list[Hashable]:
    """Return a hash of each beginning of a trace: its first message, its first two, ..."""
    so_far: Hashable = (trace.task_id, trace.agent)
    chain: list[Hashable] = []
    for message in trace.messages:
        calls = tuple((call.name, call.invalid_arguments or repr(call.arguments)) for call in message.tool_calls)
        so_far = hash((so_far, message.role, message.content, calls))
        chain.append(so_far)
    return chain
