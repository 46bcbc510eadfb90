"""The leaderboard's file as a table, and its figure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from specbench.core.errors import ConfigError
from specbench.plots import plot_domains
from specbench.study.board import read_board

BOARD = Path(__file__).resolve().parents[2] / "docs" / "leaderboard.json"


def test_every_row_of_the_page_is_there() -> None:
    board = read_board(BOARD)
    page = BOARD.with_suffix(".md").read_text("utf-8")
    for row in board.to_dict("records"):
        assert f"| {row['predictor']} | {100 * row['read_call_top1']:.1f} | {100 * row['read_call_top3']:.1f} |" in page
    low, rate, high = board[["read_call_top3_low", "read_call_top3", "read_call_top3_high"]].to_numpy(float).T
    assert ((low <= rate + 1e-9) & (rate <= high + 1e-9)).all()
    assert set(board.loc[board["control"], "predictor"]) == {"blind", "frequent", "repeat"}


def test_the_figure_has_a_row_for_each_set_the_most_predictable_on_top() -> None:
    board = read_board(BOARD)
    ax = plot_domains(board, rate="read_call_top1")
    names = [tick.get_text().split("\n")[0] for tick in ax.get_yticklabels()]
    best = board[~board["control"]].groupby("set")["read_call_top1"].max()
    assert sorted(names) == sorted(best.index)
    assert best[names].is_monotonic_decreasing
    with pytest.raises(ConfigError, match="read_call_top1, read_call_top3"):
        plot_domains(board, rate="tool")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"rows": {}}', json.dumps({"rows": {"desk": 1}}), json.dumps({"rows": {"a|b": {}}})]
)
def test_another_file_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "it.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"it\.json is no leaderboard .*domains\.py --out FILE"):
        read_board(path)
    with pytest.raises(ConfigError, match=r"missing\.json is no leaderboard"):
        read_board(tmp_path / "missing.json")
