"""Speculation in agents that are built with other frameworks, and where their spans go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specbench.core.lazy import lazy

if TYPE_CHECKING:
    from specbench.integrations.langchain.middleware import SpeculationMiddleware
    from specbench.integrations.langchain.model import BackendChatModel
    from specbench.integrations.langchain.recorder import LangChainRecorder
    from specbench.integrations.langgraph.agent import SpeculativeAgent
    from specbench.integrations.tracing.tracer import Tracer

__all__ = [
    "BackendChatModel",
    "LangChainRecorder",
    "SpeculationMiddleware",
    "SpeculativeAgent",
    "Tracer",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "BackendChatModel": "specbench.integrations.langchain.model",
        "LangChainRecorder": "specbench.integrations.langchain.recorder",
        "SpeculationMiddleware": "specbench.integrations.langchain.middleware",
        "SpeculativeAgent": "specbench.integrations.langgraph.agent",
        "Tracer": "specbench.integrations.tracing.tracer",
    },
)
