"""The executor and what belongs to it: speculation for real, beside a real LLM and real tools."""

from __future__ import annotations

from specbench.runtime.executor import SAFE_OPTIONS, Executor
from specbench.runtime.journal import Journal
from specbench.runtime.results import Decided, Partial, StepResult, ToolResult
from specbench.runtime.streaming import AnswerEvent, AnswerStream, assemble
from specbench.runtime.tools import Staging, Tool, Toolbox, reads_by_prefix

__all__ = [
    "SAFE_OPTIONS",
    "AnswerEvent",
    "AnswerStream",
    "Decided",
    "Executor",
    "Journal",
    "Partial",
    "Staging",
    "StepResult",
    "Tool",
    "ToolResult",
    "Toolbox",
    "assemble",
    "reads_by_prefix",
]
