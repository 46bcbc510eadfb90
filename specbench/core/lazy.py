"""Names of a package that are imported when they are first used, so that importing the package costs nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from specbench.core.extras import named_extras

__all__ = ["lazy"]


def lazy(package: str, places: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return ``__getattr__`` and ``__dir__`` for a package's ``__init__``.

    Parameters
    ----------
    package
        The package's ``__name__``.
    places
        Name → module, or ``module:attribute`` where it has another name there; ``module:`` for the module itself.

    Examples
    --------
    >>> get, names = lazy("specbench", {"root": "math:sqrt"})
    >>> get("root")(9.0), "root" in names()
    (3.0, True)
    """

    def get(name: str) -> Any:
        if name not in places:
            raise AttributeError(f"module {package!r} has no attribute {name!r}; it has {', '.join(sorted(places))}")
        module, colon, attribute = places[name].partition(":")
        with named_extras():
            found: Any = import_module(module)
        if attribute or not colon:
            found = getattr(found, attribute or name)
        setattr(sys.modules[package], name, found)
        return found

    def names() -> list[str]:
        own = {name for name in vars(sys.modules[package]) if name.startswith("__")}
        return sorted({*own, *places})

    return get, names
