"""The playground without a browser: what the widgets hold after each step. (tests/browser looks at the page.)"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import Timing, Trace
from specbench.policies import Threshold, TopK
from specbench.study.workbench import Setting, Workbench
from specbench.traces.store import write_traces

pytest.importorskip("ipywidgets")

from specbench.playground import Playground

START = Setting("markov", "threshold:0.3")


@pytest.fixture
def play(toy_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Playground:
    monkeypatch.chdir(tmp_path)
    return Playground(Workbench(toy_file), predictor="markov")


def test_the_curve_follows_the_sliders(play: Playground) -> None:
    first = play.figure.shown
    play.inputs["threshold"].value = 0.1
    assert play.figure.shown != first and play.setting == replace(START, policy=Threshold(0.1))
    play.pin.click()
    play.inputs["predictor"].value = "ngram"
    assert "A: markov" in play.numbers.value and "ngram" in play.numbers.value
    play.inputs["windows"].value = ()
    assert "decisions simulated and drawn" in play.busy.status.value


def test_the_confusion_of_tools_follows_the_threshold(play: Playground) -> None:
    play.tabs.selected_index = 2
    play.inputs["threshold"].value = 0.05
    launched = play.tools.value
    assert re.search(r'title="[1-9]\d* of \d+ decision points" style="[^"]*#0072b2', launched)
    play.inputs["threshold"].value = 1.0
    assert "#0072b2" not in play.tools.value  # nothing is launched: no column of a tool is left
    play.inputs["policy"].value = "topk"
    assert "#0072b2" in play.tools.value


def test_one_conversation(play: Playground) -> None:
    play.tabs.selected_index = 1
    pane = play.conversation
    pane.at.value = 2
    assert "Decision 2 of" in pane.decision.value and pane.gantt["light"].value[:4] == b"\x89PNG"
    pane.keys.pressed = "ArrowRight:1"
    assert pane.at.value == 3
    chart = pane.gantt["light"].value
    play.inputs["tool_s"].value = 4.0
    assert (
        pane.gantt["light"].value != chart and pane.at.value == 3
    )  # the chart takes another shape, the decision stays
    pane.episode.value = play.bench.episodes()[1]
    assert pane.at.value == 1


def test_jumping_to_misses(play: Playground) -> None:
    play.inputs["threshold"].value = 1.0  # nothing is launched: every READ call is a miss
    play.tabs.selected_index = 1
    pane = play.conversation
    misses = [at + 1 for at in play.bench.episode(pane.episode.value, play.setting).misses()]
    seen = []
    for press in range(len(misses) + 1):
        pane.keys.pressed = f"m:{press}"
        seen.append(pane.at.value)
    assert len(misses) > 1 and misses[0] == 1  # where it stands already
    assert seen == [*misses[1:], misses[0], misses[1]]  # and round again
    play.inputs["predictor"].value, play.inputs["policy"].value = "oracle", "topk"
    pane.keys.pressed = "m:99"
    assert "no READ call of this conversation was missed" in play.busy.status.value


def test_the_leaderboard_has_what_was_tried(play: Playground) -> None:
    play.inputs["predictor"].value = "ngram"
    play.tabs.selected_index = 3
    assert "<td>markov</td>" in play.board.value and '<tr style="font-weight:bold"><td>ngram</td>' in play.board.value


def test_export(play: Playground, tmp_path: Path) -> None:
    play.tabs.selected_index = 4
    play.training.export.click()
    assert (tmp_path / "models" / "mine" / "predictor.json").is_file()
    assert (tmp_path / "models" / "mine.py").read_text() == play.training.code.value
    play.training.out.value = str(tmp_path)  # not a checkpoint: said, not raised
    play.training.export.click()
    assert "checkpoint" in play.busy.status.value


def test_an_export_leaves_the_users_own_files_alone(play: Playground, tmp_path: Path) -> None:
    (tmp_path / "analysis.py").write_text("MY WORK\n")
    play.training.out.value = str(tmp_path / "analysis")
    play.training.export.click()
    assert "was not written by this command, so it is not overwritten" in play.busy.status.value
    play.training.train.click()
    assert "was not written by this command, so it is not overwritten" in play.busy.status.value
    assert (tmp_path / "analysis.py").read_text() == "MY WORK\n"
    assert not (tmp_path / "analysis").exists()


def test_other_traces(play: Playground, make_toy_trace: Callable[..., object], toy_file: Path) -> None:
    play.traces.value = "nowhere.jsonl"
    play.load.click()
    assert "there is no such file or folder" in play.busy.status.value and play.bench.origin["traces"] == str(toy_file)
    play.traces.value = ""
    play.load.click()
    assert play.bench.origin["traces"] is None and play.setting == START
    assert play.conversation.episode.value in play.bench.episodes()


def test_training_is_said_when_it_fails(play: Playground) -> None:
    async def run() -> None:
        play.training.kind.value = "markov"
        play.bench.origin["traces"] = "nowhere.jsonl"
        play.training.train.click()
        while "nowhere" not in play.busy.status.value:
            await asyncio.sleep(0.05)

    asyncio.run(asyncio.wait_for(run(), 60))
    assert "there is no such file or folder" in play.busy.status.value
    assert not (Path("models") / "mine.py").exists()


def test_training_in_a_process_of_its_own(play: Playground) -> None:
    async def run() -> None:
        play.training.kind.value, play.training.out.value = "markov", "models/chain"
        play.training.train.click()
        while not play.bench.known("models/chain"):
            await asyncio.sleep(0.05)
        while play.busy.running:
            await asyncio.sleep(0.05)

    asyncio.run(asyncio.wait_for(run(), 60))
    assert play.setting.predictor == "models/chain" and not play.training.train.disabled
    assert play.bench.table("models/chain").predictions == play.bench.table("markov").predictions
    assert "name='markov'" in (Path("models") / "chain.py").read_text()


def test_a_policy_of_ones_own_is_among_the_choices(toy_file: Path) -> None:
    play = Playground(str(toy_file), predictor="markov", policy="specbench.policies:TopK:2", most=8)
    assert play.setting.policy == TopK(2)
    assert {"threshold", "ev", "specbench.policies:TopK:2"} <= set(play.inputs["policy"].options)
    with pytest.raises(ConfigError, match="no policy is called 'often'"):
        Playground(str(toy_file), predictor="markov", policy="often", most=8)


def test_recorded_seconds_are_taken_until_the_box_is_emptied(toy_traces: list[Trace], tmp_path: Path) -> None:
    took = {"assistant": 4.0, "tool": 0.5}
    write_traces(
        tmp_path / "timed.jsonl",
        [
            replace(
                trace,
                messages=tuple(
                    replace(each, timing=Timing(0.0, took[each.role])) if each.role in took else each
                    for each in trace.messages
                ),
            )
            for trace in toy_traces
        ],
    )
    play = Playground(Workbench(tmp_path / "timed.jsonl"), predictor="markov")
    assert "<td>measured</td>" in play.numbers.value and "markov, modelled" in play.numbers.value
    play.inputs["recorded"].value = False
    assert "<td>measured</td>" not in play.numbers.value and "<td>modelled</td>" in play.numbers.value
    play.tabs.selected_index = 3
    assert "(modelled)" in play.board.value


def test_without_recorded_seconds_there_is_nothing_to_choose(play: Playground) -> None:
    assert play.inputs["recorded"].disabled and "<td>modelled</td>" in play.numbers.value


def test_a_click_on_the_curve_chooses_its_threshold(play: Playground) -> None:
    play.inputs["policy"].value = "topk"
    line = play.figure.shown["lines"][-1]
    assert len(line["p"]) == len(line["x"]) == len(line["low"])
    play.figure.chosen = {"p": line["p"][5], "label": line["label"], "at": 1}
    assert play.setting.policy == Threshold(line["p"][5])


def test_controls_without_effect_are_off_and_reset_puts_all_back(play: Playground) -> None:
    assert play.inputs["waste"].disabled and play.inputs["user_s"].disabled and not play.inputs["threshold"].disabled
    play.inputs["policy"].value, play.inputs["windows"].value = "ev", ("think", "user")
    assert play.inputs["threshold"].disabled
    assert not play.inputs["waste"].disabled and not play.inputs["user_s"].disabled
    play.reset.click()
    assert play.setting == START
    assert all(control.tooltip for control in play.inputs.values())


def test_what_goes_wrong_stands_in_a_box_with_what_to_do(play: Playground) -> None:
    play.traces.value = "no/such/file.jsonl"
    play.load.click()
    assert 'role="alert"' in play.busy.status.value and "check the path" in play.busy.status.value


def test_traces_are_loaded_with_effects_and_format(play: Playground, toy_file: Path, tmp_path: Path) -> None:
    effects = tmp_path / "effects.json"
    effects.write_text('{"get_order": "write"}')
    play.traces.value, play.effects.value, play.format.value = str(toy_file), str(effects), "specbench_jsonl"
    play.load.click()
    assert play.bench.test[0].tools["get_order"].effect == "write"


def test_closing_frees_the_widgets(play: Playground) -> None:
    play.close()
    assert play.figure.comm is None and play.inputs["threshold"].comm is None


def test_all_messages_are_there_and_the_new_ones_are_marked(play: Playground) -> None:
    play.tabs.selected_index = 1
    pane = play.conversation
    pane.at.value = 3
    episode = play.bench.episode(pane.episode.value, play.setting)
    assert pane.messages.value.count("<small>") == len(episode.history(2))
    assert pane.messages.value.count("border-left:4px") == len(episode.messages(2)) < len(episode.history(2))
