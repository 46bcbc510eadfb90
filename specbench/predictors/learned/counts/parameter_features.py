"""What training and a tool's schema say of one parameter: the same in every conversation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from specbench.core.text import letter_words, name_words, stem
from specbench.core.types import ToolSpec
from specbench.predictors.context.names import LONG, apart, similar, stems_of
from specbench.predictors.context.values import TRUTH, text_of
from specbench.predictors.learned.candidates.features import FEATURES, FIXED, STABLE
from specbench.predictors.learned.counts.argument_types import ArgumentType
from specbench.predictors.learned.counts.frames import usual_frames
from specbench.predictors.learned.counts.parameters import ParameterIndex
from specbench.predictors.learned.counts.tables import Counts, ParameterCounts, lift

__all__ = ["KNOWN", "ParameterFeatures", "Shares"]

KNOWN = 3
"""Calls from which a tool's own counts say more than its schema and other tools."""
CHANCE = 0.01
"""Share of the fills up to which a value stood at a place by chance."""
_PLACE = re.compile(r"[.:@]")
MOST_KEPT = 512
"""Paths, texts, shapes and words that are remembered of one parameter: some hundred kilobytes when all are full."""
MOST_FEATURES = 2000
"""Parameters of which features are remembered."""
Shares = tuple[float, float, float, float, float]
"""How a path is linked to a parameter: own share and rate, those of other tools, likeness of the names."""
_AT = {name: at for at, name in enumerate(FEATURES)}
_EMPTY = ParameterCounts()
_NOTHING_NEAR = (0.0,) * (len(STABLE) - len(FIXED))
_NOT_TELLING = frozenset(["id", "has", "is", "for", "of", "number", "name", "type"])
_Key = TypeVar("_Key")
_Kept = TypeVar("_Kept")


