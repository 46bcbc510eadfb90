"""The figures of a comparison: leaderboard and learning curve."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from specbench.plots import THEMES, plot_leaderboard, plot_learning_curve, save_figure
from specbench.plots.style import points


def board(*names: str, **columns: object) -> pd.DataFrame:
    row = {
        "control": False, "read_call_top1": 0.5, "read_call_top1_low": 0.4, "read_call_top1_high": 0.6,
        "read_call_top3": 0.7, "read_call_top3_low": 0.6, "read_call_top3_high": 0.8,
        "read_call_top1_minus_markov": 0.05, "read_call_top1_minus_markov_low": -0.01,
        "read_call_top1_minus_markov_high": 0.1,
    }  # fmt: skip
    return pd.DataFrame([{"predictor": name, **row, **columns} for name in names])


def curve(*names: str) -> pd.DataFrame:
    rows = [
        {"predictor": name, "tasks": tasks, "read_call_top1": tasks / 60, "read_call_top1_low": tasks / 70,
         "read_call_top1_high": tasks / 50}
        for name in names
        for tasks in (6, 13, 26, 50)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def words(ax: Axes) -> str:
    return " ".join(each.get_text() for each in ax.texts)


def test_the_leaderboard_says_how_far_everyone_is_from_the_baseline() -> None:
    frame = pd.concat([board("learned", "markov"), board("oracle", control=True, read_call_top1=1.0)])
    ax = plot_leaderboard(frame)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["learned", "markov", "oracle (control)"]
    low, high = sorted(ax.get_ylim())
    assert ax.yaxis_inverted() and low < 0 and high > 2  # the first row is on top
    assert "+5.0 [−1.0, +10.0]" in words(ax)
    assert "baseline" in words(ax)
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["best prediction", "among the first 3"]


@pytest.mark.parametrize("missing", [np.nan, None])
def test_without_read_calls_the_figures_say_so(missing: float | None) -> None:
    assert "No READ calls" in words(plot_leaderboard(board("markov", read_call_top1=missing)))
    assert "No READ calls" in words(plot_learning_curve(curve("markov").assign(read_call_top1=missing)))


def test_one_task_has_no_interval_and_no_band() -> None:
    frame = board("markov", "ngram", read_call_top1_low=None, read_call_top1_high=None)
    frame = frame.assign(read_call_top1_minus_markov_low=np.nan, read_call_top1_minus_markov_high=np.nan)
    assert "+5.0" in words(plot_leaderboard(frame))
    assert plot_learning_curve(curve("markov")[["predictor", "tasks", "read_call_top1"]]).get_ylim()[1] > 1.0


def test_the_learning_curve_has_its_training_tasks_as_ticks() -> None:
    ax = plot_learning_curve(curve("markov", "patterns"))
    assert list(ax.get_xticks()) == [6, 13, 26, 50]
    legend = ax.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["markov", "patterns"]


@pytest.mark.parametrize("theme", THEMES)
def test_strange_names_are_drawn_and_files_are_the_same_every_time(theme: str, tmp_path: Path) -> None:
    for each in ("a", "b"):
        (tmp_path / each).mkdir()
        names = ("$x$", "näme <b>", "x" * 200, "行")
        save_figure(plot_leaderboard(board(*names), theme=theme), tmp_path / each, "board", theme)
        save_figure(plot_learning_curve(curve(*names), theme=theme), tmp_path / each, "curve", theme)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(files) == (4 if theme == "light" else 2)
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files)


def test_points_are_written_with_a_sign() -> None:
    assert points(0.0) == "+0.0"
    assert points(-0.5, -0.6, -0.4) == "−50.0 [−60.0, −40.0]"
    assert points(float("nan")) == points(None, 0.1, 0.2) == "–"
