"""From the widget to a bare process, in a real browser: train, cancel, look, export, load elsewhere, reload."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from specbench.traces.store import read_traces, write_traces
from tests.browser.pages import (
    ROOT,
    choose,
    chosen,
    curve,
    decision,
    jupyterlab,
    open_and_run,
    slide,
    status,
    step_to,
    tab,
    until,
)

pytestmark = pytest.mark.filterwarnings("default")
NOTEBOOK = "09_playground.ipynb"
BARE = """
import json, sys
from specbench import load
predictor = load(sys.argv[1])
foreign = {"torch", "transformers", "sklearn", "pandas", "matplotlib", "IPython", "ipywidgets", "jupyter_client"}
assert not foreign & set(sys.modules), foreign & set(sys.modules)
from specbench.traces.store import read_traces
trace = next(trace for trace in read_traces(sys.argv[2]) if trace.trace_id == sys.argv[3])
said = [session.predict(5) for session in predictor.replay(trace)]
print(json.dumps([[[p.call.key if p.call else "reply", p.p] for p in each] for each in said]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The playground's notebook beside a few conversations of the support desk."""
    shutil.copy(ROOT / "notebooks" / NOTEBOOK, tmp_path)
    write_traces(tmp_path / "small.jsonl", islice(read_traces(ROOT / "data" / "support_desk.jsonl"), 40))
    return tmp_path


def run(code: list[str], folder: Path) -> str:
    """Run Python in a process of its own, in a folder without anything of Jupyter's."""
    folder.mkdir(exist_ok=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith(("JPY", "SPECBENCH"))}
    env["PYTHONPATH"] = str(ROOT)
    done = subprocess.run([sys.executable, *code], cwd=folder, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def shown(page: Any) -> list[list[str]]:
    """Return probabilities and calls of the decision that the page shows."""
    rows = page.locator(".specbench-decision table tr").all()
    return [[cell.strip(" ✓") for cell in row.locator("td").all_inner_texts()[1:]] for row in rows]


def recall_shown(page: Any) -> float:
    """Return the recall that the page shows, in per cent."""
    found = re.search(r"recall\s+([\d.]+) %", page.locator(".specbench-numbers").inner_text())
    assert found
    return float(found[1])


def train_and_cancel(page: Any, folder: Path) -> None:
    tab(page, "Train and export")
    train, cancel = (page.get_by_text(text, exact=True) for text in ("Train (own process)", "Cancel"))
    train.click()
    until(page, cancel.is_enabled)
    until(page, lambda: re.search("training models/mine: [1-9]", status(page)))  # in the middle of it
    assert page.locator(".widget-hprogress").first.is_visible() and not train.is_enabled()
    page.screenshot(path=str(folder / "training.png"))
    cancel.click()
    until(page, lambda: "training models/mine: cancelled" in status(page))
    until(page, train.is_enabled)
    assert not (folder / "models" / "mine").exists() and not (folder / "models" / "mine.py").exists()
    assert chosen(page, "predictor") == "ngram"


def train_to_the_end(page: Any, folder: Path) -> None:
    choose(page, "embedding", "hashing")
    page.get_by_text("Train (own process)", exact=True).click()
    until(page, lambda: chosen(page, "predictor") == "models/mine", 180)
    assert (folder / "models" / "mine" / "predictor.json").is_file()
    code = page.locator(".specbench-code textarea").input_value()
    assert "embedding='hashing'" in code and (folder / "models" / "mine.py").read_text() == code


def look(page: Any, folder: Path) -> list[list[list[str]]]:
    """See figure and leaderboard, step by keyboard, jump to a miss; return what three decisions showed."""
    tab(page, "Curve")
    until(page, lambda: "models/mine" in page.locator(".specbench-numbers").inner_text())
    page.screenshot(path=str(folder / "curve.png"))
    tab(page, "Leaderboard")
    until(page, lambda: "models/mine" in page.locator(".specbench-board").inner_text())
    page.screenshot(path=str(folder / "board.png"))
    tab(page, "One conversation")
    page.locator(".specbench-keys").click()
    until(page, lambda: "Decision 1 of" in decision(page))
    said = [shown(page)]
    for number in (2, 3):
        step_to(page, "ArrowRight", number)
        said.append(shown(page))
    page.screenshot(path=str(folder / "conversation.png"))
    slide(page, "threshold", 1)  # nothing is launched: every READ call is a miss
    page.locator(".specbench-keys").click()
    page.keyboard.press("m")
    until(page, lambda: "miss. The LLM decided" in decision(page))
    return said


def test_a_predictor_is_trained_looked_at_and_taken_home(page_of: Any, folder: Path) -> None:
    with jupyterlab(folder, SPECBENCH_TRACES=str(folder / "small.jsonl")) as url:
        page = page_of()
        open_and_run(page, f"{url}{NOTEBOOK}")
        untrained = curve(page)
        train_and_cancel(page, folder)
        train_to_the_end(page, folder)
        said = look(page, folder)
        trace_id = chosen(page, "conversation")
        slide(page, "threshold", 0.2)
        tab(page, "Curve")
        until(page, lambda: curve(page) != untrained and "decisions simulated" in status(page))
        tab(page, "Train and export")
        code = page.locator(".specbench-code textarea")
        until(page, lambda: "threshold:0.2" in code.input_value())  # a slider's word may come behind a button's
        page.locator(".widget-text", has_text="folder").locator("input").fill("models/home")
        page.get_by_text("Export checkpoint and code").click()
        until(page, lambda: "the same run as a script: models/home.py" in status(page))
        page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")

        home = folder / "models" / "home"
        answer = run(["-c", BARE, str(home), str(folder / "small.jsonl"), trace_id], folder / "elsewhere")
        bare = [[[f"{p:.2f}", call] for call, p in each] for each in json.loads(answer)]
        assert bare[:3] == said

        report = run([str(home) + ".py"], folder / "elsewhere")
        again = folder / "elsewhere" / "models" / "home"
        for name in ("model.safetensors", "predictor.json"):
            assert (again / name).read_bytes() == (home / name).read_bytes(), name
        recall = re.search(r"recall (\d+) %", report)
        tab(page, "Curve")
        assert recall
        until(page, lambda: abs(recall_shown(page) - float(recall[1])) <= 0.51)

        page.reload()
        page.locator(".specbench-curve").first.wait_for(timeout=60_000)
        until(page, lambda: curve(page) != "")
        assert chosen(page, "predictor") == "models/mine"
        before = curve(page)
        slide(page, "threshold", 0.5)
        until(page, lambda: curve(page) != before)
        tab(page, "One conversation")
        page.locator(".specbench-keys").click()
        page.keyboard.press("ArrowRight")
        until(page, lambda: "Why (not) speculated" in decision(page))
        page.screenshot(path=str(folder / "reloaded.png"))
        page.close()
