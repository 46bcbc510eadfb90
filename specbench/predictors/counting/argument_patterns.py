"""Argument mappings, mined by counting: from which place, by which rule, each parameter of a tool gets its value.

A mapping is a source and a rule: ``next get_user.orders[]`` (the first value there that has not filled this parameter
yet), ``first`` and ``last`` (the oldest and the newest value there), ``named user:id`` (what the user's last message
says), ``named-2 user:word`` (the second value of that kind in it), ``same argument:user_id`` (what the latest call with
that argument had), ``always ="economy"`` (a constant).
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from specbench.core.canonical import canonical
from specbench.core.types import ToolCall, Trace
from specbench.predictors.context.index import ARGUMENT_PATH, ContextIndex
from specbench.predictors.context.values import LAST_USER, OFFSET
from specbench.predictors.counting.ngram import histories

__all__ = ["BEAM", "LONGEST", "MIN_SUPPORT", "ArgumentPatterns", "Pattern", "backed_off", "signatures_of"]

LONGEST = 4
"""Steps in the longest signature, besides the last tool."""
MIN_SUPPORT = 3
"""A signature speaks from this many occurrences on; below, the next shorter one does."""
CAUTION = 3.0
"""Weight of the next shorter signature's estimate, in occurrences."""
MAX_SOURCES = 12
"""Sources looked at for a parameter, the most frequent ones."""
KEPT_SOURCES = 64
BEAM = 8
VALUES = 4
NAMED_PLACES = 4
"""Places in the user's latest message that are told apart: the first, second, … value of a kind there."""
MAX_CONSTANT_CHARS = 60
CALLS_BACK = 12

AGAIN = "-again"
"""Ends the name of a rule whose value has filled this parameter before."""

Counts = dict[str, int]
Named = dict[str, list[int]]
Proposal = tuple[dict[str, Any], float]


def signatures_of(index: ContextIndex) -> list[str]:
    """Return what a state is known by, the least specific first: nothing, the last tool, and it with 1 … 4 last steps.

    Examples
    --------
    >>> from specbench.core.types import Message
    >>> signatures_of(ContextIndex().extend([Message("user"), Message("assistant", tool_calls=(ToolCall("ls"),))]))
    ['', 'ls|', 'ls|ls', 'ls|<user> ls']
    """
    return ["", *(f"{index.last_tool or ''}|{steps}" for steps in histories(index, LONGEST))]


class Pattern(NamedTuple):
    """A mined mapping: rule and source, how often it applied, and the share of these in which it was right."""

    rule: str
    source: str
    support: int
    confidence: float


def backed_off(rows: Sequence[Mapping[str, int] | None]) -> dict[str, float]:
    """Return relative frequencies after the longest signature with enough support, shaded by the shorter ones.

    Parameters
    ----------
    rows
        Counts after each signature, the shortest first; ``None`` where it was never seen.

    Examples
    --------
    >>> backed_off([{"a": 1, "b": 1}, {"a": 3}, {"b": 1}])      # the longest was seen but once
    {'a': 0.75, 'b': 0.25}
    """
    p: dict[str, float] = {}
    for row in rows:
        total = sum(row.values()) if row else 0
        if not row or (p and total < MIN_SUPPORT):
            break
        own = total / (total + CAUTION) if p else 1.0
        p = {name: (1 - own) * p.get(name, 0.0) + own * row.get(name, 0) / total for name in sorted(p.keys() | row)}
    return p


