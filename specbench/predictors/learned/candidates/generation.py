"""The candidates of several parameters at one moment, with their features: computed for all of them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import fsum, log

import numpy as np
import numpy.typing as npt

from specbench.predictors.context.values import (
    ARGUMENT,
    FIRST,
    GROUP,
    GROUP_SIZE,
    LAST,
    LAST_ASSISTANT,
    LAST_TOOL,
    LAST_USE,
    LAST_USER,
    LONGER,
    MENTIONS,
    OFFSET,
    ORDINAL,
    PATH,
    PLACED,
    SHAPE,
    USES,
    text_of,
)
from specbench.predictors.learned.candidates.features import FEATURES, LIVE, OTHER, STABLE, Candidates, Moment
from specbench.predictors.learned.candidates.live_parameter import LiveParameter, StableCandidates
from specbench.predictors.learned.counts.tables import ABSENT

__all__ = ["CandidateLists", "list_candidates"]

Floats = npt.NDArray[np.float32]
LINKED = 0.05
"""Share of fills from which a path counts as linked."""
_AT = {name: at for at, name in enumerate(FEATURES)}
_LIVE = {name: at for at, name in enumerate(LIVE)}
_TEXT = slice(_AT["prior"], _AT["common"] + 1)
_ABSENT = [_AT[name] for name in ("is_absent", "cue", "cue_others", "user_said")]


class CandidateLists:
    """Candidates of several parameters: those of ``each``, and the ``features`` of all, from ``starts`` on for each."""

    def __init__(self, each: list[Candidates], features: Floats, starts: npt.NDArray[np.intp]) -> None:
        self.each, self.features, self.starts = each, features, starts


def list_candidates(live_parameters: Sequence[LiveParameter], moment: Moment) -> CandidateLists:
    """Return the candidates of ``live_parameters`` at a moment.

    Examples
    --------
    >>> from specbench.predictors.context.index import ContextIndex
    >>> from specbench.predictors.learned.counts.parameters import ParameterIndex
    >>> from specbench.core.types import Message
    >>> index = ContextIndex().extend([Message("user", "A hotel in Oslo")])
    >>> live = LiveParameter(ParameterIndex(), "hotels", "city", None)
    >>> "Oslo" in list_candidates([live], Moment(index)).each[0].texts
    True
    """
    if live_parameters:
        moment.look_up(
            live_parameters[0].counts,
            (each for live in live_parameters for each in (live.features.own, live.features.others)),
        )
    parts = [live.gather(moment) for live in live_parameters]
    sizes = np.array([len(part.texts) + (part.absent is not None) + 1 for part in parts], np.intp)
    starts = sizes.cumsum() - sizes
    features = (
        np.array([live.features.constant for live in live_parameters]).reshape(-1, len(FEATURES)).repeat(sizes, axis=0)
    )
    features[:, _AT["candidates"]] = np.log1p(sizes).repeat(sizes)
    features[starts + sizes - 1, _AT["is_other"]] = 1
    out = []
    marked: list[tuple[int, int, float]] = []
    for live, part, start, size in zip(live_parameters, parts, starts.tolist(), sizes.tolist(), strict=True):
        n, end = len(part.rows), start + len(part.texts)
        features[start : start + n, : len(STABLE)] = part.stable
        features[start + n : end, _TEXT] = part.extra
        marked += [(start + position, feature, value) for position, feature, value in part.marks]
        texts = part.texts
        if part.absent is None:
            texts = [*texts, OTHER]
        else:
            features[end, _ABSENT] = (1.0, *part.absent)
            texts = [*texts, ABSENT, OTHER]
        rows = part.rows.tolist() + [-1] * (size - n)
        out.append(
            Candidates(live.parameter, live.features.type, texts, rows, features[start : start + size], live.links)
        )
    if marked:
        where, which, values = zip(*marked, strict=True)
        features[list(where), list(which)] = values
    lengths = np.array([len(part.rows) for part in parts], np.intp)
    if lengths.any():
        first = lengths.cumsum() - lengths
        place = (starts - first).repeat(lengths) + np.arange(lengths.sum())
        linked = features[place, _AT["path_share"]] + features[place, _AT["others_share"]] > LINKED
        features[place, len(STABLE) : len(STABLE) + len(LIVE)] = _live(live_parameters, parts, lengths, linked, moment)
    return CandidateLists(out, features, starts)


def _live(
    live_parameters: Sequence[LiveParameter],
    parts: Sequence[StableCandidates],
    lengths: npt.NDArray[np.intp],
    linked: npt.NDArray[np.bool_],
    moment: Moment,
) -> Floats:
    """Return the features of all rows of all parameters that change from message to message."""
    index, at, last = moment.index, _LIVE, moment.last
    rows = np.concatenate([part.rows for part in parts])
    table = index.table[rows]
    out = np.zeros((len(rows), len(LIVE)), np.float32)
    out[:, at["user_now"]] = table[:, LAST_USER] == index.last_user_at
    out[:, at["assistant_now"]] = table[:, LAST_ASSISTANT] >= last - 2
    out[:, at["result_now"]] = table[:, LAST_TOOL] == last
    ages = table[:, (LAST_USER, LAST_ASSISTANT, LAST_TOOL, FIRST, LAST_USE)]
    out[:, at["user_age"] : at["use_age"] + 1] = np.exp((ages - last) / np.float32(6.0))
    logs = table[:, (MENTIONS, USES, GROUP_SIZE)].astype(np.float32)
    out[:, at["mentions"] : at["group_size"] + 1] = np.log1p(logs)
    ordinals = table[:, ORDINAL]
    if moment.from_the_end:
        ordinals = np.where(table[:, GROUP_SIZE] > 1, table[:, GROUP_SIZE] - 1 - ordinals, ordinals)
    out[:, at["ordinal"]] = 1.0 / (1.0 + ordinals)
    out[:, at["offset"]] = np.minimum(table[:, OFFSET], 400) / 400.0
    out[:, at["longer"]] = table[:, LONGER]
    out[:, at["reuse_rate"]] = moment.reuse(live_parameters[0].counts)[table[:, ARGUMENT]]
    used = _used(out, live_parameters, parts, lengths, table, moment)
    _told(out, rows, lengths, moment)
    # Latest first; in one message the order of the list.
    order = table[:, LAST].astype(np.int64) * 4096 - ordinals
    some = lengths > 0
    counts = lengths[some]
    begins = counts.cumsum() - counts
    owner = np.arange(len(counts)).repeat(counts)
    numbers = np.arange(len(rows))
    ranking = np.lexsort((-order, owner))
    out[ranking, at["recency_rank"]] = 1.0 / (1.0 + (numbers - begins[owner]))
    free = linked & ~used
    out[:, at["linked_unused"]] = np.log1p(np.add.reduceat(free.astype(np.float32), begins))[owner]
    out[ranking[_first(free[ranking], numbers, begins)], at["first_unused"]] = 1
    # Of those that stand together, the first one in the list that is linked and not used yet.
    ahead = free.nonzero()[0]
    if len(ahead):
        place = (owner[ahead] * 4096 + table[ahead, PATH]) * 65536 + table[ahead, PLACED]
        listed = np.lexsort((ordinals[ahead], place))
        out[ahead[listed[_changes(place[listed])]], at["first_of_place"]] = 1
    # Of those that the user has said and that are not used yet, the one said last, in one message the first.
    said = (table[:, LAST_USER] >= 0) & ~used
    asked = np.where(said, table[:, LAST_USER] * np.int64(65536) - table[:, OFFSET], -1)
    out[:, at["first_said"]] = said & (asked == np.maximum.reduceat(asked, begins)[owner])
    now, ever, where, title_now, title_ever, things_now, things_ever = index.named[table[:, GROUP]].T
    out[:, at["named_now"]], out[:, at["named_ever"]] = now, ever
    out[:, at["title_now"]], out[:, at["title_ever"]] = title_now, title_ever
    out[:, at["things_now"]], out[:, at["things_ever"]] = things_now, things_ever
    if things_now.any():
        out[:, at["things_best"]] = (things_now > 0) & (things_now == np.maximum.reduceat(things_now, begins)[owner])
    if title_ever.any():
        key = np.where(used, 0, title_now + title_ever / 4)
        out[:, at["title_best"]] = (key > 0) & (key == np.maximum.reduceat(key, begins)[owner])
    if now.any():
        out[:, at["named_best"]] = (now > 0) & (now == np.maximum.reduceat(now, begins)[owner])
        # Of several that were named, the one named first and not asked for yet.
        key = np.where((now > 0) & ~used, where, np.inf)
        earliest = (key == np.minimum.reduceat(key, begins)[owner]) & (key < np.inf)
        out[_first(earliest, numbers, begins), at["named_first"]] = 1
    return out


def _first(
    flags: npt.NDArray[np.bool_], numbers: npt.NDArray[np.intp], begins: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """Return the position of the first true flag of each segment that has one."""
    found = np.minimum.reduceat(np.where(flags, numbers, len(numbers)), begins)
    return found[found < len(numbers)]


def _changes(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return which of sorted keys differ from the one before; the first does."""
    new = np.empty(len(keys), np.bool_)
    new[:1] = True
    np.not_equal(keys[1:], keys[:-1], out=new[1:])
    return new


