"""The playground in a real browser: JupyterLab and Voila, sliders, stepping, export, hostile traces."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from specbench.core.types import Effect, Message, ToolCall, ToolSpec, Trace
from specbench.traces.store import write_traces
from tests.browser.pages import ROOT, curve, decision, jupyterlab, open_and_run, slide, step_to, tab, until, voila

pytestmark = pytest.mark.filterwarnings("default")
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def hostile_trace(number: int) -> Trace:
    """A conversation whose every text tries to run a script in the page."""
    call = ToolCall("look" + HOSTILE, {"x": f"{HOSTILE}{number % 2}"})
    messages = (
        Message("user", f"{HOSTILE} {number}"), Message("assistant", HOSTILE, (call,)),
        Message("tool", HOSTILE, (), None, call.name), Message("assistant", f"done {HOSTILE}"),
    )  # fmt: skip
    tools = {call.name: ToolSpec(call.name, effect=Effect.READ)}
    return Trace(f"t{number}{HOSTILE}", f"task{number}", "hostile", messages, tools)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the playground's notebook, as a user copies it."""
    shutil.copy(ROOT / "notebooks" / "09_playground.ipynb", tmp_path)
    return tmp_path


def walk_through(page: Any, out: Path) -> None:
    """What a newcomer does: step, look, export."""
    assert page.get_by_text("recall", exact=True).first.is_visible()
    tab(page, "One conversation")
    page.locator(".specbench-decision").first.wait_for()
    until(page, lambda: "Decision 1 of" in decision(page))
    page.locator(".specbench-keys").click()
    step_to(page, "ArrowRight", 2)
    assert "Why (not) speculated" in decision(page)
    step_to(page, "ArrowLeft", 1)
    page.keyboard.press("m")
    page.screenshot(path=str(out / "conversation.png"))
    tab(page, "Tools")
    page.locator(".specbench-tools table").wait_for()
    page.screenshot(path=str(out / "tools.png"))
    tab(page, "Leaderboard")
    page.locator(".specbench-board table").wait_for()
    tab(page, "Train and export")
    page.get_by_text("Export checkpoint and code").click()
    until(page, lambda: "Setting(" in page.locator(".specbench-code textarea").input_value())
    until(page, lambda: (out / "models" / "mine.py").exists())  # written last, after the checkpoint
    assert (out / "models" / "mine" / "predictor.json").exists()


def launched(page: Any) -> int:
    """Return how many decision points have a launch, from the hints of the table's blue cells."""
    blue = (
        "cells => cells.filter(c => /rgba?\\(0, 114, 178/.test(getComputedStyle(c).backgroundColor)).map(c => c.title)"
    )
    hints: list[str] = page.locator(".specbench-tools td[title]").evaluate_all(blue)
    return sum(int(hint.split()[0]) for hint in hints)


def test_in_jupyterlab(page_of: Any, folder: Path) -> None:
    with jupyterlab(folder) as url:
        page = page_of()
        open_and_run(page, f"{url}09_playground.ipynb")
        before = curve(page)
        slide(page, "threshold", 0.1)
        until(page, lambda: curve(page) != before)
        walk_through(page, folder)
        tab(page, "Tools")
        until(page, lambda: launched(page) > 0)
        many = launched(page)
        slide(page, "threshold", 0.4)
        until(page, lambda: 0 < launched(page) < many)
        slide(page, "threshold", 1)
        until(page, lambda: launched(page) == 0)
        page.close()


def test_in_voila_with_hostile_traces(page_of: Any, folder: Path) -> None:
    write_traces(folder / "hostile.jsonl", [hostile_trace(number) for number in range(24)])
    with voila(folder, "09_playground.ipynb", SPECBENCH_TRACES=str(folder / "hostile.jsonl")) as url:
        page = page_of()
        page.goto(url, timeout=120_000)
        page.locator(".specbench-curve").first.wait_for(timeout=120_000)
        until(page, lambda: curve(page) != "")
        walk_through(page, folder)
        assert page.title() != "owned"
        tab(page, "One conversation")
        assert page.get_by_text("onerror=").count() > 2  # it shows, as text
        page.close()
