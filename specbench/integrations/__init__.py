"""Speculation in agents that are built with other frameworks, and where their spans go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specbench.core.lazy import lazy

if TYPE_CHECKING:
    from specbench.integrations.langchain.middleware import SpeculationMiddleware
    from specbench.integrations.langchain.model import BackendChatModel
    from specbench.integrations.langchain.recorder import LangChainRecorder
    from specbench.integrations.langgraph.agent import SpeculativeAgent
    from specbench.integrations.openai_agents.agent import speculative
    from specbench.integrations.pydantic_ai.capability import Speculation
    from specbench.integrations.tracing.tracer import Tracer

__all__ = [
    "BackendChatModel",
    "LangChainRecorder",
    "Speculation",
    "SpeculationMiddleware",
    "SpeculativeAgent",
    "Tracer",
    "speculative",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "BackendChatModel": "specbench.integrations.langchain.model",
        "LangChainRecorder": "specbench.integrations.langchain.recorder",
        "Speculation": "specbench.integrations.pydantic_ai.capability",
        "SpeculationMiddleware": "specbench.integrations.langchain.middleware",
        "SpeculativeAgent": "specbench.integrations.langgraph.agent",
        "Tracer": "specbench.integrations.tracing.tracer",
        "speculative": "specbench.integrations.openai_agents.agent",
    },
)