class ArgumentPatterns:
    """Which parameters a tool gets after a signature, and by which mappings.

    Attributes
    ----------
    sets
        ``sets[signature][tool]`` counts the parameter lists (as JSON) of its calls.
    sources
        ``sources["tool.parameter"]`` counts the places where its values had been; ``=JSON`` is a constant.
    mappings
        ``mappings[signature]["tool.parameter"]["rule source"]`` = how often it was right, and how often it applied.
    kinds
        ``kinds["tool.parameter"]`` counts the types of its values.
    """

    def __init__(self) -> None:
        self.sets: dict[str, dict[str, Counts]] = {}
        self.sources: dict[str, Counts] = {}
        self.mappings: dict[str, dict[str, dict[str, list[int]]]] = {}
        self.kinds: dict[str, Counts] = {}

    def fit(self, traces: Collection[Trace]) -> None:
        """Mine ``traces`` twice: first for the sources of each parameter, then for what each mapping is worth."""
        self.sets, self.sources, self.mappings, self.kinds = {}, {}, {}, {}
        for call, index in _calls(traces):
            self._find_sources(call, index)
        for name, counts in self.sources.items():
            self.sources[name] = {source: counts[source] for source in _first(counts, MAX_SOURCES)}
        for call, index in _calls(traces):
            self._count(call, index)

    def learn(self, call: ToolCall, index: ContextIndex) -> None:
        """Take in one more call; ``index`` is the state just before it."""
        self._find_sources(call, index)
        self._count(call, index)

    def propose(self, tool: str, index: ContextIndex) -> list[Proposal]:
        """Return arguments of ``tool`` with P(they are right | the tool is called), at most ``BEAM``, best first."""
        signatures = signatures_of(index)
        named = _named_now(index)
        ranking: dict[str, list[tuple[Any, float]]] = {}
        out: list[Proposal] = []
        known = [self.sets.get(signature, {}).get(tool) for signature in signatures]
        for parameters, share in backed_off(known).items():
            beam: list[Proposal] = [({}, share)]
            for parameter in json.loads(parameters):
                if parameter not in ranking:
                    ranking[parameter] = self._ranked_values(tool, parameter, index, signatures, named)
                grown = [({**done, parameter: value}, p * q) for done, p in beam for value, q in ranking[parameter]]
                beam = sorted(grown, key=lambda each: -each[1])[:BEAM]
            out += beam
        return sorted(out, key=lambda each: -each[1])[:BEAM]

    def patterns(self, tool: str, parameter: str, signature: str = "") -> list[Pattern]:
        """Return what was mined for a parameter after a signature (``""``: after any), most confident first."""
        rows = self.mappings.get(signature, {}).get(f"{tool}.{parameter}", {})
        split = ((mapping.partition(" "), right, of) for mapping, (right, of) in rows.items())
        found = [Pattern(rule, source, of, right / of) for (rule, _, source), right, of in split]
        return sorted(found, key=lambda each: (-each.confidence, -each.support, each.source, each.rule))

    def state(self) -> dict[str, Any]:
        """Return the counts."""
        return {"sets": self.sets, "sources": self.sources, "mappings": self.mappings, "kinds": self.kinds}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over counts."""
        copied = json.loads(json.dumps({name: state[name] for name in ("sets", "sources", "mappings", "kinds")}))
        self.sets, self.sources, self.mappings, self.kinds = copied.values()

    def _ranked_values(
        self, tool: str, parameter: str, index: ContextIndex, signatures: Sequence[str], named: Named
    ) -> list[tuple[Any, float]]:
        name = f"{tool}.{parameter}"
        rows = [self.mappings.get(signature, {}).get(name, {}) for signature in signatures]
        best: dict[str, tuple[float, Any]] = {}
        for mapping, value in self._values(tool, parameter, index, named).items():
            confidence = 0.0
            for length, row in enumerate(rows):
                right, of = row.get(mapping, (0, 0))
                if length and of < MIN_SUPPORT:
                    break
                confidence = (right + CAUTION * confidence) / (of + CAUTION)
            value = self._typed(name, value)
            key = canonical(value)
            if confidence > best.get(key, (0.0, None))[0]:
                best[key] = confidence, value
        left, out = 1.0, []
        for key in sorted(best, key=lambda key: (-best[key][0], key))[:VALUES]:
            p = min(best[key][0], left)  # only one value is right
            left -= p
            if p > 0.0:
                out.append((best[key][1], p))
        return out

    def _values(self, tool: str, parameter: str, index: ContextIndex, named: Mapping[str, list[int]]) -> dict[str, Any]:
        """Return the value that every mapping of a parameter gives now, by ``rule source``."""
        used = index.used_rows(tool, parameter)
        out: dict[str, Any] = {}

        def offer(rule: str, source: str, row: int) -> None:
            out[f"{rule}{AGAIN if row in used else ''} {source}"] = index.values[row]

        for source in _first(self.sources.get(f"{tool}.{parameter}", {}), MAX_SOURCES):
            if source.startswith("="):
                out[f"always {source}"] = json.loads(source[1:])
                continue
            if source.startswith(ARGUMENT_PATH):
                row = _latest_argument(index, source.removeprefix(ARGUMENT_PATH))
                if row is not None:
                    offer("same", source, row)
                continue
            rows = index.rows(source)
            if rows:
                offer("first", source, rows[0])
                offer("last", source, rows[-1])
                unused = next((row for row in rows if row not in used), None)
                if unused is not None:
                    offer("next", source, unused)
            just_named = named.get(source)
            if just_named:
                offer("named", source, next((row for row in just_named if row not in used), just_named[0]))
                for place, row in enumerate(just_named[:NAMED_PLACES], start=1):
                    offer(f"named-{place}", source, row)
        return out

    def _find_sources(self, call: ToolCall, index: ContextIndex) -> None:
        for parameter, value in call.arguments.items():
            if not _is_scalar(value):
                continue
            name = f"{call.name}.{parameter}"
            _add(self.kinds.setdefault(name, {}), type(value).__name__)
            sources = self.sources.setdefault(name, {})
            row = index.row(value)
            for path in index.row_paths[row] if row is not None else ():
                _add(sources, index.path_names[path])
            text = json.dumps(value)
            if len(text) <= MAX_CONSTANT_CHARS:
                _add(sources, f"={text}")
            if len(sources) > KEPT_SOURCES:
                self.sources[name] = {source: sources[source] for source in _first(sources, KEPT_SOURCES // 2)}

    def _count(self, call: ToolCall, index: ContextIndex) -> None:
        signatures = signatures_of(index)
        parameters = json.dumps(sorted(call.arguments))
        for signature in signatures:
            _add(self.sets.setdefault(signature, {}).setdefault(call.name, {}), parameters)
        named = _named_now(index)
        for parameter, value in call.arguments.items():
            if not _is_scalar(value):
                continue
            name = f"{call.name}.{parameter}"
            hits = {
                mapping: canonical(self._typed(name, found)) == canonical(value)
                for mapping, found in self._values(call.name, parameter, index, named).items()
            }
            for signature in signatures:
                row = self.mappings.setdefault(signature, {}).setdefault(name, {})
                for mapping, hit in hits.items():
                    cell = row.setdefault(mapping, [0, 0])
                    cell[0] += hit
                    cell[1] += 1

    def _typed(self, name: str, value: Any) -> Any:
        """Return a value in the type that the parameter usually has: a message says a number as text."""
        kinds = self.kinds.get(name)
        kind = _first(kinds, 1)[0] if kinds else ""
        if kind == "str" and not isinstance(value, str):
            return json.dumps(value)
        if kind == "int" and isinstance(value, str) and value.isdecimal() and len(value) <= 15:
            return int(value)
        return value


def _calls(traces: Collection[Trace]) -> Iterator[tuple[ToolCall, ContextIndex]]:
    """Yield every sound call of ``traces`` with the state just before it; parallel ones share it."""
    for trace in traces:
        index = ContextIndex()
        for message in trace.messages:
            for call in message.tool_calls:
                if call.invalid_arguments is None:
                    yield call, index
            index.append(message)


def _named_now(index: ContextIndex) -> Named:
    """Return the rows that the user's latest message names, by the places where they have occurred."""
    out: Named = {}
    if index.last_user_at >= 0:
        rows = np.flatnonzero(index.table[:, LAST_USER] == index.last_user_at)
        for row in rows[np.argsort(index.table[rows, OFFSET], kind="stable")].tolist():
            for path in index.row_paths[row]:
                out.setdefault(index.path_names[path], []).append(row)
    return out


def _latest_argument(index: ContextIndex, parameter: str) -> int | None:
    """Return the row of the value that ``parameter`` had in the latest call that gave one."""
    for call in index.calls[: -CALLS_BACK - 1 : -1]:
        if parameter in call.arguments:
            return index.row(call.arguments[parameter])
    return None


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


def _add(counts: Counts, name: str) -> None:
    counts[name] = counts.get(name, 0) + 1


def _first(counts: Mapping[str, int], most: int) -> list[str]:
    """Return the most frequent names, ties by name."""
    return sorted(counts, key=lambda name: (-counts[name], name))[:most]
