from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from specbench.cli import app
from specbench.core.errors import ConfigError
from specbench.core.types import Message, Trace
from specbench.policies import Threshold
from specbench.report.comparison import build_comparison
from specbench.report.decisions import KINDS, transcripts
from specbench.report.page import build_report, percent, render_report
from specbench.sim import Constant, simulate
from specbench.study import run_study
from specbench.study.decisions import decision_rows
from specbench.traces.store import write_traces
from tests.tables import table

HOSTILE = "<script>alert('x')</script>"


class Page(HTMLParser):
    """Collects tags, and addresses that a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.images: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "srcset", "href")]
        if tag == "img":
            self.images.append(found)


@pytest.fixture(scope="module")
def hostile(make_toy_trace: Callable[..., Trace], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    traces = [make_toy_trace(task, read=HOSTILE, words=HOSTILE) for task in range(12)]
    write_traces(folder / "a&b<i>.jsonl", traces)
    return run_study(folder / "a&b<i>.jsonl", folder / "run", predictors=("markov", "frequent", "oracle")).folder


def test_hostile_names_show_as_text(hostile: Path) -> None:
    text = (hostile / "report.html").read_text()
    page = Page()
    page.feed(text)
    assert page.tags.count("script") == 2  # the page's own, and the conversations as data that it shows as text
    assert text.count('<script type="application/json" id="talks">') == 1
    assert "i" not in page.tags
    assert "&lt;script&gt;alert(" in text
    assert "a&amp;b&lt;i&gt;.jsonl" in text


def test_the_page_is_self_contained_and_small(hostile: Path) -> None:
    text = (hostile / "report.html").read_text()
    page = Page()
    page.feed(text)
    drawn = [address for address in page.fetched if not address.startswith("#")]
    assert len(drawn) == 12
    assert all(address.startswith("data:image/svg+xml;base64,") for address in drawn)
    assert "@import" not in text
    assert "url(" not in text
    assert len(text) < 5_000_000
    assert all(image["alt"] for image in page.images)


def test_the_verdict_comes_first_and_everything_is_there(hostile: Path) -> None:
    text = (hostile / "report.html").read_text()
    metrics = json.loads((hostile / "metrics.json").read_text())
    config = json.loads((hostile / "config.json").read_text())
    body = text[text.index("<body>") :]
    order = ['class="verdict ', "<nav ", 'id="leaderboard"', "<figure", 'id="decisions"', 'id="controls"']
    assert [body.index(each) for each in order] == sorted(body.index(each) for each in order)
    assert body.count("<main>") == 1
    assert body.count("<caption>") == body.count("<table") - 1  # that of the decisions has a label
    for anchor in re.findall(r'href="#(\w+)"', body):
        assert f'id="{anchor}"' in body
    for heading in (
        "conversations",
        "controls",
        "leaderboard",
        "guesses",
        "cost",
        "tools",
        "episode",
        "reliability",
        "decisions",
        "data",
        "limits",
        "reproduce",
    ):
        assert f'<h2 id="{heading}"' in text
    assert "prefers-color-scheme" in text
    assert "@media print" in text
    assert config["data"]["files"][0]["sha256"] in text
    assert percent(metrics["predictors"]["markov"]["read_call_top1"]) in text
    for words in (
        "calls hit ÷ calls, each of parallel ones",
        "commits ÷ launched",
        "tool calls executed ÷ tool calls needed",
    ):
        assert words in text
    assert not re.search(r"\b(nan|None|Undefined)\b", re.sub(r"base64,[^\"]*", "", body))


def test_the_command_rebuilds_the_same_page(hostile: Path) -> None:
    page = hostile / "report.html"
    before = page.read_bytes()
    page.unlink()
    done = CliRunner().invoke(app, ["report", str(hostile)])
    assert (done.exit_code, done.stdout) == (0, f"report: {page}\n")
    assert page.read_bytes() == before


def test_other_folders_are_refused(tmp_path: Path, hostile: Path) -> None:
    with pytest.raises(ConfigError, match=r"config.json cannot be read .* give a folder that `specbench study` made"):
        build_report(tmp_path)
    for name in ("config.json", "metrics.json"):
        (tmp_path / name).write_text((hostile / name).read_text())
    with pytest.raises(ConfigError, match=r"curve.svg cannot be read .* run `specbench study` again"):
        render_report(tmp_path)
    (tmp_path / "metrics.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"is incomplete \('default_policy'\); run `specbench study` again"):
        render_report(tmp_path)
    older = json.loads((hostile / "metrics.json").read_text())
    del older["description"]
    (tmp_path / "metrics.json").write_text(json.dumps(older))
    for name in ("figures", "decisions.parquet"):
        (tmp_path / name).symlink_to(hostile / name)
    with pytest.raises(ConfigError, match="is incomplete"):
        render_report(tmp_path)
    (tmp_path / "metrics.json").write_text("[]")
    with pytest.raises(ConfigError, match="is not what `specbench study` writes"):
        render_report(tmp_path)


def test_percent_never_shows_a_negative_zero() -> None:
    assert (percent(-0.0001), percent(-0.012), percent(None)) == ("0.0 %", "−1.2 %", "–")


def test_two_runs_side_by_side(hostile: Path, make_toy_trace: Callable[..., Trace], tmp_path: Path) -> None:
    write_traces(tmp_path / "other.jsonl", [make_toy_trace(task) for task in range(12)])
    other = run_study(tmp_path / "other.jsonl", tmp_path / "other", predictors=("markov", "ngram")).folder
    done = CliRunner().invoke(app, ["report", str(hostile), str(other), "--out", str(tmp_path / "both.html")])
    assert (done.exit_code, done.stdout) == (0, f"report: {tmp_path / 'both.html'}\n")
    text = (tmp_path / "both.html").read_text()
    page = Page()
    page.feed(text)
    assert page.fetched == [] and "script" not in page.tags
    assert "They are of different data" in text and "ngram" in text and "predictors" in text
    assert not re.search(r"\b(nan|None|Undefined)\b", text)
    same = CliRunner().invoke(app, ["report", str(other), str(other)])
    assert same.exit_code == 0
    assert "the same data" in (tmp_path / "compare-other-other.html").read_text()
    with pytest.raises(ConfigError, match=r"config\.json cannot be read"):
        build_comparison(other, tmp_path / "nothing")


def test_a_page_never_takes_the_place_of_another_file(hostile: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    for runs in ([hostile], [hostile, hostile]):
        done = CliRunner().invoke(app, ["report", *map(str, runs), "--out", str(notes)])
        assert done.exit_code == 2
        assert "notes.txt is there and was not written by this command, so it is not overwritten" in done.stderr
        assert notes.read_text() == "mine"
        for _ in range(2):  # the second time over the first page
            done = CliRunner().invoke(app, ["report", *map(str, runs), "--out", str(tmp_path / "page.html")])
            assert (done.exit_code, done.stdout) == (0, f"report: {tmp_path / 'page.html'}\n")


def test_the_decisions_say_why(hostile: Path) -> None:
    import pandas as pd

    frame = pd.read_parquet(hostile / "decisions.parquet")
    metrics = json.loads((hostile / "metrics.json").read_text())
    assert len(frame) == metrics["split"]["test"]["decision_points"]
    assert (frame["what"].isin(["hit", "late hit"])).sum() == metrics["default_policy"]["hits"]
    assert frame["reason"].str.len().min() > 0
    text = (hostile / "report.html").read_text()
    assert text.count("<tr data-what=") == len(frame)


def test_a_miss_says_what_kind_it_is() -> None:
    rows = [
        ("t", ["read:1"], [("read:1", 0.9)]),  # hit
        ("t", ["read:2"], [("read:2", 0.3)]),  # right, and not sure enough
        ("t", ["read:3"], [("read:9", 0.9)]),  # another one was started
        ("t", ["read:4"], [("read:9", 0.3)]),
        ("t", [], [("read:9", 0.9)]),
        ("t", [], [(None, 0.9)]),
        ("t", ["write:1"], [("read:9", 0.3)]),
    ]
    found = table(*rows)
    frame = decision_rows(found, simulate(found, Threshold(0.5), latency=Constant(2.0, 1.0)))
    assert list(frame["what"]) == [
        "hit", "below the threshold", "wrong", "not foreseen", "started on a reply", "reply", "not READ",
    ]  # fmt: skip
    assert set(frame["what"]) <= set(KINDS)


def test_transcripts_hold_what_was_said_without_secrets_and_within_bounds() -> None:
    key = "sk-proj-" + "a1B2c3D4" * 5
    found = table(("t", [], [(None, 0.9)]))
    found.points[0] = replace(found.points[0], messages=(Message("user", f"my key is {key}"),))
    frame = decision_rows(found, simulate(found, Threshold(0.5), latency=Constant(2.0, 1.0)))
    assert key not in frame["said"].iloc[0] and "my key is" in frame["said"].iloc[0]
    row = {"what": "reply", "happened": "reply", "reason": "", "launched": 0, "saved_s": 0.0, "guesses": "[]"}
    many = [{**row, "trace": f"t{n}", "said": json.dumps([["user", "", "x" * 1000]])} for n in range(10)]
    assert [talk["trace"] for talk in transcripts(many, most=2500)] == ["t0", "t1", "t2"]
