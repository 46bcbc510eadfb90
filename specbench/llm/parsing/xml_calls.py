"""Calls in XML: Qwen's ``<function=name><parameter=key>value</parameter></function>``, and the pairs of GLM."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from specbench.core.types import ToolCall, ToolSpec
from specbench.llm.parsing.json_calls import BROKEN, read_objects, skip
from specbench.traces.json_arguments import too_deep

__all__ = ["FUNCTION", "PARAMETER", "read_function", "read_pairs", "typed", "value_of"]

FUNCTION = re.compile(r"<function=([^<>\s]+)>")
PARAMETER = re.compile(
    r"\s*<parameter=([^<>\s]+)>(.*?)</parameter>(?=\s*(?:<parameter=|</function>|</tool_call>))", re.DOTALL
)
"""The closing tag of a value is the one that another tag follows: a value may hold the text of one."""
_UNCLOSED = re.compile(r"\s*<parameter=([^<>\s]+)>(.*?)(?=\s*(?:<parameter=|</function>))", re.DOTALL)
"""A value whose closing tag the model has left out."""
_NEXT = re.compile(r"\s*<parameter=([^<>\s]+)>|</function>(?=.*?<function=([^<>\s]+)>)", re.DOTALL)
_PAIRS = re.compile(r"([\w.-]+)\s*(?=<arg_key>|</tool_call>)")
_PAIR = re.compile(
    r"\s*<arg_key>([^<>]*)</arg_key>\s*<arg_value>(.*?)</arg_value>(?=\s*(?:<arg_key>|</tool_call>))", re.DOTALL
)
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_DEEPEST_REFERENCE = 20


def read_function(text: str, at: int, tools: Mapping[str, ToolSpec]) -> tuple[ToolCall, int] | None:
    """Read a function, with parameters as XML or as a JSON object, and tell where it ends.

    Examples
    --------
    >>> read_function("<function=pay><parameter=note>a < b</parameter></function>", 0, {})[0].key
    'pay({"note":"a < b"})'
    """
    head = FUNCTION.match(text, at)
    if head is None:
        return None
    name, at = head[1], skip(text, head.end())
    objects = read_objects(text, at) if text.startswith("{", at) else None
    if objects is not None:
        ((one,), at) = objects
        raw, arguments = one.raw, one.value
    else:
        start, arguments = at, {}
        while (found := _parameter(text, at)) is not None:
            end = _end_of_value(found, arguments, tools.get(name), tools)
            arguments[found[1]] = value_of(tools.get(name), found[1], text[found.start(2) : end])
            at = found.end() if end == found.end(2) else end
        raw = text[start:at]
    wrong = arguments is BROKEN or too_deep(arguments)
    call = ToolCall(name, {}, invalid_arguments=raw) if wrong else ToolCall(name, arguments)
    at = skip(text, at)
    if text.startswith("</function>", at):
        return call, at + len("</function>")
    return (call, at) if text.startswith("</tool_call>", at) else None


def read_pairs(text: str, at: int, tools: Mapping[str, ToolSpec]) -> tuple[ToolCall, int] | None:
    """Read a name and pairs of tags behind it, up to the tag that closes the call, and tell where they end.

    A name alone is a call where its tool takes no arguments.

    Examples
    --------
    >>> read_pairs("pay<arg_key>note</arg_key><arg_value>a < b</arg_value></tool_call>", 0, {})[0].key
    'pay({"note":"a < b"})'
    """
    head = _PAIRS.match(text, at)
    if head is None:
        return None
    arguments, at = {}, head.end()
    while (found := _PAIR.match(text, at)) is not None:
        arguments[found[1].strip()] = value_of(tools.get(head[1]), found[1].strip(), found[2])
        at = found.end()
    at = skip(text, at)
    complete = bool(arguments) or (head[1] in tools and not tools[head[1]].parameters.get("properties"))
    return (ToolCall(head[1], arguments), at) if complete and text.startswith("</tool_call>", at) else None


def _parameter(text: str, at: int) -> re.Match[str] | None:
    closed = PARAMETER.match(text, at) if text.find("</parameter>", at) >= 0 else None
    return closed or (_UNCLOSED.match(text, at) if text.find("</function>", at) >= 0 else None)


def _end_of_value(
    found: re.Match[str], given: Mapping[str, Any], spec: ToolSpec | None, tools: Mapping[str, ToolSpec]
) -> int:
    """Where a value ends: before another parameter of the tool, or another call, if one begins within it."""
    for inner in _NEXT.finditer(found[2]):
        parameter, function = inner[1], inner[2]
        known = spec is not None and parameter in spec.properties and parameter not in (found[1], *given)
        if known or function in tools:
            return found.start(2) + inner.start()
    return found.end(2)


def value_of(spec: ToolSpec | None, parameter: str, text: str) -> Any:
    """The value of a parameter, from the text between its tags."""
    text = text.removeprefix("\n").removesuffix("\n")
    return text if spec is None else typed(text, spec.schema(parameter), spec.parameters)


def typed(text: str, schema: Any, root: Mapping[str, Any]) -> Any:
    """The value that a text stands for, as far as its schema says: a text stays one wherever it may be one.

    Parameters
    ----------
    text
        What stands between the tags.
    schema
        JSON schema of the value. Alternatives (``anyOf``, lists of types), references and ``enum`` count.
    root
        The schema that holds the definitions.

    Examples
    --------
    >>> optional = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    >>> typed("5", optional, {}), typed("null", optional, {}), typed("007", {"type": ["string", "null"]}, {})
    (5, None, '007')
    """
    kinds = set(_kinds(schema, root, 0))
    bare = text.strip()
    if "null" in kinds and bare in ("null", "None"):
        return None
    if "boolean" in kinds and bare.lower() in ("true", "false"):
        return bare.lower() == "true"
    if kinds & {"integer", "number"} and _NUMBER.fullmatch(bare):
        return json.loads(bare)
    if kinds & {"object", "array"} and bare[:1] in ("{", "["):
        value = _literal(bare)
        if isinstance(value, (dict, list)):
            return value
    return text


def _kinds(schema: Any, root: Mapping[str, Any], depth: int) -> Iterator[str]:
    """The types that a schema allows."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST_REFERENCE:
        return
    kinds = schema.get("type", [])
    yield from [kinds] if isinstance(kinds, str) else [kind for kind in kinds if isinstance(kind, str)]
    if schema.get("nullable") is True:
        yield "null"
    if isinstance(schema.get("$ref"), str):
        yield from _kinds(_referred(schema["$ref"], root), root, depth + 1)
    for key in ("anyOf", "oneOf", "allOf"):
        alternatives = schema.get(key)
        for each in alternatives if isinstance(alternatives, list) else ():
            yield from _kinds(each, root, depth + 1)
    if "type" not in schema:
        named = schema.get("enum", [schema["const"]] if "const" in schema else [])
        yield from [_KINDS[type(each)] for each in named if type(each) in _KINDS] if isinstance(named, list) else ()


_KINDS = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
    dict: "object",
    list: "array",
}


def _referred(reference: str, root: Any) -> Any:
    for part in reference.removeprefix("#").strip("/").split("/"):
        root = root.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(root, Mapping) else None
    return root


def _literal(text: str) -> Any:
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        return None
    except ValueError:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = ast.literal_eval(text)
            return json.loads(json.dumps(value))
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            return None
