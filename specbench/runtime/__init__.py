"""The executor and what belongs to it: speculation for real, beside a real LLM and real tools."""

from __future__ import annotations

from specbench.runtime.caches import Cache, RedisCache, TTLCache
from specbench.runtime.conversation import Conversation, Turn
from specbench.runtime.executor import SAFE_OPTIONS, Executor
from specbench.runtime.invocation import OutcomeUnknown
from specbench.runtime.journal import Journal
from specbench.runtime.open_step import OpenStep
from specbench.runtime.results import Decided, Partial, StepResult, ToolResult
from specbench.runtime.staging import Compensation, SqliteSavepoint
from specbench.runtime.streaming import AnswerEvent, AnswerStream, assemble
from specbench.runtime.tools import Staging, Tool, Toolbox, reads_by_prefix
from specbench.runtime.warming import CacheWarmer, Warmer, WarmStats
from specbench.speculation import Breaker, Limit, Options, RunAhead, Traits

__all__ = [
    "SAFE_OPTIONS",
    "AnswerEvent",
    "AnswerStream",
    "Breaker",
    "Cache",
    "CacheWarmer",
    "Compensation",
    "Conversation",
    "Decided",
    "Executor",
    "Journal",
    "Limit",
    "OpenStep",
    "Options",
    "OutcomeUnknown",
    "Partial",
    "RedisCache",
    "RunAhead",
    "SqliteSavepoint",
    "Staging",
    "StepResult",
    "TTLCache",
    "Tool",
    "ToolResult",
    "Toolbox",
    "Traits",
    "Turn",
    "WarmStats",
    "Warmer",
    "assemble",
    "reads_by_prefix",
]
