"""A parameter of a tool in a live conversation: which values may fill it, and what of them stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from specbench.core.text import name_words
from specbench.core.types import ToolSpec
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.context.values import GROUP_SIZE, LAST, ORDINAL, TRUTH
from specbench.predictors.learned.candidates.features import FEATURES, FIXED, STABLE, Moment
from specbench.predictors.learned.counts.frames import framed
from specbench.predictors.learned.counts.parameter_features import ParameterFeatures, Shares
from specbench.predictors.learned.counts.parameters import ParameterIndex
from specbench.predictors.learned.counts.tables import ABSENT

__all__ = ["LiveParameter", "StableCandidates"]

MAX_ROWS = 64
"""Rows of the context index that are looked at: the latest ones of the places that have filled the parameter most."""
MAX_KEPT = 2048
"""Rows among which these are looked for: the latest, and those that have filled the parameter."""
MAX_FRAMED = 12
"""Rows whose values are put into the frames of the parameter, the latest ones."""
_AT = {name: at for at, name in enumerate(FEATURES)}
_TEXT = slice(_AT["prior"], _AT["common"] + 1)
_MARKS = _AT["cue"], _AT["cue_others"], _AT["alias"]


@dataclass
class StableCandidates:
    """The candidates of a parameter at one moment, before the features that change from message to message.

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
    """The rows of a parameter by number, where their features are kept, and the position of each text."""

    rows: npt.NDArray[np.intp]
    places: npt.NDArray[np.intp]
    texts: list[str]
    at: dict[str, int]
    framed: list[tuple[int, int, float]]
    known: int


