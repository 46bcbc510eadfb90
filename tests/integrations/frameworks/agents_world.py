"""A small world for agents of any framework: tools with state, and an LLM whose decisions follow from what it has seen.

The same seed gives the same decisions for the same results, so a run with speculation can be laid beside one without.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from zlib import crc32

import anyio

from specbench.core.types import Message, ToolCall
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.predictors.llm_draft import LLMDraftPredictor
from specbench.testing.clock import VirtualLoop

EFFECTS = {"get": "read", "total": "read", "flaky": "read", "put": "write"}
"""``bump`` is not declared: it counts as a write."""
TURNS = 7


class Shelf:
    """Three items with values. ``writes`` is what has really been done, in order; ``ran`` every call that was begun."""

    def __init__(self) -> None:
        self.items = {0: 3, 1: 10, 2: 21}
        self.writes: list[tuple[Any, ...]] = []
        self.ran: list[str] = []

    async def get(self, x: int) -> str:
        """Return an item."""
        self.ran.append("get")
        await anyio.sleep(1.0 + x)
        return f"item {x} is {self.items[x]}"

    async def total(self) -> int:
        """Return the sum."""
        self.ran.append("total")
        await anyio.sleep(0.5)
        return sum(self.items.values())

    async def flaky(self, x: int) -> str:
        """Fail on odd items."""
        self.ran.append("flaky")
        await anyio.sleep(0.2)
        if self.items[x] % 2:
            raise ValueError(f"item {x} is odd: {self.items[x]}")
        return "even"

    async def put(self, x: int, y: int) -> str:
        """Set an item."""
        self.ran.append("put")
        await anyio.sleep(0.3)
        before, self.items[x] = self.items[x], y
        self.writes.append(("put", x, y, before))
        return f"was {before}"

    async def bump(self, x: int) -> int:
        """Count an item up."""
        self.ran.append("bump")
        await anyio.sleep(0.1)
        self.items[x] += 1
        self.writes.append(("bump", x, self.items[x]))
        return self.items[x]

    @property
    def functions(self) -> list[Callable[..., Any]]:
        return [self.get, self.total, self.flaky, self.put, self.bump]


def decision(seed: int, turn: int, last: str, *, alone: bool = False) -> list[ToolCall]:
    """What the LLM decides in a turn, after the last result; no calls are a reply."""
    if turn >= TURNS:
        return []
    draw = random.Random(crc32(f"{seed}|{turn}|{re.findall('[0-9]+', last)}".encode()))
    several = 1 if alone or draw.random() < 0.7 else draw.randint(2, 3)
    return [_call(draw, f"c{turn}_{at}") for at in range(several)]


def _call(draw: random.Random, own: str) -> ToolCall:
    name = draw.choice(["get", "get", "get", "total", "flaky", "put", "bump"])
    arguments: dict[str, Any] = {} if name == "total" else {"x": draw.randint(0, 2)}
    if name == "put":
        arguments["y"] = draw.randint(0, 9)
    return ToolCall(name, arguments, own)


def guessing(seed: int, temper: str) -> LLMDraftPredictor:
    """A predictor that knows the agent: ``right``, ``wrong`` (another call), or ``mixed``."""

    def draft(request: Any) -> Any:
        results = [message.content for message in request.messages if message.role == "tool"]
        turn = sum(message.role == "assistant" for message in request.messages)
        calls = decision(seed, turn, results[-1] if results else "")
        draw = random.Random(f"{seed}|{turn}")
        if temper == "wrong" or (temper == "mixed" and draw.random() < 0.5):
            return Message("assistant", "", (_call(draw, "guess"),))
        return Message("assistant", "", tuple(calls[:1])) if calls else "done"

    return LLMDraftPredictor(ScriptedBackend(draft), points=0).fit([])


def drafts(*calls: ToolCall) -> LLMDraftPredictor:
    """A predictor that guesses these calls after the user's message."""

    def draft(request: Any) -> Any:
        return Message("assistant", "", calls) if request.messages[-1].role == "user" else "done"

    return LLMDraftPredictor(ScriptedBackend(draft), points=0).fit([])


def virtually(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run on asyncio with a clock that jumps."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())


def spelt(values: Sequence[Any]) -> list[str]:
    """Whatever was seen, as texts that can be compared byte for byte."""
    return [repr(value) for value in values]
