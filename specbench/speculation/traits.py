"""What the safety of speculation needs to know of a tool beyond its specification."""

from __future__ import annotations

import math
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import product
from typing import Any

from specbench.core.canonical import canonical
from specbench.core.errors import ConfigError
from specbench.core.types import ToolCall

__all__ = ["Traits", "keys_of", "touches", "untouched"]

SCOPES = ("conversation", "shared")
MOST_KEYS = 1_000
"""Of a call that fills a pattern with long lists; beyond, its lists stand for anything."""


@dataclass(frozen=True)
class Traits:
    """Declared by whoever brings the tool; the defaults are the careful ones.

    Parameters
    ----------
    keys
        Patterns of what a call reads or writes, filled from its arguments: ``order:{order_id}``, ``user:*``. A write
        touches a read when any of their keys match (``*`` matches anything). Without keys it touches everything of its
        session.
    max_staleness_s
        Makes a read *volatile*: its speculated result counts only that many seconds after the launch.
    cache_ttl_s
        Allows a result that was used to serve equal calls again for so long. 0: never.
    group
        Name of the rate limit that it shares with others.
    cost
        Money for one call, in whatever currency the policy counts.
    scope
        Whose a result is that was made ahead of its call (speculated, carried, cached, warmed). ``conversation``: of
        the conversation that made it, while its context variables with plain values (who is signed in) are the same.
        ``shared``: of everybody. A function: of whoever it returns; it is called where the call is launched and where
        its result is asked for.
    any_spelling
        The tool answers all calls of the same canonical form alike: it does not care about the order of keys, and not
        whether a number is ``50`` or ``50.0``. Otherwise only what its schema and function prove to be the same is
        taken for the same; see :meth:`specbench.runtime.Tool.key_of`.
    """

    keys: Sequence[str] = ()
    max_staleness_s: float | None = None
    cache_ttl_s: float = 0.0
    group: str | None = None
    cost: float = 0.0
    scope: str | Callable[[], Any] = "conversation"
    any_spelling: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.keys, str):  # a common slip: ("a") is a text
            raise ConfigError(f"keys are a tuple of patterns, got one text {self.keys!r}; write ({self.keys!r},)")
        for pattern in self.keys:
            try:
                list(string.Formatter().parse(pattern))
            except ValueError as error:
                raise ConfigError(f"key pattern {pattern!r} cannot be read ({error}); use NAME:{{parameter}}") from None
        object.__setattr__(self, "keys", tuple(self.keys))
        if self.max_staleness_s is not None and not self.max_staleness_s >= 0:
            raise ConfigError(f"max_staleness_s is seconds, 0 or more; got {self.max_staleness_s!r}")
        if not self.cache_ttl_s >= 0:
            raise ConfigError(f"cache_ttl_s is seconds, 0 or more; got {self.cache_ttl_s!r}")
        if self.scope not in SCOPES and not callable(self.scope):
            raise ConfigError(f"scope is one of {', '.join(SCOPES)}, or a function of nothing; got {self.scope!r}")


def keys_of(call: ToolCall, patterns: Sequence[str]) -> list[str]:
    """Return the keys of a call; a parameter that it does not fill becomes ``*``, a list gives a key for each item.

    Examples
    --------
    >>> keys_of(ToolCall("get", {"order_id": "#W1"}), ("order:{order_id}", "user:{user_id}"))
    ['order:#W1', 'user:*']
    >>> keys_of(ToolCall("cancel", {"ids": [7, 8]}), ("order:{ids}",))
    ['order:7', 'order:8']
    """
    return [key for pattern in patterns for key in _filled(pattern, call.arguments)]


def touches(write: ToolCall, of_write: Traits, read: ToolCall, of_read: Traits) -> bool:
    """Whether a write may change what a read returns.

    Examples
    --------
    >>> orders = Traits(keys=("order:{id}",))
    >>> touches(ToolCall("cancel", {"id": 7}), orders, ToolCall("get", {"id": 8}), orders)
    False
    >>> touches(ToolCall("cancel", {"id": 7}), orders, ToolCall("get", {"id": 8}), Traits())
    True
    """
    if not of_write.keys or not of_read.keys:
        return True
    read_keys = keys_of(read, of_read.keys)
    return any(_meet(own, key) for own in keys_of(write, of_write.keys) for key in read_keys)


def untouched(
    calls: Sequence[ToolCall], writes: Sequence[bool], batches: Sequence[range], traits_of: Callable[[str], Traits]
) -> list[ToolCall]:
    """Return the calls that no write of an earlier batch may touch: what was read before the decision is true for them.

    Examples
    --------
    >>> calls = [ToolCall("get", {"id": 1}), ToolCall("set", {"id": 2}), ToolCall("get", {"id": 2})]
    >>> keys = Traits(keys=("item:{id}",))
    >>> batches = [range(1), range(1, 2), range(2, 3)]
    >>> [call.key for call in untouched(calls, [False, True, False], batches, lambda name: keys)]
    ['get({"id":1})', 'set({"id":2})']
    """
    found: list[ToolCall] = []
    written: list[ToolCall] = []
    for batch in batches:
        for at in batch:
            call, traits = calls[at], traits_of(calls[at].name)
            if not any(touches(write, traits_of(write.name), call, traits) for write in written):
                found.append(call)
        written += [calls[at] for at in batch if writes[at]]
    return found


def _meet(one: str, two: str) -> bool:
    """Whether some key matches both; ``*`` stands for anything in either.

    Examples
    --------
    >>> _meet("user:u1:order:*", "user:*:order:7"), _meet("user:u1:*", "user:u2:*"), _meet("a*", "a")
    (True, False, True)
    """
    if "*" not in one or "*" not in two:
        return fnmatchcase(one, _literal_but_star(two)) or fnmatchcase(two, _literal_but_star(one))
    # What stands between their stars can be one after the other: only the ends have to agree.
    (start, *_, end), (other_start, *_, other_end) = one.split("*"), two.split("*")
    starts, ends = sorted((start, other_start), key=len), sorted((end, other_end), key=len)
    return starts[1].startswith(starts[0]) and ends[1].endswith(ends[0])


def _filled(pattern: str, arguments: Mapping[str, Any]) -> list[str]:
    parts = [
        (
            [literal],
            ["" if name is None else "*"] if name is None or arguments.get(name) is None else _items(arguments[name]),
        )
        for literal, name, _, _ in string.Formatter().parse(pattern)
    ]
    if math.prod(len(items) for _, items in parts) > MOST_KEYS:
        parts = [(literal, items if len(items) == 1 else ["*"]) for literal, items in parts]
    return ["".join(each) for each in product(*(choices for part in parts for choices in part))]


def _items(value: Any) -> list[str]:
    """The texts of a value, of each item of a list; ``*`` for an empty list, which may stand for all."""
    if isinstance(value, (list, tuple)):
        return [text for each in value for text in _items(each)] or ["*"]
    return [value if isinstance(value, str) else canonical(value)]


def _literal_but_star(key: str) -> str:
    """A pattern in which only ``*`` is special; values may hold ``?`` and ``[``."""
    return key.replace("[", "[[]").replace("?", "[?]")
