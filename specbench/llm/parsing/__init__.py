"""Tool calls in model output, whole and partial, in the dialects that models write."""

from __future__ import annotations

from specbench.llm.parsing.partial_arguments import ArgumentReader
from specbench.llm.parsing.stream import Parsed, StreamParser, beginning, parse

__all__ = ["ArgumentReader", "Parsed", "StreamParser", "beginning", "parse"]