def _told(out: Floats, rows: npt.NDArray[np.intp], lengths: npt.NDArray[np.intp], moment: Moment) -> None:
    """Fill which words of the values themselves have just been said; words that many candidates have tell little."""
    index = moment.index
    agent, user = moment.told
    if not agent and not user:
        return
    said_by = agent | user
    found_in = {row: index.parts(row) for row in dict.fromkeys(rows.tolist())}
    held = {row: (parts & agent, parts & user) for row, parts in found_in.items() if not parts.isdisjoint(said_by)}
    start = 0
    for length in lengths.tolist():
        end = start + length
        places = [at for at, row in enumerate(rows[start:end].tolist(), start) if row in held]
        if places:
            found = [held[row] for row in rows[places].tolist()]
            times = Counter(part for by_agent, by_user in found for part in by_agent | by_user)
            weight = {part: log((length + 1) / count) / 4 for part, count in times.items()}
            for column, said in ((_LIVE["told_agent"], 0), (_LIVE["told_user"], 1)):
                scores = [fsum(weight[part] for part in each[said]) for each in found]
                most = max(scores)
                if most > 0:
                    out[places, column] = scores
                    out[places, column + 1] = [score == most for score in scores]
        start = end


def _used(
    out: Floats,
    live_parameters: Sequence[LiveParameter],
    parts: Sequence[StableCandidates],
    lengths: npt.NDArray[np.intp],
    table: npt.NDArray[np.int32],
    moment: Moment,
) -> npt.NDArray[np.bool_]:
    """Fill what earlier calls say; return which rows have filled their parameter before."""
    index, at = moment.index, _LIVE
    used = np.zeros(len(out), bool)
    previous = index.calls[-1].arguments if index.calls else {}
    start = 0
    for live, part, length in zip(live_parameters, parts, lengths.tolist(), strict=True):
        rows, here = part.rows, slice(start, start + length)
        start += length
        if not length:
            continue
        filled = index.used_rows(live.tool, live.parameter)
        if filled:
            used[here] = [row in filled for row in rows.tolist()]
            final = max(filled, key=lambda row: filled[row])
            out[here, at["used_last_here"]] = rows == final
            begins = index.texts[final][:1]
            out[here, at["begins_like_last"]] = [index.texts[row][:1] == begins for row in rows.tolist()]
            out[here, at["shape_of_last"]] = table[here, SHAPE] == index.table[final, SHAPE]
            after = index.table[final]
            following = after[ORDINAL] + (-1 if moment.from_the_end else 1)
            beside = (table[here, PATH] == after[PATH]) & (table[here, PLACED] == after[PLACED])
            out[here, at["next_after_used"]] = beside & (table[here, ORDINAL] == following)
        value = previous.get(live.parameter)
        row = index.row(text_of(value)) if isinstance(value, str | int | float) else None
        if row is not None:
            out[here, at["same_as_last_call"]] = rows == row
    out[:, at["used_here"]] = used
    return used
