"""Values in tool results: every scalar of a JSON document with its normalised path.

List positions become ``[]`` and keys that are data rather than field names (``"#W12": {...}``, ``"T-Shirt": "95"``)
become ``*``, so that ``get_user.orders[]`` names the same place in every conversation.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

from specbench.core.text import letter_words, singular

__all__ = ["MAX_LEAVES", "Group", "Leaf", "is_map", "walk"]

MAX_LEAVES = 4000
"""Scalars looked at in one document; what lies beyond is not offered as an argument."""

_FIELD = re.compile(r"[A-Za-z_][A-Za-z_]*\d{0,2}$")
_TITLE = re.compile(r"(?:^|(?<!first)(?<!last)(?<!full)(?<!user)_)(?:name|title)$|(?<!first)(?<!last)(?:Name|Title)$")


class Leaf(NamedTuple):
    """A scalar of a document.

    ``group`` numbers the innermost object or list that holds it, ``ordinal`` is its position among that container's
    values of the same path, ``key`` the last field name on the path.
    """

    value: Any
    path: str
    key: str
    group: int
    ordinal: int


class Group(NamedTuple):
    """Words of the strings of an object or a list, each in the :func:`~specbench.core.text.singular`.

    ``title`` are those of its own name, ``things`` the last words of its name and of those of what it holds.
    """

    words: frozenset[str]
    title: tuple[str, ...]
    things: frozenset[str]


def walk(document: Any) -> tuple[list[Leaf], list[Group]]:
    """Return the scalars of a JSON document and, for each group, the words that stand in it.

    Parameters
    ----------
    document
        A parsed JSON value.

    Returns
    -------
    leaves : list of Leaf
        At most :data:`MAX_LEAVES`, in document order. Keys that are data are leaves too (path ``…*#key``).
    groups : list of Group
        By group number, hardly more of them. An object's name is what its key ``name`` or ``title`` says
        (``restaurant_name``, too), an entry's of a map the entry's key.

    Examples
    --------
    >>> leaves, groups = walk({"orders": ["#W1", "#W2"], "items": [{"name": "Desk Lamp", "id": 7}]})
    >>> [(leaf.value, leaf.path, leaf.ordinal) for leaf in leaves]
    [('#W1', '.orders[]', 0), ('#W2', '.orders[]', 1), ('Desk Lamp', '.items[].name', 0), (7, '.items[].id', 0)]
    >>> groups[leaves[-1].group].title
    ('desk', 'lamp')
    """
    leaves: list[Leaf] = []
    words: list[set[str]] = [set()]
    titles: dict[int, tuple[str, ...]] = {}
    things: dict[int, set[str]] = {}
    counts: dict[str, int] = {}
    stack: list[tuple[Any, str, str, int, tuple[int, ...]]] = [(document, "", "", 0, ())]
    while stack and len(leaves) < MAX_LEAVES and len(words) < MAX_LEAVES:
        value, path, key, group, parents = stack.pop()
        if isinstance(value, dict):
            here = len(words)
            words.append(set())
            data_keys = is_map(value)
            outer = (*parents[-1:], here)
            children: list[tuple[Any, str, str, int, tuple[int, ...]]] = []
            for name, child in islice(value.items(), MAX_LEAVES - len(leaves)):
                name = str(name)
                if data_keys or not _is_field(name):
                    entry = len(words)
                    titles[entry] = _words(name)
                    words.append(set(titles[entry]))
                    for holder in (here, entry):
                        things.setdefault(holder, set()).update(titles[entry][-1:])
                    at = f"{path}.*"
                    leaves.append(Leaf(name, f"{at}#key", key, entry, _count(counts, at)))
                    children.append((child, at, key, entry, (here, entry)))
                else:
                    children.append((child, f"{path}.{name}", name, here, outer))
            stack.extend(reversed(children))
        elif isinstance(value, list):
            here = group
            if value and not isinstance(value[0], dict | list):
                here = len(words)
                words.append(set())
            stack.extend((child, f"{path}[]", key, here, parents) for child in reversed(value[:MAX_LEAVES]))
        elif value is not None:
            leaves.append(Leaf(value, path, key, group, _count(counts, path)))
            if isinstance(value, str) and len(value) <= 200:
                tokens = _words(value)
                if tokens and _is_title(key):
                    titles.setdefault(group, tokens)
                    for holder in (group, *parents):
                        things.setdefault(holder, set()).add(tokens[-1])
                for holder in (group, *parents):
                    if len(words[holder]) < 100:
                        words[holder].update(tokens)
    return leaves, [
        Group(frozenset(each), titles.get(at, ()), frozenset(things.get(at, ()))) for at, each in enumerate(words)
    ]


@lru_cache(maxsize=4096)
def _is_field(key: str) -> bool:
    return _FIELD.match(key) is not None


@lru_cache(maxsize=4096)
def _is_title(key: str) -> bool:
    return _TITLE.search(key) is not None


@lru_cache(maxsize=16384)
def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(singular(word) for word in letter_words(text, 3)[:20]))


def _count(counts: dict[str, int], path: str) -> int:
    counts[path] = counts.get(path, -1) + 1
    return counts[path]


def is_map(value: dict[str, Any]) -> bool:
    """Whether the keys are data: four or more capitalised keys with values of one type."""
    return (
        len(value) >= 4
        and all(isinstance(name, str) and name[:1].isupper() for name in value)
        and len({type(child) for child in value.values()}) == 1
    )
