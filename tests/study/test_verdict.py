from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from specbench.metrics.worth import Answer, Worth
from specbench.study import Settings, run_study
from specbench.study.operating_point import OperatingPoint
from specbench.study.time_use import TimeUse
from specbench.study.verdict import verdict, why, worth_of
from specbench.traces.oracle import OracleSaving


def metrics(saved: float, wasted: float, launched: int = 10, net_best: float = 0.05) -> dict[str, Any]:
    point = {
        "threshold": 0.6, "saved_share": saved, "wasted_share": wasted, "launched": launched, "recall": 0.25,
        "precision": 0.8 if launched else None, "amplification": 1.1, "saved_share_low": saved - 0.01,
        "saved_share_high": saved + 0.01, "wasted_share_low": wasted - 0.01, "wasted_share_high": wasted + 0.01,
        "net_share": saved - wasted, "net_share_low": saved - wasted - 0.01, "net_share_high": saved - wasted + 0.01,
        "tasks_launched": launched, "tasks_wasting": launched, "at_risk_share": 0.1,
    }  # fmt: skip
    best = {"threshold": 0.4, "net_share": net_best}
    beside = {"saved_share": 0.124, "wasted_share": 0.031}
    return {
        "calls": 40, "read_calls": 30, "at_operating_point": point, "curve": [point, best],
        "modelled_at_operating_point": beside,
    }  # fmt: skip


TIME = TimeUse(
    OracleSaving("modelled", 9, 70.0, 30.0, 20.0, 15.0),
    {"get": ("read", 9, 20.0), "pay": ("write", 5, 10.0)},
    {"pay": 0.08},
)


def say(
    chosen: dict[str, Any],
    *,
    time: TimeUse = TIME,
    modelled: str | None = None,
    tasks: int = 20,
    **others: dict[str, Any],
) -> list[str]:
    recalls = {"learned": 0.25, **dict.fromkeys(others, 0.1)}
    worth = worth_of(chosen["at_operating_point"], time, tasks, Settings())
    return verdict(
        {"learned": chosen, **others}, chosen="learned", controls=["oracle"], latency="L", same_waste=recalls,
        time=time, modelled=modelled, worth=worth, point=OperatingPoint(0.6, 8),
    )  # fmt: skip


def test_where_nothing_takes_time_there_is_none_to_save(toy_file: Path, tmp_path: Path) -> None:
    settings = Settings(latency="constant:0,0")
    result = run_study(toy_file, tmp_path / "run", predictors=("markov", "oracle"), settings=settings)
    assert result.verdict[0].startswith("There is no time to save: neither the LLM nor a tool takes any (modelled: the")
    assert result.report.is_file()


@pytest.mark.parametrize(
    ("saved", "wasted", "opening"),
    [
        (0.10, 0.01, "Yes, speculation pays here"),
        (0.10, 0.075, "Cannot tell whether speculation pays here"),
        (0.05, 0.09, "No, speculation does not pay here"),
    ],
)
def test_the_answer_follows_from_the_numbers_and_their_intervals(saved: float, wasted: float, opening: str) -> None:
    answer = say(metrics(saved, wasted))[0]
    assert answer.startswith(f"{opening}: when the learned predictor")
    assert f"done {100 * saved:.1f} % sooner" in answer
    assert f"worth {100 * wasted:.1f} % of its time (modelled: L)" in answer


def test_a_loss_is_later_and_never_a_negative_sooner() -> None:
    sentences = say(metrics(-0.03, 0.01), modelled="M")
    assert "the agent is done 3.0 % later (95 % interval 2.0 to 4.0 %)" in sentences[0]
    assert "−3.0 % sooner" not in " ".join(sentences)


def test_what_rare_tasks_might_cost_is_followed_to_the_worst_case() -> None:
    worth = Worth(0.05, 0.04, 0.06, 10, 8, 0.1, tasks_wasting=2, at_risk=0.2)
    assert worth.answer is Answer.UNKNOWN
    assert why(worth).endswith(
        "might cost up to 7.7 %. At worst the net gain is then 4.0 % less that, −3.7 %, and that is below the 2.0 % "
        "that is worth having."
    )


