"""Where the values of a parameter come from: counts over real calls, per tool and parameter.

Two views of a parameter are kept apart: its *own* counts (this tool, this parameter) and those of parameters of the
same name in *other* tools, which are all there is for a tool never seen. The ranker gets both as features, so what it
learns of the second holds for new tools.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Protocol

from specbench.core.types import ToolCall, ToolSpec
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.context.values import code_of, shape_of, text_of
from specbench.predictors.learned.counts.announcing_words import CueTable
from specbench.predictors.learned.counts.argument_pairs import ArgumentPairs
from specbench.predictors.learned.counts.argument_types import kind_of
from specbench.predictors.learned.counts.conversations import ConversationCounts
from specbench.predictors.learned.counts.frames import frame_of
from specbench.predictors.learned.counts.reuse import ReuseRates
from specbench.predictors.learned.counts.similar_parameters import SimilarParameters, described
from specbench.predictors.learned.counts.tables import ABSENT, Counts, ParameterCounts, SummedCounts
from specbench.predictors.learned.counts.word_values import WordValues

__all__ = ["ParameterIndex", "cue_words"]

MOST_ANNOUNCED = 2000
"""Parameters of which it is remembered which words announce their values."""
MOST_PASSED = 200
"""Values of the user that count as passed over, the latest ones."""


class Derived(Protocol):
    """What somebody derives for a parameter of a tool from its counts and from those of others."""

    tool: str
    own: Counts
    others: Counts


class ParameterIndex:
    """The counts of all parameters, and what is known of a parameter from other tools.

    ``derived`` is room for what others derive from the counts; what was derived from counts that have changed is gone.
    ``revision`` counts their changes.
    """

    def __init__(self) -> None:
        self.tools: dict[str, dict[str, ParameterCounts]] = {}
        self.calls: dict[str, int] = {}
        self._others: dict[tuple[str, str], Counts] = {}
        self._similar: SimilarParameters | None = None
        self.pairs = ArgumentPairs()
        self.seen = ConversationCounts()
        self.derived: dict[Hashable, Derived] = {}
        self._cue_table = CueTable()
        self.revision = 0
        self.word_values = WordValues()
        self.reuse = ReuseRates()
        self._aliases: dict[str, tuple[str, float]] | None = None
        self._announcing: set[str] | None = None
        self._prefixes: dict[int, list[str]] | None = None
        self._spellings: dict[tuple[str, str], tuple[str, frozenset[int]]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Copies derive their own: what was derived knows these very counts."""
        return {**self.__dict__, "derived": {}, "_cue_table": CueTable()}

    def count(
        self,
        call: ToolCall,
        spec: ToolSpec | None,
        index: ContextIndex,
        known: set[tuple[str, str, str]] | None = None,
        *,
        online: bool = False,
    ) -> None:
        """Count one real call; ``index`` is the state just before it, ``known`` what its task has used so far.

        With ``online``, only words that announced something in training are counted: of others nobody knows how often
        they announced nothing, and a value counts once a task.
        """
        table = self.tools.setdefault(call.name, {})
        self.calls[call.name] = self.calls.get(call.name, 0) + 1
        names = dict.fromkeys([*table, *call.arguments, *(spec.properties if spec else ())])
        words = cue_words(index)
        for name in names:
            counts = table.get(name)
            if counts is None:
                counts = table[name] = ParameterCounts(absent=self.calls[call.name] - 1)
                counts.described, counts.kind = described(spec, name)
            announcing = words & counts.cues.keys() if online else words
            if name not in call.arguments:
                counts.absent += 1
                counts.cue(announcing, ABSENT)
                continue
            counts.fills += 1
            value = call.arguments[name]
            kind = kind_of(value)
            counts.kinds[kind] = counts.kinds.get(kind, 0) + 1
            if not isinstance(value, str | int | float):
                continue
            text = text_of(value)
            used = known is not None and (call.name, name, text) in known
            if len(text) <= 60 and not used:
                counts.values[text] = counts.values.get(text, 0) + 1
            if known is not None:
                known.add((call.name, name, text))
            self._count_value(counts, text, set() if online and used else announcing, index)
        self.pairs.count(call)
        self.reuse.count(call, spec, index.calls)
        self.word_values.count(call, words, index)

    def learn(
        self,
        call: ToolCall,
        spec: ToolSpec | None,
        index: ContextIndex,
        known: set[tuple[str, str, str]] | None = None,
        keep: float = 1.0,
    ) -> None:
        """Count one more real call after training (online update).

        Parameters
        ----------
        call, spec, index, known
            As in :meth:`count`.
        keep
            Factor on the tool's old counts first.
        """
        parameters = len(self.tools.get(call.name, ()))
        for counts in self.tools.get(call.name, {}).values():
            counts.fade(keep)
        self.count(call, spec, index, known, online=True)
        changed: list[Counts] = list(self.tools[call.name].values())
        for name, counts in self.tools[call.name].items():
            counts.bound()
            changed += [self._others.pop((tool, name)) for tool in self.tools if (tool, name) in self._others]
        if len(self.tools[call.name]) > parameters:
            self._similar = None
            self.derived.clear()
        elif self._similar is not None:
            changed += self._similar.forget(call.name)
        self._forget(call.name, changed)
        for name in self.tools[call.name]:
            self._spellings.pop((call.name, name), None)
        self._aliases = self._prefixes = None
        self.revision += 1
        self.word_values.keep(self.aliases())

    def _forget(self, tool: str, changed: Iterable[Counts]) -> None:
        """Forget what was derived from counts that have changed, and all that was derived for a tool."""
        stale = set(map(id, changed))
        self._cue_table.drop(stale)
        for key, each in list(self.derived.items()):
            if each.tool == tool or id(each.own) in stale or id(each.others) in stale:
                self.derived.pop(key, None)

    def aliases(self) -> dict[str, tuple[str, float]]:
        """Return what words of the user stand for: see :meth:`WordValues.aliases`."""
        if self._aliases is None:
            taken = [counts.values for table in self.tools.values() for counts in table.values()]
            self._aliases = self.word_values.aliases(taken)
        return self._aliases

    def prefixes(self) -> dict[int, list[str]]:
        """Return what identifiers begin with, by the number of digits that follow: {7: ["#W"]}."""
        if self._prefixes is None:
            found: dict[int, dict[str, None]] = {}
            for tool, table in self.tools.items():
                for name, counts in table.items():
                    if (tool, name) not in self._spellings:
                        self._spellings[tool, name] = counts.spelling() or ("", frozenset())
                    prefix, lengths = self._spellings[tool, name]
                    for length in lengths:
                        found.setdefault(length, {})[prefix] = None
            self._prefixes = {length: list(prefixes) for length, prefixes in found.items()}
        return self._prefixes

    def cue_table(self) -> CueTable:
        """Return the table of what words announce, of the parameters that were asked for so far."""
        if len(self._cue_table) > MOST_ANNOUNCED or 2 * self._cue_table.dropped > len(self._cue_table):
            self._cue_table = CueTable()
        return self._cue_table

    def announcing(self) -> set[str]:
        """Return the words that announce a value of any parameter; learning online adds none."""
        if self._announcing is None:
            self._announcing = {word for table in self.tools.values() for each in table.values() for word in each.cues}
        return self._announcing

    def _count_value(self, counts: ParameterCounts, text: str, words: set[str], index: ContextIndex) -> None:
        for place in index.paths_with_values():
            counts.present[place] = counts.present.get(place, 0) + 1
        if len(text) <= 60:
            counts.cue(words, text)
        code = code_of(text)
        counts.codes[code] = counts.codes.get(code, 0) + 1
        shape = shape_of(text)
        counts.shapes[shape] = counts.shapes.get(shape, 0) + 1
        row, paths = index.found_at(text)
        composed = frame_of(text, index) if row is None else None
        if composed is not None:
            row, frame = composed
            counts.frames[frame] = counts.frames.get(frame, 0) + 1
            paths = [index.path_names[path] for path in index.row_paths[row]]
        if row is not None:
            counts.found += composed is None
            for path in paths:
                counts.paths[path] = counts.paths.get(path, 0) + 1
            for word in index.before[row].get("user", ()):
                counts.before[word] = counts.before.get(word, 0) + 1
        # A day is no rival of a city: only values of the same kind have been passed over.
        number = "9" in shape
        for other in index.rows_with_before[-MOST_PASSED:]:
            if other != row and ("9" in index.shapes[other][0]) == number:
                for word in index.before[other]["user"]:
                    counts.passed[word] = counts.passed.get(word, 0) + 1

    def add(self, other: ParameterIndex) -> None:
        """Add the counts of another index."""
        for tool, calls in other.calls.items():
            mine = self.tools.setdefault(tool, {})
            before = self.calls.get(tool, 0)
            for name in dict.fromkeys([*mine, *other.tools[tool]]):
                counts = mine.setdefault(name, ParameterCounts(absent=before))
                counts.add(other.tools[tool].get(name) or ParameterCounts(absent=calls))
            self.calls[tool] = before + calls
        self.word_values.add(other.word_values)
        self.reuse.add(other.reuse)
        self.seen.add(other.seen)
        self.pairs.add(other.pairs)
        self.forget_derived()

    def own(self, tool: str, parameter: str) -> ParameterCounts | None:
        """Return the counts of this parameter of this tool; ``None`` if it was never seen."""
        return self.tools.get(tool, {}).get(parameter)

    def compact(self) -> None:
        """Keep what prediction looks up."""
        self.tools = {
            tool: {name: counts.pruned() for name, counts in table.items()} for tool, table in self.tools.items()
        }
        self.word_values.compact(self.aliases())
        self.seen.compact()
        self.forget_derived()

    def others(self, tool: str, parameter: str) -> Counts:
        """Return the counts of parameters of the same name in other tools, added up."""
        key = (tool, parameter)
        if key not in self._others:
            tables = [each[parameter] for name, each in self.tools.items() if name != tool and parameter in each]
            # Of one other tool its own counts, so that what is derived from them is derived once.
            self._others[key] = tables[0] if len(tables) == 1 else SummedCounts(tables)
        return self._others[key]

    def related(self, tool: str, parameter: str, spec: ToolSpec | None, *, alone: bool = False) -> tuple[Counts, float]:
        """Return the counts of parameters that are named or described alike, and how alike they are."""
        if self._similar is None:
            self._similar = SimilarParameters(self.tools)
        return self._similar.of(tool, parameter, spec, alone=alone)

    def forget_derived(self) -> None:
        """Forget what was derived from the counts, after they changed."""
        self.derived.clear()
        self._cue_table = CueTable()
        self._others.clear()
        self._similar = None
        self._spellings.clear()
        self._aliases = self._announcing = self._prefixes = None
        self.revision += 1

    def state(self) -> dict[str, Any]:
        """Return the counts as JSON values."""
        return {
            "calls": self.calls,
            "pairs": self.pairs.tools,
            "shapes": self.pairs.shapes,
            **self.word_values.state(),
            "reuse": self.reuse.state(),
            "seen": self.seen.state(),
            "tools": {
                tool: {name: counts.state() for name, counts in table.items()} for tool, table in self.tools.items()
            },
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over counts."""
        self.calls = dict(state["calls"])
        self.pairs.restore(state)
        self.word_values.restore(state)
        self.reuse.restore(state["reuse"])
        self.seen.restore(state["seen"])
        self.tools = {
            tool: {name: ParameterCounts(**counts) for name, counts in table.items()}
            for tool, table in state["tools"].items()
        }
        self.forget_derived()


def cue_words(index: ContextIndex) -> set[str]:
    """Return the words and word pairs of the last user messages and the words of the last assistant message."""
    words: set[str] = set()
    for message in index.recent_words:
        words.update(message)
    words.update(f"@{word}" for word in index.last_assistant_words)
    return words
