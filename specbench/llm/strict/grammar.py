"""The calls to some tools as a grammar in llguidance's Lark."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["calls_lark"]

_WHITE = r"\r?\n?[ \t]{0,16}"
_BETWEEN = r"[ \t]{0,16}(;|\r?\n)\r?\n?[ \t]{0,16}"
_READING = {"lenient": True, "whitespace_pattern": r"(\r?\n[ \t]{0,16}|[ \t]{1,16})"}
_MOST_FOLLOWED = 8
"""Arguments of a tool that are followed one by one; the grammar grows with two to this power."""


def calls_lark(schemas: Mapping[str, Mapping[str, Any]], message: str) -> str:
    """The grammar of the calls that these tools' schemas allow.

    Arguments may come in any order, each once, the required ones all. (The library's own objects have the order of
    their schema: a model that writes an optional argument later than that could no longer write it at all.) Of a tool
    with more than eight parameters only the required ones are followed so, and none where these are more than eight,
    too. A tool whose schema names no properties, or lets others come, takes any object.

    Parameters
    ----------
    schemas
        JSON schema of the parameters, by name of the tool.
    message
        What the rule ``start`` is made of: ``call``, ``ws`` (white space) and ``more`` (what stands between calls).

    Examples
    --------
    >>> print(calls_lark({"now": {}}, "call"))
    start: call
    ...
    call: "{" ws (TYPE ws "," ws)? NAME ws ":" ws (t0) ws "}"
    t0: "\\"now\\"" ws "," ws ARGUMENTS ws ":" ws t0_object
    t0_object: %json {"type": "object", ...}
    """
    names = " | ".join(f"t{at}" for at in range(len(schemas)))
    rules = [
        f"start: {message}",
        f"ws: /{_WHITE}/",
        f"more: /{_BETWEEN}/",
        f'TYPE: /"type"{_WHITE}:{_WHITE}"function"/',
        'NAME: "\\"name\\""',
        'ARGUMENTS: "\\"parameters\\"" | "\\"arguments\\""',
        f'call: "{{" ws (TYPE ws "," ws)? NAME ws ":" ws ({names}) ws "}}"',
    ]
    for at, (name, schema) in enumerate(schemas.items()):
        rules.append(f't{at}: {_quoted(name)} ws "," ws ARGUMENTS ws ":" ws t{at}_object')
        rules += _object(f"t{at}", schema)
    return "\n".join(rules)


def _object(rule: str, schema: Mapping[str, Any]) -> list[str]:
    """Rules for the arguments of one call; one rule for each set of followed arguments that may be written already."""
    properties: Mapping[str, Any] = schema.get("properties") or {}
    if schema.get("additionalProperties", "properties" not in schema):
        return [f"{rule}_object: {_json_of({'type': 'object'}, schema)}"]
    required = [key for key in properties if key in schema.get("required", ())]
    followed = next((keys for keys in (list(properties), required) if len(keys) <= _MOST_FOLLOWED), [])
    bits = {key: 1 << at for at, key in enumerate(followed)}
    needed = sum(bits.get(key, 0) for key in required)
    rules = [f"{rule}_{at}: {_json_of(each, schema)}" for at, each in enumerate(properties.values())]

    def ways(written: int, comma: str) -> str:
        """How it goes on: with an argument, or with the end."""
        pairs = [
            f'ws {comma}{_quoted(key)} ws ":" ws {rule}_{at} {rule}_after_{written | bits.get(key, 0)}'
            for at, key in enumerate(properties)
            if not written & bits.get(key, 0)
        ]
        return " | ".join([*pairs, 'ws "}"'] if written & needed == needed else pairs)

    rules += [f"{rule}_after_{written}: " + ways(written, '"," ws ') for written in range(1 << len(followed))]
    return [*rules, f"{rule}_first: " + ways(0, ""), f'{rule}_object: "{{" {rule}_first']


def _quoted(text: str) -> str:
    """A JSON string as a literal of the grammar."""
    return json.dumps(json.dumps(text, ensure_ascii=False), ensure_ascii=False)


def _json_of(schema: Any, root: Mapping[str, Any]) -> str:
    """A value as a rule; with the definitions of the whole schema, that it may refer to."""
    shared = {key: root[key] for key in ("$defs", "definitions") if key in root}
    whole = {**schema, **shared} if isinstance(schema, Mapping) else {}
    return f"%json {json.dumps({**whole, 'x-guidance': _READING})}"
