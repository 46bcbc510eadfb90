"""Slow work behind a progress bar: the kernel goes on answering, and errors are said instead of raised."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from html import escape
from typing import Any

import ipywidgets as w

from specbench.core.errors import SpecbenchError

__all__ = ["Busy", "button"]

STEP_S, HALF_S = 0.2, 10.0
"""How often the bar moves; after how many seconds it stands in the middle."""


class Busy:
    """A bar, a line of status, and the work that goes on behind them."""

    def __init__(self) -> None:
        self.bar = w.IntProgress(min=0, max=100, layout=w.Layout(width="360px", visibility="hidden"))
        self.status = w.HTML()
        self.status.add_class("specbench-status")
        self.running: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def say(self, text: str, *, wrong: bool = False) -> None:
        """Show one line of status; what went wrong stands in a box."""
        box = "border:1px solid #d55e00;border-left-width:4px;border-radius:4px;padding:4px 8px;max-width:340px"
        shown = escape(text)
        self.status.value = f'<div role="alert" style="{box}">{shown}</div>' if wrong else f"<i>{shown}</i>"

    def guarded(self, action: Callable[[], Any]) -> None:
        """Do something at once; what specbench raises on purpose is said."""
        try:
            action()
        except SpecbenchError as error:
            self.say(str(error), wrong=True)

    def background(self, text: str, work: Callable[[], Any], done: Callable[[], Any]) -> None:
        """Run slow work in a thread, once at a time; at once where no event loop runs (scripts, tests)."""
        if text in self.running:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            work()
            done()
            return
        self.task(self.watch(text, loop.run_in_executor(None, work), done))

    def task(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Start a coroutine and keep it alive."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def watch(self, text: str, future: asyncio.Future[Any], done: Callable[[], Any]) -> None:
        """Move the bar until ``future`` ends; then say what became of it, and call ``done`` if it went well."""
        self.running.add(text)
        self.bar.layout.visibility = "visible"
        began = time.monotonic()
        while not future.done():
            spent_s = time.monotonic() - began
            self.bar.value = int(100 * spent_s / (spent_s + HALF_S))  # nobody knows how long: it slows down, and moves
            self.say(f"{text}: {spent_s:.0f} s")
            await asyncio.wait([future], timeout=STEP_S)
        self.running.discard(text)
        if not self.running:
            self.bar.layout.visibility = "hidden"
        if future.cancelled() or future.exception() is not None:
            self.say(f"{text}: {'cancelled' if future.cancelled() else future.exception()}", wrong=True)
            return
        self.guarded(done)
        self.say(f"{text}: done in {time.monotonic() - began:.1f} s")


def button(busy: Busy, text: str, action: Callable[[], Any], **more: Any) -> Any:
    """Return a button whose action is guarded."""
    made = w.Button(description=text, layout=w.Layout(width="max-content", flex="0 0 auto"), **more)
    made.on_click(lambda _: busy.guarded(action))
    return made
