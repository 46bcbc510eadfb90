"""The leaderboard: every predictor on every set of agent traces that is here, as docs/leaderboard.md and .json.

``OMP_NUM_THREADS=1 python benchmarks/domains.py --data ../shared/data``

Each set is split by task (a quarter for the test, seed 0). What was measured is kept in the JSON file and not measured
again unless ``--again`` says so: an interrupted run goes on where it was. Before it starts, a run says how long it will
take, from what earlier runs took. With ``--share 0.3`` a share of the tasks of each set is used.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from common import ROOT

from specbench.core.files import atomic_file
from specbench.core.types import Effect, Trace
from specbench.metrics import predict_traces
from specbench.metrics.intervals import ratios
from specbench.metrics.prediction_rates import hits_at, is_read, rates
from specbench.metrics.prediction_table import PredictionTable
from specbench.predictors import competitor_names, control_names
from specbench.sim.threshold_sweep import recall_at_precision
from specbench.study.data import load_data
from specbench.study.evaluation import seeded
from specbench.traces.splitting import split

SECONDS = {"learned": 0.05}
"""Of a decision, fit and prediction together, where nothing was measured yet; others take a tenth of that."""
FEWEST = 40
"""Tasks of a set that are kept, whatever the share; all where there are fewer."""
CODING = dict.fromkeys(("Read", "Grep", "Glob", "LS", "WebFetch", "WebSearch"), "read")
_READS = ("get_", "can_", "check_", "search", "list", "find", "run_speed")


class Domain(NamedTuple):
    """A set of traces: where it lies, what is declared beside it, and what may be done with it."""

    name: str
    paths: Sequence[str]
    effects: Mapping[str, Any] | None = None
    irrelevant: Sequence[str] = ()
    licence: str = "MIT"


DOMAINS = (
    Domain("τ-bench retail", ["tau_bench_retail"]),
    Domain("τ-bench airline", ["tau_bench_airline"]),
    Domain("τ² telecom", ["raw/tau2/telecom"]),
    Domain("τ² airline", ["raw/tau2/airline"]),
    Domain("SGD dev", ["sgd/dev"], licence="CC BY-SA 4.0, measured only"),
    Domain("STAR", ["domains/star.jsonl"]),
    Domain("WorkBench", ["domains/workbench.jsonl"]),
    Domain("SWE-agent", ["domains/swe_agent.jsonl"], licence="none, measured only"),
    Domain("AgentDojo format", ["domains/agentdojo.jsonl"], irrelevant=["reason"], licence="none, measured only"),
    Domain("Claude Code", ["raw/claude_code"], effects=CODING, irrelevant=["description"]),
    Domain("mini-SWE-agent", ["raw/mini_swe_agent"], effects={"bash": "read"}),
    Domain("support desk", [str(ROOT / "data" / "support_desk.jsonl")]),
)


def paths_of(domain: Domain, data: Path) -> list[Path]:
    """Return the files of a set; ``raw/tau2/telecom`` are the files of that folder whose names begin like that."""
    out: list[Path] = []
    for each in domain.paths:
        path = data / each
        found = [path] if path.exists() else sorted(path.parent.glob(f"*{path.name}*")) if path.parent.exists() else []
        out += found
    return out


def traces_of(domain: Domain, data: Path, share: float) -> list[Trace]:
    """Return the traces of a set, with what is declared beside it; a share of its tasks."""
    paths = paths_of(domain, data)
    traces = load_data(paths).traces
    effects = dict(domain.effects or {})
    if not effects and not any(trace.tools for trace in traces):
        called = {call.name for trace in traces for message in trace.messages for call in message.tool_calls}
        effects = {name: "read" if name.startswith(_READS) else "write" for name in called}
    if domain.irrelevant:
        offered = {name: spec for trace in traces for name, spec in trace.tools.items()}
        for name in {*offered, *effects}:
            effect = effects.get(name) or offered[name].effect
            effects[name] = {"effect": str(effect), "irrelevant": list(domain.irrelevant)}
    if effects:
        traces = load_data(paths, effects=effects).traces
    tasks = sorted({trace.task_id for trace in traces})
    kept = np.random.default_rng(7).permutation(len(tasks))[: max(FEWEST, round(share * len(tasks)))]
    chosen = {tasks[at] for at in kept}
    return [trace for trace in traces if trace.task_id in chosen]


def used_before_write(table: PredictionTable) -> float | None:
    """Return the share of the best READ guesses that the agent calls before its next write: stretto's definition."""
    guesses = used = 0
    for row, point in enumerate(table.points):
        best = next((each.call for each in table.predictions[row] if each.call is not None), None)
        if best is None or not is_read(point, best):
            continue
        guesses += 1
        for later in range(row, len(table)):
            if table.points[later].trace_id != point.trace_id:
                break
            calls = table.calls[later]
            if best in calls:
                used += 1
                break
            if not all(is_read(point, call) or _local(point.tools, call.name) for call in calls):
                break
    return used / guesses if guesses else None