def test_rivals_are_compared_at_the_same_waste() -> None:
    sentences = say(metrics(0.1, 0.01), markov=metrics(0.0, 0.0), oracle=metrics(0.2, 0.0))
    assert "a perfect predictor of READ calls would save 15.0 %" in sentences[2]
    assert sentences[4].startswith(
        "At no more waste, the next best, markov, hits only 10 % of the calls. With hindsight"
    )


def test_without_a_launch_there_is_no_gain() -> None:
    sentences = say(metrics(0.0, 0.0, launched=0, net_best=0.0), oracle=metrics(0.2, 0.0))
    assert sentences[0].startswith(
        "Cannot tell whether speculation pays here: no launch, no gain. The learned predictor is never as sure as "
        "p ≥ 0.60 (tuned on 8 validation tasks) in time on the 20 test tasks"
    )
    assert "Only 0 tasks had a launch: tasks too rare to be among these might bring up to 2.5 % more" in sentences[1]
    assert sentences[2] == "For comparison, a perfect predictor of READ calls would save 15.0 % (modelled: L)."
    assert sentences[4] == "No threshold would have paid: learned wastes at least what it saves at every one."


def test_no_calls_and_no_read_tools_are_told_apart() -> None:
    assert "hold no tool call" in say({**metrics(0, 0), "calls": 0, "read_calls": 0})[0]
    said = say({**metrics(0, 0), "read_calls": 0})
    assert "declared `read`" in said[0] and "--effects" in said[1]
    assert said[2].startswith(
        "Tools take 30.0 % of the time (modelled: L). Of their seconds, most are in get 67 %, pay 33 %"
    )
    assert said[2].endswith("Were every call of pay a read, and foreseen, 8.0 % could be hidden.")


@pytest.mark.parametrize(("saved", "wasted"), [(0.0002, 0.0), (0.0, 0.0), (0.0004, 0.0001)])
def test_nothing_is_never_a_yes(saved: float, wasted: float) -> None:
    sentences = say({**metrics(saved, wasted, net_best=0.0004)})
    assert sentences[0].startswith("No, speculation does not pay here") and "done 0.0 % sooner" in sentences[0]
    assert sentences[-1].startswith("No threshold would have paid")


def test_measured_seconds_decide_and_the_modelled_view_stands_beside() -> None:
    time = replace(TIME, oracle=replace(TIME.oracle, basis="measured"))
    sentences = say(metrics(0.0, 0.0), time=time, modelled="M")
    assert sentences[0].startswith("No, speculation") and sentences[0].endswith("(measured: L).")
    assert sentences[4] == (
        "With modelled seconds (M) it would be done 12.4 % sooner, at the price of 3.1 %; the measured ones count."
    )


@pytest.mark.parametrize(
    ("oracle", "words"),
    [
        (
            (98.0, 2.0, 1.0, 1.0),
            "tools take 2.0 % of the time, calls that are declared `read` 1.0 %; the rest is",
        ),
        (
            (60.0, 40.0, 1.0, 1.0),
            "declared `read` (of the others' seconds: pay 100 %). Were every call of pay a read, and foreseen, 8.0 %",
        ),
        ((20.0, 80.0, 70.0, 10.0), "shorter than these run, or a write stands before them: 10.0 % can be hidden"),
        (
            (70.0, 30.0, 20.0, 15.0),
            "With every READ call foreseen, 15.0 % could be hidden: the rest was guessed wrong, or not surely enough.",
        ),
    ],
)
def test_what_limits_it_is_named(oracle: tuple[float, ...], words: str) -> None:
    limit = replace(TIME, oracle=OracleSaving("measured", 9, *oracle)).limit()
    assert limit.startswith("What limits it: ") and words in limit


def test_a_tools_name_cannot_steer_the_terminal() -> None:
    tools = {"\x1b[2Jbash": ("unknown", 3, 9.0)}
    time = TimeUse(OracleSaving("measured", 9, 60.0, 40.0, 1.0, 1.0), tools, dict.fromkeys(tools, 0.1))
    for sentences in (say(metrics(0.1, 0.0), time=time), say({**metrics(0, 0), "read_calls": 0}, time=time)):
        assert "\x1b" not in "".join(sentences) and "bash" in "".join(sentences)
