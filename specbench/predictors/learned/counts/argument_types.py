"""Which type a parameter's value takes: as real calls had it, or as the schema says. What cannot be one is no value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from specbench.predictors.context.values import text_of
from specbench.predictors.learned.counts.tables import ParameterCounts

__all__ = ["UNFIT", "ArgumentType", "kind_of"]

_DIGITS = re.compile(r"[+-]?\d+(?:\.\d+)?")
UNFIT = object()
"""Stands for a text that is no value of a parameter."""
_KINDS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_COMPOSED = ("anyOf", "oneOf")


class ArgumentType:
    """The type of one parameter.

    Parameters
    ----------
    counts
        What real calls had; the schema is asked where there were none, and for types that they did not have.
    schema
        JSON schema of the parameter: ``type``, one or several, ``enum``, and ``anyOf`` and ``oneOf`` of these.

    Examples
    --------
    >>> bill = ArgumentType(None, {"type": ["integer", "null"]})
    >>> bill.value("7"), bill.value("seven") is UNFIT, bill.scalar
    (7, True, True)
    >>> ArgumentType(None, {"enum": [10, 20]}).value("20")
    20
    >>> ArgumentType(None, {"type": "array"}).scalar
    False
    """

    def __init__(self, counts: ParameterCounts | None, schema: Mapping[str, Any]) -> None:
        self._had = counts.kinds if counts else {}
        self._names = {"str" if kind == "digits" else kind for kind in self._had}
        declared = list(_declared(schema))
        # What nothing is declared for takes any text.
        self._kinds = [_KINDS[each] for each in declared if each in _KINDS] if declared else ["str"]
        self._members = {text_of(each): each for each in _members(schema)}
        self.scalar = bool(self._had or self._kinds or self._members)

    def _kind(self, text: str) -> str:
        """Return the type that calls had; where they had several, a text of digits is what such texts were."""
        had = self._had
        if len(had) > 1 and _DIGITS.fullmatch(text):
            numbers = {kind: had.get(kind, 0) for kind in ("digits", "int", "float")}
            if any(numbers.values()):
                return max(numbers, key=lambda kind: numbers[kind])
        return max(had, key=lambda kind: had[kind])

    def value(self, text: str) -> Any:
        """Return ``text`` as a value of this type, :data:`UNFIT` if it cannot be one."""
        if self._had:
            value = _cast(text, self._kind(text))
            if type(value).__name__ in self._names or any(_is(value, kind) for kind in self._kinds):
                return value
            return UNFIT
        if text in self._members:
            return self._members[text]
        values = ((_cast(text, kind), kind) for kind in self._kinds)
        return next((value for value, kind in values if _is(value, kind)), UNFIT)


def kind_of(value: Any) -> str:
    """Return the type of an argument as it is counted; a text of digits is told from other texts.

    Examples
    --------
    >>> kind_of(7), kind_of("7"), kind_of("seven")
    ('int', 'digits', 'str')
    """
    return "digits" if isinstance(value, str) and _DIGITS.fullmatch(value) else type(value).__name__


def _declared(schema: Mapping[str, Any], depth: int = 3) -> Iterator[str]:
    """Yield the types that a schema names."""
    of = schema.get("type")
    yield from (each for each in (of if isinstance(of, list) else [of]) if isinstance(each, str))
    if of is None:
        yield from (_named(each) for each in _members(schema))
    for key in _COMPOSED if depth else ():
        for each in schema[key] if isinstance(schema.get(key), list) else ():
            if isinstance(each, Mapping):
                yield from _declared(each, depth - 1)


def _members(schema: Mapping[str, Any]) -> list[str | int | float]:
    enum = schema.get("enum")
    return [each for each in enum if isinstance(each, str | int | float)] if isinstance(enum, list) else []


def _named(value: str | int | float) -> str:
    return next(name for name in ("boolean", "integer", "number", "string") if _is(value, _KINDS[name]))


def _is(value: Any, kind: str) -> bool:
    if kind in ("str", "bool") or isinstance(value, bool | str):
        return type(value).__name__ == kind
    return kind == "float" or value == int(value)


def _cast(text: str, kind: str) -> Any:
    if kind in ("int", "float", "bool"):
        try:
            value = json.loads(text.lower() if kind == "bool" else text)
        except (ValueError, RecursionError):
            return text
        return value if isinstance(value, bool | int | float) and isfinite(value) else text
    return text
