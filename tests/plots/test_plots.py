from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.axes import Axes

from specbench.core.errors import ConfigError
from specbench.core.ledger import Ledger, Outcome, Speculation
from specbench.plots import (
    THEMES,
    choose_episode,
    plot_curve,
    plot_ratio,
    plot_reliability,
    plot_savings,
    plot_seconds,
    plot_tools,
    plot_waterfall,
    save_figure,
)
from specbench.plots.style import series, themed


def curves(*names: str) -> pd.DataFrame:
    rows = [
        {
            "predictor": name, "threshold": threshold, "recall": 0.6 * (1 - threshold),
            "recall_low": 0.5 * (1 - threshold), "recall_high": 0.7 * (1 - threshold),
            "wasted_share": 0.2 * (1 - threshold) ** 2, "saved_share": 0.1 * (1 - threshold),
        }
        for name in names
        for threshold in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def tools(*names: str) -> pd.DataFrame:
    row = {"effect": "read", "calls": 9, "right": 7, "launched": 6, "hits": 5, "saved_s": 5.0, "wasted_s": 1.0}
    return pd.DataFrame([{"tool": name, **row} for name in names])


def episode(trace_id: str, decisions: int, hit: bool) -> Ledger:
    ledger, clock = Ledger(), 0.0
    for index in range(decisions):
        took = 2.0 if hit else 3.0
        ledger.outcomes.append(
            Outcome(trace_id, "a", index, "ls", "read", "ls({})", 1, hit, 1, 2.0, 1.0, 0.0, 3.0, took, 3.0 - took, "p")
        )
        fate, at = ("commit", index) if hit else ("squash", None)
        ledger.speculations.append(
            Speculation(trace_id, index, "ls", "ls({})", 0.9, "think", clock, clock + 1.0, fate, None, at)
        )
        clock += took
    return ledger


def words(ax: Axes) -> str:
    legend = ax.get_legend()
    inside = [text.get_text() for text in ax.texts] + (
        [text.get_text() for text in legend.get_texts()] if legend else []
    )
    return " | ".join([ax.get_xlabel(), ax.get_ylabel(), ax.get_title(loc="left"), *inside])


def test_the_curve_names_lines_controls_ceiling_and_default_policy() -> None:
    ax = plot_curve(curves("markov", "learned", "wrong", "oracle"), controls=["wrong", "oracle"], highlight="learned")
    text = words(ax)
    for part in (
        "markov",
        "learned",
        "wrong (control)",
        "READ oracle: 60 %",
        "operating point, p ≥ 0.60",
        "(modelled)",
        "recall",
    ):
        assert part in text
    assert "learned hits 24 % of the calls" in text
    assert len(ax.collections) == 2


def test_lines_differ_in_more_than_colour() -> None:
    looks = [series(number) for number in range(6)]
    assert len({str(look.line) for look in looks}) == 6
    assert len({look.marker for look in looks}) == 6
    assert len({look.colour for look in looks}) == 6


def test_the_waterfall_shows_the_episode_that_saves_most() -> None:
    ledger = episode("long", 30, True)
    ledger.extend([episode("dull", 6, False), episode("good", 6, True)])
    assert choose_episode(ledger) == "good"
    text = words(plot_waterfall(ledger))
    assert "sequential: 18.0 s, 6 decisions" in text
    assert "with speculation: 12.0 s, 6 of 6 launches used" in text
    assert "6.0 s saved" in text
    assert "modelled" in text
    assert "0 of 6 launches used" in words(plot_waterfall(ledger, "dull"))


def test_the_tools_are_counted_and_cut() -> None:
    assert "saved 5 s, wasted 1 s" in words(plot_tools(tools("get_order")))
    assert "3 more tools not shown" in words(plot_tools(tools(*(f"tool_{number}" for number in range(23)))))


@pytest.mark.parametrize("name", ["$x_1$", "a_{b}^", "<script>alert(1)</script>", "x" * 200, "\\frac{", "工具\n\x01"])
def test_any_tool_name_can_be_drawn(name: str, tmp_path: Path) -> None:
    for file in save_figure(plot_tools(tools(name)), tmp_path, "tools"):
        assert file.stat().st_size > 1000
    assert "<script" not in (tmp_path / "tools.svg").read_text()


def test_empty_frames_say_so() -> None:
    empty = curves("markov").iloc[:0]
    assert "No tool calls" in words(plot_curve(empty))
    assert "No decision points" in words(plot_savings(empty))
    assert "No episode" in words(plot_waterfall(Ledger()))
    assert "No tool was called" in words(plot_tools(tools("a").iloc[:0]))
    assert "No READ call" in words(plot_reliability(pd.DataFrame(columns=["p", "hit_share", "low", "high", "count"])))


def test_without_calls_the_recall_is_missing_and_that_is_said() -> None:
    assert "No tool calls" in words(plot_curve(curves("markov").assign(recall=float("nan"))))


def test_figures_are_the_same_bytes_again_and_dark_is_dark(tmp_path: Path) -> None:
    frame = curves("markov")
    first = save_figure(plot_savings(frame), tmp_path, "a")
    second = save_figure(plot_savings(frame), tmp_path, "b")
    assert [path.suffix for path in first] == [".svg", ".png"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert [path.name for path in save_figure(plot_savings(frame, theme="dark"), tmp_path, "a", "dark")] == [
        "a-dark.svg"
    ]
    assert "#16191d" in (tmp_path / "a-dark.svg").read_text()


def test_settings_of_the_user_are_left_alone() -> None:
    before = dict(mpl.rcParams)
    for theme in THEMES:
        plot_curve(curves("markov"), theme=theme)
    assert dict(mpl.rcParams) == before
    with pytest.raises(ConfigError, match="no theme is called 'pink'; use one of light, dark"), themed("pink"):
        pass


def test_no_backend_is_forced_and_no_figure_stays_open() -> None:
    code = (
        "import matplotlib as mpl, pandas as pd; from specbench.plots import plot_savings; "
        "plot_savings(pd.DataFrame({'threshold': [0.0], 'saved_share': [0.1], 'wasted_share': [0.1]})); "
        "import matplotlib.pyplot as plt; assert plt.get_fignums() == []; "
        "print(mpl.rcParams._get_backend_or_none())"
    )
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "None"


@pytest.mark.parametrize("theme", THEMES)
def test_ratio_lays_the_formula_over_what_was_simulated(theme: str) -> None:
    rows = pd.DataFrame(
        {"way": ["overlap"] * 2 + ["run-ahead"] * 2, "ratio": [0.5, 1.0] * 2, "saved_share": [0.1, 0.2, 0.2, 0.3],
         "saved_share_low": 0.05, "saved_share_high": 0.4, "formula": [0.1, 0.2, None, None]}
    )  # fmt: skip
    ax = plot_ratio(rows, theme=theme)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert sorted(labels) == ["overlap, formula", "overlap, simulated", "run-ahead, simulated"]
    assert "modelled" in ax.get_xlabel() and "modelled" in ax.get_ylabel()
    assert "nothing to draw" in plot_ratio(rows.iloc[:0], theme=theme).texts[0].get_text()


def test_a_run_ahead_is_drawn_where_it_ran() -> None:
    from specbench.policies import TopK
    from specbench.sim import Constant, simulate
    from specbench.speculation import Options, RunAhead
    from tests.sim.test_beyond_thinking import spoken

    table = spoken("user", "read:1", "read:2", "reply")
    ledger = simulate(table, TopK(), latency=Constant(2.0, 1.0), options=Options(run_ahead=RunAhead()))
    ax = plot_waterfall(ledger)
    thinking = [each.get_paths()[0].get_extents() for each in ax.collections]
    lane = [each for each in thinking if abs((each.y0 + each.y1) / 2 - 2.4) < 0.01]
    assert [(round(each.x0, 6), round(each.x1, 6)) for each in lane] == [(0.0, 2.0), (1.0, 3.0), (2.0, 4.0)]


SECONDS = pd.DataFrame(
    {
        "what": ["LLM", "Bash", "<b>"], "kind": ["think", "tool", "tool"], "of": [9, 5, 2], "recorded": [9, 4, 1],
        "p10_s": [1.0, 0.1, 0.0], "p50_s": [2.0, 1.0, 0.0], "p90_s": [4.0, 9.0, 0.0], "total_s": [20.0, 20.0, 0.0],
        "median_s": [2.0, 1.0, 0.001], "sigma": [0.5, 1.5, 0.0],
    }
)  # fmt: skip


def test_seconds_of_llm_and_tools_are_drawn_with_their_fit() -> None:
    ax = plot_seconds(SECONDS)
    text = words(ax)
    assert "mathdefault" not in text and ax.get_xscale() == "log" and ax.get_xlabel() == "seconds (measured)"
    assert "50 % of the sum, n = 4" in text and "recorded median" in text and "log-normal fit" in text
    assert [label.get_text() for label in ax.get_yticklabels()] == ["LLM", "Bash", "<b>"]
    low, high = ax.patches[1].get_x(), ax.patches[1].get_x() + ax.patches[1].get_width()
    assert (low, high) == (0.1, 9.0)  # Bash, 10 to 90 %
    assert "carry no recorded seconds" in words(plot_seconds(SECONDS.iloc[:0]))


def test_figures_say_whether_seconds_are_measured() -> None:
    frame = curves("markov")
    for modelled, word in ((True, "modelled"), (False, "measured")):
        assert plot_curve(frame, modelled=modelled).get_xlabel().endswith(f"({word})")
        assert plot_savings(frame, modelled=modelled).get_ylabel().endswith(f"({word})")
        assert f"seconds are {word}" in words(plot_tools(tools("get_order"), modelled=modelled))
