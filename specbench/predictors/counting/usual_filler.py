"""The default argument filler of counting predictors: of several plain sources, the one that has been right most."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specbench.core.types import ToolCall
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.counting.argument_fillers import ArgumentFiller, Arguments, LinkedFiller, RecentFiller

__all__ = ["UsualFiller"]

MOST_VALUES = 200
"""Values of a parameter, and whole sets of arguments of a tool, that are counted."""
HABIT = 2
"""Times from which a value, or a whole set of arguments, is a habit."""
_SCALAR = (str, int, float)


class UsualFiller(ArgumentFiller):
    """For each parameter the next linked value, the most recent one, or the most frequent one.

    Which of the three comes first is counted for each parameter: how often its first value was right. A set of
    arguments that most calls of a tool have had comes before what is put together.

    Examples
    --------
    >>> filler = UsualFiller()
    >>> for _ in range(20):
    ...     filler.learn(ToolCall("list_files", {"folder": "src"}), ContextIndex())
    >>> filler.fill("list_files", ContextIndex()), filler.reliability("list_files") > 0.9
    ([{'folder': 'src'}], True)
    """

    name = "usual"
    about = "arguments: the linked, recent or frequent value, whichever was right most"

    def __init__(self) -> None:
        super().__init__()
        self.linked, self.recent = LinkedFiller(), RecentFiller()
        self.values: dict[str, dict[str, list[Any]]] = {}
        self.whole: dict[str, dict[str, list[Any]]] = {}
        self.sources: dict[str, dict[str, list[int]]] = {}
        self._kept: tuple[ContextIndex | None, int, dict[str, dict[str, list[Any]]]] = None, 0, {}

    def __getstate__(self) -> dict[str, Any]:
        """Copies begin with no moment at hand: a conversation is none of theirs."""
        return {**self.__dict__, "_kept": (None, 0, {})}

    def fill(self, tool: str, index: ContextIndex, k: int = 1) -> list[Arguments]:
        """Return up to ``k`` sets of arguments, best first; a set that half of all calls had is the first."""
        habit = max(self.whole.get(tool, {}).values(), key=lambda each: each[1], default=None)
        usual = [habit[0]] if habit and habit[1] >= HABIT and 2 * habit[1] >= self.calls[tool] else []
        sets = [*usual, *super().fill(tool, index, k)]
        return [each for at, each in enumerate(sets) if each not in sets[:at]][:k]

    def choose(self, tool: str, parameter: str, index: ContextIndex) -> list[Any]:
        """Return the values of the source that was right most, then those of the others."""
        key = f"{tool}.{parameter}"
        found = self._sources(tool, parameter, index)
        scores = self.sources.get(key, {})
        order = sorted(found, key=lambda name: -_share(scores.get(name)))
        out = [value for name in order for value in found[name]]
        return [value for at, value in enumerate(out) if value not in out[:at]][:5]

    def learn_call(self, call: ToolCall, index: ContextIndex) -> None:
        """Count which source would have been right, and the values."""
        for parameter, value in call.arguments.items():
            if not isinstance(value, _SCALAR):
                continue
            key = f"{call.name}.{parameter}"
            scores = self.sources.setdefault(key, {})
            for name, found in self._sources(call.name, parameter, index).items():
                score = scores.setdefault(name, [0, 0])
                score[0] += bool(found) and found[0] == value
                score[1] += 1
            _count(self.values.setdefault(key, {}), f"{type(value).__name__}:{value}", value)
        _count(self.whole.setdefault(call.name, {}), call.key, dict(call.arguments))
        self.linked.learn_call(call, index)
        self.recent.learn_call(call, index)
        self._kept = None, 0, {}

    def _sources(self, tool: str, parameter: str, index: ContextIndex) -> dict[str, list[Any]]:
        """Return the values of each source; worked out once at a moment, for a guess and for what is learned of it."""
        kept = self._kept
        if kept[0] is not index or kept[1] != index.version:
            kept = self._kept = index, index.version, {}
        key = f"{tool}.{parameter}"
        if key not in kept[2]:
            kept[2][key] = self._sought(tool, parameter, index)
        return kept[2][key]

    def _sought(self, tool: str, parameter: str, index: ContextIndex) -> dict[str, list[Any]]:
        table = self.values.get(f"{tool}.{parameter}", {})
        often = sorted((key for key in table if table[key][1] >= HABIT), key=lambda key: (-table[key][1], key))[:3]
        return {
            "linked": self.linked.choose(tool, parameter, index),
            "recent": self.recent.choose(tool, parameter, index)[:2],
            "frequent": [table[key][0] for key in often],
        }

    def state(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs, as JSON values."""
        return {
            **super().state(),
            "values": self.values,
            "whole": self.whole,
            "sources": self.sources,
            "links": self.linked.links,
            "shapes": self.recent.shapes,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the filler whose :meth:`state` this is."""
        super().restore(state)
        for name in ("values", "whole", "sources"):
            table = {key: {text: list(pair) for text, pair in row.items()} for key, row in state[name].items()}
            setattr(self, name, table)
        self.linked.links = {name: dict(counts) for name, counts in state["links"].items()}
        self.recent.shapes = {name: dict(counts) for name, counts in state["shapes"].items()}


def _count(table: dict[str, list[Any]], key: str, value: Any) -> None:
    if key in table:
        table[key][1] += 1
    elif len(table) < MOST_VALUES:
        table[key] = [value, 1]


def _share(score: list[int] | None) -> float:
    return (score[0] + 0.5) / (score[1] + 1.5) if score else 0.0
