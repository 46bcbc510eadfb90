"""The playground in a real browser: JupyterLab and Voila, sliders, stepping, training, export, hostile traces."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from specbench.traces.store import write_traces
from specbench.types import Effect, Message, ToolCall, ToolSpec, Trace

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.filterwarnings("default")
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def hostile_trace(number: int) -> Trace:
    """A conversation whose every text tries to run a script in the page."""
    call = ToolCall("look", {"x": f"{HOSTILE}{number % 2}"})
    messages = (
        Message("user", f"{HOSTILE} {number}"), Message("assistant", HOSTILE, (call,)),
        Message("tool", HOSTILE, (), None, "look"), Message("assistant", f"done {HOSTILE}"),
    )  # fmt: skip
    tools = {"look": ToolSpec("look", effect=Effect.READ)}
    return Trace(f"t{number}{HOSTILE}", f"task{number}", "hostile", messages, tools)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def started(command: list[str], url: str, folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    """Start a server and wait until it answers."""
    env = {**os.environ, "SPECBENCH_FAST": "1", "MPLBACKEND": "Agg", "PYTHONPATH": str(ROOT), **environment}
    log = (folder / "server.log").open("wb")
    process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, env=env)
    log.close()
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            assert process.poll() is None, (folder / "server.log").read_text()[-2000:]
            time.sleep(0.2)
        else:
            return process
    process.kill()
    raise AssertionError((folder / "server.log").read_text()[-2000:])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the playground's notebook, as a user copies it."""
    shutil.copy(ROOT / "notebooks" / "09_playground.ipynb", tmp_path)
    return tmp_path


def source(page: Any, name: str = "specbench-curve") -> str:
    value: str = page.locator(f"img.{name}, .{name} img").first.get_attribute("src") or ""
    return value


def until(page: Any, condition: Any, seconds: float = 30.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "the page did not get there in time"
        page.wait_for_timeout(50)


def slide(page: Any, label: str, value: float) -> None:
    """Type a value into the number beside a slider."""
    box = page.locator(".widget-slider", has_text=label).locator(".widget-readout").first
    box.click()
    page.keyboard.press("Control+A")
    page.keyboard.type(str(value))
    page.keyboard.press("Enter")


def tab(page: Any, name: str) -> None:
    page.locator(".lm-TabBar-tabLabel", has_text=name).last.click()


def walk_through(page: Any, out: Path, *, moves: bool = True) -> None:
    """What a newcomer does: slide, look, step, export."""
    page.locator(".specbench-curve").first.wait_for(timeout=120_000)
    until(page, lambda: source(page) != "")
    before = source(page)
    slide(page, "threshold", 0.2)
    if moves:
        until(page, lambda: source(page) != before)
    assert page.get_by_text("hit rate", exact=True).first.is_visible()
    tab(page, "One conversation")
    page.locator(".specbench-decision").first.wait_for()
    until(page, lambda: "Decision 1 of" in page.locator(".specbench-decision").inner_text())
    page.locator(".specbench-keys").click()
    page.keyboard.press("ArrowRight")
    until(page, lambda: "Decision 2 of" in page.locator(".specbench-decision").inner_text())
    assert "Why (not) speculated" in page.locator(".specbench-decision").inner_text()
    page.keyboard.press("ArrowLeft")
    until(page, lambda: "Decision 1 of" in page.locator(".specbench-decision").inner_text())
    page.keyboard.press("m")
    page.screenshot(path=str(out / "conversation.png"))
    tab(page, "Tools")
    tab(page, "Train and export")
    page.get_by_text("Export checkpoint and code").click()
    until(page, lambda: "Setting(" in page.locator(".specbench-code textarea").input_value())
    until(page, lambda: (out / "models" / "mine" / "predictor.json").exists())
    assert (out / "models" / "mine.py").exists()


def test_in_jupyterlab(page_of: Any, folder: Path) -> None:
    port = free_port()
    command = [
        sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1",
        "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True", "--ServerApp.disable_check_xsrf=True",
    ]  # fmt: skip
    server = started(command, f"http://127.0.0.1:{port}/api", folder)
    try:
        page = page_of()
        page.goto(f"http://127.0.0.1:{port}/lab/tree/09_playground.ipynb?reset")
        page.locator(".jp-Notebook").first.wait_for(timeout=60_000)
        page.wait_for_function("window.jupyterapp && window.jupyterapp.commands.hasCommand('notebook:run-all-cells')")
        page.wait_for_timeout(2000)
        page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        walk_through(page, folder)
        page.screenshot(path=str(folder / "lab.png"))
        page.get_by_text("Train on all traces (own process)").click()
        page.get_by_text("Cancel", exact=True).click()
        until(page, lambda: "cancelled" in page.content())
        page.close()
    finally:
        server.terminate()
        server.wait(20)


def test_in_voila_with_hostile_traces(page_of: Any, folder: Path) -> None:
    port = free_port()
    write_traces(folder / "hostile.jsonl", [hostile_trace(number) for number in range(24)])
    command = [
        sys.executable, "-m", "voila", "09_playground.ipynb", "--no-browser", f"--port={port}",
        "--Voila.ip=127.0.0.1",
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}/"
    server = started(command, f"{url}voila/static/voila.js", folder, SPECBENCH_TRACES=str(folder / "hostile.jsonl"))
    try:
        page = page_of()
        page.goto(url, timeout=120_000)
        walk_through(page, folder, moves=False)  # every threshold does the same on these
        assert page.title() != "owned"
        tab(page, "One conversation")
        assert page.get_by_text("onerror=").count() > 2  # it shows, as text
        page.close()
    finally:
        server.terminate()
        server.wait(20)
