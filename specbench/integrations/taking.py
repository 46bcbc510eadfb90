"""Which arguments a framework's tool takes: by name, so that the order in which a model wrote them does not count."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Mapping
from inspect import Parameter, Signature
from typing import Any

__all__ = ["taking"]


def taking(run: Callable[..., Any], names: object) -> Callable[..., Any]:
    """Give ``run``, which takes any keywords, the signature of a function with these parameters, and return it.

    ``names`` is a list, or the ``properties`` of a schema.

    Frameworks hand arguments over by name, out of a JSON object, whose members have no order: a tool cannot tell in
    which order they came. An executor reads that from the signature.

    Examples
    --------
    >>> import inspect
    >>> inspect.signature(taking(lambda **arguments: arguments, ["origin", "not a name"]))
    <Signature (*, origin)>
    """
    listed = list(names) if isinstance(names, Mapping | list) else []  # whatever a server calls its properties
    known = [each for each in listed if isinstance(each, str) and each.isidentifier() and not keyword.iskeyword(each)]
    run.__signature__ = Signature([Parameter(name, Parameter.KEYWORD_ONLY) for name in known])  # type: ignore[attr-defined]
    return run
