"""The events of a streamed invocation, passed on as they come, while a step of the executor runs around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from specbench.core.errors import ConfigError

__all__ = ["relayed"]

_OVER = object()


async def relayed(
    events: AsyncIterator[Any], step: Callable[[Callable[[], Awaitable[Any]]], Awaitable[None]]
) -> AsyncIterator[Any]:
    """Yield ``events`` while ``step`` runs around them.

    Parameters
    ----------
    events
        Of the model.
    step
        Runs a step; it is given a function that waits for the whole response.

    Raises
    ------
    ConfigError
        When the stream ends without a completed response.
    """
    queue: asyncio.Queue[Any] = asyncio.Queue()

    async def whole() -> Any:
        response = None
        async for event in events:
            if event.type == "response.completed":
                response = event.response
            queue.put_nowait(event)
        if response is None:
            raise ConfigError("the model's stream ended without a response.completed event; nothing was decided")
        return response

    async def run() -> None:
        try:
            await step(whole)
        finally:
            queue.put_nowait(_OVER)

    task = asyncio.create_task(run())
    try:
        while (event := await queue.get()) is not _OVER:
            yield event
        await task
    finally:
        task.cancel()
