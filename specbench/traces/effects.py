"""Effects of tools, declared in a side file: they override what the traces say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Effect, ToolSpec, Trace

__all__ = ["apply_effects", "read_effects"]

_HELP = 'give {"tool name": "read"}; effects are ' + ", ".join(Effect)


def read_effects(effects: str | Path | Mapping[str, Effect | str]) -> dict[str, Effect]:
    """Return ``{tool: effect}`` from a mapping or a JSON file, validated.

    Raises
    ------
    TraceError
        When the file cannot be read or an effect is not known.

    Examples
    --------
    >>> read_effects({"get_order": "read"})
    {'get_order': <Effect.READ: 'read'>}
    """
    path: Path | None = None
    raw: Any = effects
    if isinstance(effects, (str, Path)):
        path = Path(effects)
        try:
            raw = json.loads(path.read_text("utf-8-sig"))
        except OSError as error:
            raise TraceError(f"the effects file cannot be opened ({error.strerror})", path=path) from error
        except (ValueError, RecursionError) as error:
            raise TraceError(f"the effects file is not JSON ({error})", path=path, remedy=_HELP) from error
    if not isinstance(raw, Mapping):
        raise TraceError("the effects are not an object", path=path, got=raw, remedy=_HELP)
    checked = {}
    for tool, effect in raw.items():
        try:
            checked[str(tool)] = Effect(effect)
        except ValueError as error:
            raise TraceError("the effect is not known", path=path, field=str(tool), got=effect, remedy=_HELP) from error
    return checked


def apply_effects(trace: Trace, effects: Mapping[str, Effect]) -> Trace:
    """Return the trace with these effects in place of those that it declares.

    A trace that declares no tools gets all of them. One that declares some gets no tool more: a tool added because the
    trace calls it would tell a predictor what is to come.

    Examples
    --------
    >>> apply_effects(Trace("t", "task", "doc", ()), {"get_order": Effect.READ}).effect("get_order")
    <Effect.READ: 'read'>
    """
    if not trace.tools:
        return replace(trace, tools={name: ToolSpec(name, effect=effect) for name, effect in effects.items()})
    tools = {
        name: replace(spec, effect=effects[name]) if name in effects else spec for name, spec in trace.tools.items()
    }
    return replace(trace, tools=tools)
