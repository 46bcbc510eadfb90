"""The workbench behind notebooks and playground, and the pieces of HTML that they show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from specbench.core.errors import ConfigError
from specbench.core.ledger import Ledger
from specbench.core.types import Effect, Message, ToolCall, Trace
from specbench.metrics import SpeculationMetrics, rates
from specbench.metrics.information import FLOOR, bits
from specbench.policies import Budgeted, ExpectedValue, Threshold, TopK
from specbench.predictors.controls import Silent
from specbench.report.fragments import confusion_html, decision_html, leaderboard_html, messages_html, metrics_html
from specbench.sim import Constant
from specbench.study.workbench import Setting, Workbench
from specbench.traces.store import write_traces
from tests.tables import table


@pytest.fixture(scope="module")
def bench(toy_file: Path) -> Workbench:
    return Workbench(toy_file)


def test_a_setting_holds_objects_and_takes_their_texts() -> None:
    setting = Setting("ngram", "ev:0.3,2+launches:5", "constant:1,2", "windows=think+user; carry_ttl_s=30; run_ahead=2")
    assert setting.policy == Budgeted(ExpectedValue(0.3, k=2), launches=5)
    assert (setting.k, setting.latency) == (2, Constant(1.0, 2.0))
    assert (sorted(setting.options.windows), setting.options.carry_ttl_s) == (["think", "user"], 30.0)
    assert setting.options.run_ahead is not None and setting.options.run_ahead.depth == 2
    assert Setting(policy="always").policy == TopK(1)
    made: dict[str, Any] = {}
    exec(f"setting = Setting({setting.arguments_text()})", {"Setting": Setting}, made)
    assert made["setting"] == setting


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"policy": "sometimes"}, "no policy is called 'sometimes'; use one of never, always, threshold"),
        ({"policy": 0.4}, r"a policy is a subclass of specbench\.policies\.Policy, or a text; got 0\.4"),
        ({"latency": "quick"}, "no latency model is called 'quick'"),
        ({"options": "carry=60"}, "'carry=60' is no option of speculation; use windows="),
        ({"predictor": Silent()}, r"takes the name of a predictor.*Workbench\.add\(name, predictor\)"),
        ({"predict_ms": -1}, "predict_ms is milliseconds, 0 or more; got -1"),
    ],
)
def test_a_wrong_part_is_refused_where_it_is_made(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Setting(**wrong)


def test_its_code_gives_the_same_run(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    setting = Setting("markov", Threshold(0.2, k=2), options="carry_ttl_s=60")
    _, metrics = bench.run(setting)
    exec(bench.code(setting), {})
    assert capsys.readouterr().out.strip() == metrics.report()


def test_its_code_makes_the_same_checkpoint(
    toy_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the workbench was made with, and whatever way the predictor came into it."""
    monkeypatch.chdir(toy_file.parent)
    given = Workbench([toy_file.name], most=9, seed=3, effects={"get_order": Effect.WRITE})
    given.add("bare", name="learned", drop=["text"], filler="linked")
    given.add("loaded", checkpoint=given.save("bare", tmp_path / "bare"))
    monkeypatch.chdir(tmp_path)
    for label in ("ngram", "bare", "loaded"):
        given.save(label, tmp_path / "here")
        code = given.code(Setting(label, "threshold:0.1"), "again")
        exec(code, {})
        for name in ("predictor.json", "README.md"):  # the former holds the hashes of everything else
            assert (tmp_path / "again" / name).read_text() == (tmp_path / "here" / name).read_text(), (label, name)
        assert capsys.readouterr().out.strip() == given.run(Setting(label, "threshold:0.1"))[1].report()
    given.add("object", given.predictor("ngram"))
    with pytest.raises(ConfigError, match="'object' was added as an object, so no code can make it again"):
        given.code(Setting("object"))


def test_tables_are_made_once_and_on_test_tasks_alone(bench: Workbench) -> None:
    assert bench.table("ngram") is bench.table("ngram")
    assert {point.trace_id for point in bench.table("ngram").points} == {trace.trace_id for trace in bench.test}
    assert not {trace.task_id for trace in bench.test} & {trace.task_id for trace in bench.train}


def test_runs_and_curves_agree(bench: Workbench) -> None:
    setting = Setting("ngram", "threshold:0.4")
    _, metrics = bench.run(setting)
    row = bench.curve(setting).set_index("threshold").loc[0.4]
    assert row["recall"] == pytest.approx(metrics.recall) and row["wasted_s"] == pytest.approx(metrics.wasted_s)


def test_added_predictors_and_checkpoints(bench: Workbench, tmp_path: Path) -> None:
    folder = bench.predictor("markov").save(tmp_path / "mine")
    bench.add("mine", checkpoint=folder)
    assert bench.table("mine").predictions == bench.table("markov").predictions
    assert "mine" in bench.labels()


