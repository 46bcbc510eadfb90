"""A parameter of a tool in a live conversation: its candidates, message by message."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.predictors.candidates import FEATURES, FIXED, OTHER, Candidates, Moment, name_tokens
from specbench.predictors.context import ContextIndex
from specbench.predictors.counts import ABSENT, ParameterCounts
from specbench.predictors.parameters import ParameterIndex
from specbench.predictors.values import (
    GROUP,
    LAST_ASSISTANT,
    LAST_TOOL,
    LAST_USER,
    LONGER,
    OFFSET,
    ORDINAL,
    PATH,
    SHAPE,
    text_of,
)
from specbench.types import ToolSpec

__all__ = ["Slot"]

MAX_ROWS = 64
"""Rows of the context index that are looked at, the latest ones."""
LIST = 0.05
"""Share of fills from which a path counts as linked."""
_AT = {name: at for at, name in enumerate(FEATURES)}
_EMPTY = ParameterCounts()
_NOT_TELLING = frozenset(["id", "has", "is", "for", "of", "number", "name", "type"])


@lru_cache(maxsize=16384)
def _similar(parameter: str, key: str) -> float:
    a, b = name_tokens(parameter), name_tokens(key)
    return len(a & b) / len(a | b) if a and b else 0.0


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
    """

    def __init__(
        self, counts: ParameterIndex, tool: str, parameter: str, spec: ToolSpec | None, *, unseen: bool = False
    ) -> None:
        self.counts, self.tool, self.parameter = counts, tool, parameter
        own = None if unseen else counts.own(tool, parameter)
        self.unseen = own is None
        self.own = own if own is not None else _EMPTY
        self.others = counts.others(tool, parameter)
        self.schema: Mapping[str, Any] = spec.schema(parameter) if spec else {}
        declared = spec is not None and bool(spec.properties)
        self.required = parameter in spec.required if spec is not None and declared else True
        self.may_miss = (self.own.absent > 0 or self.unseen) and not (self.required and declared)
        enum = self.schema.get("enum")
        self.enum = {text_of(value) for value in enum[:60]} if isinstance(enum, list) else set()
        self.default = text_of(self.schema["default"]) if self.schema.get("default") is not None else None
        self.tokens = name_tokens(parameter)
        self.stems = frozenset(word[:5] for word in self.tokens - _NOT_TELLING)
        self.closed = self._closed()
        # Values that this parameter takes in other tools are looked at when the user has said them.
        self.told = {text: name_tokens(text) for text in self.others.closed()} if not self.enum else {}
        self.rows: list[int] = []
        self._place: dict[int, int] = {}
        self._fixed = np.zeros((32, len(FIXED)), np.float32)
        self._paths: list[tuple[str, tuple[float, float, float, float, float]]] = []
        self._done: dict[str, int] = {}
        self._paths_seen = 0
        self._heard = -1
        self._cues: tuple[dict[str, float], dict[str, float]] = {}, {}
        self._aliases: dict[str, float] = {}
        self._told: list[str] = []
        self._texts: dict[str, tuple[float, ...]] = {}

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

    def _takes(self, text: str) -> bool:
        """Whether an alias's value may fill this parameter."""
        if self.enum:
            return text in self.enum
        return text in self.own.values or text in self.others.values or (self.unseen and not self.others.fills)

    def _update(self, index: ContextIndex) -> None:
        """Take in the rows that are new since the last time."""
        names = index.path_names
        for path in names[self._paths_seen :]:
            shares = self._shares(path)
            if shares is not None:
                self._paths.append((path, shares))
        self._paths_seen = len(names)
        for path, shares in self._paths:
            rows = index.rows_by_path[path]
            done = self._done.get(path, 0)
            if done < len(rows):
                for row in rows[done:]:
                    self._add(index, row, shares)
                self._done[path] = len(rows)

    def _shares(self, path: str) -> tuple[float, float, float, float, float] | None:
        """How a path is linked to this parameter, by own counts, others' counts and name; ``None`` if it is not.

        The features of a row are the greatest over its paths, so they do not depend on the order of arrival.
        """
        alike = _similar(self.parameter, path.rsplit(".", 1)[-1].rstrip("[]"))
        a, b = self.own.paths.get(path, 0), self.others.paths.get(path, 0)
        if a or b:
            return (
                a / max(self.own.fills, 1), a / (self.own.present.get(path, 0) + 1),
                b / max(self.others.fills, 1), b / (self.others.present.get(path, 0) + 1), alike,
            )  # fmt: skip
        if (self.unseen and path.startswith(("user:", "assistant:"))) or alike >= 0.5:
            return (0.0, 0.0, 0.0, 0.0, alike)
        return None

    def _add(self, index: ContextIndex, row: int, shares: tuple[float, float, float, float, float]) -> None:
        place = self._place.get(row)
        if place is not None:
            record = self._fixed[place]
            np.maximum(record[:5], shares, out=record[:5])
            return
        place = self._place[row] = len(self.rows)
        if place == len(self._fixed):
            self._fixed = np.concatenate([self._fixed, np.zeros_like(self._fixed)])
        self.rows.append(row)
        shape = index.shape_names[int(index.table[row, SHAPE])]
        self._fixed[place] = (
            *shares,
            self.own.shapes.get(shape, 0) / max(self.own.fills, 1),
            self.others.shapes.get(shape, 0) / max(self.others.fills, 1),
            *self._text(index.texts[row]),
        )

    def _text(self, text: str) -> tuple[float, ...]:
        """The fixed features of a text: from ``prior`` to ``common``."""
        known = self._texts.get(text)
        if known is not None:
            return known
        known = self._texts[text] = (
            self.own.values.get(text, 0) / max(self.own.fills, 1),
            self.others.values.get(text, 0) / max(self.others.fills, 1),
            0.0 if not self.enum else 1.0 if text in self.enum else -1.0,
            float(text == self.default),
            float(text.count(" ")),
            self.counts.commonness(text),
        )
        return known

    def candidates(self, moment: Moment) -> Candidates:
        """Return the candidates now, with their features."""
        index, at = moment.index, _AT
        self._update(index)
        rows = np.asarray(self.rows, np.intp)
        places = np.argsort(rows)
        if len(rows) > MAX_ROWS:
            latest = np.lexsort((rows, -moment.order[rows]))[:MAX_ROWS]
            places = latest[np.argsort(rows[latest])]
        rows = rows[places]
        n = len(rows)
        row_list = rows.tolist()
        texts = [index.texts[row] for row in row_list]
        if self._heard != index.text_version:
            self._heard = index.text_version
            self._cues = _cues(self.own, moment.words), _cues(self.others, moment.words)
            self._aliases = {text: p for text, p in moment.aliases(self.counts).items() if self._takes(text)}
            self._told = [text for text, words in self.told.items() if words and words <= moment.said]
        cues, cues_others = self._cues
        aliases = self._aliases
        extra = dict.fromkeys([*self.closed, *cues, *cues_others, *aliases, *self._told])
        stepped = _stepped(self.tool, self.parameter, index)
        if stepped:
            extra[stepped] = None
        extra.pop(ABSENT, None)
        for text in texts:
            extra.pop(text, None)
        texts += extra
        size = len(texts) + self.may_miss + 1
        out = np.zeros((size, len(FEATURES)), np.float32)
        if n:
            out[:n, : len(FIXED)] = self._fixed[places]
            self._live(out[:n], rows, row_list, moment)
        for position, text in enumerate(extra, start=n):
            out[position, at["prior"] : at["common"] + 1] = self._text(text)
        if cues or cues_others or aliases or stepped:
            for position, text in enumerate(texts):
                record = out[position]
                record[at["cue"]], record[at["cue_others"]] = cues.get(text, 0.0), cues_others.get(text, 0.0)
                record[at["alias"]] = aliases.get(text, 0.0)
                record[at["stepped"]] = text == stepped
        closed = extra.keys() | self.enum
        for position, text in enumerate(texts) if closed else ():
            if text in closed:
                words = name_tokens(text)
                if text in ("True", "False", "true", "false"):
                    out[position, at["user_said"]] = len((self.tokens - _NOT_TELLING) & moment.now)
                elif words:
                    out[position, at["said_now"]] = len(words & moment.now) / len(words)
                    out[position, at["said_ever"]] = len(words & moment.said) / len(words)
        self._common(out, moment, cues, cues_others)
        if self.may_miss:
            texts.append(ABSENT)
        texts.append(OTHER)
        return Candidates(self.parameter, texts, row_list + [-1] * (size - n), out)

    def _live(
        self, out: npt.NDArray[np.float32], rows: npt.NDArray[np.intp], row_list: list[int], moment: Moment
    ) -> None:
        """Fill the features of rows that change from message to message."""
        index, at, n = moment.index, _AT, len(rows)
        table = index.table[rows]
        ages, logs = moment.ages[rows], moment.logs[rows]
        out[:, at["user_now"]] = table[:, LAST_USER] == index.last_user_at
        out[:, at["assistant_now"]] = table[:, LAST_ASSISTANT] >= moment.last - 2
        out[:, at["result_now"]] = table[:, LAST_TOOL] == moment.last
        out[:, at["user_age"] : at["first_age"] + 1] = ages[:, :4]
        out[:, at["use_age"]] = ages[:, 4]
        out[:, at["mentions"]], out[:, at["used_anywhere"]], out[:, at["group_size"]] = logs.T
        linked = out[:, at["path_share"]] + out[:, at["others_share"]] > LIST
        used = index.used_rows(self.tool, self.parameter)
        if used:
            here = np.fromiter((row in used for row in row_list), bool, n)
            out[:, at["used_here"]] = here
            final = max(used, key=lambda row: used[row])
            out[:, at["used_last_here"]] = rows == final
            after = index.table[final]
            out[:, at["next_after_used"]] = (table[:, PATH] == after[PATH]) & (table[:, ORDINAL] == after[ORDINAL] + 1)
            linked &= ~here
        if index.calls:
            value = index.calls[-1].arguments.get(self.parameter)
            row = index.row(text_of(value)) if isinstance(value, str | int | float) else None
            if row is not None:
                out[:, at["same_as_last_call"]] = rows == row
        order = np.argsort(-moment.order[rows], kind="stable")
        out[order, at["recency_rank"]] = 1.0 / (1.0 + np.arange(n, dtype=np.float32))
        free = np.flatnonzero(linked)
        out[:, at["linked_unused"]] = np.log1p(len(free))
        if len(free):
            out[free[np.argmax(moment.order[rows[free]])], at["first_unused"]] = 1
        out[:, at["ordinal"]] = 1.0 / (1.0 + table[:, ORDINAL])
        out[:, at["offset"]] = np.minimum(table[:, OFFSET], 400) / 400.0
        out[:, at["longer"]] = table[:, LONGER]
        named = moment.named[:, table[:, GROUP]]
        out[:, at["named_now"]], out[:, at["named_ever"]] = named[0], named[1]
        top = named[0].max()
        if top > 0:
            best = named[0] == top
            out[:, at["named_best"]] = best
            # Of several that were named, the one named first and not asked for yet.
            hopeful = np.flatnonzero((named[0] > 0) & (out[:, at["used_here"]] == 0))
            if len(hopeful):
                out[hopeful[np.argmin(named[2][hopeful])], at["named_first"]] = 1
        for position, row in enumerate(row_list):
            before = index.before[row]
            if before:
                words = before.get("user", ())
                if words:
                    out[position, at["before_own"]] = _lift(self.own, words[0])
                    out[position, at["before_others"]] = _lift(self.others, words[0])
                    out[position, at["further_own"]] = sum(_lift(self.own, word) for word in words[1:])
                    out[position, at["further_others"]] = sum(_lift(self.others, word) for word in words[1:])
                words = words or before.get("assistant", ())
                out[position, at["before_name"]] = sum(word.lstrip("~")[:5] in self.stems for word in words)
            asked = index.asked[row]
            if asked and self.stems:
                out[position, at["asked"]] = sum(stem in asked for stem in self.stems)

    def _common(
        self,
        out: npt.NDArray[np.float32],
        moment: Moment,
        cues: Mapping[str, float],
        cues_others: Mapping[str, float],
    ) -> None:
        """Fill what is the same for all candidates, and the two that are no value."""
        at, own, others = _AT, self.own, self.others
        total, total_others = own.fills + own.absent, others.fills + others.absent
        out[:, at["candidates"]] = np.log1p(len(out))
        out[:, at["absent_rate"]] = own.absent / total if total else 0.5
        out[:, at["others_absent_rate"]] = others.absent / total_others if total_others else 0.5
        out[:, at["required"]] = self.required
        out[:, at["unseen"]] = self.unseen
        known = own if own.fills else others
        out[:, at["found_rate"]] = known.found / known.fills if known.fills else 0.5
        out[-1, at["is_other"]] = 1
        if self.may_miss:
            record = out[-2]
            record[at["is_absent"]] = 1
            record[at["cue"]], record[at["cue_others"]] = cues.get(ABSENT, 0.0), cues_others.get(ABSENT, 0.0)
            record[at["user_said"]] = len((self.tokens - _NOT_TELLING) & moment.said)


@lru_cache(maxsize=65536)
def _log_ratio(hits: int, passed: int) -> float:
    return float(np.log((hits + 0.5) / (passed + 1.0)))


def _lift(counts: ParameterCounts, word: str) -> float:
    """Log-odds that a value after ``word`` is the one, against values after it that were passed over."""
    return _log_ratio(counts.before.get(word, 0), counts.passed.get(word, 0))


def _cues(counts: ParameterCounts, words: set[str]) -> dict[str, float]:
    best: dict[str, float] = {}
    for word in words & counts.cues.keys():
        total = counts.cue_totals[word] + 1.0
        for value, count in counts.cues[word].items():
            share = count / total
            if share > best.get(value, 0.0):
                best[value] = share
    # Sets have no order; candidates must.
    return dict(sorted(best.items()))


def _stepped(tool: str, parameter: str, index: ContextIndex) -> str | None:
    """The next cell of a grid search: the day after the one that the last equal search used."""
    if not index.calls or index.calls[-1].name != tool:
        return None
    value = index.calls[-1].arguments.get(parameter)
    if not isinstance(value, str) or len(value) != 10:
        return None
    try:
        return (date.fromisoformat(value) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return None