def _local(tools: Mapping[str, Any], name: str) -> bool:
    return name in tools and tools[name].effect is Effect.LOCAL


def measured(name: str, train: Sequence[Trace], test: Sequence[Trace]) -> dict[str, Any]:
    """Fit a predictor and return what the page shows of it."""
    predictor, started, used_s = seeded(name, 0), time.perf_counter(), time.process_time()
    predictor.fit(train)
    fit_s, fit_cpu_s = time.perf_counter() - started, time.process_time() - used_s
    table = predict_traces(predictor, test)
    found = rates(table, intervals=True)
    p50, p99 = np.percentile(table.latency_ms, [50, 99])
    sums: dict[str, list[float]] = {}
    hits = [hits_at(table, k, among=is_read) for k in (1, 3)]
    for task, of, one, three in zip(table.tasks, hits[0].of, hits[0].hit, hits[1].hit, strict=True):
        row = sums.setdefault(task, [0.0, 0.0, 0.0])
        sums[task] = [row[0] + of, row[1] + one, row[2] + three]
    keys = ("read_call_top1", "read_call_top3", "call_top1", "call_top3", "tool_top1", "reply_accuracy", "brier", "ece")
    return {
        **{key: found[key] for key in keys},
        "first_read_top1": found["first_call"]["read_call_top1"],
        "first_read_top3": found["first_call"]["read_call_top3"],
        "ci": {key: found["ci"].get(key) for key in keys[:2]},
        "points": found["points"],
        "read_calls": found["read_calls"],
        "recall_at_75": recall_at_precision(table, 0.75),
        "used_before_write": used_before_write(table),
        "p50_ms": float(p50),
        "p99_ms": float(p99),
        "fit_s": fit_s,
        "fit_cpu_s": fit_cpu_s,
        "took_s": time.perf_counter() - started,
        "decisions": len(table) + sum(m.role == "assistant" for trace in train for m in trace.messages),
        "size_mb": _size_mb(predictor),
        "by_task": sums,
        "on": date.today().isoformat(),
    }


def _size_mb(predictor: Any) -> float:
    folder = Path(tempfile.mkdtemp())
    try:
        predictor.save(folder / "it")
        return sum(each.stat().st_size for each in (folder / "it").rglob("*") if each.is_file()) / 1e6
    finally:
        shutil.rmtree(folder)


def expected_s(rows: Mapping[str, Any], name: str, decisions: int) -> float:
    """Return how long a predictor will take on a set of so many decisions, from what earlier ones took."""
    paces = [row["took_s"] / row["decisions"] for key, row in rows.items() if key.endswith(f"|{name}")]
    return decisions * (float(np.median(paces)) if paces else SECONDS.get(name, 0.005))


