"""The arguments of a tool call as a provider gives them: a text that should be a JSON object, and sometimes is not."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Mapping
from typing import Any

__all__ = ["MAX_DEPTH", "as_json", "parse_arguments", "too_deep"]

MAX_DEPTH = 100
"""Arguments nested deeper than this count as invalid: later steps recurse into them, and Python's stack is finite."""
_NOTHING = frozenset({"", "null", "None"})


def parse_arguments(text: str, *, python_literals: bool = False) -> tuple[dict[str, Any], str | None]:
    """Parse the arguments of a tool call.

    No arguments come in several spellings: an empty text, ``null``, ``None``. A JSON text may itself hold the JSON text
    of the object (twice encoded), and a line break may stand in a string as it is.

    Parameters
    ----------
    text
        What the model wrote. Of a key that occurs twice the last value wins, as in Python and JavaScript; ``NaN`` and
        ``Infinity``, which JSON has not but Python's parser accepts, are allowed.
    python_literals
        Also accept a Python dict literal (``{'id': '#W1', 'gift': True}``), which some agents write; it is read by
        :func:`ast.literal_eval`, never evaluated. Tuples become lists; a value that JSON has not (bytes, a set, a key
        that is no string) makes the whole text invalid.

    Returns
    -------
    arguments : dict
        The arguments; empty when there are none, and when the text is not a JSON object.
    invalid_text : str or None
        ``text`` itself when it is not a JSON object or is nested deeper than :data:`MAX_DEPTH`, else ``None``.

    Examples
    --------
    >>> parse_arguments('{"id": 1, "id": 2}')
    ({'id': 2}, None)
    >>> parse_arguments("[1]"), parse_arguments('{"id": ')
    (({}, '[1]'), ({}, '{"id": '))
    >>> parse_arguments("null"), parse_arguments('"{}"')
    (({}, None), ({}, None))
    >>> parse_arguments("{'id': '#W1'}"), parse_arguments("{'id': '#W1'}", python_literals=True)
    (({}, "{'id': '#W1'}"), ({'id': '#W1'}, None))
    """
    value = _read(text)
    if isinstance(value, str):
        value = _read(value)
    if value is None and python_literals:
        value = _python_literal(text)
    if not isinstance(value, dict) or too_deep(value):
        return {}, text
    return value, None


def _read(text: str) -> Any:
    """The JSON value of a text; ``None`` where it is not JSON."""
    if text.strip() in _NOTHING:
        return {}
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def too_deep(value: Any, limit: int = MAX_DEPTH) -> bool:
    """Tell whether a JSON value is nested deeper than ``limit``, without recursing.

    Examples
    --------
    >>> too_deep({"a": [1]}, limit=2), too_deep({"a": [[1]]}, limit=2)
    (False, True)
    """
    level = [value]
    for _ in range(limit + 1):
        level = [item for item in level if isinstance(item, (Mapping, list, tuple))]
        if not level:
            return False
        level = [inner for item in level for inner in (item.values() if isinstance(item, Mapping) else item)]
    return True


def _python_literal(text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return None
    try:
        with warnings.catch_warnings():
            # A backslash in the model's text is no concern of the user's warning filters.
            warnings.simplefilter("ignore")
            return as_json(ast.literal_eval(text.strip()))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def as_json(value: Any) -> Any:
    """Return the value of a Python literal as one of JSON.

    Raises
    ------
    ValueError
        When JSON has no such value, or cannot write it: a whole number of thousands of digits, given in base 16.

    Examples
    --------
    >>> as_json({"a": (1, None)})
    {'a': [1, None]}
    """
    if isinstance(value, int):
        int.__repr__(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: as_json(item) for key, item in value.items()}
    raise ValueError(f"not a JSON value: {value!r}")
