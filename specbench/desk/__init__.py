"""The demo world: a support desk, its scripted people, their phrases, live runs, the micro-Llama's training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specbench.core.lazy import lazy

if TYPE_CHECKING:
    from specbench.desk.people.conversations import generate
    from specbench.desk.world.desk import SupportDesk
    from specbench.desk.world.tools import desk_tools

__all__ = [
    "SupportDesk",
    "desk_tools",
    "generate",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "SupportDesk": "specbench.desk.world.desk",
        "desk_tools": "specbench.desk.world.tools",
        "generate": "specbench.desk.people.conversations",
    },
)
