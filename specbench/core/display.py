"""How objects show themselves in a notebook: a small table, everything in it escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from specbench.core.text import writable

__all__ = ["clipped", "facts_html", "plural", "table_html"]

MOST_ROWS = 30


def plural(number: int, noun: str) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "trace"), plural(1200, "trace"), plural(2, "reply")
    ('1 trace', '1,200 traces', '2 replies')
    """
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun[:-1]}ies" if noun.endswith("y") else f"{number:,} {noun}s"


def clipped(text: str, most: int = 60) -> str:
    """Return a text of at most ``most`` characters, with an ellipsis where something is missing.

    Examples
    --------
    >>> clipped("a long name", 6)
    'a lon…'
    """
    return text if len(text) <= most else f"{text[: most - 1]}…"


def facts_html(title: str, facts: Mapping[str, Any]) -> str:
    """Return a table with a row for each fact.

    Examples
    --------
    >>> facts_html("Traces", {"tasks": 3})
    '<table><caption>Traces</caption><tr><th scope="row">tasks</th><td>3</td></tr></table>'
    """
    rows = "".join(
        f'<tr><th scope="row">{_text(name)}</th><td>{_text(value)}</td></tr>' for name, value in facts.items()
    )
    return f"<table><caption>{_text(title)}</caption>{rows}</table>"


def table_html(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table with a heading row; of many rows the first ones, and how many more there are."""
    every = list(rows)
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in every[:MOST_ROWS])
    more = len(every) - MOST_ROWS
    rest = f'<tr><td colspan="{len(columns)}">… {more:,} more</td></tr>' if more > 0 else ""
    return f"<table><caption>{_text(title)}</caption><tr>{head}</tr>{body}{rest}</table>"


def _text(value: Any) -> str:
    return escape(writable(f"{value:,}" if isinstance(value, int) else str(value)))
