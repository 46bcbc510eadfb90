"""Composed values: something that stands in the conversation, in a frame that the parameter's values share.

``luis@example.com`` for "Luis", ``2023-11-30 00:00:00`` for a day, ``api.is_equal_to("South")``: the part is copied,
the frame is learned.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from specbench.predictors.context.index import ContextIndex

__all__ = ["frame_of", "framed", "usual_frames"]

PART, LOWER = "\0", "\1"
"""Stand for the part in a frame: as it is, and in small letters."""
LEAST, SHARE, MOST = 3, 0.03, 3
"""Times and share of the fills from which a frame is used, and how many of a parameter."""
LONGEST = 100
_PIECES = re.compile(r"\w[\w .@#'-]*\w"), re.compile(r"[^\s\"'()]+"), re.compile(r"\w+")


def frame_of(text: str, index: ContextIndex) -> tuple[int, str] | None:
    """Return the row of the longest part of a text that stands in the conversation, and the frame around it.

    Examples
    --------
    >>> from specbench.core.types import Message
    >>> index = ContextIndex().extend([Message("user", "Meetings of Luis in the South?")])
    >>> frame_of('equals("South")', index)[1] == f'equals("{PART}")', frame_of("luis@a.b", index)[1] == f"{LOWER}@a.b"
    (True, True)
    >>> frame_of("North", index) is None
    True
    """
    best: tuple[int, int, str] | None = None
    if len(text) > LONGEST:
        return None
    for pattern in _PIECES:
        for match in pattern.finditer(text):
            piece, size = match[0], match.end() - match.start()
            if size < 3 or size == len(text) or (best and size <= best[0]):
                continue
            row, part = index.row(piece), PART
            if row is None and piece.islower():
                row, part = index.row_of_words(piece), LOWER
            if row is not None:
                best = size, row, f"{text[: match.start()]}{part}{text[match.end() :]}"
    return best[1:] if best else None


def framed(frame: str, text: str) -> str:
    """Return a value in a frame.

    Examples
    --------
    >>> framed(f"{LOWER}@a.b", "Luis")
    'luis@a.b'
    """
    return frame.replace(PART, text).replace(LOWER, text.lower())


def usual_frames(frames: Mapping[str, float], fills: float) -> list[tuple[str, float]]:
    """Return the frames that a parameter's values have often enough, with their shares."""
    often = [(frame, n / fills) for frame, n in frames.items() if n >= LEAST and n >= SHARE * fills]
    return sorted(often, key=lambda item: (-item[1], item[0]))[:MOST]
