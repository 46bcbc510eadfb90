"""specbench: a research workbench for speculative tool execution in LLM agents.

Importing the package loads nothing heavy; what it exports is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from specbench.predictors.checkpoint import load as load_predictor

__all__ = ["__version__", "load_predictor"]

__version__ = "0.1.0"

_LAZY = {"load_predictor": "specbench.predictors.checkpoint:load"}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'specbench' has no attribute {name!r}; it has {', '.join(__all__)}")
    module, _, attribute = _LAZY[name].partition(":")
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
