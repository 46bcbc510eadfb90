"""The phrase books: text files beside this module, each read when it is first used."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from specbench.core.errors import ConfigError
from specbench.desk.phrases.grammar import Book, parse

__all__ = ["BOOKS", "read_book"]

BOOKS = ("agent", "customer", "held_out", "held_out_second", "training")
"""Their names: ``customer`` is what ``customer.txt`` holds. The first lines of a file say what it is for."""


@cache
def read_book(name: str) -> Book:
    """Read one of the :data:`BOOKS`.

    Raises
    ------
    ConfigError
        When there is no such book, or a line of it cannot be used.

    Examples
    --------
    >>> read_book("customer")["give_zip"][:2]
    ("[It's|My zip is|That's] {zip}.", '{zip}')
    """
    if name not in BOOKS:
        raise ConfigError(f"no phrase book is called {name!r}; use one of {', '.join(BOOKS)}")
    file = files(__package__) / f"{name}.txt"
    return parse(file.read_text("utf-8"), str(file))
