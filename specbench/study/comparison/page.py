"""The comparison as a page of Markdown: tables that read well in a terminal too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from specbench.metrics.paired import holm
from specbench.plots.style import points
from specbench.report.page import percent

__all__ = ["ablation_table", "comparison_page", "leaderboard_table", "markdown_table"]

LEVEL = 0.05
COST = ("p50 ms", "p99 ms", "size MB", "fit s")
HOW_TO_READ = """\
@1, @3: right at rank 1, or among the first 3, given that a call happens; READ: calls of tools without side effects.
Recall at 75 %: the share of READ calls that is launched and hit when at least 75 % of the launches hit. ECE, Brier:
less is better. "minus": the difference in percentage points with its paired 95 % interval (cluster-t by task).
Bold: not 0 at the 5 % level for the whole table (Holm's correction over its rows). Latency, size and
fitting time are measured here."""


def comparison_page(facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], left_out: Sequence[str]) -> str:
    """Return the page.

    Parameters
    ----------
    facts
        ``files, tasks, traces, split, seed, baseline, command, specbench``.
    tables
        ``leaderboard`` and any of ``ablations, learning_curve, transfer, embeddings``.
    left_out
        Experiments that could not be made, and why.
    """
    split = facts["split"]
    parts = [
        "# Predictors compared",
        f"{facts['traces']} traces of {facts['tasks']} tasks ({', '.join(facts['files'])}), split by task with seed "
        f"{facts['seed']}: {_size(split, 'train')} and {_size(split, 'validation')} to learn from, "
        f"{_size(split, 'test')} ({split['test']['decision_points']} decision points) for the test.",
        "## Leaderboard",
        leaderboard_table(tables["leaderboard"], facts["baseline"]),
        HOW_TO_READ,
        "![Leaderboard](figures/leaderboard.png)",
    ]
    if "ablations" in tables:
        parts += ["## Ablations: the learned predictor with one thing changed", ablation_table(tables["ablations"])]
    if "learning_curve" in tables:
        parts += [
            "## Learning curve: fewer training tasks, the same test tasks",
            _learning_table(tables["learning_curve"]),
            "![Learning curve](figures/learning_curve.png)",
        ]
    if "transfer" in tables or left_out:
        parts.append("## Transfer: what training never saw")
        if "transfer" in tables:
            parts += [_transfer_table(tables["transfer"]), "(seen): the same calls by a fit that saw everything."]
        parts += [f"- left out: {reason}" for reason in left_out]
    if "embeddings" in tables:
        parts += ["## Embeddings: the learned predictor with each", _embedding_table(tables["embeddings"])]
    parts += ["## Again", f"specbench {facts['specbench']}:\n\n```\n{facts['command']}\n```"]
    return "\n\n".join(parts) + "\n"


def leaderboard_table(frame: pd.DataFrame, baseline: str) -> str:
    """Return the leaderboard as Markdown."""
    header = [
        "predictor", "tool@1", "tool@3", "call@1", "call@3", "READ@1", "READ@3", f"READ@1 minus {baseline}",
        f"READ@3 minus {baseline}", "call-or-reply", "Brier", "ECE", "recall at 75 %", *COST,
    ]  # fmt: skip
    minus = _minus(frame, *(f"{rate}_minus_{baseline}" for rate in ("read_call_top1", "read_call_top3")))
    rows = []
    for at, row in enumerate(frame.to_dict("records")):
        name = f"{row['predictor']} (control)" if row["control"] else str(row["predictor"])
        rates = ("tool_top1", "tool_top3", "call_top1", "call_top3", "read_call_top1", "read_call_top3")
        rows.append(
            [
                name,
                *(_percent(row[rate]) for rate in rates),
                *(
                    "baseline" if row["predictor"] == baseline else minus[at, f"{rate}_minus_{baseline}"]
                    for rate in rates[4:]
                ),
                _percent(row["reply_accuracy"]),
                *(_number(row[key]) for key in ("brier", "ece")),
                _percent(row["read_recall_at_precision_75"]),
                *_cost(row),
            ]
        )
    return markdown_table(header, rows)


def ablation_table(frame: pd.DataFrame) -> str:
    """Return the ablations as Markdown."""
    header = [
        "variant", "what", "tool@1", "READ@1", "READ@3", "READ@1 minus complete", "call-or-reply", "ECE",
        "recall at 75 %", *COST,
    ]  # fmt: skip
    minus = _minus(frame.iloc[1:], "read_call_top1_minus_complete")
    rows = [
        [
            str(row["variant"]),
            str(row["about"]),
            *(_percent(row[rate]) for rate in ("tool_top1", "read_call_top1", "read_call_top3")),
            "complete" if at == 0 else minus[at - 1, "read_call_top1_minus_complete"],
            _percent(row["reply_accuracy"]),
            _number(row["ece"]),
            _percent(row["read_recall_at_precision_75"]),
            *_cost(row),
        ]
        for at, row in enumerate(frame.to_dict("records"))
    ]
    return markdown_table(header, rows)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table with aligned columns: the first to the left, numbers to the right.

    Examples
    --------
    >>> print(markdown_table(["name", "p"], [["a|b", "0.5"]]))
    | name |   p |
    | :--- | --: |
    | a\\|b | 0.5 |
    """
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in [header, *rows]]
    widths = [max(3, *(len(row[at]) for row in cells)) for at in range(len(header))]
    lines = []
    for row in cells:
        padded = (cell.rjust(w) if at else cell.ljust(w) for at, (cell, w) in enumerate(zip(row, widths, strict=True)))
        lines.append(f"| {' | '.join(padded)} |")
    rule = (f"{'-' * (w - 1)}:" if at else f":{'-' * (w - 1)}" for at, w in enumerate(widths))
    lines.insert(1, f"| {' | '.join(rule)} |")
    return "\n".join(lines)


