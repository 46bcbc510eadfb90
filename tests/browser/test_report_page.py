"""The report in a real browser: offline, with its one script filtering the decisions, whatever the traces hold."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from specbench.core.types import Trace
from specbench.study import run_study
from specbench.traces.store import write_traces

pytestmark = pytest.mark.filterwarnings("default")
HOSTILE = "<img src=x onerror=\"document.title='owned'\">"


def test_the_decisions_can_be_filtered(page_of: Any, make_toy_trace: Callable[..., Trace], tmp_path: Path) -> None:
    write_traces(tmp_path / "toy.jsonl", [make_toy_trace(task, read=HOSTILE, words=HOSTILE) for task in range(12)])
    report = run_study(
        tmp_path / "toy.jsonl", tmp_path / "run", predictors=("markov", "frequent", "ngram", "oracle")
    ).report
    page = page_of()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(report.as_uri())
    rows = page.locator("#rows tbody tr:visible")
    everything = rows.count()
    assert page.locator("#count").inner_text() == f"{everything} of {everything}"
    page.locator("#kind").select_option("reply")
    assert 0 < rows.count() < everything
    page.locator("#kind").select_option("")
    page.locator("#filter").fill("onerror")
    found = rows.count()
    assert 0 < found < everything and page.locator("#count").inner_text() == f"{found} of {everything}"
    page.locator("#kind").select_option("")
    page.locator("#filter").fill("")
    last = rows.last
    conversation = last.locator("td").first.inner_text()
    last.click()  # its conversation, at this decision
    assert page.locator("#talk option:checked").inner_text() == conversation
    assert HOSTILE in page.locator("#transcript").inner_text()
    page.locator("#after").click()
    assert page.locator("#talk option:checked").inner_text() != conversation
    table = page.locator("table.sortable").nth(1)
    head = table.locator("thead th").nth(5)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    values = [
        float(each.split()[0].replace("−", "-")) for each in table.locator("tbody td:nth-child(6)").all_inner_texts()
    ]
    assert values == sorted(values, reverse=True)
    assert page.title() != "owned"
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    page.close()
