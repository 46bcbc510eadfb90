"""Calls that are written as Python: ``[get_order(id="D1"), now()]`` (Llama 3.2 and 4), ``search.call(query="…")``."""

from __future__ import annotations

import ast
import re
import warnings
from typing import Any

from specbench.core.types import ToolCall
from specbench.llm.parsing.json_calls import named_call
from specbench.traces.json_arguments import MAX_DEPTH, as_json

__all__ = ["read_python"]

_HEAD = re.compile(r"(\[\s*)?([A-Za-z_][\w.]*)\s*\(")
_TOKEN = re.compile(r""""(?:[^"\\]|\\.)*+(?:"|\\?\Z)|'(?:[^'\\]|\\.)*+(?:'|\\?\Z)|[][(){}]""", re.DOTALL)
_NAMES = {"true": True, "false": False, "null": None}


def read_python(text: str, at: int) -> tuple[list[ToolCall], int] | None:
    """Read a call, or a list of calls, and tell where it ends; ``None`` where there is none, or not all of it.

    Nothing is evaluated: values are literals.

    Examples
    --------
    >>> [call.key for call in read_python('[now(), pay(eur=7, note="a (b)")]', 0)[0]]
    ['now({})', 'pay({"eur":7,"note":"a (b)"})']
    >>> read_python("[now(", 0), read_python("[1]", 0)
    (None, None)
    """
    head = _HEAD.match(text, at)
    if head is None:
        return None
    end, deepest = _closing(text, at)
    if end is None:
        return None
    calls = _calls(text[at:end]) if deepest <= MAX_DEPTH else None
    if calls is None:  # written like a call, and no Python
        calls = [ToolCall(_name(head[2]), {}, invalid_arguments=text[at:end])]
    return calls, end


def _name(name: str) -> str:
    return name.removesuffix(".call")


def _closing(text: str, at: int) -> tuple[int | None, int]:
    """Where the first bracket from ``at`` on is closed, and how deep the nesting went."""
    depth = deepest = 0
    for token in _TOKEN.finditer(text, at):
        if token[0] in ("(", "[", "{"):
            depth += 1
            deepest = max(depth, deepest)
        elif token[0] in (")", "]", "}"):
            depth -= 1
            if depth <= 0:
                return token.end(), deepest
    return None, deepest


def _calls(text: str) -> list[ToolCall] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a backslash in the model's text is no concern of the user's
            body = ast.parse(text, mode="eval").body
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None
    written = body.elts if isinstance(body, ast.List) else [body]
    if not all(isinstance(each, ast.Call) for each in written):
        return None
    return [_call(each, text) for each in written if isinstance(each, ast.Call)]


def _call(node: ast.Call, text: str) -> ToolCall:
    name, raw = _name(ast.unparse(node.func)), ast.get_source_segment(text, node) or text
    arguments: dict[str, Any] = {}
    try:
        for keyword in node.keywords:
            if keyword.arg is None or node.args:
                raise ValueError(raw)
            arguments[keyword.arg] = _value(keyword.value)
    except (ValueError, TypeError, RecursionError):
        return ToolCall(name, {}, invalid_arguments=raw)
    return named_call(name, arguments) if not node.args else ToolCall(name, {}, invalid_arguments=raw)


def _value(node: ast.expr) -> Any:
    """A literal as a JSON value."""
    if isinstance(node, ast.Name) and node.id in _NAMES:
        return _NAMES[node.id]
    if isinstance(node, (ast.List, ast.Tuple)):
        return [_value(each) for each in node.elts]
    if isinstance(node, ast.Dict):
        keys = [None if key is None else _value(key) for key in node.keys]
        if not all(isinstance(key, str) for key in keys):
            raise ValueError("a key that is no text")
        return dict(zip(keys, map(_value, node.values), strict=True))
    return as_json(ast.literal_eval(node))
