"""A parameter of a tool in a live conversation: which values may fill it, and what of them stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from specbench.predictors.candidates import FEATURES, FIXED, STABLE, Moment
from specbench.predictors.context import ContextIndex
from specbench.predictors.counts import ABSENT, ParameterCounts
from specbench.predictors.evidence import LONG_WORD, apart, best, lift, name_tokens, similar
from specbench.predictors.parameters import ParameterIndex
from specbench.predictors.paths import stem
from specbench.predictors.values import LAST, ORDINAL, TRUTH, text_of
from specbench.types import ToolSpec

__all__ = ["KNOWN", "Gathered", "Slot"]

MAX_ROWS = 64
"""Rows of the context index that are looked at, the latest ones."""
KNOWN = 3
"""Calls from which a tool's own counts say more than its schema and other tools."""
_AT = {name: at for at, name in enumerate(FEATURES)}
_TEXT = slice(_AT["prior"], _AT["common"] + 1)
_EMPTY = ParameterCounts()
_NOTHING_NEAR = (0.0,) * (len(STABLE) - len(FIXED))
_Shares = tuple[float, float, float, float, float]
_NO = frozenset(["no", "not", "without", "don", "doesn", "never"])
_NOT_TELLING = frozenset(["id", "has", "is", "for", "of", "number", "name", "type"])


@dataclass
class Gathered:
    """The candidates of a slot at one moment, before the features that change from message to message.

    ``texts`` are first those of the ``rows`` of the context index, then those that do not stand there (their fixed
    features are ``extra``). ``marks`` are (candidate, feature, value): what the words of the last messages say of
    single candidates. ``absent`` says how likely the parameter is left out, ``None`` where it may not be.
    """

    rows: npt.NDArray[np.intp]
    stable: npt.NDArray[np.float32]
    texts: list[str]
    extra: npt.NDArray[np.float32]
    marks: list[tuple[int, int, float]]
    absent: tuple[float, float, float] | None


class _Order(NamedTuple):
    """The rows of a slot by number, where their features are kept, and the position of each text."""

    rows: npt.NDArray[np.intp]
    places: npt.NDArray[np.intp]
    texts: list[str]
    at: dict[str, int]


