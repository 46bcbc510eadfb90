"""The argument fillers by name."""

from __future__ import annotations

from specbench.core.errors import ConfigError
from specbench.predictors.counting.argument_fillers import ArgumentFiller, LinkedFiller, NoFiller, RecentFiller
from specbench.predictors.counting.usual_filler import UsualFiller

__all__ = ["FILLERS", "make_filler"]

FILLERS: dict[str, type[ArgumentFiller]] = {
    cls.name: cls for cls in (NoFiller, RecentFiller, LinkedFiller, UsualFiller)
}


def make_filler(name: str) -> ArgumentFiller:
    """Return a new filler by name.

    Raises
    ------
    ConfigError
        When there is no filler of that name.

    Examples
    --------
    >>> make_filler("linked").name
    'linked'
    """
    if name not in FILLERS:
        raise ConfigError(f"no argument filler is called {name!r}; use one of {', '.join(FILLERS)}")
    return FILLERS[name]()
