"""Rows of speculations to which nothing can happen any more: they are taken out of a book, so that it does not grow."""

from __future__ import annotations

from collections.abc import Callable

from specbench.core.ledger import Speculation
from specbench.speculation.book import Book
from specbench.speculation.launch import Launch

__all__ = ["take_final"]


def take_final(book: Book, index: int, busy: Callable[[Launch], bool]) -> list[Speculation]:
    """Return the rows of what was launched, has ended and was used or given up; the book forgets these launches.

    Parameters
    ----------
    book
        Of one conversation.
    index
        The decision that has just ended; what is counted for it and those before is forgotten too.
    busy
        Whether the driver still does something with a launch.
    """
    live = set(map(id, book.live.values()))
    rows, kept = [], []
    for launch in book.launches:
        if launch.ended_s is None or id(launch) in live or busy(launch):
            kept.append(launch)
        else:
            rows.append(launch.row())
    book.launches[:] = kept
    for number in [number for number in book.launched_at if number <= index]:
        del book.launched_at[number]
    return rows
