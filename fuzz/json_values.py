"""JSON from bytes, and small changes to JSON: most random bytes are none, and would never get past the parser."""

from __future__ import annotations

import json
import random
from typing import Any

__all__ = ["mutated", "value_of"]

JUNK: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 1e308, float("nan"), 2**63, -(2**70), 10**25, "", "x", "é\ud800", "\x00", "0", "read",
    [], {}, [None], [[[[]]]], {"": 1}, {"role": 1}, {"$array": "/x"}, "a" * 300,
)  # fmt: skip


def value_of(data: bytes) -> Any:
    """Return the JSON value of some bytes; a list of their numbers where they are none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return list(data[:64])


def mutated(data: bytes, seed: int) -> bytes | None:
    """Return a JSON document, or JSON Lines, with one value changed; ``None`` where it is neither."""
    draw = random.Random(seed)
    lines = data.splitlines() if data.count(b"\n") and not data.startswith((b"[\n", b"{\n")) else [data]
    if not lines:
        return None
    number = draw.randrange(len(lines))
    try:
        holder = [json.loads(lines[number])]
    except (ValueError, RecursionError):
        return None
    found = _places(holder)
    container, key = draw.choice(found)
    action = draw.randrange(5)
    if action == 0 and container is not holder:
        del container[key]
    elif action == 1:
        other, place = draw.choice(found)
        container[key] = json.loads(json.dumps(other[place]))
    elif action == 2 and isinstance(container, dict):
        container[draw.choice([place for _, place in found if isinstance(place, str)])] = container[key]
    elif action == 3 and isinstance(container[key], (str, int)):
        container[key] = _changed(container[key], draw)
    else:
        container[key] = draw.choice(JUNK)
    lines[number] = json.dumps(holder[0]).encode()
    return b"\n".join(lines)


def _changed(value: str | int, draw: random.Random) -> Any:
    if isinstance(value, int):
        return draw.choice((value + 1, -value, str(value), float(value), value * 10**6, [value]))
    at = draw.randrange(len(value) + 1)
    return draw.choice((value[:at], value[at:], value + value, [value], {value: value}, f"{value[:at]}\n{value[at:]}"))


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) inside a JSON value."""
    found: list[tuple[Any, Any]] = []
    open_ones = [value]
    while open_ones:
        container = open_ones.pop()
        for key in list(container) if isinstance(container, dict) else range(len(container)):
            found.append((container, key))
            if isinstance(container[key], (dict, list)):
                open_ones.append(container[key])
    return found