class LiveParameter:
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
        self.features = ParameterFeatures.of(counts, tool, parameter, spec, unseen=unseen, alone=alone)
        self.links: dict[str, float] = {}
        self._rows: list[int] = []
        self._place: dict[int, int] = {}
        self._stable = np.zeros((32, len(STABLE)), np.float32)
        self._paths: list[tuple[str, Shares]] = []
        self._done: dict[str, int] = {}
        self._paths_seen = 0
        self._touched_seen = 0
        self._words_version = -1
        self._cues: tuple[dict[str, float], dict[str, float]] = {}, {}
        self._named: list[str] = []
        self._spoken: dict[str, list[tuple[int, float]]] = {}
        self._aliases: dict[str, float] = {}
        self._alias_near: dict[str, tuple[float, ...]] = {}
        self._short: dict[str, float] = {}
        self._extra: tuple[list[str], npt.NDArray[np.float32]] = [], np.zeros((0, _TEXT.stop - _TEXT.start), np.float32)
        self._order: _Order | None = None
        self._kept: tuple[int, int, StableCandidates] | None = None

    def _update(self, index: ContextIndex) -> None:
        """Take in the rows that are new since the last time, and those mentioned again."""
        features = self.features
        if self._place and self._touched_seen < len(index.touched):
            for row in self._place.keys() & set(index.touched[self._touched_seen :]):
                self._stable[self._place[row], len(FIXED) :] = features.near(index.before[row], index.asked[row])
        self._touched_seen = len(index.touched)
        names = index.path_names
        for path in names[self._paths_seen :]:
            shares = features.shares(path)
            if shares is not None:
                self._paths.append((path, shares))
                self.links[path] = shares[0] + shares[2] + 0.01 * shares[4]
        self._paths_seen = len(names)
        fresh: dict[int, Shares] = {}
        for path, shares in self._paths:
            rows = index.rows_by_path[path]
            done = self._done.get(path, 0)
            if done < len(rows):
                for row in rows[done:]:
                    place = self._place.get(row)
                    if place is None:
                        # Of several paths the greatest, so that the order in which they came does not matter.
                        fresh[row] = _greatest(fresh[row], shares) if row in fresh else shares
                    else:
                        record = self._stable[place]
                        np.maximum(record[:5], shares, out=record[:5])
                        self._kept = None
                self._done[path] = len(rows)
        if fresh:
            self._add(index, fresh)

    def _add(self, index: ContextIndex, fresh: Mapping[int, Shares]) -> None:
        """Take in new rows, all at once."""
        start, end = len(self._rows), len(self._rows) + len(fresh)
        while end > len(self._stable):
            self._stable = np.concatenate([self._stable, np.zeros_like(self._stable)])
        features, shapes, texts, before, asked = self.features, index.shapes, index.texts, index.before, index.asked
        self._place.update(zip(fresh, range(start, end), strict=True))
        self._rows.extend(fresh)
        self._stable[start:end] = [
            (*shares, *features.form(shapes[row]), *features.text(texts[row]), *features.near(before[row], asked[row]))
            for row, shares in fresh.items()
        ]

    def gather(self, moment: Moment) -> StableCandidates:
        """Return the candidates now, with the features that stay as they are; kept while no text comes.

        The moment has looked up what is announced for this parameter: :meth:`Moment.look_up`.
        """
        index = moment.index
        self._update(index)
        kept = self._kept
        if kept is None or kept[0] != index.text_version or kept[1] != len(self._rows):
            kept = index.text_version, len(self._rows), self._gathered(moment)
            # Which rows are the latest changes from message to message.
            self._kept = kept if len(self._rows) <= MAX_ROWS else None
        return kept[2]

    def _gathered(self, moment: Moment) -> StableCandidates:
        index, features = moment.index, self.features
        if self._order is None or self._order.known != len(self._rows) or len(self._rows) > MAX_ROWS:
            self._order = self._ordered(index)
        rows, places, texts, standing, framed_marks, _ = self._order
        if self._words_version != index.text_version:
            self._words_version = index.text_version
            self._take_words(moment)
        extra = [text for text in self._named if text not in standing]
        if extra != self._extra[0]:
            block = np.array([features.text(text) for text in extra], np.float32)
            self._extra = extra, block.reshape(-1, _TEXT.stop - _TEXT.start)
        at = standing
        if extra:
            texts = texts + extra
            at = standing | dict(zip(extra, range(len(rows), len(texts)), strict=True))
        marks = list(framed_marks)
        for feature, found in zip(_MARKS, (*self._cues, self._aliases), strict=True):
            marks += [(at[text], feature, share) for text, share in found.items() if text != ABSENT]
        marks += [(at[text], _AT["short_for"], share) for text, share in self._short.items() if text in standing]
        for text, near in self._alias_near.items():
            marks += [(at[text], len(FIXED) + offset, value) for offset, value in enumerate(near) if value]
        for text, said in self._spoken.items():
            if text not in standing or text in features.enum:
                marks += [(at[text], feature, value) for feature, value in said]
        absent: tuple[float, float, float] | None = None
        if features.may_miss:
            own, others = (each.get(ABSENT, 0.0) for each in self._cues)
            absent = own, others, float(len(features.telling & index.user_stems))
        return StableCandidates(rows, self._stable[places], texts, self._extra[1], marks, absent)

    def _take_words(self, moment: Moment) -> None:
        """Work out what the words of the last messages say: values that they announce, stand for or name."""
        index, features = moment.index, self.features
        self._cues = moment.announced(features.own), moment.announced(features.others)
        meant = {text: each for text, each in moment.aliases(self.counts).items() if features.takes(text)}
        self._aliases = {text: share for text, (share, _) in meant.items()}
        self._short, self._alias_near = {}, {}
        for text, (share, words) in meant.items():
            row = index.row_of_words(words)
            if row is not None:
                self._short[index.texts[row]] = share
                self._alias_near[text] = features.near(index.before[row], index.asked[row])
        user_words = moment.said
        said = (text for text, each in features.told.items() if each <= user_words)
        named = dict.fromkeys((*features.closed, *self._cues[0], *self._cues[1], *self._aliases, *said))
        named.pop(ABSENT, None)
        self._named = list(named)
        words_of = {text: name_words(text) for text in self._named}
        self._spoken = {
            text: self._said(text, words, moment)
            for text, words in words_of.items()
            if text in TRUTH or not user_words.isdisjoint(words)
        }

    def _ordered(self, index: ContextIndex) -> _Order:
        """Return the rows that are looked at, by number."""
        start = max(0, len(self._rows) - MAX_KEPT)
        used = index.used_rows(self.tool, self.parameter) if start else {}
        known = [place for row in used if (place := self._place.get(row, start)) < start]
        kept = np.array([*known, *range(start, len(self._rows))], np.intp)
        rows = np.array([*(self._rows[place] for place in known), *self._rows[start:]], np.intp)
        places = np.argsort(rows)
        if len(rows) > MAX_ROWS:
            table, stable = index.table[rows], self._stable[kept]
            rates = np.maximum(stable[:, _AT["path_rate"]], stable[:, _AT["others_rate"]])
            crowd = 1 + np.minimum(table[:, GROUP_SIZE], 60) / 8
            order = np.log(0.002 + rates / crowd) - (index.now - table[:, LAST]) / 5 - 0.01 * table[:, ORDINAL]
            latest = np.lexsort((rows, -order))[:MAX_ROWS]
            places = latest[np.argsort(rows[latest])]
        rows, places = rows[places], kept[places]
        texts = [index.texts[row] for row in rows.tolist()]
        at = dict(zip(texts, range(len(texts)), strict=True))
        marks: list[tuple[int, int, float]] = []
        latest = np.lexsort((rows, -index.table[rows, LAST]))[:MAX_FRAMED].tolist() if self.features.frames else []
        more: list[int] = []
        for frame, share in self.features.frames:
            for place in latest:
                text = framed(frame, texts[place])
                if text not in at and texts[place] not in TRUTH:
                    at[text] = len(texts)
                    marks.append((len(texts), _AT["framed"], share))
                    texts.append(text)
                    more.append(place)
        if more:
            rows, places = np.concatenate([rows, rows[more]]), np.concatenate([places, places[more]])
        return _Order(rows, places, texts, at, marks, len(self._rows))

    def _said(self, text: str, words: frozenset[str], moment: Moment) -> list[tuple[int, float]]:
        """Whether the user has said a closed value: features with their values."""
        index, features = moment.index, self.features
        if text in TRUTH:
            # Who speaks of a pool wants one, unless there is a "no" in it.
            meant = text in ("True", "true") or not index.now_words.isdisjoint(index.language.negations)
            now, ever = (
                float(len(features.telling & said)) if meant else 0.0 for said in (index.now_stems, index.user_stems)
            )
            return [(_AT["user_said"], now), (_AT["said_ever"], ever)]
        now, ever = (
            0.0
            if moment.elsewhere(text) or any(longer <= said for longer in features.within.get(text, ()))
            else len(words & said) / len(words)
            for said in (index.now_words, moment.said)
        )
        return [(_AT["said_now"], now), (_AT["said_ever"], ever)]


def _greatest(one: Shares, other: Shares) -> Shares:
    a, b, c, d, e = map(max, one, other)
    return a, b, c, d, e
