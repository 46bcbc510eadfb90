"""Backends by the names that the command line takes: ``micro``, ``transformers:ID``, ``openai:MODEL@URL``."""

from __future__ import annotations

from pathlib import Path

from specbench.core.errors import ConfigError
from specbench.llm.backends.paced import PacedBackend
from specbench.llm.base import Backend
from specbench.llm.local.loading import LoadedModel, load_model
from specbench.llm.local.memory import Quantisation

__all__ = ["MICRO_FOLDER", "load_named", "make_backend", "micro_folder"]

MICRO_FOLDER = Path("models") / "micro-llama"

_KNOWN = "micro, transformers:FOLDER_OR_ID, or openai:MODEL@URL (without @URL, OPENAI_BASE_URL counts)"


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
) -> Backend:
    """Return a new backend by name.

    Parameters
    ----------
    name
        ``micro``, ``transformers:FOLDER_OR_ID``, ``openai:MODEL`` or ``openai:MODEL@URL``.
    pace_tokens_per_s
        Hold it back to this speed; the name says so.
    quantisation, random_weights
        Of a local model; see :func:`specbench.llm.local.loading.load_model`.
    strict
        Hold the calls of a local model to the tools' schemas; see :mod:`specbench.llm.strict.decoding`. A server
        decides for itself.

    Examples
    --------
    >>> make_backend("gpt-5")
    Traceback (most recent call last):
    specbench.core.errors.ConfigError: no LLM is called 'gpt-5'; use micro, ...
    """
    kind, _, rest = name.partition(":")
    backend: Backend
    if name == "micro" or (kind == "transformers" and rest):
        from specbench.llm.backends.transformers_local import TransformersBackend

        loaded = load_named(name, quantisation=quantisation, random_weights=random_weights)
        backend = TransformersBackend(loaded, strict=strict)
    elif kind == "openai" and rest:
        from specbench.llm.backends.openai_http import OpenAIBackend

        model, _, url = rest.partition("@")
        backend = OpenAIBackend(model, base_url=url or None)
    else:
        raise ConfigError(f"no LLM is called {name!r}; use {_KNOWN}")
    return backend if pace_tokens_per_s is None else PacedBackend(backend, tokens_per_s=pace_tokens_per_s)
