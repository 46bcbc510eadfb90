"""What the browser tests share: servers, and what a person does on the playground's page."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
READY = "window.jupyterapp && window.jupyterapp.commands.hasCommand('notebook:run-all-cells')"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _started(command: list[str], url: str, folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
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


@contextmanager
def _server(command: list[str], url: str, folder: Path, environment: dict[str, str]) -> Iterator[None]:
    process = _started(command, url, folder, environment)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def jupyterlab(folder: Path, **environment: str) -> Iterator[str]:
    """Serve a folder with JupyterLab; yields the address that notebooks follow."""
    port = _free_port()
    command = [
        sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1",
        "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True", "--ServerApp.disable_check_xsrf=True",
    ]  # fmt: skip
    with _server(command, f"http://127.0.0.1:{port}/api", folder, environment):
        yield f"http://127.0.0.1:{port}/lab/tree/"


@contextmanager
def voila(folder: Path, notebook: str, **environment: str) -> Iterator[str]:
    """Serve a notebook as a Voila dashboard; yields its address."""
    port = _free_port()
    command = [sys.executable, "-m", "voila", notebook, "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1"]
    url = f"http://127.0.0.1:{port}/"
    with _server(command, f"{url}voila/static/voila.js", folder, environment):
        yield url


def open_and_run(page: Any, url: str) -> None:
    """Open a notebook in JupyterLab and run all of its cells."""
    page.goto(f"{url}?reset")
    page.locator(".jp-Notebook").first.wait_for(timeout=60_000)
    page.wait_for_function(READY)
    page.wait_for_timeout(2000)
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.locator(".specbench-curve").first.wait_for(timeout=120_000)
    until(page, lambda: curve(page) != "")


def until(page: Any, condition: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait until a condition holds."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "the page did not get there in time"
        page.wait_for_timeout(50)


def curve(page: Any) -> str:
    """Return where the lines of the curve run, and its operating point: others whenever it was drawn anew."""
    drawn = page.locator(".specbench-curve polyline, .specbench-curve .point").evaluate_all(
        "nodes => nodes.map(node => node.outerHTML).join()"
    )
    return str(drawn)


def slide(page: Any, label: str, value: float) -> None:
    """Type a value into the number beside a slider."""
    box = page.locator(".widget-slider", has_text=label).locator(".widget-readout").first
    box.click()
    page.keyboard.press("Control+A")
    page.keyboard.type(str(value))
    page.keyboard.press("Enter")


def tab(page: Any, name: str) -> None:
    """Open a tab of the playground."""
    page.locator(".lm-TabBar-tabLabel", has_text=name).last.click()


def choose(page: Any, label: str, option: str, which: int = 0) -> None:
    """Choose from a drop-down list."""
    page.locator(".widget-dropdown", has_text=label).nth(which).locator("select").select_option(option)


def chosen(page: Any, label: str) -> str:
    """Return what a drop-down list shows."""
    value: str = (
        page.locator(".widget-dropdown", has_text=label)
        .first.locator("select")
        .evaluate("select => select.options[select.selectedIndex].text")
    )
    return value


def status(page: Any) -> str:
    """Return the line of status."""
    text: str = page.locator(".specbench-status").first.inner_text()
    return text


def decision(page: Any) -> str:
    """Return the text about the decision that is shown."""
    text: str = page.locator(".specbench-decision").inner_text()
    return text


def step_to(page: Any, key: str, number: int) -> None:
    """Press a key and wait for a decision."""
    page.keyboard.press(key)
    until(page, lambda: f"Decision {number} of" in decision(page))
