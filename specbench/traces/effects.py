"""What tools do, declared in a side file: it overrides what the traces say.

The file is one JSON object, ``{tool: declaration}``. A declaration is an effect (``"read"``), or an object of what
:class:`~specbench.core.types.ToolSpec` knows of a tool::

    {"get_order": "read",
     "open_webpage": {"effect": "read", "irrelevant": ["reason"], "open_world": true, "hosts": ["docs.a.example"]},
     "#": "JSON has no comments: a member whose name begins with # is one"}

:mod:`specbench.traces.effects_template` writes one to start from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from specbench.core.errors import ConfigError, TraceError
from specbench.core.types import Effect, ToolSpec, Trace
from specbench.traces.json_fields import effect_field, flag_field, list_field, object_field, texts_field

__all__ = ["Declared", "Effects", "apply_effects", "read_effects"]

Declared: TypeAlias = Mapping[str, Any]
"""What is declared of a tool: fields of :class:`~specbench.core.types.ToolSpec`."""
Effects: TypeAlias = str | Path | Mapping[str, Effect | str | Declared]
"""``{tool: effect}`` or ``{tool: {"effect": …, "irrelevant": …}}``, or a JSON file of it."""

_FIELDS: dict[str, Callable[[Any, str], Any]] = {
    "effect": effect_field,
    "where": list_field,
    "irrelevant": texts_field,
    "open_world": flag_field,
    "hosts": texts_field,
    "sources": object_field,
}
_HELP = f"""give {{"tool name": "read"}}, or an object of {", ".join(_FIELDS)}; effects are {", ".join(Effect)}"""


def read_effects(effects: Effects) -> dict[str, Declared]:
    """Return what is declared of each tool, validated, from a mapping or a JSON file.

    Raises
    ------
    TraceError
        When the file cannot be read, or a declaration is not one; with file and field.

    Examples
    --------
    >>> read_effects({"get_order": "read", "open": {"irrelevant": ["reason"]}})
    {'get_order': {'effect': <Effect.READ: 'read'>}, 'open': {'irrelevant': ['reason']}}
    """
    path: Path | None = None
    raw: Any = effects
    if isinstance(effects, (str, Path)):
        path = Path(effects)
        try:
            raw = json.loads(path.read_text("utf-8-sig"), object_pairs_hook=_once)
        except OSError as error:
            raise TraceError(f"the effects file cannot be opened ({error.strerror})", path=path) from error
        except TraceError as error:
            raise error.at(path=path) from None
        except (ValueError, RecursionError) as error:
            raise TraceError(f"the effects file is not JSON ({error})", path=path, remedy=_HELP) from error
    if not isinstance(raw, Mapping):
        raise TraceError("the effects are not an object", path=path, got=raw, remedy=_HELP)
    return {str(tool): _declared(str(tool), each, path) for tool, each in raw.items() if not _is_comment(tool)}


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the members of an object; none may be declared twice, as the last one would count in silence."""
    found: dict[str, Any] = {}
    for name, value in members:
        if name in found and not _is_comment(name):
            raise TraceError("it is declared twice in one object", field=name, remedy="declare it once")
        found[name] = value
    return found


def _is_comment(name: Any) -> bool:
    return isinstance(name, str) and name.startswith("#")


def _declared(tool: str, raw: Any, path: Path | None) -> Declared:
    fields = raw if isinstance(raw, Mapping) else {"effect": raw}
    found: dict[str, Any] = {}
    try:
        for name, value in fields.items():
            if _is_comment(name):
                continue
            place = f"{tool}.{name}" if fields is raw else tool
            if name not in _FIELDS:
                raise TraceError("the field is not known", field=place, remedy=f"use {', '.join(_FIELDS)}")
            found[name] = _FIELDS[name](value, place)
        ToolSpec(tool, **found)
    except TraceError as error:
        raise TraceError(error.problem, path=path, field=error.field, got=error.got, remedy=_HELP) from error
    except ConfigError as error:
        raise TraceError(str(error), path=path, field=tool) from error
    return found


def apply_effects(trace: Trace, effects: Mapping[str, Declared]) -> Trace:
    """Return the trace with what :func:`read_effects` gave, in place of what it declares itself.

    A trace that declares no tools gets all of them. One that declares some gets no tool more: a tool added because the
    trace calls it would tell a predictor what is to come.

    Examples
    --------
    >>> apply_effects(Trace("t", "task", "doc", ()), read_effects({"get_order": "read"})).effect("get_order")
    <Effect.READ: 'read'>
    """
    if not trace.tools:
        return replace(trace, tools={name: ToolSpec(name, **fields) for name, fields in effects.items()})
    tools = {name: replace(spec, **effects[name]) if name in effects else spec for name, spec in trace.tools.items()}
    return replace(trace, tools=tools)
