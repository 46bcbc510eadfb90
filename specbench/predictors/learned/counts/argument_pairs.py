"""What pairs of arguments of one call have kept to: equal or not, the first before the second, both dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from specbench.core.types import ToolCall
from specbench.predictors.context.values import text_of

__all__ = ["ArgumentPairs"]

MOST_REMEMBERED = 10_000
"""Tools never seen of which it is remembered what others keep to."""
MOST_SHAPES = 200
"""Sets of parameters that are counted of one tool."""
MOST_PAIRED = 60
"""Arguments of a call that are looked at in pairs."""


class ArgumentPairs:
    """Counts, for each tool and pair of parameters: filled together, equal, first before second, both dates.

    Examples
    --------
    >>> pairs = ArgumentPairs()
    >>> pairs.count(ToolCall("fly", {"origin": "Oslo", "goal": "Rome"}))
    >>> pairs.kept_to("fly", ["goal", "origin"])
    {'goal|origin': [1, 0, 0, 0]}
    """

    def __init__(self) -> None:
        self.tools: dict[str, dict[str, list[int]]] = {}
        self.shapes: dict[str, dict[str, int]] = {}
        self._elsewhere: dict[tuple[str, tuple[str, ...]], dict[str, list[int]]] = {}

    def count(self, call: ToolCall) -> None:
        """Count the arguments of a call."""
        self._elsewhere.clear()
        shapes, shape = self.shapes.setdefault(call.name, {}), "|".join(sorted(call.arguments))
        if shape in shapes or len(shapes) < MOST_SHAPES:
            shapes[shape] = shapes.get(shape, 0) + 1
        table = self.tools.setdefault(call.name, {})
        texts = sorted((n, text_of(v)) for n, v in call.arguments.items() if isinstance(v, str | int | float))
        del texts[MOST_PAIRED:]
        for at, (name, text) in enumerate(texts):
            for other, second in texts[at + 1 :]:
                row = table.setdefault(f"{name}|{other}", [0, 0, 0, 0])
                row[0] += 1
                row[1] += text == second
                row[2] += text < second
                row[3] += len(text) == 10 and len(second) == 10 and text[4:5] == "-" == second[4:5]

    def add(self, other: ArgumentPairs) -> None:
        """Add the counts of another one."""
        self._elsewhere.clear()
        for tool, rows in other.tools.items():
            _add(self.tools.setdefault(tool, {}), rows)
        for tool, shapes in other.shapes.items():
            mine = self.shapes.setdefault(tool, {})
            for shape, count in shapes.items():
                mine[shape] = mine.get(shape, 0) + count

    def kept_to(self, tool: str, names: Sequence[str], *, unseen: bool = False) -> Mapping[str, Sequence[int]]:
        """Return what calls have kept to for pairs of parameters; of a tool never seen, calls of other tools."""
        if not unseen:
            return self.tools.get(tool, {})
        key = tool, tuple(names)
        if key not in self._elsewhere:
            if len(self._elsewhere) >= MOST_REMEMBERED:
                self._elsewhere.clear()
            out: dict[str, list[int]] = {}
            wanted = {f"{a}|{b}" for a in names for b in names if a < b}
            for other, rows in self.tools.items():
                if other != tool:
                    _add(out, {pair: rows[pair] for pair in sorted(wanted & rows.keys())})
            self._elsewhere[key] = out
        return self._elsewhere[key]

    def shapes_of(self, tool: str, names: Sequence[str], most: int) -> list[tuple[tuple[bool, ...], float]]:
        """Return which of the parameters ``names`` the calls of a tool had together, with the share of these calls.

        Examples
        --------
        >>> pairs = ArgumentPairs()
        >>> pairs.count(ToolCall("read", {"path": "a.py"}))
        >>> pairs.shapes_of("read", ["limit", "path"], 3)
        [((False, True), 1.0)]
        """
        shapes = self.shapes.get(tool, {})
        total = sum(shapes.values()) or 1
        best = sorted(shapes.items(), key=lambda item: (-item[1], item[0]))[:most]
        held = [(frozenset(shape.split("|")), count) for shape, count in best]
        return [(tuple(name in each for name in names), count / total) for each, count in held]

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the counts of :attr:`tools` (as ``pairs``) and of ``shapes``."""
        self._elsewhere.clear()
        self.shapes = {tool: dict(shapes) for tool, shapes in state["shapes"].items()}
        state = state["pairs"]
        self.tools = {tool: {pair: list(row) for pair, row in rows.items()} for tool, rows in state.items()}


def _add(table: dict[str, list[int]], rows: Mapping[str, Sequence[int]]) -> None:
    for pair, row in rows.items():
        table[pair] = [a + b for a, b in zip(table.get(pair, [0, 0, 0, 0]), row, strict=True)]