def beside(row: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Return the paired difference of READ @1 to another predictor, with its interval by task."""
    tasks = sorted(row["by_task"].keys() & other["by_task"].keys())
    if not tasks or row["points"] != other["points"]:
        return ""
    gained = np.array([[row["by_task"][task][1] - other["by_task"][task][1]] for task in tasks])
    of = np.array([[row["by_task"][task][0]] for task in tasks])
    found = ratios(gained, of, share=False)
    if np.isnan(found.value[0]):
        return ""
    where = "" if np.isnan(found.low[0]) else f" [{100 * found.low[0]:+.1f}, {100 * found.high[0]:+.1f}]"
    return f"{100 * found.value[0]:+.1f}{where}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


INTRO = """# Leaderboard

Every predictor on every set of agent traces that was at hand, as `benchmarks/domains.py` measured it. The tasks of each
set are split with seed 0: three quarters to learn from, a quarter to be tested on{share}. Nothing here is tuned on the
test tasks; all figures are per cent unless a unit stands beside them.

**What is counted.** *READ @1 / @3*: of the calls of declared reads, the share whose tool *and* every argument that
counts are equal to one of the first one or three calls that were predicted at that decision, given that a call happens;
each of several parallel calls counts. *Minus learned*: the difference of READ @1 to the learned predictor on the same
calls, with its 95 % interval by task. *Tool @1*: the tool alone. *Call or reply*: decisions at which it was right that
a call comes, or none. *Recall*: the most READ calls that can be launched at a precision of 75 % or more. *Used*: the
share of first READ guesses that the agent calls before its next write. *ECE*: calibration error of launched guesses,
from 0 to 1. Milliseconds are those of new messages and a prediction; *fit* is seconds of processor time. The machine
was shared with other work, so times compare within a table and not with other pages.

**Beside other work.** Others count otherwise: PASTE and ToolAhead give the share of *time* saved; Speculative Actions
counts all calls, guessed while the user types; stretto counts a guess that is called before the next write (*used*
here, though its guesses are made with half a lookup a call); Speculate While You Reason gives exact calls at call
boundaries, which is *READ @1* without the split by effect. Numbers are not to be compared across these definitions.

Sets and predictors without a row have not been measured yet: the same command measures what is missing.

**Silent, wrong and oracle** frame simulations and are not shown. `repeat`, `frequent` and `blind` are controls: blind
launches the most frequent calls of the training whatever was said.
"""


def page(rows: Mapping[str, Any], share: float) -> str:
    """Return the page."""
    note = (
        "" if share == 1 else f", of a share of {share:g} of the tasks, at least {FEWEST} (the whole sets take hours)"
    )
    out = [INTRO.format(share=note)]
    for domain in DOMAINS:
        mine = {key.split("|")[1]: row for key, row in rows.items() if key.split("|")[0] == domain.name}
        if not mine:
            continue
        some = next(iter(mine.values()))
        out.append(f"## {domain.name}\n\n{some['read_calls']} READ calls, {some['points']} decisions, "
                   f"{len(some['by_task'])} tasks in the test. Licence: {domain.licence}.\n")  # fmt: skip
        out.append(
            "| predictor | READ @1 | @3 | minus learned | tool @1 | call or reply | recall | used | ECE | p50 / p99 ms "
            "| fit s | MB |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        )
        for name, row in sorted(mine.items(), key=lambda item: -(item[1]["read_call_top1"] or 0)):
            minus = beside(row, mine["learned"]) if "learned" in mine and name != "learned" else ""
            ece = "–" if row["ece"] is None else f"{row['ece']:.3f}"
            out.append(
                f"| {name} | {_percent(row['read_call_top1'])} | {_percent(row['read_call_top3'])} | {minus} | "
                f"{_percent(row['tool_top1'])} | {_percent(row['reply_accuracy'])} | {_percent(row['recall_at_75'])} | "
                f"{_percent(row['used_before_write'])} | {ece} | {row['p50_ms']:.2f} / {row['p99_ms']:.2f} | "
                f"{row['fit_cpu_s']:.1f} | {row['size_mb']:.2f} |"
            )
        out.append("")
    out.append(f"Measured up to {max(row['on'] for row in rows.values())}; {platform.system()}, Python "
               f"{platform.python_version()}.\n")  # fmt: skip
    return "\n".join(out)


def _write(path: Path, text: str) -> None:
    with atomic_file(path) as beside_it:
        beside_it.write_text(text, "utf-8")


def main(words: Sequence[str]) -> int:
    """Measure what is missing and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--sets", help="names of sets, separated by commas; all that are there when left out")
    parser.add_argument("--predictors", help="names of predictors, separated by commas")
    parser.add_argument("--share", type=float, default=1.0, help="of the tasks of each set")
    parser.add_argument("--again", action="store_true", help="measure what was measured before, too")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "leaderboard.json")
    given = parser.parse_args(words)
    controls = [name for name in control_names() if name not in ("silent", "wrong", "oracle")]
    names = given.predictors.split(",") if given.predictors else [*competitor_names(), *controls]
    kept = json.loads(given.out.read_text("utf-8")) if given.out.exists() else {"share": given.share, "rows": {}}
    if kept["share"] != given.share:
        parser.error(f"{given.out} holds what was measured with --share {kept['share']}; give another --out")
    rows: dict[str, Any] = kept["rows"]
    wanted = [each for each in DOMAINS if not given.sets or each.name in given.sets.split(",")]
    plan = []
    for domain in wanted:
        missing = [name for name in names if given.again or f"{domain.name}|{name}" not in rows]
        if missing and paths_of(domain, given.data):
            traces = traces_of(domain, given.data, given.share)
            decisions = sum(message.role == "assistant" for trace in traces for message in trace.messages)
            plan.append((domain, missing, traces, sum(expected_s(rows, name, decisions) for name in missing)))
    print(f"{sum(len(missing) for _, missing, _, _ in plan)} measurements, about "
          f"{sum(seconds for *_, seconds in plan) / 60:.0f} minutes", flush=True)  # fmt: skip
    for domain, missing, traces, seconds in plan:
        parts = split(traces, test=0.25, validation=0, seed=0)
        print(
            f"{domain.name}: {len(parts.train)} + {len(parts.test)} traces, about {seconds / 60:.1f} minutes",
            flush=True,
        )
        for name in missing:
            row = rows[f"{domain.name}|{name}"] = measured(name, parts.train, parts.test)
            print(f"  {name}: READ {_percent(row['read_call_top1'])} / {_percent(row['read_call_top3'])}, "
                  f"{row['took_s']:.0f} s", flush=True)  # fmt: skip
            _write(given.out, json.dumps(kept, indent=1, sort_keys=True) + "\n")
    if rows:
        _write(given.out.with_suffix(".md"), page(rows, given.share))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
