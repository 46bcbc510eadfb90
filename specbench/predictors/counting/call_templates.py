"""Calls as templates: a tool, and for each argument where its value came from; and calls made from templates again.

Two conversations that look up an order of their own make equal templates, though no argument is the same. What counts
or retrieves whole steps (:mod:`~specbench.predictors.counting.suffix`,
:mod:`~specbench.predictors.counting.nearest`) works on these.
"""

from __future__ import annotations

import json
from typing import Any

from specbench.core.types import ToolCall
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.context.values import LAST, ORDINAL, PATH

__all__ = ["call_of", "template_of"]

LONGEST = 300
"""Characters of a value that is kept as it is."""


def template_of(call: ToolCall, index: ContextIndex) -> str | None:
    """Return the template of a call, as text; ``None`` where an argument is too long to be kept.

    A value that stands in the conversation is told by its place, or by the parameter of the last call that had it;
    any other is kept as it is.

    Examples
    --------
    >>> from specbench.core.types import Message
    >>> index = ContextIndex().extend([Message("user", "Where is order #W12?")])
    >>> template_of(ToolCall("get_order", {"id": "#W12", "full": True}), index)
    '["get_order",{"full":["is",true],"id":["at","user:id"]}]'
    """
    sources: dict[str, list[Any]] = {}
    last = index.calls[-1].arguments if index.calls else {}
    for name, value in call.arguments.items():
        row = index.row(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
        same = [other for other, each in last.items() if each == value and type(each) is type(value)]
        if same and row is not None:
            sources[name] = ["last", name if name in same else sorted(same)[0]]
        elif row is not None:
            sources[name] = ["at", index.path_names[index.table[row, PATH]]]
        else:
            sources[name] = ["is", value]
    text = json.dumps([call.name, sources], sort_keys=True, separators=(",", ":"), default=str)
    return text if len(text) <= LONGEST * (1 + len(sources)) else None


def call_of(template: str, index: ContextIndex) -> ToolCall | None:
    """Return the call that a template makes now; ``None`` where a place is empty.

    Of several values at a place, the first one not used yet of the latest ones; if all have been used, the latest.

    Examples
    --------
    >>> from specbench.core.types import Message
    >>> index = ContextIndex().extend([Message("user", "And #W34?")])
    >>> call_of('["get_order",{"full":["is",true],"id":["at","user:id"]}]', index).key
    'get_order({"full":true,"id":"#W34"})'
    """
    tool, sources = json.loads(template)
    arguments = {}
    for name, (kind, what) in sources.items():
        if kind == "is":
            arguments[name] = what
        elif kind == "last":
            if not index.calls or what not in index.calls[-1].arguments:
                return None
            arguments[name] = index.calls[-1].arguments[what]
        else:
            rows = index.rows(what)[-200:]
            if not rows:
                return None
            used, table = index.used_rows(tool, name), index.table
            best = min(rows, key=lambda row: (row in used, -int(table[row, LAST]), int(table[row, ORDINAL]), row))
            arguments[name] = index.values[best]
    return ToolCall(tool, arguments)
