"""Backends by the names that the command line takes: ``micro``, ``transformers:ID``, ``openai:MODEL@URL``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.registry import BACKENDS
from specbench.llm.backends.paced import PacedBackend
from specbench.llm.base import Backend
from specbench.llm.local.loading import LoadedModel, load_model
from specbench.llm.local.memory import Quantisation

__all__ = ["MICRO_FOLDER", "load_named", "make_backend", "micro_folder"]

MICRO_FOLDER = Path("models") / "micro-llama"


def micro_folder() -> Path:
    """The folder of the shipped micro-Llama: beside the package, or below the current folder.

    Raises
    ------
    ConfigError
        When it is in neither place.
    """
    for home in (Path(__file__).resolve().parents[2], Path.cwd()):
        if (home / MICRO_FOLDER / "config.json").is_file():
            return home / MICRO_FOLDER
    raise ConfigError(
        f"{MICRO_FOLDER} is not here; run from a checkout of specbench, or train one: specbench train-llm"
    )


def load_named(name: str, *, quantisation: Quantisation = "none", random_weights: bool = False) -> LoadedModel:
    """Load the model that ``name`` (``micro`` or ``transformers:ID``) stands for.

    Examples
    --------
    >>> load_named("gpt")
    Traceback (most recent call last):
    specbench.core.errors.ConfigError: no local model is called 'gpt'; use micro, or transformers:FOLDER_OR_ID
    """
    kind, _, rest = name.partition(":")
    if name == "micro":
        return load_model(micro_folder(), quantisation=quantisation, random_weights=random_weights)
    if kind == "transformers" and rest:
        return load_model(rest, quantisation=quantisation, random_weights=random_weights)
    raise ConfigError(f"no local model is called {name!r}; use micro, or transformers:FOLDER_OR_ID")


def make_backend(
    name: str,
    *,
    pace_tokens_per_s: float | None = None,
    quantisation: Quantisation = "none",
    random_weights: bool = False,
    strict: bool = True,
    **options: Any,
) -> Backend:
    """Return a new backend by name.

    Parameters
    ----------
    name
        ``micro``, ``transformers:FOLDER_OR_ID``, ``openai:MODEL`` or ``openai:MODEL@URL``; the name of another
        package's backend, or ``package.module:Class[:ARGUMENT]``.
    pace_tokens_per_s
        Hold it back to this speed; the name says so.
    quantisation, random_weights
        Of a local model; see :func:`specbench.llm.local.loading.load_model`.
    strict
        Hold the calls of a local model to the tools' schemas; see :mod:`specbench.llm.strict.decoding`. A server
        decides for itself.
    options
        Further arguments of the backend's class.

    Examples
    --------
    >>> make_backend("gpt-5")
    Traceback (most recent call last):
    specbench.core.errors.ConfigError: no LLM is called 'gpt-5'; use one of micro, ...
    """
    if _is_local(name):
        options |= {"quantisation": quantisation, "random_weights": random_weights, "strict": strict}
    made = BACKENDS.make(name, **options)
    if not isinstance(made, Backend):
        raise ConfigError(f"{name!r} is no LLM: a backend is a subclass of specbench.llm.Backend")
    return made if pace_tokens_per_s is None else PacedBackend(made, tokens_per_s=pace_tokens_per_s)


def micro_backend(**options: Any) -> Backend:
    """Return the shipped micro-Llama as a backend."""
    from specbench.llm.backends.transformers_local import TransformersBackend

    return TransformersBackend.from_argument(str(micro_folder()), **options)


def _is_local(name: str) -> bool:
    return name.partition(":")[0] in ("micro", "transformers")
