"""From combinations of values to calls of the right types."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from specbench.core.types import ToolCall
from specbench.predictors.learned.counts.argument_types import UNFIT
from specbench.predictors.learned.counts.tables import ABSENT
from specbench.predictors.learned.ranker.combinations import Combination, RankedCandidates, Values

__all__ = ["FilledCall", "best_calls"]

MOST_MADE = 2000
"""Calls that are kept of a conversation."""


class FilledCall(NamedTuple):
    """A call of a tool, and P(its arguments are right | the tool is called)."""

    call: ToolCall
    p: float


def best_calls(
    tool: str,
    ranked: Sequence[RankedCandidates],
    found: Iterable[Combination],
    made: dict[tuple[str, Values], ToolCall | None],
    k: int,
) -> list[FilledCall]:
    """Return the first ``k`` calls whose values are of the right types."""
    out: list[FilledCall] = []
    for each in found:
        if len(out) >= k:
            break
        call = _call(tool, ranked, each.chosen, made)
        if call is not None:
            out.append(FilledCall(call, each.p))
    return out


def _call(
    tool: str, ranked: Sequence[RankedCandidates], chosen: Values, made: dict[tuple[str, Values], ToolCall | None]
) -> ToolCall | None:
    """Return the call with these values, ``None`` if they are not of the right types; ``made`` keeps those calls."""
    if (tool, chosen) not in made:
        given = [(one.candidates, text) for one, text in zip(ranked, chosen, strict=True) if text != ABSENT]
        arguments = {each.parameter: each.type.value(text) for each, text in given}
        if len(made) >= MOST_MADE:
            made.clear()
        made[tool, chosen] = ToolCall(tool, arguments) if UNFIT not in arguments.values() else None
    return made[tool, chosen]
