from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specbench.study import Settings, run_study
from specbench.study.verdict import verdict


def metrics(saved: float, wasted: float, launched: int = 10, net_best: float = 0.05) -> dict[str, Any]:
    point = {
        "threshold": 0.6, "saved_share": saved, "wasted_share": wasted, "launched": launched, "recall": 0.25,
        "precision": 0.8 if launched else None, "amplification": 1.1, "saved_share_low": saved - 0.01,
        "saved_share_high": saved + 0.01, "wasted_share_low": wasted - 0.01, "wasted_share_high": wasted + 0.01,
    }  # fmt: skip
    best = {"threshold": 0.4, "saved_share": net_best, "wasted_share": 0.0}
    return {"calls": 40, "read_calls": 30, "at_default_threshold": point, "curve": [point, best]}


def say(chosen: dict[str, Any], **others: dict[str, Any]) -> list[str]:
    recalls = {"learned": 0.25, **dict.fromkeys(others, 0.1)}
    return verdict(
        {"learned": chosen, **others}, chosen="learned", controls=["oracle"], latency="L", same_waste=recalls
    )


def test_where_nothing_takes_time_there_is_none_to_save(toy_file: Path, tmp_path: Path) -> None:
    settings = Settings(latency="constant:0,0", resamples=1)
    result = run_study(toy_file, tmp_path / "run", predictors=("markov", "oracle"), settings=settings)
    assert result.verdict[0].startswith("There is no time to save: neither the LLM nor a tool takes any (modelled: the")
    assert result.report.is_file()


@pytest.mark.parametrize(
    ("saved", "wasted", "opening"),
    [
        (0.10, 0.01, "Yes, speculation pays here"),
        (0.10, 0.09, "Speculation may pay here"),
        (0.05, 0.09, "No, speculation does not pay here"),
    ],
)
def test_the_answer_follows_from_the_numbers_and_their_intervals(saved: float, wasted: float, opening: str) -> None:
    answer = say(metrics(saved, wasted))[0]
    assert answer.startswith(f"{opening}: when the learned predictor")
    assert f"done {100 * saved:.1f} % sooner" in answer
    assert f"worth {100 * wasted:.1f} % of its time (modelled: L)" in answer


def test_rivals_are_compared_at_the_same_waste() -> None:
    sentences = say(metrics(0.1, 0.01), markov=metrics(0.0, 0.0), oracle=metrics(0.2, 0.0))
    assert "a perfect predictor of READ calls would save 20.0 %" in sentences[1]
    assert sentences[2].startswith(
        "At no more waste, the next best, markov, hits only 10 % of the calls. With hindsight"
    )


def test_without_a_launch_there_is_no_gain() -> None:
    sentences = say(metrics(0.0, 0.0, launched=0, net_best=0.0), oracle=metrics(0.2, 0.0))
    assert sentences[0].startswith("No launch, no gain: the learned predictor is never as sure as p ≥ 0.60")
    assert sentences[1] == "For comparison, a perfect predictor of READ calls would save 20.0 %."
    assert sentences[2] == "No threshold would have paid: learned wastes at least what it saves at every one."


def test_no_calls_and_no_read_tools_are_told_apart() -> None:
    assert "hold no tool call" in say({**metrics(0, 0), "calls": 0, "read_calls": 0})[0]
    assert "declared `read`" in say({**metrics(0, 0), "read_calls": 0})[0]
