"""What the executor's ways of speculating save on real traces: writes ``docs/savings.md``.

    .venv/bin/python benchmarks/savings.py ../shared/data/tau_bench_retail

Fitted on training tasks, operating points chosen on validation tasks, measured on test tasks. Modelled seconds.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pandas as pd

from specbench.core.version import __version__
from specbench.metrics import PredictionTable, SpeculationMetrics
from specbench.metrics.theory import overlap_saved_share, run_ahead_saved_share
from specbench.plots import plot_ratio
from specbench.policies import Policy, TopK
from specbench.sim import Constant, simulate
from specbench.speculation import Options
from specbench.study.data import load_data, split_data, split_sizes
from specbench.study.predictions import fitted, predicted
from specbench.study.progress import Progress
from specbench.study.tuning import choose_policy

PAGE = Path(__file__).parents[1] / "docs" / "savings.md"
THINK_S, USER_S, PREDICT_MS = 2.0, 8.0, 2.0
AMPLIFICATION = 2.0
DRAWN = ("overlap with the thinking", "run-ahead, depth 4, p ≥ 0.2, carried")
CANDIDATES = tuple(
    f"threshold:{p:g},{k}" for k in (1, 2, 3) for p in (0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6)
)
BEST_NET = "overlap with the thinking, best net"
WAYS = {
    BEST_NET: ("plain", 0.0),
    "overlap with the thinking": ("plain", 0.0),
    "the same, unused results carried on": ("carry_ttl_s=600", 0.0),
    "carried, and the `tool` and `user` windows": ("windows=think+tool+user; carry_ttl_s=600", USER_S),
    "run-ahead, depth 1, p ≥ 0.2, nothing carried": ("run_ahead=1@0.2", 0.0),
    "run-ahead, depth 1, p ≥ 0.5, carried": ("carry_ttl_s=600; run_ahead=1@0.5", 0.0),
    "run-ahead, depth 1, p ≥ 0.2, carried": ("carry_ttl_s=600; run_ahead=1@0.2", 0.0),
    "run-ahead, depth 4, p ≥ 0.2, carried": ("carry_ttl_s=600; run_ahead=4@0.2", 0.0),
    "run-ahead, depth 4, all windows, carried": ("windows=think+tool+user; carry_ttl_s=600; run_ahead=4@0.2", USER_S),
}
HEAD = """\
# What speculation saves, and what it costs

`python benchmarks/savings.py {traces}` wrote this page (specbench {version}). The learned predictor was fitted on
{train} tasks and replayed on {test} others; READ tools only. For each way of speculating, threshold and number of
launches were chosen on {validation} validation tasks: the most seconds saved at no more than {amplification:g} times
the tool calls needed; in the rows "best net" the most saved − wasted seconds. **Time is modelled**: the LLM thinks
{think:g} s, a tool runs T, the user reads and types {user:g} s (in the rows with the `user` window; user time is not
counted), a prediction takes {predict:g} ms.

* *saved*: of the sequential run's time; 95 % interval by task. *oracle*: the next READ call is always known, and no
  more than that: where tools are slow, launching calls further ahead saves more.
* *wasted*: run time of tool calls that nobody used, as a share of the sequential run's time. *net*: saved − wasted, a
  wasted second priced like one of waiting; below 0 the verdict of a study would be "no", however much is saved.
  *amplification*: tool calls executed ÷ needed.
* *carried*: results that nobody has asked for yet stay for later calls of the conversation. Run-ahead wastes little
  only with them.
* *LLM lost*: run-ahead invocations that nobody used, the same share, and their tokens (30 a second): an axis of its
  own.

![Saved time against tool time: overlap follows its formula, run-ahead approaches its bound](savings.png)

*Markers: simulated, test tasks. Lines: the formulas of `specbench.metrics.theory` with the measured hits; for run-ahead
the bound without a depth limit.*
"""


def measure(table: PredictionTable, policy: Any, tool_s: float, options: str, user_s: float) -> SpeculationMetrics:
    """Return the metrics of one run."""
    latency = Constant(THINK_S, tool_s, user_s)
    return SpeculationMetrics.of(
        simulate(table, policy, latency=latency, predict_s=PREDICT_MS / 1e3, options=Options.from_text(options))
    )


def main(traces: str) -> None:
    """Fit, choose, measure, write."""
    told = Progress(True)
    data = load_data([Path(traces)])
    parts = split_data(data, 0)
    learned = fitted("learned", parts.train, progress=told)
    tuning, testing = (
        predicted(learned, "learned", part, predict_ms=PREDICT_MS, progress=told)
        for part in (parts.validation, parts.test)
    )
    oracle = predicted(fitted("oracle", parts.train_and_validation), "oracle", parts.test, predict_ms=PREDICT_MS)
    sizes = {name: part["tasks"] for name, part in split_sizes(parts).items()}
    lines = [
        HEAD.format(
            traces=traces, version=__version__, **sizes, amplification=AMPLIFICATION, think=THINK_S, user=USER_S,
            predict=PREDICT_MS,
        )
    ]  # fmt: skip
    points = []
    for tool_s in (0.5, 1.0, 2.0, 4.0):
        lines += [
            f"## T = {tool_s:g} s\n",
            "| | policy | saved | oracle | wasted | net | amplification | LLM lost |",
            "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        ]
        for way, (options, user_s) in WAYS.items():
            told.note(f"T = {tool_s:g} s: {way}")
            net = way == BEST_NET
            chosen = choose_policy(
                tuning.table, amplification=None if net else AMPLIFICATION, waste_price=float(net),
                latency=Constant(THINK_S, tool_s, user_s),
                predict_s=PREDICT_MS / 1e3, options=Options.from_text(options), candidates=CANDIDATES,
            )  # fmt: skip
            assert chosen is not None
            found = measure(testing.table, Policy.from_text(chosen[0]), tool_s, options, user_s)
            best = measure(oracle.table, TopK(), tool_s, options, user_s)
            low, high = found.saved_share_ci or (0.0, 0.0)
            if way in DRAWN:
                formula = (overlap_saved_share if "ahead" not in options else run_ahead_saved_share)(
                    THINK_S, tool_s, hits=found.hits, calls=found.calls, points=found.points
                )
                points.append(
                    {"way": way, "ratio": tool_s / THINK_S, "saved_share": found.saved_share, "formula": formula,
                     "saved_share_low": low, "saved_share_high": high}
                )  # fmt: skip
            lost = found.run_ahead_lost_s / found.sequential_s
            lines.append(
                f"| {way} | {chosen[0]} | {percent(found.saved_share)} ({percent(low)}–{percent(high)}) | "
                f"{percent(best.saved_share)} | {percent(found.wasted_s / found.sequential_s)} | "
                f"{100 * found.net_s / found.sequential_s:+.1f} % | "
                f"{found.amplification:.2f} | "
                + (f"{percent(lost)}, {found.run_ahead_lost_tok:,.0f} tokens |" if lost else "– |")
            )
        lines.append("")
    plot_ratio(pd.DataFrame(points)).figure.savefig(PAGE.with_suffix(".png"), dpi=120, bbox_inches="tight")
    PAGE.write_text("\n".join(lines), encoding="utf-8")
    print(f"{PAGE}: written")


def percent(share: float | None) -> str:
    """Return a share in per cent."""
    return f"{100 * (share or 0.0):.1f} %"


if __name__ == "__main__":
    main(*sys.argv[1:])