class Slot:
    """One parameter of one tool in one conversation.

    Parameters
    ----------
    counts
        What training counted.
    tool, parameter, spec
        Which parameter; the tool's schema, if known.
    unseen
        Look at the tool as if it had never been seen (tool dropout).
    alone
        Look at the parameter as if no other tool had one of its name (dropout, too: a new tool's names may be new).
    """

    def __init__(
        self,
        counts: ParameterIndex,
        tool: str,
        parameter: str,
        spec: ToolSpec | None,
        *,
        unseen: bool = False,
        alone: bool = False,
    ) -> None:
        self.counts, self.tool, self.parameter = counts, tool, parameter
        own = counts.own(tool, parameter) if counts.calls.get(tool, 0) >= KNOWN and not unseen else None
        self.unseen = own is None
        self.own = own if own is not None else _EMPTY
        if self.unseen:
            self.others, self.alike = counts.related(tool, parameter, spec, alone=alone)
        else:
            self.others, self.alike = counts.others(tool, parameter), 1.0
        self.schema: Mapping[str, Any] = spec.schema(parameter) if spec else {}
        declared = spec is not None and bool(spec.properties)
        self.required = parameter in spec.required if spec is not None and declared else True
        self.may_miss = (self.own.absent > 0 or self.unseen) and not (self.required and declared)
        enum = self.schema.get("enum")
        self.enum = {text_of(value) for value in enum[:60]} if isinstance(enum, list) else set()
        self.default = text_of(self.schema["default"]) if self.schema.get("default") is not None else None
        self.tokens = name_tokens(parameter)
        self.stems = frozenset(map(stem, self.tokens - _NOT_TELLING))
        # What is said of a flight does not tell that its class was said.
        about = f"{' '.join(name_tokens(tool))} {spec.description if spec else ''}"
        self.telling = self.stems - set(map(stem, LONG_WORD.findall(about.lower())))
        self.apart = apart(parameter, spec) if spec else self.stems
        self.closed = self._closed()
        # "Economy" has not been said where "Premium Economy" has.
        words = {text: name_tokens(text) for text in self.closed}
        self.within = {a: longer for a in words if (longer := [each for each in words.values() if words[a] < each])}
        # Values that this parameter takes in other tools are looked at when the user has said them.
        self.told = {text: name_tokens(text) for text in self.others.closed()} if not self.enum else {}
        self.constant = self._constant()
        self.links: dict[str, float] = {}
        self._rows: list[int] = []
        self._place: dict[int, int] = {}
        self._stable = np.zeros((32, len(STABLE)), np.float32)
        self._paths: list[tuple[str, _Shares]] = []
        self._done: dict[str, int] = {}
        self._paths_seen = 0
        self._touched_seen = 0
        self._heard = -1
        self._cues_of: dict[int, tuple[dict[str, float], dict[str, float]]] = {}
        self._cues: tuple[dict[str, float], dict[str, float]] = {}, {}
        self._named: list[str] = []
        self._aliases: dict[str, float] = {}
        self._alias_near: dict[str, tuple[float, ...]] = {}
        self._short: dict[str, float] = {}
        self._extra: tuple[list[str], npt.NDArray[np.float32]] = [], np.zeros((0, _TEXT.stop - _TEXT.start), np.float32)
        self._texts: dict[str, tuple[float, ...]] = {}
        self._shapes: dict[tuple[str, str], tuple[float, ...]] = {}
        self._order: _Order | None = None
        self._kept: tuple[int, int, Gathered] | None = None

    def _closed(self) -> list[str]:
        """Values that need not stand in the conversation: an enumeration, a default, those taken again and again."""
        out: dict[str, None] = dict.fromkeys(sorted(self.enum))
        if self.schema.get("type") == "boolean":
            out.update({"true": None, "false": None})
        if self.default is not None:
            out[self.default] = None
        if not self.enum:
            out.update(dict.fromkeys(self.own.closed()[:12]))
        return list(out)

    def _constant(self) -> npt.NDArray[np.float32]:
        """The features that are the same for all candidates at all moments."""
        out, own, others = np.zeros(len(FEATURES), np.float32), self.own, self.others
        total, total_others = own.fills + own.absent, others.fills + others.absent
        out[_AT["absent_rate"]] = own.absent / total if total else 0.5
        out[_AT["others_absent_rate"]] = others.absent / total_others if total_others else 0.5
        out[_AT["required"]] = self.required
        out[_AT["unseen"]] = self.unseen
        out[_AT["alike"]] = self.alike
        known = own if own.fills else others
        out[_AT["found_rate"]] = known.found / known.fills if known.fills else 0.5
        return out

    def _takes(self, text: str) -> bool:
        """Whether an alias's value may fill this parameter."""
        if self.enum:
            return text in self.enum
        if text in self.own.values or text in self.others.values:
            return True
        return self.unseen and not self.others.fills and text not in TRUTH

    def _update(self, index: ContextIndex) -> None:
        """Take in the rows that are new since the last time, and those mentioned again."""
        if self._place:
            for row in set(index.touched[self._touched_seen :]):
                place = self._place.get(row)
                if place is not None:
                    self._stable[place, len(FIXED) :] = self._near(index, row)
        self._touched_seen = len(index.touched)
        names = index.path_names
        for path in names[self._paths_seen :]:
            shares = self._shares(path)
            if shares is not None:
                self._paths.append((path, shares))
                self.links[path] = shares[0] + shares[2] + 0.01 * shares[4]
        self._paths_seen = len(names)
        fresh: dict[int, _Shares] = {}
        for path, shares in self._paths:
            rows = index.rows_by_path[path]
            done = self._done.get(path, 0)
            if done < len(rows):
                for row in rows[done:]:
                    place = self._place.get(row)
                    if place is None:
                        fresh[row] = _greatest(fresh[row], shares) if row in fresh else shares
                    else:
                        record = self._stable[place]
                        np.maximum(record[:5], shares, out=record[:5])
                        self._kept = None
                self._done[path] = len(rows)
        if fresh:
            self._add(index, fresh)

    def _shares(self, path: str) -> _Shares | None:
        """How a path is linked to this parameter, by own counts, others' counts and name; ``None`` if it is not.

        The features of a row are the greatest over its paths, so they do not depend on the order of arrival.
        """
        alike = similar(self.parameter, path.rsplit(".", 1)[-1].rstrip("[]"))
        a, b = self.own.paths.get(path, 0), self.others.paths.get(path, 0)
        if a or b:
            return (
                a / max(self.own.fills, 1), a / (self.own.present.get(path, 0) + 1),
                b / max(self.others.fills, 1), b / (self.others.present.get(path, 0) + 1), alike,
            )  # fmt: skip
        if (self.unseen and path.startswith(("user:", "assistant:", "argument:"))) or alike >= 0.5:
            return (0.0, 0.0, 0.0, 0.0, alike)
        return None

    def _add(self, index: ContextIndex, fresh: Mapping[int, _Shares]) -> None:
        """Take in new rows, all at once."""
        start, end = len(self._rows), len(self._rows) + len(fresh)
        while end > len(self._stable):
            self._stable = np.concatenate([self._stable, np.zeros_like(self._stable)])
        own, others, texts = self.own, self.others, index.texts
        records = []
        for place, (row, shares) in enumerate(fresh.items(), start=start):
            self._place[row] = place
            form = index.shapes[row]
            known = self._shapes.get(form)
            if known is None:
                shape, code = form
                known = self._shapes[form] = (
                    own.shapes.get(shape, 0) / max(own.fills, 1),
                    others.shapes.get(shape, 0) / max(others.fills, 1),
                    own.codes.get(code, 0) / max(own.fills, 1),
                    others.codes.get(code, 0) / max(others.fills, 1),
                )
            records.append((*shares, *known, *self._text(texts[row]), *self._near(index, row)))
        self._rows.extend(fresh)
        self._stable[start:end] = records

    def _text(self, text: str) -> tuple[float, ...]:
        """The fixed features of a text: from ``prior`` to ``common``."""
        known = self._texts.get(text)
        if known is None:
            known = self._texts[text] = (
                self.own.values.get(text, 0) / max(self.own.fills, 1),
                self.others.values.get(text, 0) / max(self.others.fills, 1),
                0.0 if not self.enum else 1.0 if text in self.enum else -1.0,
                float(text == self.default),
                float(text.count(" ")),
                self.counts.commonness(text),
            )
        return known

    def _near(self, index: ContextIndex, row: int) -> tuple[float, ...]:
        """What the words before the latest mention tell: from ``before_own`` to ``asked_apart``."""
        before, asked = index.before[row], index.asked[row]
        if not before and not asked:
            return _NOTHING_NEAR
        own = others = further_own = further_others = name = unlike = 0.0
        if before:
            words = before.get("user", ())
            if words:
                own, others = lift(self.own, words[0]), lift(self.others, words[0])
                further_own = sum(lift(self.own, word) for word in words[1:])
                further_others = sum(lift(self.others, word) for word in words[1:])
            stems = [stem(word.lstrip("~>")) for word in words or before.get("assistant", ())]
            name = float(sum(map(self.stems.__contains__, stems)))
            unlike = float(sum(map(self.apart.__contains__, stems)))
        fits = float(len(self.stems & asked)), float(len(self.apart & asked))
        return own, others, further_own, further_others, name, unlike, *fits

    def _said_near(self, index: ContextIndex, words: str) -> tuple[float, ...]:
        """What stands before the words that an alias was said with."""
        row = index.row_of_words(words)
        return self._near(index, row) if row is not None else _NOTHING_NEAR

    def gather(self, moment: Moment) -> Gathered:
        """Return the candidates now, with the features that stay as they are; kept while no text comes."""
        index = moment.index
        self._update(index)
        kept = self._kept
        if kept is None or kept[0] != index.text_version or kept[1] != len(self._rows):
            kept = index.text_version, len(self._rows), self._gathered(moment)
            # Which rows are the latest changes from message to message.
            self._kept = kept if len(self._rows) <= MAX_ROWS else None
        return kept[2]

    def _gathered(self, moment: Moment) -> Gathered:
        index = moment.index
        if self._order is None or len(self._order.rows) != len(self._rows) or len(self._rows) > MAX_ROWS:
            self._order = self._ordered(index)
        rows, places, texts, at = self._order
        if self._heard != index.text_version:
            self._heard = index.text_version
            told = moment.telling(self.counts)
            self._cues_of = {
                at: self._cues_of.get(at)
                or (moment.announced(self.own, at, words), moment.announced(self.others, at, words))
                for at, words in told.items()
            }
            self._cues = (
                moment.hinted(best(own for own, _ in self._cues_of.values())),
                moment.hinted(best(others for _, others in self._cues_of.values())),
            )
            meant = {
                text: each
                for text, each in moment.aliases(self.counts).items()
                if self._takes(text) and not moment.elsewhere(text)
            }
            self._aliases = {text: share for text, (share, _) in meant.items()}
            self._short = {
                index.texts[row]: share
                for share, words in meant.values()
                if (row := index.row_of_words(words)) is not None
            }
            self._alias_near = {text: self._said_near(index, words) for text, (_, words) in meant.items()}
            said = (text for text, each in self.told.items() if each and each <= moment.said)
            named = dict.fromkeys((*self.closed, *self._cues[0], *self._cues[1], *self._aliases, *said))
            named.pop(ABSENT, None)
            self._named = list(named)
        extra = [text for text in self._named if text not in at]
        if extra != self._extra[0]:
            block = np.array([self._text(text) for text in extra], np.float32)
            self._extra = extra, block.reshape(-1, _TEXT.stop - _TEXT.start)
        marks: list[tuple[int, int, float]] = []
        beside: dict[str, int] = {}
        if extra:
            texts = texts + extra
            beside = {text: position for position, text in enumerate(extra, start=len(rows))}

        def place(text: str) -> int:
            return beside[text] if text in beside else at[text]

        for feature, found in zip(("cue", "cue_others", "alias"), (*self._cues, self._aliases), strict=True):
            marks += [(place(text), _AT[feature], share) for text, share in found.items() if text != ABSENT]
        marks += [(at[text], _AT["short_for"], share) for text, share in self._short.items() if text in at]
        for text, near in self._alias_near.items():
            marks += [(place(text), len(FIXED) + offset, value) for offset, value in enumerate(near) if value]
        for text in [*extra, *(text for text in self.enum if text in at)]:
            words = name_tokens(text)
            if not moment.said.isdisjoint(words) or text in TRUTH:
                marks += self._said(place(text), text, words, moment)
        absent: tuple[float, float, float] | None = None
        if self.may_miss:
            own, others = (each.get(ABSENT, 0.0) for each in self._cues)
            absent = own, others, float(len(self.telling & index.user_stems))
        return Gathered(rows, self._stable[places], texts, self._extra[1], marks, absent)

    def _ordered(self, index: ContextIndex) -> _Order:
        """Return the rows that are looked at, by number."""
        rows = np.asarray(self._rows, np.intp)
        places = np.argsort(rows)
        if len(rows) > MAX_ROWS:
            table = index.table[rows]
            order = table[:, LAST].astype(np.int64) * 4096 - table[:, ORDINAL]
            latest = np.lexsort((rows, -order))[:MAX_ROWS]
            places = latest[np.argsort(rows[latest])]
        rows = rows[places]
        texts = [index.texts[row] for row in rows.tolist()]
        return _Order(rows, places, texts, {text: position for position, text in enumerate(texts)})

    def _said(self, at: int, text: str, words: frozenset[str], moment: Moment) -> list[tuple[int, int, float]]:
        """Whether the user has said a closed value."""
        if text in TRUTH:
            # Who speaks of a pool wants one, unless there is a "no" in it.
            meant = text in ("True", "true") or not moment.now.isdisjoint(_NO)
            return [(at, _AT["user_said"], float(len(self.telling & moment.now_stems)) if meant else 0.0)]
        now, ever = (
            0.0
            if moment.elsewhere(text) or any(longer <= heard for longer in self.within.get(text, ()))
            else len(words & heard) / len(words)
            for heard in (moment.now, moment.said)
        )
        return [(at, _AT["said_now"], now), (at, _AT["said_ever"], ever)]


def _greatest(one: _Shares, other: _Shares) -> _Shares:
    a, b, c, d, e = map(max, one, other)
    return a, b, c, d, e
