"""What a file is that no reader recognises, as far as its beginning tells, and what to do with it."""

from __future__ import annotations

import re
from typing import Any

from specbench.traces.json_heads import first_records

__all__ = ["looks_like"]

_BYTES = (
    (r"SQLite format 3", "an SQLite database", "export it as JSON; for LangGraph: graph.get_state_history"),
    (r"(\ufffd|\x80)[\x02-\x05]|ccopy_reg|\(dp0", "a Python pickle", "export it as JSON: specbench never unpickles"),
    (r"%PDF", "a PDF", "give the log that it was made from"),
    (r"\ufffdPNG|\ufffd\ufffd\ufffd", "a picture", "leave it out"),
    (r"(?i)\s*<(!doctype|html|\?xml)", "HTML or XML", "give the log itself; a download may have ended on a login page"),
    (r"7z\ufffd|Rar!|BZh|\ufffd7zXZ|\(\ufffd/\ufffd", "an archive of another kind", "unpack it; .zip and .gz are read"),
    (r"\s*(\w+,){2,}\w+\r?\n", "a CSV table", "write each row as a JSON line, or use record_to_trace="),
    (r"\s*(---\s|\w[\w ]*:\s)", "YAML or a plain text", "write it as JSON, or read it with a reader of your own"),
)  # fmt: skip
_SHAPES = (
    ({"data", "object"}, "a page of an API"),
    ({"info", "tasks"}, "τ²-bench tasks without simulations"),
    ({"eval", "plan"}, "an inspect_ai log without samples"),
    ({"resourceLogs"}, "an OTLP export of log records; the spans (resourceSpans) hold the messages"),
    ({"resourceMetrics"}, "an OTLP export of metrics; the spans (resourceSpans) hold the messages"),
    ({"mapping", "current_node"}, "a ChatGPT export"),
    ({"chat_messages"}, "a Claude.ai export"),
    ({"cells", "nbformat"}, "a notebook"),
    ({"id", "name", "args"}, "a list of calls without messages"),
)


def looks_like(head: str) -> tuple[str, str]:
    """Return what a file looks like (empty where nobody can tell), and what to do.

    Examples
    --------
    >>> looks_like("SQLite format 3\\0")[0]
    'an SQLite database'
    >>> looks_like('{"rows": [], "total": 0}')[0]
    'JSON objects with the keys rows, total'
    """
    formats = "name the format (format=, --format); `specbench traces validate --help` lists them"
    for pattern, kind, remedy in _BYTES:
        if re.match(pattern, head) and not head.lstrip().startswith(("{", "[")):
            return kind, remedy
    found = first_records(head)
    first: Any = found[0] if found else None
    if isinstance(first, dict):
        kind = next((kind for keys, kind in _SHAPES if keys <= first.keys()), "")
        if not kind and first:
            kind = f"JSON objects with the keys {', '.join(map(str, list(first)[:6]))}"
        return kind[:200], f"write a function for record_to_trace=, or {formats}"
    if isinstance(first, list):
        return "JSON lists", f"write a function for record_to_trace=, or {formats}"
    return "", formats
