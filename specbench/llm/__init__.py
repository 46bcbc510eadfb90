"""Language models behind one protocol: scripted, the micro-Llama, transformers, any OpenAI-compatible server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specbench.core.lazy import lazy

if TYPE_CHECKING:
    from specbench.llm.backends.openai_http import OpenAIBackend
    from specbench.llm.backends.paced import PacedBackend
    from specbench.llm.backends.scripted import ScriptedBackend
    from specbench.llm.backends.transformers_local import TransformersBackend
    from specbench.llm.base import Backend, LLMError, Request
    from specbench.llm.registry import make_backend

__all__ = [
    "Backend",
    "LLMError",
    "OpenAIBackend",
    "PacedBackend",
    "Request",
    "ScriptedBackend",
    "TransformersBackend",
    "make_backend",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Backend": "specbench.llm.base",
        "LLMError": "specbench.llm.base",
        "OpenAIBackend": "specbench.llm.backends.openai_http",
        "PacedBackend": "specbench.llm.backends.paced",
        "Request": "specbench.llm.base",
        "ScriptedBackend": "specbench.llm.backends.scripted",
        "TransformersBackend": "specbench.llm.backends.transformers_local",
        "make_backend": "specbench.llm.registry",
    },
)
