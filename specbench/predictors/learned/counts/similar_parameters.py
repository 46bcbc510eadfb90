"""Parameters of other tools that are described alike: what a tool that training has never seen may ask for.

A new tool's ``origin`` ("City of departure") takes what an ``origin_city`` takes that was counted: cities, said after
"from", "SF" for San Francisco. How alike two parameters are is the cosine of the stems of their names and descriptions;
rare stems count more, those of the name twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import log, sqrt

from specbench.core.types import ToolSpec
from specbench.predictors.context.names import schema_stems
from specbench.predictors.context.values import TRUTH, text_of
from specbench.predictors.learned.counts.tables import Counts, ParameterCounts, SummedCounts

__all__ = ["SimilarParameters", "described"]

MOST_DESCRIBED = 300
"""Characters of a parameter's description that are kept."""
ALIKE, BESIDE_NAMESAKES = 0.25, 0.5
"""Cosine from which parameters of other names are related, and where there are some of the same name."""
NEAREST = 0.8
"""Share of the cosine of the most similar one that the others need."""
UNKNOWN = 1.0
"""Weight of a word that no counted parameter has; that of a rare one is some four times as much."""
MOST_FOUND = 10_000
"""Parameters whose similar ones are remembered."""

_OF_TRUTH = frozenset(["has", "is", "for", "in", "allowe"])
_Members = tuple[tuple[str, str], ...]


def described(spec: ToolSpec | None, parameter: str) -> tuple[str, str]:
    """Return a parameter's description, and its type: ``enum`` where its values are listed.

    Examples
    --------
    >>> pets = {"type": "string", "description": "Are pets allowed?", "enum": ["True", "False", "dontcare"]}
    >>> described(ToolSpec("find", "", {"properties": {"pets": pets}}), "pets")
    ('Are pets allowed?', 'boolean')
    """
    schema = spec.schema(parameter) if spec else {}
    kind, enum = str(schema.get("type") or ""), schema.get("enum")
    if isinstance(enum, list):
        kind = "enum" if TRUTH.isdisjoint(map(text_of, enum)) else "boolean"
    return str(schema.get("description") or "")[:MOST_DESCRIBED], kind


class SimilarParameters:
    """Finds the parameters that are described like a given one, among those that were counted.

    Parameters
    ----------
    tools
        Counts by tool and parameter. When those of a tool change, :meth:`forget`; when others join, make a new one.

    Examples
    --------
    >>> city = ParameterCounts(fills=9, described="City where the flight starts", kind="string")
    >>> time = ParameterCounts(fills=5, kind="string")
    >>> similar = SimilarParameters({"fly": {"origin_city": city}, "eat": {"time": time}})
    >>> origin = {"origin": {"type": "string", "description": "Starting city"}}
    >>> found, alike = similar.of("ride", "origin", ToolSpec("ride", "", {"properties": origin}))
    >>> found.fills, 0.25 < alike < 1
    (9, True)
    """

    def __init__(self, tools: Mapping[str, Mapping[str, ParameterCounts]]) -> None:
        self._tools = tools
        told: dict[tuple[str, str], list[str]] = {}
        for tool, table in tools.items():
            for name, counts in table.items():
                told.setdefault((name, counts.described), []).append(tool)
        self._described = list(told.items())
        self._named: dict[str, list[int]] = {}
        for at, (name, _) in enumerate(told):
            self._named.setdefault(name, []).append(at)
        held = Counter(word for name, text in told for word in schema_stems(name, text))
        self._rare = {word: log((len(told) + 1) / (times + 0.5)) for word, times in held.items()}
        self._having: dict[str, list[tuple[int, float]]] = {}
        for at, (name, text) in enumerate(told):
            for word, weight in self._direction(name, text).items():
                self._having.setdefault(word, []).append((at, weight))
        self._found: dict[tuple[str, str, str, str, bool], tuple[_Members, float]] = {}
        self._sums: dict[_Members, Counts] = {}

    def of(self, tool: str, parameter: str, spec: ToolSpec | None, *, alone: bool = False) -> tuple[Counts, float]:
        """Return the counts of the most similar parameters of other tools, added up, and how alike the nearest one is.

        Namesakes are always among them, and alike by 1; with ``alone`` they are left aside. Where there are none, the
        counts are empty and nothing is alike.
        """
        text, kind = described(spec, parameter)
        key = tool, parameter, text, kind, alone
        if key not in self._found:
            if len(self._found) >= MOST_FOUND:
                self._found.clear()
            self._found[key] = self._members(tool, parameter, text, kind, alone)
        members, alike = self._found[key]
        if members not in self._sums:
            each = [self._tools[other][name] for other, name in members]
            # Of a single one its own counts, so that what is derived from them is derived once.
            self._sums[members] = each[0] if len(each) == 1 else SummedCounts(each)
        return self._sums[members], alike

    def forget(self, tool: str) -> list[Counts]:
        """Add the counts of a tool up anew, as they have changed; return the sums that they were part of."""
        old = [members for members in list(self._sums) if any(each == tool for each, _ in members)]
        return [self._sums.pop(members) for members in old]

    def _members(self, tool: str, parameter: str, text: str, kind: str, alone: bool) -> tuple[_Members, float]:
        cosines = dict.fromkeys(self._named.get(parameter, ()), 0.0)
        for word, weight in self._direction(parameter, text).items():
            for at, share in self._having.get(word, ()):
                cosines[at] = cosines.get(at, 0.0) + weight * share
        same: list[tuple[str, str]] = []
        near: list[tuple[float, tuple[str, str]]] = []
        best = 0.0
        own = schema_stems(parameter, "") - _OF_TRUTH
        for at, cosine in sorted(cosines.items()):
            (name, _), holders = self._described[at]
            if name == parameter and alone:
                continue
            for other in holders:
                counted = self._tools[other][name].kind
                if other == tool or (name != parameter and kind and counted and kind != counted):
                    continue
                if name != parameter and kind == "boolean" and own.isdisjoint(schema_stems(name, "")):
                    continue  # "Boolean flag indicating whether" says nothing of what it indicates.
                best = max(best, cosine)
                if name == parameter:
                    same.append((other, name))
                else:
                    near.append((cosine, (other, name)))
        least = max(BESIDE_NAMESAKES if same else ALIKE, NEAREST * best)
        members = (*same, *(each for cosine, each in near if cosine >= least))
        return members, 1.0 if same else best if members else 0.0

    def _direction(self, name: str, text: str) -> dict[str, float]:
        """Return the stems of a name and a description with their weights, of length 1 together."""
        named = schema_stems(name, "")
        weights = {
            word: self._rare.get(word, UNKNOWN) * (2.0 if word in named else 1.0)
            for word in sorted(schema_stems(name, text))
        }
        length = sqrt(sum(weight * weight for weight in weights.values()))
        return {word: weight / length for word, weight in weights.items()}
