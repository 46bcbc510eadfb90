"""Candidate values of a parameter: the features by which they are ranked, and what all parameters share at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from specbench.core.text import name_words, parts_of
from specbench.core.types import ToolCall
from specbench.predictors.context.index import ARGUMENT_PATH, ContextIndex
from specbench.predictors.learned.counts.announcing_words import CueTable
from specbench.predictors.learned.counts.argument_types import ArgumentType
from specbench.predictors.learned.counts.parameters import ParameterIndex, cue_words
from specbench.predictors.learned.counts.tables import Counts

__all__ = ["FEATURES", "FIXED", "LIVE", "OTHER", "STABLE", "Candidates", "Moment"]

OTHER = "\0other"
"""Stands for "none of the candidates"."""

FIXED = (
    # where the value stands (own counts, counts of other tools, names); what it looks like
    "path_share", "path_rate", "others_share", "others_rate", "key_match", "shape_share", "others_shape",
    "code_share", "others_code", "prior", "prior_others", "in_enum", "is_default", "words", "common",
)  # fmt: skip
STABLE = (
    *FIXED,
    # words around the latest mention
    "before_own", "before_others", "further_own", "further_others", "before_name", "before_apart",
    "before_sibling",
    # what the agent had asked for when the user gave it
    "asked", "asked_apart", "asked_sibling",
)  # fmt: skip
"""Change only when the value is mentioned again: kept from message to message."""
LIVE = (
    # mentions and uses
    "user_now", "assistant_now", "result_now", "user_age", "assistant_age", "result_age", "first_age", "use_age",
    "mentions", "used_anywhere", "group_size", "used_here", "used_last_here", "same_as_last_call",
    # order
    "recency_rank", "next_after_used", "first_unused", "first_of_place", "first_said", "ordinal", "linked_unused",
    "offset",
    # words of the values beside it
    "named_now", "named_ever", "named_best", "named_first", "title_now", "title_ever", "title_best",
    "things_now", "things_ever", "things_best", "longer",
    # how often other tools reuse the value of what was its argument
    "reuse_rate",
    # words of the value itself that the agent or the user has just said, the rarer among the candidates the more
    "told_agent", "told_agent_best", "told_user", "told_user_best",
    # begins like, and has the shape of, what filled the parameter last: "/src/a.py" or "src/a.py"
    "begins_like_last", "shape_of_last",
)  # fmt: skip
"""Of values that stand in the conversation; computed at every moment."""
FEATURES = (
    *STABLE,
    *LIVE,
    # closed values
    "cue", "cue_others", "alias", "short_for", "said_now", "said_ever", "user_said",
    # a value in a frame: the share of the frame, and of all frames
    "framed", "frame_rate",
    # the two that are no value, and the parameter
    "is_absent", "is_other", "absent_rate", "others_absent_rate", "required", "unseen", "alike", "found_rate",
    "candidates",
)  # fmt: skip


@dataclass
class Candidates:
    """Candidate values of one parameter: texts, and features of shape (candidates, len(FEATURES)).

    The last is :data:`OTHER`; :data:`ABSENT` comes before it where the parameter may be left out. ``rows`` are rows of
    the context index, -1 for a value that does not stand in the conversation; ``links`` say how often the parameter has
    been filled from a path, ``type`` which values it takes.
    """

    parameter: str
    type: ArgumentType
    texts: list[str]
    rows: list[int]
    features: npt.NDArray[np.float32]
    links: Mapping[str, float]


class Moment:
    """What the parameters of all tools share at one decision point: worked out once, until more has been said.

    ``calls`` keeps the calls that were proposed in this conversation, by tool and values; ``None`` for no call.
    """

    def __init__(self, index: ContextIndex) -> None:
        self.index = index
        self.calls: dict[tuple[str, tuple[str, ...]], ToolCall | None] = {}
        self._version = index.text_version
        self._elsewhere: dict[str, bool] = {}
        self._aliases: dict[str, tuple[float, str]] | None = None
        self._telling: dict[int, set[str]] | None = None
        self._table, self._known = CueTable(), 0
        self._messages: dict[int, npt.NDArray[np.float64]] = {}
        self._shares: npt.NDArray[np.float64] | None = None
        self._announced: dict[int, dict[str, float]] = {}
        self._reuse = np.zeros(1, np.float32)

    def next(self) -> Moment:
        """Return the moment now: this one, if nothing has been said since."""
        if self._version == self.index.text_version:
            return self
        out = Moment(self.index)
        out.calls = self.calls
        out._table, out._known, out._messages = self._table, self._known, self._messages
        out._reuse = self._reuse
        return out

    @property
    def said(self) -> Set[str]:
        """Words that the user has said."""
        return self.index.user_words.keys()

    @property
    def last(self) -> int:
        """Number of the latest message."""
        return self.index.now - 1

    @cached_property
    def words(self) -> set[str]:
        """Words and word pairs of the last messages."""
        return cue_words(self.index)

    @cached_property
    def told(self) -> tuple[frozenset[str], frozenset[str]]:
        """Parts of words in the latest text of the agent and of the user."""
        index = self.index
        return parts_of(index.agent_said), parts_of(index.last_text["user"])

    @cached_property
    def from_the_end(self) -> bool:
        """Whether the user has asked for the latest of something: lists are then gone through from their end."""
        return not self.index.language.latest.isdisjoint(self.words)

    @cached_property
    def _named(self) -> frozenset[str]:
        """Words of all names of several words that the user has said."""
        return frozenset().union(*self.index.said_names)

    def elsewhere(self, text: str) -> bool:
        """Whether what was said of ``text`` is part of another name: "San Jose" does not hint at San Francisco.

        "San Fran" does: its words begin those of the name.
        """
        known = self._elsewhere.get(text)
        if known is None:
            words = name_words(text.lower())
            apart = self._named.isdisjoint(words) or words <= self.said
            near = [] if apart else [name for name in self.index.said_names if name & words]
            known = self._elsewhere[text] = bool(near) and not any(_short(name, words) for name in near)
        return known

    def _telling_words(self, counts: ParameterIndex) -> dict[int, set[str]]:
        """Return, for each of the last messages by number, its words that announce a value of some parameter."""
        if self._telling is None:
            index, announcing = self.index, counts.announcing()
            said = zip(index.recent_at, index.recent_words, strict=True)
            self._telling = {at: announcing.intersection(words) for at, words in said}
            if index.last_assistant_words:
                asked = {f"@{word}" for word in index.last_assistant_words}
                self._telling[index.last_assistant_at] = announcing & asked
        return self._telling

    def look_up(self, counts: ParameterIndex, parameters: Iterable[Counts]) -> None:
        """Work out what the last messages announce for parameters, for all that were asked for so far at once."""
        table = counts.cue_table()
        for each in parameters:
            table.add(each)
        if table is not self._table or len(table) != self._known:
            self._table, self._known, self._messages, self._shares = table, len(table), {}, None
        if self._shares is None:
            before, telling = self._messages, self._telling_words(counts)
            self._messages = {
                at: before[at] if at in before else table.announced_by(each) for at, each in telling.items()
            }
            self._shares, self._announced = table.merged(self._messages.values()), {}

    def announced(self, of: Counts) -> dict[str, float]:
        """Return the values of a parameter among those of :meth:`look_up` that the last messages announce, with shares.

        Those that are only named in part, :meth:`elsewhere`, are not among them.
        """
        known = self._announced.get(id(of))
        if known is None:
            found = self._table.values(of, self._shares) if self._shares is not None else []
            known = self._announced[id(of)] = {text: share for text, share in found if not self.elsewhere(text)}
        return known

    def reuse(self, counts: ParameterIndex) -> npt.NDArray[np.float32]:
        """Return how often other tools reuse the values of arguments, by path of the index; 0 for other paths.

        One more 0 comes last, for values that are no argument (-1).
        """
        names, known = self.index.path_names, len(self._reuse) - 1
        if known < len(names):
            fresh = [
                counts.reuse.of(name.removeprefix(ARGUMENT_PATH)) if name.startswith(ARGUMENT_PATH) else 0.0
                for name in names[known:]
            ]
            self._reuse = np.concatenate([self._reuse[:-1], np.array([*fresh, 0.0], np.float32)])
        return self._reuse

    def aliases(self, counts: ParameterIndex) -> dict[str, tuple[float, str]]:
        """Return the values that words of the last user messages stand for, with their shares and the words.

        Values that are only named in part, :meth:`elsewhere`, are not among them.
        """
        if self._aliases is None:
            table, now = counts.aliases(), self.index.now_words
            found: dict[str, tuple[float, str]] = {}
            for word in sorted(self.words & table.keys()):
                text, share = table[word]
                found[text] = max((share if word in now else 0.6 * share, word), found.get(text, (0.0, "")))
            self._aliases = {text: each for text, each in found.items() if not self.elsewhere(text)}
        return self._aliases


def _short(name: frozenset[str], words: frozenset[str]) -> bool:
    return all(any(full.startswith(part) for full in words) for part in name)
