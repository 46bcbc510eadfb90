"""Argument fillers: given a tool, propose its arguments from the conversation. The counting ones.

``none`` fills nothing and so offers only tools that need no argument. ``recent`` takes, for each parameter, the most
recent value of a shape that the parameter has had. ``linked`` takes the *next unused linked value*: a value found where
this parameter's values have come from before (same tool and JSON path, or same role and kind), not used for it yet.
A filler also learns how often it is right, per tool, so that a call's probability means what it says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import numpy as np

from specbench.core.types import ToolCall, Trace
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.context.values import LAST, LAST_USER, SHAPE, shape_of

__all__ = ["ArgumentFiller", "Arguments", "LinkedFiller", "NoFiller", "RecentFiller"]

Arguments = dict[str, Any]
MOST_LINKED = 200
"""Values at one place that are looked at, the latest ones."""


class ArgumentFiller(ABC):
    """Proposes arguments for a tool; see the module's text."""

    name: ClassVar[str]
    about: ClassVar[str] = ""

    def __init__(self) -> None:
        self.parameters: dict[str, dict[str, int]] = {}
        self.calls: dict[str, int] = {}
        self.right: dict[str, tuple[int, int]] = {}

    @abstractmethod
    def choose(self, tool: str, parameter: str, index: ContextIndex) -> list[Any]:
        """Return the best values for one parameter, best first."""

    @abstractmethod
    def learn_call(self, call: ToolCall, index: ContextIndex) -> None:
        """Count where the arguments of a real call came from; ``index`` is the state just before it."""

    def fit(self, traces: Collection[Trace]) -> None:
        """Learn from traces, one call after the other; reliability is counted before each call is learned."""
        for trace in traces:
            index = ContextIndex()
            for message in trace.messages:
                for call in message.tool_calls:
                    if call.invalid_arguments is None:
                        self.learn(call, index)
                index.append(message)

    def learn(self, call: ToolCall, index: ContextIndex) -> None:
        """Take in one real call: first whether the filler would have been right, then where its values came from."""
        if self.calls.get(call.name):
            proposed = self.fill(call.name, index)
            hit = bool(proposed) and ToolCall(call.name, proposed[0]) == call
            right, of = self.right.get(call.name, (0, 0))
            self.right[call.name] = (right + hit, of + 1)
        self.calls[call.name] = self.calls.get(call.name, 0) + 1
        seen = self.parameters.setdefault(call.name, {})
        for parameter in call.arguments:
            seen[parameter] = seen.get(parameter, 0) + 1
        self.learn_call(call, index)

    def reliability(self, tool: str) -> float:
        """Return the smoothed share of real calls of ``tool`` that the first proposal matched."""
        right, of = self.right.get(tool, (0, 0))
        return (right + 0.5) / (of + 1.5)

    def fill(self, tool: str, index: ContextIndex, k: int = 1) -> list[Arguments]:
        """Return up to ``k`` sets of arguments for ``tool``, best first; ``[]`` when a usual parameter stays empty."""
        calls = self.calls.get(tool, 0)
        if not calls:
            return []
        best: Arguments = {}
        others: list[tuple[str, list[Any]]] = []
        for parameter, count in self.parameters.get(tool, {}).items():
            if 2 * count < calls:
                continue
            values = self.choose(tool, parameter, index)
            if not values:
                return []
            best[parameter] = values[0]
            others.append((parameter, values[1:]))
        sets = [best]
        for rank in range(k - 1):
            for parameter, values in others:
                if rank < len(values):
                    sets.append({**best, parameter: values[rank]})
        return sets[:k]

    def state(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs, as JSON values."""
        return {"parameters": self.parameters, "calls": self.calls, "right": self.right}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the filler whose :meth:`state` this is."""
        self.parameters = {tool: dict(counts) for tool, counts in state["parameters"].items()}
        self.calls = dict(state["calls"])
        self.right = {tool: (pair[0], pair[1]) for tool, pair in state["right"].items()}


class NoFiller(ArgumentFiller):
    """Fill nothing: only tools that are usually called without arguments are offered."""

    name = "none"
    about = "no arguments"

    def choose(self, tool: str, parameter: str, index: ContextIndex) -> list[Any]:
        """Return nothing."""
        return []

    def learn_call(self, call: ToolCall, index: ContextIndex) -> None:
        """Learn nothing."""


class RecentFiller(ArgumentFiller):
    """The most recent value of the right shape."""

    name = "recent"
    about = "arguments: the most recent value of the right shape"

    def __init__(self) -> None:
        super().__init__()
        self.shapes: dict[str, dict[str, int]] = {}

    def choose(self, tool: str, parameter: str, index: ContextIndex) -> list[Any]:
        """Return values whose shape this parameter has had, latest mention first."""
        known = self.shapes.get(f"{tool}.{parameter}")
        if not known or not len(index.table):
            return []
        wanted = [at for at, shape in enumerate(index.shape_names) if shape in known]
        rows = np.flatnonzero(np.isin(index.table[:, SHAPE], wanted))
        latest = np.lexsort((rows, index.table[rows, LAST]))[::-1][:5]
        return [index.values[row] for row in rows[latest].tolist()]

    def learn_call(self, call: ToolCall, index: ContextIndex) -> None:
        """Count the shapes of the arguments."""
        for parameter, value in call.arguments.items():
            if isinstance(value, str | int | float):
                shapes = self.shapes.setdefault(f"{call.name}.{parameter}", {})
                shape = shape_of(str(value))
                shapes[shape] = shapes.get(shape, 0) + 1

    def state(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs, as JSON values."""
        return {**super().state(), "shapes": self.shapes}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the filler whose :meth:`state` this is."""
        super().restore(state)
        self.shapes = {name: dict(counts) for name, counts in state["shapes"].items()}


class LinkedFiller(ArgumentFiller):
    """The next unused linked value (FINDINGS section 2.3)."""

    name = "linked"
    about = "arguments: the next unused value from where they came before"

    def __init__(self) -> None:
        super().__init__()
        self.links: dict[str, dict[str, int]] = {}

    def choose(self, tool: str, parameter: str, index: ContextIndex) -> list[Any]:
        """Return linked values: what the user just named first, then unused ones in order, then used ones."""
        links = self.links.get(f"{tool}.{parameter}")
        if not links:
            return []
        used = index.used_rows(tool, parameter)
        table = index.table
        scored: dict[int, tuple[Any, ...]] = {}
        newest = int(table[:, LAST_USER].max()) if len(table) else 0
        for path, count in links.items():
            rows = index.rows(path)[-MOST_LINKED:]
            for order, (row, named) in enumerate(zip(rows, table[rows, LAST_USER].tolist(), strict=True)):
                just_named = named == newest and newest >= index.now - 2
                rank = (row in used, not just_named, -count, order)
                if row not in scored or rank < scored[row]:
                    scored[row] = rank
        return [index.values[row] for row in sorted(scored, key=lambda row: (scored[row], row))[:5]]

    def learn_call(self, call: ToolCall, index: ContextIndex) -> None:
        """Count the paths at which each argument had occurred."""
        for parameter, value in call.arguments.items():
            row = index.row(value) if isinstance(value, str | int | float) else None
            if row is None:
                continue
            links = self.links.setdefault(f"{call.name}.{parameter}", {})
            for path in index.row_paths[row]:
                name = index.path_names[path]
                links[name] = links.get(name, 0) + 1

    def state(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs, as JSON values."""
        return {**super().state(), "links": self.links}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become the filler whose :meth:`state` this is."""
        super().restore(state)
        self.links = {name: dict(counts) for name, counts in state["links"].items()}
