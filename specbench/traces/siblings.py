"""Conversations that are one task under several ids: copies, and repeats of a task where the source declares no ids."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from specbench.core.extras import named_extras
from specbench.core.types import Trace
from specbench.traces.sources.records import derived_task

__all__ = ["LARGEST", "task_groups", "without_names"]

WORDS = 5
"""Words of a piece of text that is compared."""
LEAST_PIECES = 20
"""Conversations of fewer pieces are too short to tell a copy from a coincidence."""
ALIKE = 0.6
"""Share of the pieces (cosine) from which on two conversations are copies of each other."""
LARGEST = 0.1
"""Share of the tasks in one group from which on the likeness is the agent's way, not copies."""
SHARED = 0.3, 0.5, 0.7
"""Share of the rare values (weighted) from which on two conversations without declared tasks are of the same; the
first that puts at most a fifth of the tasks into one group."""
LEAST_SHARED = 2
RARE = 0.05
"""What more than this share of the conversations have, and more than 20 of them, does not tell them apart."""


def task_groups(traces: Sequence[Trace]) -> list[str]:
    """Return a label for each trace: its task id, or that of the first task that it belongs together with.

    Tasks belong together where a conversation of one is nearly a copy of one of the other, once ids, names, numbers
    and white space are taken out. Some agents do the same thing every day with other ids: where that would put more
    than a tenth of the tasks into one group, ids and names count, and if it still does, copies must be exact. Where the
    source declares no task ids (they are derived from the first message then),
    also where the calls of both have most of their rare values (ids, dates, codes) in common: an agent that is run
    twice on one task looks up the same things.

    References
    ----------
    A. Broder (1997), *On the resemblance and containment of documents*: pieces of several words.

    Examples
    --------
    >>> from specbench.core.types import Message
    >>> words = " ".join(f"please{chr(97 + at)} look" for at in range(26))
    >>> told = [Message("user", f"{words} at order W{at}1") for at in (1, 2)]
    >>> task_groups([Trace("a", "task 1", "doc", told[:1]), Trace("b", "copy of 1", "doc", told[1:])])
    ['task 1', 'task 1']
    """
    for plain in (without_names, _in_words):
        groups = _Groups(traces, _copies([plain(trace) for trace in traces]))
        if groups.largest() <= max(2, LARGEST * len(groups.parent)):
            break
    else:
        groups = _Groups(traces, [])
    exact = _Groups(traces, _equal([_exactly(trace) for trace in traces], {}, least=0))
    if exact.largest() <= max(2, len(exact.parent) / 2):  # an agent that always does the very same has no copies
        for task in exact.parent:
            groups.join(task, exact.of(task))
    undeclared = [trace for trace in traces if trace.task_id == derived_task(trace.messages)]
    for share in SHARED:
        errands = _Groups(undeclared, _same_errands(undeclared, share))
        if errands.largest() <= max(2, 2 * LARGEST * len(groups.parent)):
            break
    for task in errands.parent:
        groups.join(task, errands.of(task))
    return [groups.of(trace.task_id) for trace in traces]


class _Groups:
    """Tasks in groups (union and find); a group is named after its first task."""

    def __init__(self, traces: Sequence[Trace], pairs: Iterable[tuple[int, int]]) -> None:
        self.parent = {trace.task_id: trace.task_id for trace in traces}
        self.order = {name: at for at, name in enumerate(self.parent)}
        for one, other in pairs:
            self.join(traces[one].task_id, traces[other].task_id)

    def largest(self) -> int:
        return max(Counter(map(self.of, self.parent)).values(), default=0)

    def of(self, name: str) -> str:
        while self.parent[name] != name:
            self.parent[name] = self.parent[self.parent[name]]
            name = self.parent[name]
        return name

    def join(self, one: str, other: str) -> None:
        first, second = sorted((self.of(one), self.of(other)), key=self.order.__getitem__)
        self.parent[second] = first


def _equal(texts: Sequence[str], first: dict[str, int], least: int = LEAST_PIECES) -> Iterator[tuple[int, int]]:
    """Pairs of equal texts; ``first`` learns where each text stands first."""
    for at, text in enumerate(texts):
        if text.count(" ") >= least and first.setdefault(text, at) != at:
            yield first[text], at


def _copies(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    with named_extras():
        import numpy as np
        from sklearn.feature_extraction.text import HashingVectorizer
    first: dict[str, int] = {}
    yield from _equal(texts, first)
    kept = list(first.values())
    if len(kept) < 2:
        return
    pieces = HashingVectorizer(
        analyzer="word", token_pattern=r"\S+", ngram_range=(WORDS, WORDS), binary=True, norm=None, alternate_sign=False
    ).transform([texts[at] for at in kept])
    sizes = np.sqrt(np.maximum(1.0, pieces.sum(axis=1).A1))
    common = np.asarray(pieces.sum(axis=0)).ravel() > max(20, RARE * len(kept))
    rare = pieces[:, np.flatnonzero(~common)].tocsr()
    shared = (rare @ rare.T).tocoo()
    for one, other, count in zip(shared.row, shared.col, shared.data, strict=True):
        if one < other and count >= ALIKE * sizes[one] * sizes[other]:
            yield kept[one], kept[other]


def _in_words(trace: Trace) -> str:
    """What user and agent said and called."""
    parts = [
        f"{message.content} {' '.join(call.key for call in message.tool_calls)}"
        for message in trace.messages
        if message.role in ("user", "assistant")
    ]
    return " ".join(" ".join(parts).split())


def _exactly(trace: Trace) -> str:
    """The same where something is called; without a call people just say hello, and that is no copy."""
    return _in_words(trace) if any(message.tool_calls for message in trace.messages) else f"no call: {id(trace)}"


def without_names(trace: Trace) -> str:
    """Return what user and agent said and called, without ids, names and numbers."""
    text = re.sub(r"\w*\d[\w#@.\-]*", "0", _in_words(trace))
    return re.sub(r"\b[A-Z]\w*", "n", text).lower()


def _same_errands(traces: Sequence[Trace], share: float) -> Iterator[tuple[int, int]]:
    values = [frozenset(_codes(trace)) for trace in traces]
    count = Counter(value for each in values for value in each)
    weight = {value: math.log(len(traces) / number) for value, number in count.items()}
    where: dict[str, list[int]] = defaultdict(list)
    for at, mine in enumerate(values):
        rare = [value for value in mine if count[value] <= max(20, RARE * len(traces))]
        for before in {other for value in rare for other in where[value]}:
            both, either = (
                sum(weight[value] for value in some) for some in (mine & values[before], mine | values[before])
            )
            if len(mine & values[before]) >= LEAST_SHARED and both >= share * either:
                yield before, at
        for value in rare:
            where[value].append(at)


def _codes(trace: Trace) -> Iterator[str]:
    """Values of the calls that hold a digit."""
    for message in trace.messages:
        for call in message.tool_calls:
            for leaf in _leaves(call.arguments):
                text = str(leaf)
                if 4 <= len(text) <= 80 and any(letter.isdigit() for letter in text):
                    yield text.lower()


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, (list, tuple)):
        for each in value:
            yield from _leaves(each)
    else:
        yield value
