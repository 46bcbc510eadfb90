"""Tool declarations in all the ways that providers spell them → :class:`~specbench.core.types.ToolSpec`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Effect, ToolSpec
from specbench.traces.conversation.calls import first_of
from specbench.traces.json_arguments import too_deep

__all__ = ["read_tools"]

_NESTED = ("functionDeclarations", "function_declarations", "tools")
_SCHEMAS = (
    "parameters", "input_schema", "inputSchema", "parameters_json_schema", "parametersJsonSchema", "args_schema",
    "json_schema", "schema",
)  # fmt: skip


def read_tools(raw: Any, place: str = "tools", *, strict: bool = True) -> dict[str, ToolSpec]:
    """Read the tools on offer.

    Parameters
    ----------
    raw
        A list of OpenAI's, Anthropic's, Gemini's, MCP's or Bedrock's declarations, ``{name: declaration}``, or the JSON
        text of one of them. ``None`` for none.
    place
        The field, for errors.
    strict
        Refuse a tool that is declared twice; else the last one counts.

    Examples
    --------
    >>> list(read_tools('[{"name": "a", "input_schema": {}}, {"function_declarations": [{"name": "b"}]}]'))
    ['a', 'b']
    """
    tools: dict[str, ToolSpec] = {}
    for where, entry in _entries(raw, place):
        spec = _spec(entry, where)
        if spec.name in tools and strict:
            raise TraceError("a tool is declared twice", field=where, got=spec.name, remedy="declare it once")
        tools[spec.name] = spec
    return tools


def _entries(raw: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(raw, str):
        raw = _parsed(raw, place)
    if raw is None:
        return
    if isinstance(raw, dict) and all(isinstance(each, (dict, str)) for each in raw.values()) and "name" not in raw:
        entries = []
        for name, each in raw.items():
            spec = _parsed(each, f"{place}.{name}") if isinstance(each, str) else each
            entries.append({"name": name, **(spec if isinstance(spec, dict) else {})})
        raw = entries
    if not isinstance(raw, list):
        raise TraceError(f"{place} is not a list", field=place, got=raw, remedy="give a list of tools")
    for index, entry in enumerate(raw):
        where = f"{place}[{index}]"
        if isinstance(entry, str) and entry.lstrip().startswith("{"):
            entry = _parsed(entry, where)
        nested = first_of(entry, _NESTED) if isinstance(entry, dict) and "function" not in entry else None
        if isinstance(nested, list):
            yield from _entries(nested, where)
        else:
            yield where, entry


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text) if text.strip() else None
    except (ValueError, RecursionError) as error:
        raise TraceError(
            f"the text is no JSON ({error})", field=place, got=text, remedy="give a list of tools"
        ) from None


def _spec(entry: Any, place: str) -> ToolSpec:
    if not isinstance(entry, dict):
        raise TraceError(
            "a tool is not an object", field=place, got=entry, remedy="give {type: function, function: {}}"
        )
    function = entry
    for key in ("function", "custom", "toolSpec", "tool", "json_schema"):
        if key in entry and "parameters" not in entry and not (key == "json_schema" and "name" in entry):
            function = entry[key]
            break
    if isinstance(function, dict) and isinstance(function.get("function"), dict):
        function = function["function"]
    if not isinstance(function, dict):
        raise TraceError("a tool has no function", field=f"{place}.function", got=function, remedy="give {name, ...}")
    name, kind = function.get("name"), entry.get("type")
    if name is None and isinstance(kind, str) and kind not in ("function", "custom"):
        name = kind  # a tool of the provider's own: {type: web_search}
    if not isinstance(name, str) or not name:
        raise TraceError("a tool has no name", field=f"{place}.function.name", got=name, remedy="give the tool's name")
    description = "" if function.get("description") is None else function["description"]
    parameters = first_of(function, _SCHEMAS)
    if isinstance(parameters, dict) and isinstance(parameters.get("json"), dict):
        parameters = parameters["json"]
    if isinstance(parameters, str):
        parameters = _parsed(parameters, f"{place}.parameters")
    if not isinstance(description, str):
        raise TraceError(
            "the description is not text", field=f"{place}.description", got=description, remedy="give text"
        )
    if parameters is not None and (not isinstance(parameters, dict) or too_deep(parameters)):
        raise TraceError(
            "the parameters are not a JSON schema", field=f"{place}.parameters", got=parameters, remedy="give an object"
        )
    return ToolSpec(
        name, description, parameters or {}, _effect(entry, function, place), _hint(entry, function, "openWorldHint")
    )


def _effect(entry: Mapping[str, Any], function: Mapping[str, Any], place: str) -> Effect:
    for holder in (entry, function):
        for key in ("x-effect", "effect"):
            if key in holder:
                try:
                    return Effect(holder[key])
                except ValueError as error:
                    allowed = ", ".join(Effect)
                    raise TraceError(
                        "the effect is not known", field=f"{place}.{key}", got=holder[key], remedy=f"use {allowed}"
                    ) from error
    return Effect.READ if _hint(entry, function, "readOnlyHint") else Effect.UNKNOWN


def _hint(entry: Mapping[str, Any], function: Mapping[str, Any], name: str) -> bool | None:
    """One of MCP's annotations; ``None`` where there is none."""
    for holder in (entry, function):
        annotations = holder.get("annotations")
        if isinstance(annotations, dict) and isinstance(annotations.get(name), bool):
            return bool(annotations[name])
    return None