def test_one_conversation_is_a_part_of_the_run(bench: Workbench) -> None:
    setting = Setting("ngram", "threshold:0.1")
    whole, _ = bench.run(setting)
    name = bench.episodes()[0]
    episode = bench.episode(name, setting)
    assert episode.ledger.outcomes == [row for row in whole.outcomes if row.trace_id == name]
    assert sum(len(episode.messages(at)) for at in range(len(episode))) == len(episode.table.points[-1].messages)
    assert episode.starts_s()[-1] == pytest.approx(sum(row.speculative_s for row in episode.ledger.outcomes[:-1]))
    assert all(not episode.outcome(at).hit for at in episode.misses())
    with pytest.raises(ConfigError, match="no test conversation is called 'nobody'"):
        bench.episode("nobody", setting)
    assert bench.why(name, 0, setting) == []  # counting has no more to say than its probability


def test_time_shares_add_up_to_the_oracle(bench: Workbench) -> None:
    seconds, hidden_s = bench.time_shares(Setting(latency="constant:2,1"))
    _, metrics = bench.run(Setting("oracle", TopK()))
    assert sum(seconds.values()) == pytest.approx(metrics.sequential_s)
    assert hidden_s == pytest.approx(seconds["READ tools"])  # tools faster than the LLM: all of it


def test_accuracy_and_transitions(bench: Workbench) -> None:
    row = bench.accuracy(["ngram"]).iloc[0]
    assert row["READ call @1"] == rates(bench.table("ngram"))["read_call_top1"]
    assert bench.transitions().loc["start"].sum() == len(bench.train)


def test_the_confusion_is_of_the_launches(bench: Workbench) -> None:
    """It moves with the operating point: threshold, top-k and policy."""
    never, low = (bench.confusion(Setting("ngram", Threshold(threshold))) for threshold in (1.0, 0.1))
    assert never.launched.size == 0 and never.idle.equals(never.points)
    ledger, _ = bench.run(Setting("ngram", "threshold:0.1"))
    assert low.launched.to_numpy().sum() == len(ledger.speculations) > 0
    assert low.points.sum() == len(ledger.outcomes) and low.hits.sum() == sum(row.hit for row in ledger.outcomes)
    assert (low.launched.sum(axis=1) + low.idle == low.points).all()  # one launch at most: each row is its points
    wide = bench.confusion(Setting("ngram", TopK(3)))
    assert wide.launched.to_numpy().sum() > low.launched.to_numpy().sum()


def test_the_leaderboard_ranks_by_net(bench: Workbench) -> None:
    for name in ("oracle", "wrong", "ngram"):
        bench.table(name)
    board = bench.leaderboard(Setting()).set_index("predictor")
    assert board.index[0] == "oracle" and board["best net, s"].is_monotonic_decreasing
    curve = bench.curve(Setting("ngram"))
    assert board.loc["ngram", "best net, s"] == curve["net_s"].max()
    assert bench.run(Setting("ngram", Threshold(board.loc["ngram", "at p ≥"])))[1].net_s == pytest.approx(
        board.loc["ngram", "best net, s"]
    )


def test_bits_by_hand() -> None:
    found = bits(table(("t", ["read:1"], [("read:1", 0.25), ("read:2", 0.25)]), ("t", [], [(None, 0.5)])))
    assert (found.tool, found.call, found.arguments) == (1.0, 1.5, 0.5)
    blind = bits(table(("t", ["read:1"], [])))
    assert blind.call == pytest.approx(13.2877, abs=1e-3) and FLOOR == 1e-4


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def test_whatever_comes_from_traces_shows_as_text(tmp_path: Path) -> None:
    call = ToolCall(HOSTILE, {HOSTILE: HOSTILE})
    messages = (
        Message("user", HOSTILE), Message("assistant", HOSTILE, (call,)), Message("tool", HOSTILE, (), None, HOSTILE),
        Message("assistant", HOSTILE),
    )  # fmt: skip
    traces = [Trace(f"t{n}", f"a{n}", "x", messages) for n in range(8)]
    write_traces(tmp_path / "x.jsonl", traces)
    hostile = Workbench(tmp_path / "x.jsonl")
    episode = hostile.episode(hostile.episodes()[0], Setting("markov"))
    pages = [messages_html(messages), *(decision_html(episode, at, [HOSTILE]) for at in range(len(episode)))]
    pages.append(confusion_html(hostile.confusion(Setting("markov", TopK(3)))))
    pages.append(leaderboard_html(pd.DataFrame([{"predictor": HOSTILE, HOSTILE: 0.5}])))
    pages.append(metrics_html({HOSTILE: SpeculationMetrics.of(episode.ledger)}))
    for page in pages:
        assert "<script" not in page and "<img" not in page
    assert "&lt;script&gt;" in pages[0]
    assert metrics_html({"empty": SpeculationMetrics.of(Ledger())})
