"""What the extra calls of speculation cost: in money, and in calls against rate limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.ledger import Fate, Ledger
from specbench.core.types import Trace
from specbench.speculation import Limit

__all__ = ["ToolCost", "check_tools", "limit_from_text", "price_from_text", "tool_costs"]

PERIODS_S = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0}


@dataclass(frozen=True)
class ToolCost:
    """The calls of one tool, without and with speculation.

    Parameters
    ----------
    tool
        Its name.
    calls, extra
        Calls of the agent in the test conversations, and launches there that nobody used.
    extra_per_1000
        Extra calls in 1,000 conversations.
    extra_per_hour
        Extra calls in an hour of one agent at work; ``None`` where no time passes.
    price
        Of one call; ``None`` where it was not given.
    limit_per_s
        Calls a second that are allowed; ``None`` where it was not given.
    agents_before, agents_after
        Agents at work at once that the limit lets work, without and with speculation; ``None`` without a limit.
    """

    tool: str
    calls: int
    extra: int
    extra_per_1000: float
    extra_per_hour: float | None
    price: float | None = None
    limit_per_s: float | None = None
    agents_before: float | None = None
    agents_after: float | None = None

    @property
    def cost_per_1000(self) -> float | None:
        """What the extra calls of 1,000 conversations cost."""
        return None if self.price is None else self.price * self.extra_per_1000

    @property
    def cost_per_day(self) -> float | None:
        """What the extra calls of one agent cost that works day and night."""
        return None if self.price is None or self.extra_per_hour is None else 24 * self.price * self.extra_per_hour

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {**vars(self), "cost_per_1000": self.cost_per_1000, "cost_per_day": self.cost_per_day}


def price_from_text(text: str) -> tuple[str, float]:
    """Read ``TOOL=PRICE``: what a call costs, in any currency.

    Examples
    --------
    >>> price_from_text("search=0.002")
    ('search', 0.002)
    """
    tool, _, price = text.rpartition("=")
    try:
        found = float(price)
    except ValueError:
        found = -1.0
    if not tool or not 0 <= found < float("inf"):
        raise ConfigError(f"{text!r} is no price; write TOOL=PRICE, a call's price of 0 or more, such as search=0.002")
    return tool, found


def limit_from_text(text: str) -> tuple[str, Limit]:
    """Read ``TOOL=CALLS/PERIOD``: at most so many calls in a ``s``, ``min``, ``h`` or ``day``.

    Examples
    --------
    >>> limit_from_text("search=30/min")
    ('search', Limit(per_s=0.5, burst=30.0, reserve=0.2))
    """
    tool, _, rate = text.rpartition("=")
    calls, _, period = rate.partition("/")
    try:
        number = float(calls)
    except ValueError:
        number = 0.0
    if not tool or period not in PERIODS_S or not 0 < number < float("inf"):
        raise ConfigError(
            f"{text!r} is no rate limit; write TOOL=CALLS/PERIOD with a period of {', '.join(PERIODS_S)}, such as "
            "search=5/s"
        )
    return tool, Limit(number / PERIODS_S[period], max(1.0, number))


def check_tools(what: str, named: Iterable[str], traces: Sequence[Trace]) -> None:
    """Raise a ConfigError where a tool is named that no trace has.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> check_tools("price", ["get_ordr"], make_traces(2))
    Traceback (most recent call last):
    ...
    specbench.core.errors.ConfigError: a price is given for 'get_ordr', which no trace has; is it 'get_order'?
    """
    known = {name for trace in traces for name in trace.tools}
    known |= {call.name for trace in traces for message in trace.messages for call in message.tool_calls}
    for name in sorted(set(named) - known):
        close = get_close_matches(name, known, n=1, cutoff=0.6)
        remedy = f"is it {close[0]!r}?" if close else f"the tools are {', '.join(sorted(known)) or 'none'}"
        raise ConfigError(f"a {what} is given for {name!r}, which no trace has; {remedy}")


def tool_costs(
    ledger: Ledger, prices: Mapping[str, float], limits: Mapping[str, Limit], waited_s: float = 0.0
) -> list[ToolCost]:
    """Return the tools with extra calls, a price or a limit; most extra calls first.

    Parameters
    ----------
    ledger
        Of a simulated run.
    prices, limits
        By tool; those that were not called in the run are shown with no calls.
    waited_s
        Seconds of the run without speculation that were waits for a limit. They are no work, so they are left out where
        it is asked how many agents at work a limit carries.
    """
    calls = Counter(call.partition("(")[0] for row in ledger.outcomes for call in row.all_calls)
    extra = Counter(row.tool for row in ledger.speculations if row.fate != Fate.COMMIT)
    conversations = len({row.trace_id for row in ledger.outcomes})
    before_s = sum(row.sequential_s for row in ledger.outcomes)
    after_s = sum(row.speculative_s for row in ledger.outcomes)
    names: Sequence[str] = sorted({*extra, *prices, *limits}, key=lambda name: (-extra[name], name))
    out = []
    for name in names:
        limit = limits.get(name)
        agents: list[float | None] = [None, None]
        if limit is not None:
            asked = ((calls[name], before_s - waited_s), (calls[name] + extra[name], after_s - waited_s))
            agents = [limit.per_s * seconds / number if number else None for number, seconds in asked]
        out.append(
            ToolCost(
                name, calls[name], extra[name], 1000 * extra[name] / conversations if conversations else 0.0,
                3600 * extra[name] / after_s if after_s else None, prices.get(name),
                None if limit is None else limit.per_s, *agents,
            )
        )  # fmt: skip
    return out
