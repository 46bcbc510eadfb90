"""Predictors: the next tool call, or a reply, from the conversation so far.

:data:`specbench.core.registry.PREDICTORS` names every predictor that the command line knows; packages outside add
theirs with the entry point group ``specbench.predictors``.
"""

from __future__ import annotations

from inspect import isabstract

from specbench.core.errors import ConfigError
from specbench.core.registry import PREDICTORS
from specbench.predictors.base import Predictor, Session

__all__ = [
    "PREDICTORS",
    "Predictor",
    "Session",
    "competitor_names",
    "control_names",
    "is_control",
    "make_predictor",
    "predictor_class",
]


def make_predictor(name: str, *, imports: bool = True, **options: object) -> Predictor:
    """Return a new, unfitted predictor.

    Parameters
    ----------
    name
        A name in the registry; ``NAME+FILLER`` chooses the argument filler, ``llm:BACKEND`` (``llm:micro``) a language
        model, ``package.module:Class`` a predictor of your own.
    imports
        ``False`` for a name that comes from a file: see :meth:`specbench.core.registry.Registry.load`.
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
    base, filler = _split_filler(name)
    if filler:
        options["filler"] = filler
    made = PREDICTORS.make(base, imports=imports, **options)
    if not isinstance(made, Predictor):
        raise ConfigError(f"{name!r} is no predictor: a predictor is a subclass of specbench.predictors.Predictor")
    return made


def predictor_class(name: str) -> type[Predictor]:
    """Return the class of the predictor that ``name`` stands for, whatever stands behind a ``+`` or a colon.

    Examples
    --------
    >>> predictor_class("markov+recent").name, predictor_class("oracle").control
    ('markov', True)
    """
    made = PREDICTORS.load(PREDICTORS.split(_split_filler(name)[0])[0])
    return made if isinstance(made, type) else type(made())


def is_control(name: str) -> bool:
    """Whether a predictor frames a comparison rather than competes in it."""
    return predictor_class(name).control


def competitor_names() -> list[str]:
    """Return the names of the predictors that can be compared as they are: no controls, none that needs a model.

    Examples
    --------
    >>> competitor_names()[:3]
    ['markov', 'ngram', 'patterns']
    """
    return [name for name, made in _classes().items() if not made.control and not made.needs]


def control_names() -> list[str]:
    """Return the names of the predictors that frame a comparison rather than compete in it.

    Examples
    --------
    >>> control_names()
    ['silent', 'wrong', 'blind', 'frequent', 'repeat', 'oracle']
    """
    return [name for name, made in _classes().items() if made.control]


def _classes() -> dict[str, type[Predictor]]:
    """Return every predictor's class; what is no predictor, or cannot be made, is left out with a warning."""
    found = {}
    for name, made in PREDICTORS.loaded().items():
        if isinstance(made, type) and issubclass(made, Predictor) and not isabstract(made):
            found[name] = made
        else:
            what = (
                "lacks methods of specbench.predictors.Predictor" if isabstract(made) else "is no class of predictors"
            )
            PREDICTORS.leave_out(name, f"the predictor {name!r} {what}")
    return found


def _split_filler(name: str) -> tuple[str, str]:
    """Split ``NAME+FILLER``; what stands behind ``llm:`` is the name of a model, plus signs and all."""
    head = name.partition(":")[0]
    if head in PREDICTORS.built_in and PREDICTORS.load(head).needs:
        return name, ""
    base, _, filler = name.partition("+")
    return base, filler
