"""Cues of the last turns: whose turn it is, what was asked, confirmed, promised or refused."""

from __future__ import annotations

import re
from collections.abc import Set
from math import log1p

from specbench.predictors.context.index import ContextIndex

__all__ = ["CUES", "turn_cues"]

_SAID = {
    "user_agrees": r"^\W*(?:yes|yeah|yep|sure|ok|okay|correct|absolutely|confirm)|go ahead|please (?:do|proceed)",
    "user_declines": r"^\W*(?:no|nope|not)\b|never ?mind|don't want|that's all|that is all|nothing else",
    "user_thanks": r"\bthank",
    "user_changes_mind": r"\bactually\b|\binstead\b|\bchange my mind\b|\bwait\b",
    "user_does_not_know": r"don't (?:have|remember|know)|do not (?:have|remember|know)|not sure|can't (?:find|recall)",
    "user_adds": r"\balso\b|\banother\b|one more|\bas well\b",
}
_ASKED = {
    "assistant_asks_to_confirm": r"confirm|proceed|\(yes/no\)|is (?:this|that) correct|would you like me to",
    "assistant_asks_for_data": r"provide|may i have|could you (?:please )?(?:share|tell|let me know)|what is your",
    "assistant_closes": r"anything else|further assist|have a (?:great|nice|good)",
    "assistant_promises": r"let me\b|i'll\b|i will\b|one moment|please hold|now (?:check|search|look|retrieve)",
    "assistant_refuses": r"unfortunately|cannot|can't|unable|not (?:possible|allowed|eligible)",
}
_USER = [re.compile(pattern) for pattern in _SAID.values()]
_ASSISTANT = [re.compile(pattern) for pattern in _ASKED.values()]
_THINGS = (
    "things_in_result_now", "things_in_result", "things_found_now", "things_found", "things_missing_now",
    "things_missing",
)  # fmt: skip
MOST = 2000
"""Characters of a text that are looked at."""

CUES = (
    "last_is_user", "last_is_tool", "log_turns", "log_calls", "calls_since_user", "log_user_letters",
    "log_assistant_letters", "log_result_letters", "user_question_marks", "assistant_question_marks",
    "assistant_ends_with_question", "digit_in_user", "empty_result", "result_is_error", "calls_in_a_row",
    "tools_offered", *_THINGS, *_SAID, *_ASKED,
)  # fmt: skip


def turn_cues(
    index: ContextIndex, turns: int, since_user: int, tools: int, things: Set[str] = frozenset()
) -> list[float]:
    """Return the value of each of :data:`CUES`.

    Parameters
    ----------
    index
        The conversation.
    turns, since_user, tools
        User messages so far, calls since the last of them, tools on offer.
    things
        What results have been about in training, as in :attr:`ContextIndex.things`.

    Examples
    --------
    >>> from specbench.core.types import Message
    >>> index = ContextIndex().extend([Message("user", "Yes, please do")])
    >>> [name for name, value in zip(CUES, turn_cues(index, 1, 0, 3)) if name.startswith("user_a") and value]
    ['user_agrees']
    """
    user, assistant, result = (index.last_text[role] for role in ("user", "assistant", "tool"))
    said, asked = user[:MOST].lower().replace("’", "'"), assistant[-MOST:].lower().replace("’", "'")
    row = 0
    for event in reversed(index.events):
        if event.kind != "call":
            break
        row += 1
    return [
        index.last_role == "user", index.last_role == "tool", log1p(turns), log1p(len(index.calls)), since_user,
        log1p(len(user)) / 5, log1p(len(assistant)) / 5, log1p(len(result)) / 5, user.count("?"), assistant.count("?"),
        assistant.rstrip().endswith("?"), any(map(str.isdigit, user)), len(result) <= 2,
        index.last_role == "tool" and "error" in result[:60].lower(), log1p(row), tools / 10,
        *map(log1p, index.things_said(things)),
        *(pattern.search(said) is not None for pattern in _USER),
        *(pattern.search(asked) is not None for pattern in _ASSISTANT),
    ]  # fmt: skip
