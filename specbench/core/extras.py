"""Optional dependencies: what is missing is named with the pip command that brings it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from specbench.core.errors import MissingExtraError

__all__ = ["EXTRAS", "named_extras", "package_of"]

EXTRAS = {
    "study": (
        "jinja2", "joblib", "matplotlib", "pandas", "pyarrow", "scipy", "seaborn", "sklearn", "torch", "tqdm", "typer",
    ),
    "llm": ("accelerate", "bitsandbytes", "llguidance", "openai", "tokenizers", "transformers"),
    "agent": ("langchain", "langchain_core", "langgraph", "langsmith", "redis"),
    "lab": ("anywidget", "ipywidgets", "jupyterlab", "nbclient", "nbformat", "voila"),
    "mcp": ("mcp", "opentelemetry"),
    "frameworks": ("agents", "pydantic_ai"),
    "dask": ("dask", "distributed"),
    "onnx": ("onnx", "onnxruntime"),
    "sentence": ("sentence_transformers",),
}  # fmt: skip
"""Extra → the modules that it brings."""

_EXTRA_OF = {module: extra for extra, modules in EXTRAS.items() for module in modules}
_PACKAGES = {
    "sklearn": "scikit-learn",
    "agents": "openai-agents",
    "pydantic_ai": "pydantic-ai-slim",
    "opentelemetry": "opentelemetry-api",
}


def package_of(module: str) -> str:
    """Return the name under which pip knows a module.

    Examples
    --------
    >>> package_of("sklearn"), package_of("langchain_core")
    ('scikit-learn', 'langchain-core')
    """
    return _PACKAGES.get(module, module.replace("_", "-"))


@contextmanager
def named_extras() -> Iterator[None]:
    """Turn a failed import of an optional package into an error that names the pip command.

    Raises
    ------
    MissingExtraError
        When a package that comes with an extra is not installed.

    Examples
    --------
    >>> with named_extras():
    ...     raise ModuleNotFoundError("No module named 'sklearn'", name="sklearn.svm")
    Traceback (most recent call last):
    specbench.core.errors.MissingExtraError: scikit-learn is not installed; it comes with an extra: pip install ...
    """
    try:
        yield
    except ImportError as error:
        module = (error.name or "").partition(".")[0]
        if module not in _EXTRA_OF or isinstance(error, MissingExtraError):
            raise
        raise MissingExtraError(package_of(module), extra=_EXTRA_OF[module]) from error