class ParameterFeatures:
    """One parameter of one tool, as training and the schema know it; see :meth:`of`.

    Attributes
    ----------
    own, others, alike
        Counts of this parameter, and of those that are named or described alike; how alike the nearest of these is.
    unseen
        Whether the tool is looked at as one that was never seen.
    type
        The type that its values take.
    may_miss
        Whether a call may come without it.
    enum, closed, told
        The values that the schema lists, those that need not stand in the conversation, and those that the parameter
        takes in other tools, with their words.
    within
        Of closed values whose words stand in longer ones, the words of these.
    stems, apart, telling, siblings
        Stems of the name; those that the tool's other parameters do not have; those that the tool does not have; those
        that name the tool's other parameters.
    frames
        The frames of composed values, with their shares.
    constant
        The features that are the same for all candidates at all moments, shape (len(FEATURES),).
    """

    def __init__(
        self, counts: ParameterIndex, tool: str, parameter: str, spec: ToolSpec | None, *, unseen: bool, alone: bool
    ) -> None:
        self.counts, self.tool, self.parameter, self.spec = counts, tool, parameter, spec
        self._key = tool, parameter, unseen, alone
        schema: Mapping[str, Any] = spec.schema(parameter) if spec else {}
        own = counts.own(tool, parameter)
        self.type = ArgumentType(own, schema)
        self.unseen = own is None or unseen or counts.calls.get(tool, 0) < KNOWN
        self.own: Counts = own if own is not None and not self.unseen else _EMPTY
        self.others: Counts
        if self.unseen:
            self.others, self.alike = counts.related(tool, parameter, spec, alone=alone)
        else:
            self.others, self.alike = counts.others(tool, parameter), 1.0
        declared = spec is not None and bool(spec.properties)
        required = parameter in spec.required if spec is not None and declared else True
        self.may_miss = (self.own.absent > 0 or self.unseen) and not (required and declared)
        enum = schema.get("enum")
        self.enum = {text_of(value) for value in enum[:60]} if isinstance(enum, list) else set()
        default = schema.get("default")
        self.default = text_of(default) if isinstance(default, str | int | float) else None
        self.stems = frozenset(map(stem, name_words(parameter) - _NOT_TELLING))
        # What is said of a flight does not tell that its class was said.
        about = f"{' '.join(name_words(tool))} {spec.description if spec else ''}"
        self.frames = usual_frames(self.own.frames, max(self.own.fills, 1))
        self.telling = self.stems - set(map(stem, letter_words(about, LONG)))
        self.apart = apart(parameter, spec) if spec else self.stems
        beside = (name_words(name) - _NOT_TELLING for name in (spec.properties if spec else ()) if name != parameter)
        self.siblings = frozenset(map(stem, frozenset().union(*beside))) - self.stems
        self.closed = self._closed(truth=schema.get("type") == "boolean")
        # "Economy" has not been said where "Premium Economy" has.
        words = {text: name_words(text) for text in self.closed}
        self.within = {a: longer for a in words if (longer := [each for each in words.values() if words[a] < each])}
        # Values that this parameter takes in other tools are looked at when the user has said them.
        told = {text: name_words(text) for text in self.others.closed()} if not self.enum else {}
        self.told = {text: each for text, each in told.items() if each}
        self.constant = np.zeros(len(FEATURES), np.float32)
        for name, value in self._constants(required).items():
            self.constant[_AT[name]] = value
        self._shares: dict[str, Shares | None] = {}
        self._texts: dict[str, tuple[float, ...]] = {}
        self._forms: dict[tuple[str, str], tuple[float, ...]] = {}
        self._lifts: dict[str, tuple[float, float]] = {}
        self._names: dict[str, tuple[bool, bool, bool]] = {}
        self._asked: tuple[frozenset[str], tuple[float, float, float]] = frozenset(), (0.0, 0.0, 0.0)

    @classmethod
    def of(
        cls,
        counts: ParameterIndex,
        tool: str,
        parameter: str,
        spec: ToolSpec | None,
        *,
        unseen: bool = False,
        alone: bool = False,
    ) -> ParameterFeatures:
        """Return the features of a parameter; remembered until the counts change or the schema is another.

        Examples
        --------
        >>> of = ParameterFeatures.of(counts := ParameterIndex(), "hotels", "city", None)
        >>> of is ParameterFeatures.of(counts, "hotels", "city", None), of.unseen
        (True, True)
        """
        key = tool, parameter, unseen, alone
        known = counts.derived.get(key)
        if not isinstance(known, cls) or (known.spec is not spec and known.spec != spec):
            known = cls(counts, tool, parameter, spec, unseen=unseen, alone=alone)
            _keep(counts.derived, key, known, MOST_FEATURES)
        return known

    @property
    def current(self) -> bool:
        """Whether these features are still remembered: what they were derived from has not changed."""
        return self.counts.derived.get(self._key) is self

    def _closed(self, *, truth: bool) -> list[str]:
        """Values that need not stand in the conversation: an enumeration, a default, those taken again and again."""
        out: dict[str, None] = dict.fromkeys(sorted(self.enum))
        if truth:
            out.update({"true": None, "false": None})
        if self.default is not None:
            out[self.default] = None
        if not self.enum:
            out.update(dict.fromkeys(self.own.closed()[:12]))
        return list(out)

    def _constants(self, required: bool) -> dict[str, float]:
        own, others = self.own, self.others
        total, total_others = own.fills + own.absent, others.fills + others.absent
        known = own if own.fills else others
        return {
            "absent_rate": own.absent / total if total else 0.5,
            "others_absent_rate": others.absent / total_others if total_others else 0.5,
            "required": required,
            "unseen": self.unseen,
            "alike": self.alike,
            "frame_rate": sum(share for _, share in self.frames),
            "found_rate": known.found / known.fills if known.fills else 0.5,
        }

    def takes(self, text: str) -> bool:
        """Whether an alias's value may fill this parameter."""
        if self.enum:
            return text in self.enum
        if text in self.own.values or text in self.others.values:
            return True
        return self.unseen and not self.others.fills and text not in TRUTH

    def shares(self, path: str) -> Shares | None:
        """How a path is linked to this parameter, by own counts, others' counts and name; ``None`` if it is not."""
        if path in self._shares:
            return self._shares[path]
        alike = similar(self.parameter, _PLACE.split(path)[-1].rstrip("[]"))
        own, others = self.own, self.others
        a, b = own.paths.get(path, 0), others.paths.get(path, 0)
        # What has stood there by chance once or twice in hundreds of calls is no source.
        a, b = a * (a >= CHANCE * own.fills), b * (b >= CHANCE * others.fills)
        shares: Shares | None = None
        if a or b:
            shares = (
                a / max(own.fills, 1), a / (own.present.get(path, 0) + 1),
                b / max(others.fills, 1), b / (others.present.get(path, 0) + 1), alike,
            )  # fmt: skip
        elif (self.unseen and path.startswith(("user:", "assistant:", "argument:"))) or alike >= 0.5:
            shares = (0.0, 0.0, 0.0, 0.0, alike)
        return _keep(self._shares, path, shares)

    def form(self, form: tuple[str, str]) -> tuple[float, ...]:
        """The features of a shape and its coarser one: from ``shape_share`` to ``others_code``."""
        known = self._forms.get(form)
        if known is None:
            (shape, code), own, others = form, self.own, self.others
            fills, fills_others = max(own.fills, 1), max(others.fills, 1)
            known = (
                own.shapes.get(shape, 0) / fills, others.shapes.get(shape, 0) / fills_others,
                own.codes.get(code, 0) / fills, others.codes.get(code, 0) / fills_others,
            )  # fmt: skip
            _keep(self._forms, form, known)
        return known

    def text(self, text: str) -> tuple[float, ...]:
        """The fixed features of a text: from ``prior`` to ``common``."""
        known = self._texts.get(text)
        if known is None:
            known = (
                self.own.values.get(text, 0) / max(self.own.fills, 1),
                self.others.values.get(text, 0) / max(self.others.fills, 1),
                0.0 if not self.enum else 1.0 if text in self.enum else -1.0,
                float(text == self.default),
                float(text.count(" ")),
                self.counts.seen.commonness(text),
            )
            _keep(self._texts, text, known)
        return known

    def near(self, before: Mapping[str, tuple[str, ...]], asked: frozenset[str]) -> tuple[float, ...]:
        """What stands before a mention and what had been asked for tell: from ``before_own`` to ``asked_sibling``."""
        if not before and not asked:
            return _NOTHING_NEAR
        own = others = further_own = further_others = 0.0
        words = before.get("user", ())
        if words:
            (own, others), *further = map(self._lift, words)
            for a, b in further:
                further_own += a
                further_others += b
        named = set_apart = sibling = 0.0
        for word in stems_of(words or before.get("assistant", ())) if before else ():
            a, b, c = self._told_by(word)
            named, set_apart, sibling = named + a, set_apart + b, sibling + c
        return (
            own, others, further_own, further_others, named, set_apart, sibling,
            *self._asking(asked),
        )  # fmt: skip

    def _told_by(self, word: str) -> tuple[bool, bool, bool]:
        """Whether the stem of a word names this parameter, sets it apart, or names another one of the tool."""
        known = self._names.get(word)
        if known is None:
            known = (
                _names(word, self.stems),
                _names(word, self.apart),
                not _names(word, self.stems) and _names(word, self.siblings),
            )
            _keep(self._names, word, known)
        return known

    def _asking(self, asked: frozenset[str]) -> tuple[float, float, float]:
        """From ``asked`` to ``asked_sibling``; values that answer one question share it."""
        if asked is not self._asked[0]:
            siblings = sum(self._told_by(word)[2] for word in asked) if self.siblings else 0
            self._asked = asked, (float(len(self.stems & asked)), float(len(self.apart & asked)), float(siblings))
        return self._asked[1]

    def _lift(self, word: str) -> tuple[float, float]:
        known = self._lifts.get(word)
        return known or _keep(self._lifts, word, (lift(self.own, word), lift(self.others, word)))


def _names(word: str, stems: frozenset[str]) -> bool:
    """Whether a stem is one of these, or begins with one: "bedroom" with "bed"."""
    return word in stems or any(len(word) - len(each) >= 2 <= len(each) - 1 and word.startswith(each) for each in stems)


def _keep(table: dict[_Key, _Kept], key: _Key, value: _Kept, most: int = MOST_KEPT) -> _Kept:
    """Remember a value; a full table starts anew."""
    if len(table) >= most:
        table.clear()
    table[key] = value
    return value
