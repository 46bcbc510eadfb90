"""Parameters of other tools that are described alike: what a tool that training has never seen may ask for.

A new tool's ``origin`` ("City of departure") takes what an ``origin_city`` takes that was counted: cities, said after
"from", "SF" for San Francisco. How alike two parameters are is the cosine of the stems of their names and descriptions;
rare stems count more, those of the name twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import log, sqrt

from specbench.predictors.counts import ParameterCounts
from specbench.predictors.evidence import schema_stems
from specbench.predictors.values import TRUTH, text_of
from specbench.types import ToolSpec

__all__ = ["Relatives", "described"]

MOST_DESCRIBED = 300
"""Characters of a parameter's description that are kept."""
ALIKE, BESIDE_NAMESAKES = 0.25, 0.5
"""Cosine from which parameters of other names are related, and where there are some of the same name."""
NEAREST = 0.8
"""Share of the nearest relative's cosine that the others need."""


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


class Relatives:
    """Finds the relatives of a parameter among those that were counted.

    Parameters
    ----------
    tools
        Counts by tool and parameter. When these change, :meth:`forget`; when others join them, make a new one.

    Examples
    --------
    >>> city = ParameterCounts(fills=9, described="City where the flight starts", kind="string")
    >>> relatives = Relatives({"fly": {"origin_city": city}, "eat": {"time": ParameterCounts(fills=5, kind="string")}})
    >>> origin = {"origin": {"type": "string", "description": "Starting city"}}
    >>> found = relatives.of("ride", "origin", ToolSpec("ride", "", {"properties": origin}))
    >>> found.fills, 0.25 < found.alike < 1
    (9, True)
    """

    def __init__(self, tools: Mapping[str, Mapping[str, ParameterCounts]]) -> None:
        told: dict[tuple[str, str], list[tuple[str, ParameterCounts]]] = {}
        for tool, table in tools.items():
            for name, counts in table.items():
                told.setdefault((name, counts.described), []).append((tool, counts))
        self._described = list(told.items())
        held = Counter(word for name, text in told for word in schema_stems(name, text))
        self._rare = {word: log((len(told) + 1) / (times + 0.5)) for word, times in held.items()}
        self._rarest = log(2 * len(told) + 2)
        self._having: dict[str, list[tuple[int, float]]] = {}
        for at, (name, text) in enumerate(told):
            for word, weight in self._direction(name, text).items():
                self._having.setdefault(word, []).append((at, weight))
        self._found: dict[tuple[str, str, str, str, bool], ParameterCounts] = {}

    def of(self, tool: str, parameter: str, spec: ToolSpec | None, *, alone: bool = False) -> ParameterCounts:
        """Return the counts of the nearest relatives in other tools, added up; empty where there are none.

        Namesakes are always among them; with ``alone`` they are left aside. ``alike`` of the result is the nearest
        one's cosine, 1 for namesakes.
        """
        text, kind = described(spec, parameter)
        key = tool, parameter, text, kind, alone
        if key not in self._found:
            self._found[key] = self._sum(tool, parameter, text, kind, alone)
        return self._found[key]

    def forget(self) -> None:
        """Add the counts up anew: they have changed."""
        self._found.clear()

    def _sum(self, tool: str, parameter: str, text: str, kind: str, alone: bool) -> ParameterCounts:
        cosines: dict[int, float] = {}
        for word, weight in self._direction(parameter, text).items():
            for at, share in self._having.get(word, ()):
                cosines[at] = cosines.get(at, 0.0) + weight * share
        same: list[ParameterCounts] = []
        near: list[tuple[float, ParameterCounts]] = []
        best = 0.0
        for at, cosine in sorted(cosines.items()):
            (name, _), holders = self._described[at]
            if name == parameter and alone:
                continue
            for other, counts in holders:
                if other == tool or (name != parameter and kind and counts.kind and kind != counts.kind):
                    continue
                best = max(best, cosine)
                if name == parameter:
                    same.append(counts)
                else:
                    near.append((cosine, counts))
        least = max(BESIDE_NAMESAKES if same else ALIKE, NEAREST * best)
        total = ParameterCounts()
        for each in (*same, *(counts for cosine, counts in near if cosine >= least)):
            total.add(each)
        total.alike = 1.0 if same else best if total.fills + total.absent else 0.0
        return total

    def _direction(self, name: str, text: str) -> dict[str, float]:
        """Return the stems of a name and a description with their weights, of length 1 together."""
        named = schema_stems(name, "")
        weights = {
            word: self._rare.get(word, self._rarest) * (2.0 if word in named else 1.0)
            for word in sorted(schema_stems(name, text))
        }
        length = sqrt(sum(weight * weight for weight in weights.values()))
        return {word: weight / length for word, weight in weights.items()}