def _learning_table(frame: pd.DataFrame) -> str:
    header = [
        "predictor", "share of tasks", "tasks", "traces", "tool@1", "call@1", "READ@1", "READ@1 95 %", "READ@3",
        "fit s",
    ]  # fmt: skip
    rows = [
        [
            str(row["predictor"]),
            percent(row["share"], 0),
            *(str(row[key]) for key in ("tasks", "traces")),
            *(_percent(row[rate]) for rate in ("tool_top1", "call_top1", "read_call_top1")),
            f"{_percent(row['read_call_top1_low'])} – {_percent(row['read_call_top1_high'])}",
            _percent(row["read_call_top3"]),
            f"{row['fit_s']:.1f}",
        ]
        for row in frame.to_dict("records")
    ]
    return markdown_table(header, rows)


def _transfer_table(frame: pd.DataFrame) -> str:
    header = [
        "experiment", "held out", "predictor", "calls of", "calls", "READ", "tool@1", "(seen)", "call@1", "(seen)",
        "READ@1", "(seen)", "READ@1 minus seen", "READ@3", "(seen)",
    ]  # fmt: skip
    minus = _minus(frame, "read_call_top1_minus_seen")
    rows = []
    for at, row in enumerate(frame.to_dict("records")):
        cells = [str(row[key]) for key in ("experiment", "held_out", "predictor", "group", "calls", "read_calls")]
        for rate in ("tool_top1", "call_top1", "read_call_top1", "read_call_top3"):
            cells += [_percent(row[rate]), _percent(row[f"{rate}_seen"])]
            if rate == "read_call_top1":
                cells.append(minus[at, "read_call_top1_minus_seen"])
        rows.append(cells)
    return markdown_table(header, rows)


def _embedding_table(frame: pd.DataFrame) -> str:
    header = [
        "embedding", "dim", "encode p50 ms", "encode p99 ms", "MB", "tool@1", "call@1", "READ@1", "READ@3",
        "READ@1 minus first", "call-or-reply", "p50 ms", "fit s",
    ]  # fmt: skip
    minus = _minus(frame.iloc[1:], "read_call_top1_minus_first")
    rows = [
        [
            str(row["embedding"]),
            str(row["dim"]),
            *(_number(row[key]) for key in ("encode_p50_ms", "encode_p99_ms")),
            f"{row['embedding_bytes'] / 1e6:.2f}",
            *(_percent(row[rate]) for rate in ("tool_top1", "call_top1", "read_call_top1", "read_call_top3")),
            "first" if at == 0 else minus[at - 1, "read_call_top1_minus_first"],
            _percent(row["reply_accuracy"]),
            _number(row["latency_p50_ms"]),
            f"{row['fit_s']:.1f}",
        ]
        for at, row in enumerate(frame.to_dict("records"))
    ]
    return markdown_table(header, rows)


def _cost(row: Mapping[Any, Any]) -> list[str]:
    return [
        *(_number(row[f"latency_{quantile}_ms"], 2) for quantile in ("p50", "p99")),
        f"{row['size_bytes'] / 1e6:.2f}",
        f"{row['fit_s']:.1f}",
    ]


def _minus(frame: pd.DataFrame, *keys: str) -> dict[tuple[int, str], str]:
    """Return the differences of a table in points with their intervals, by row and key; bold where they are not 0."""
    rows = frame.to_dict("records")
    cells = [(at, key) for at in range(len(rows)) for key in keys]
    values: list[Any] = [rows[at].get(f"{key}_p") for at, key in cells]
    together = holm([None if _absent(value) else float(value) for value in values])
    out = {}
    for (at, key), p in zip(cells, together, strict=True):
        low, high = (
            None if _absent(value) else value for value in (rows[at].get(f"{key}_{end}") for end in ("low", "high"))
        )
        text = points(rows[at].get(key), low, high)
        out[at, key] = f"**{text}**" if p is not None and p < LEVEL else text
    return out


def _percent(value: Any) -> str:
    return percent(None if _absent(value) else value)


def _number(value: Any, digits: int = 3) -> str:
    return "–" if _absent(value) else f"{value:.{digits}f}"


def _absent(value: Any) -> bool:
    return value is None or value != value


def _size(split: Mapping[str, Mapping[str, int]], part: str) -> str:
    return f"{split[part]['traces']} traces of {split[part]['tasks']} tasks"
