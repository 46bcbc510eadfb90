"""Progress of long work on stderr: bars on a terminal, one line a step everywhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

from specbench.core.text import printable

__all__ = ["Progress"]

Item = TypeVar("Item")


class Progress:
    """Says on stderr what is going on.

    Parameters
    ----------
    shown
        Say nothing when false.

    Examples
    --------
    >>> list(Progress(False).bar([1, 2], "counting"))
    [1, 2]
    """

    def __init__(self, shown: bool = True) -> None:
        self.shown = shown

    def note(self, text: str) -> None:
        """Write one line."""
        if self.shown:
            sys.stderr.write(f"{printable(text)}\n")
            sys.stderr.flush()

    def bar(self, items: Sequence[Item], label: str) -> Iterator[Item]:
        """Yield ``items`` behind a bar; nothing is drawn where stderr is not a terminal."""
        from tqdm import tqdm

        yield from tqdm(items, desc=label, leave=False, file=sys.stderr, disable=None if self.shown else True)
