"""The desk's tools as the executor runs them: with declared keys, and the latency of a service behind a network."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import Parameter, Signature
from typing import Any

import anyio

from specbench.core.canonical import canonical
from specbench.core.errors import ConfigError
from specbench.core.types import Effect, ToolSpec
from specbench.desk.world.desk import SupportDesk
from specbench.runtime import Tool
from specbench.speculation import Traits

__all__ = ["KEYS", "MEDIANS_S", "DeskLatency", "desk_tools"]

MEDIANS_S: Mapping[str, float] = {
    "find_customer_by_email": 0.8, "find_customer_by_name_zip": 1.2, "get_customer": 0.6, "get_order_history": 3.0,
    "get_order": 1.0, "track_shipment": 1.8, "get_product": 0.6, "search_products": 1.5, "get_tickets": 1.0,
    "get_preferences": 0.5, "calculate": 0.0, "note": 0.0,
}  # fmt: skip
"""Median seconds of each tool; a write takes :data:`WRITE_S`."""
WRITE_S = 1.2

KEYS: Mapping[str, tuple[str, ...]] = {
    "find_customer_by_email": ("accounts",),
    "find_customer_by_name_zip": ("accounts",),
    "get_customer": ("user:{user_id}",),
    "get_order_history": ("orders_of:{user_id}",),
    "get_order": ("order:{order_id}",),
    "track_shipment": ("shipments",),
    "get_product": ("product:{product_id}",),
    "search_products": ("catalogue",),
    "get_tickets": ("tickets:{user_id}",),
    "get_preferences": ("preferences:{user_id}",),
    "cancel_order": ("order:{order_id}", "orders_of:*"),
    "return_items": ("order:{order_id}", "orders_of:*"),
    "exchange_item": ("order:{order_id}", "orders_of:*", "product:{new_product_id}"),
    "update_address": ("user:{user_id}", "accounts", "order:{order_id}"),
    "create_ticket": ("tickets:{user_id}",),
    "update_preferences": ("preferences:{user_id}",),
    "issue_refund": ("order:{order_id}", "orders_of:*"),
}
"""What each tool reads or writes; see :class:`specbench.speculation.Traits`."""


@dataclass(frozen=True)
class DeskLatency:
    """Seconds that the desk's tools take: log-normal around a median for each tool.

    A draw depends on seed and call alone, so that a call takes the same time in every run of a conversation.

    Parameters
    ----------
    scale
        Times the medians; 0.001 makes milliseconds of seconds, 0 takes no time at all.
    sigma
        Spread of the logarithm; 0 for none.
    seed
        Of the draws.
    medians_s
        Median seconds by tool.

    Examples
    --------
    >>> DeskLatency(scale=0.1, sigma=0.0).seconds("get_order_history", {"user_id": "U1"})
    0.3...
    """

    scale: float = 1.0
    sigma: float = 0.25
    seed: int = 0
    medians_s: Mapping[str, float] = field(default_factory=lambda: dict(MEDIANS_S))

    def __post_init__(self) -> None:
        if not (0 <= self.scale < math.inf and 0 <= self.sigma < math.inf):
            raise ConfigError(f"scale is {self.scale} and sigma {self.sigma}; both must be 0 or more")

    def seconds(self, name: str, arguments: Mapping[str, Any]) -> float:
        """Seconds of one call."""
        median = self.medians_s.get(name, WRITE_S)
        draw = random.Random(f"{self.seed}/{name}/{canonical(dict(arguments))}").gauss(0.0, 1.0)
        return self.scale * median * math.exp(self.sigma * draw)


def desk_tools(desk: SupportDesk, latency: DeskLatency | None = None) -> list[Tool]:
    """Return the desk's tools for an executor.

    A call waits first and then reads or writes in one moment: what is cancelled while it waits has done nothing.
    Results are compact JSON texts, as the sample traces hold them.

    Parameters
    ----------
    desk
        Where they run.
    latency
        Seconds; by default those of :class:`DeskLatency`.
    """
    timing = latency if latency is not None else DeskLatency()
    return [_tool(desk, spec, timing) for spec in desk.tools.values()]


def _tool(desk: SupportDesk, spec: ToolSpec, latency: DeskLatency) -> Tool:
    async def run(**arguments: Any) -> str:
        await anyio.sleep(latency.seconds(spec.name, arguments))
        return json.dumps(desk.call(spec.name, arguments), separators=(",", ":"))

    # The desk looks at the arguments by name: it cannot tell in which order they came.
    seen = Signature([Parameter(name, Parameter.KEYWORD_ONLY) for name in spec.properties])
    run.__signature__ = seen  # type: ignore[attr-defined]
    cost = 0.0 if spec.effect is Effect.LOCAL else 1.0
    return Tool(spec, run, Traits(keys=KEYS.get(spec.name, ()), cost=cost))
