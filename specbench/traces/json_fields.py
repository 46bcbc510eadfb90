"""Checks of one JSON field: its value, or a ``TraceError`` that names the place and the remedy."""

from __future__ import annotations

import math
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Effect, Timing

__all__ = [
    "effect_field", "flag_field", "list_field", "name_field", "object_field", "text_field", "texts_field",
    "timing_field",
]  # fmt: skip


def text_field(value: Any, place: str) -> str:
    """Return ``value`` if it is a text; raise a TraceError that names ``place`` otherwise."""
    if not isinstance(value, str):
        raise TraceError("not a text", field=place, got=value, remedy="give a string, or leave an optional field out")
    return value


def name_field(value: Any, place: str) -> str:
    """Return ``value`` if it is a text that is not empty; raise a TraceError that names ``place`` otherwise."""
    if not isinstance(value, str) or not value:
        raise TraceError("not a name", field=place, got=value, remedy="give a string that is not empty")
    return value


def flag_field(value: Any, place: str) -> bool:
    """Return ``value`` if it is true or false; raise a TraceError that names ``place`` otherwise."""
    if not isinstance(value, bool):
        raise TraceError("not true or false", field=place, got=value, remedy="give true or false")
    return value


def list_field(value: Any, place: str) -> list[Any]:
    """Return ``value`` if it is a list; raise a TraceError that names ``place`` otherwise."""
    if not isinstance(value, list):
        raise TraceError("not a list", field=place, got=value, remedy="give a list")
    return value


def texts_field(value: Any, place: str) -> list[str]:
    """Return ``value`` if it is a list of texts; raise a TraceError that names ``place`` otherwise."""
    return [text_field(each, f"{place}[{number}]") for number, each in enumerate(list_field(value, place))]


def object_field(value: Any, place: str) -> dict[str, Any]:
    """Return ``value`` if it is a JSON object; raise a TraceError that names ``place`` otherwise."""
    if not isinstance(value, dict):
        raise TraceError("not an object", field=place, got=value, remedy="give a JSON object")
    return value


def effect_field(value: Any, place: str) -> Effect:
    """Return ``value`` if it is the name of an effect; raise a TraceError that names ``place`` otherwise."""
    try:
        return Effect(value)
    except ValueError as error:
        raise TraceError(
            "the effect is not known", field=place, got=value, remedy=f"use {', '.join(Effect)}"
        ) from error


def timing_field(value: Any, place: str) -> Timing:
    """Return ``value`` if it is ``[start, end]`` in seconds; raise a TraceError that names ``place`` otherwise."""
    numbers = isinstance(value, list) and all(
        isinstance(item, (int, float)) and not isinstance(item, bool) and math.isfinite(item) for item in value
    )
    if not numbers or len(value) != 2 or value[0] > value[1]:
        raise TraceError(
            "not a timing",
            field=place,
            got=value,
            remedy="give [start, end] in seconds since the trace's start, in order",
        )
    return Timing(float(value[0]), float(value[1]))
