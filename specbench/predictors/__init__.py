"""Predictors: the next tool call, or a reply, from the conversation so far.

:data:`REGISTRY` names every predictor that the command line knows; packages outside add theirs with the entry point
group ``specbench.predictors`` (name → class or factory without arguments).
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points

from specbench.core.errors import ConfigError
from specbench.predictors.base import Predictor, Session

__all__ = ["CONTROLS", "NEEDS_MODEL", "REGISTRY", "Predictor", "Session", "make_predictor"]

REGISTRY: dict[str, str] = {
    "silent": "specbench.predictors.controls:Silent",
    "wrong": "specbench.predictors.controls:Wrong",
    "frequent": "specbench.predictors.controls:MostFrequent",
    "repeat": "specbench.predictors.controls:RepeatLast",
    "oracle": "specbench.predictors.controls:Oracle",
    "markov": "specbench.predictors.counting.markov:MarkovPredictor",
    "ngram": "specbench.predictors.counting.ngram:NgramPredictor",
    "patterns": "specbench.predictors.counting.patterns:PatternPredictor",
    "learned": "specbench.predictors.learned.predictor:LearnedPredictor",
}
"""Name → ``module:class``. A variant with another argument filler is written ``markov+recent``."""

NEEDS_MODEL: dict[str, str] = {"llm": "specbench.predictors.llm_draft:LLMDraftPredictor"}
"""Predictors that run a model of the user's choice, written ``llm:micro``; never among ``all``."""

CONTROLS = ("silent", "wrong", "frequent", "repeat", "oracle")
"""Predictors that frame a comparison rather than compete in it."""


def make_predictor(name: str, **options: object) -> Predictor:
    """Return a new, unfitted predictor.

    Parameters
    ----------
    name
        A name in :data:`REGISTRY` or of an entry point; ``NAME+FILLER`` chooses the argument filler, and
        ``llm:BACKEND`` (``llm:micro``) a language model.
    options
        Passed on to the class.

    Raises
    ------
    ConfigError
        When no predictor has that name.

    Examples
    --------
    >>> make_predictor("markov+recent").name
    'markov'
    """
    base, _, model = name.partition(":")
    if base in NEEDS_MODEL:
        module, _, attribute = NEEDS_MODEL[base].partition(":")
        made: Predictor = getattr(import_module(module), attribute)(model or None, **options)
        return made
    base, _, filler = name.partition("+")
    if filler:
        options["filler"] = filler
    factory: Callable[..., Predictor]
    if base in REGISTRY:
        module, _, attribute = REGISTRY[base].partition(":")
        factory = getattr(import_module(module), attribute)
    else:
        found = {each.name: each for each in entry_points(group="specbench.predictors")}
        if base not in found:
            known = ", ".join([*REGISTRY, *found])
            raise ConfigError(
                f"no predictor is called {base!r}; use one of {known}, llm:BACKEND (NAME+FILLER chooses the filler)"
            )
        factory = found[base].load()
    try:
        return factory(**options)
    except TypeError as error:
        raise ConfigError(f"predictor {name!r} does not take these options: {error}") from error
