"""From slider to figure in the kernel: simulate 5,000 decisions, tabulate, draw."""

from __future__ import annotations

from bench_simulator import DECISIONS, table_of
from common import Result, seconds

from specbench.playground import Playground
from specbench.study.workbench import Workbench


def measure() -> list[Result]:
    """Return milliseconds of moving one slider, for the curve and for the confusion of tools."""
    bench = Workbench()
    bench.add("ngram", bench.predictor("ngram"))
    table = table_of(DECISIONS)
    table.ahead = [[] for _ in table.points]
    bench._tables["ngram"] = table
    play = Playground(bench, predictor="ngram")
    out = []
    for name, tab, words in (("threshold", 0, ""), ("tool_s", 0, ""), ("threshold", 2, ", confusion of tools")):
        play.tabs.selected_index = tab
        control, steps = play.inputs[name], (0.02 * step for step in range(1, 40))  # never the same value: no cache

        def move(control: object = control, steps: object = steps) -> None:
            control.value = next(steps)  # type: ignore[attr-defined, call-overload]

        out.append(Result(f"playground, moving {name}{words}, {DECISIONS} decisions", 1e3 * seconds(move), "ms", 200))
    return out
