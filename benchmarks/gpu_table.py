"""The part of ``benchmarks/README.md`` about GPUs, from the files that ``gpu.py`` left in ``benchmarks/gpu``."""

from __future__ import annotations

import json
import statistics
import textwrap
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("gpu")

HEAD = """\
## A Llama-3-8B on a GPU

`python benchmarks/gpu.py` measured this elsewhere ({when}); `make bench` only shows it. {weights}Each token is a step
of transformers: much of it goes by while Python launches kernels, so a step is as long with one row as with four, and
varies with the processor. The files in [`gpu/`](gpu) are latency models, too: `specbench evaluate --latency
profile:benchmarks/gpu/{profile},1`.
"""
LIVE = """\
Conversations on the support desk with the seconds of its own tools, p ≥ 0.3, sequentially and speculatively in turns;
every message and every row of the database was compared. *simulated*: how far the simulator, which is given the
thinking of the sequential run, is from the measured speculative run; *second thinking*: how much longer the same tokens
took the model in that run, which no simulator can know.
"""
RANDOM = """\
Weights are **random**: what is written is forced along scripted conversations, token by token, so time and memory are
real, and what the model would have said is not. """
COSTS = ["", "memory of the weights", "prefill of 512 tokens", "of 2,048", "a step", "a stop takes"]
RUNS = [
    "", "conversations", "tokens/s", "sequential", "speculative", "saved (each)", "hits of calls", "outcomes equal",
    "simulated", "second thinking",
]  # fmt: skip


def section(folder: Path = FOLDER) -> list[str]:
    """Return lines of Markdown; none where nothing was measured."""
    names = [each.stem.removeprefix("live-desk-") for each in sorted(folder.glob("live-desk-*.json"))]
    profiles = {name: _read(folder / f"profile-{name}.json") for name in names}
    if not profiles:
        return []
    random = RANDOM if all(each["random_weights"] for each in profiles.values()) else ""
    costs, runs = [], []
    for name, profile in profiles.items():
        title = (
            f"{profile['device']}, {'bf16' if profile['quantisation'] == 'none' else profile['quantisation'].upper()}"
        )
        costs.append([title, *_costs(profile)])
        runs.append([title, *_live(_read(folder / f"live-desk-{name}.json"))])
    return [
        _filled(HEAD.format(weights=random, profile=f"profile-{next(iter(profiles))}.json", when=_when(profiles))),
        *_table(COSTS, costs),
        "",
        _filled(LIVE),
        *_table(RUNS, runs),
    ]


def _when(profiles: dict[str, dict[str, Any]]) -> str:
    dated = ([each["day"], *(" ".join(pair) for pair in each["versions"].items())] for each in profiles.values())
    return "; ".join(sorted({", ".join(each) for each in dated}))


def _costs(profile: dict[str, Any]) -> list[str]:
    prefill = {each["tok"]: each["prefill_s"] for each in profile["samples"] if each["batch"] == 1}
    steps = [1e3 * each["step_s"] for each in profile["samples"]]
    held, planned = (profile["memory"][key] / 1e9 for key in ("allocated_bytes", "planned_bytes"))
    return [
        f"{held:.2f} GB ({planned:.2f} planned)",
        *(f"{1e3 * prefill[tok]:.0f} ms" if tok in prefill else "–" for tok in (512, 2048)),
        f"{statistics.median(steps):.0f} ms ({min(steps):.0f}–{max(steps):.0f})",
        f"{1e3 * statistics.median(profile['stop_s']):.0f} ms",
    ]


def _live(live: dict[str, Any]) -> list[str]:
    usage, metrics = live["usage"], live["metrics"]
    thought = [usage[way]["prefill_s"] + usage[way]["decode_s"] for way in ("sequential", "speculative")]
    each = ", ".join(f"{100 * one['saved_share']:.1f}" for one in live["each"])
    return [
        str(live["conversations"]),
        f"{usage['sequential']['completion_tok'] / usage['sequential']['decode_s']:.0f}",
        *(f"{live['elapsed_s'][way]:.1f} s" for way in ("sequential", "speculative")),
        f"**{100 * live['saved_share']:.1f} %** ({each})",
        f"{metrics['hits']} of {metrics['calls']}",
        "all" if live["lossless"] else "**NOT ALL**",
        f"{100 * live['simulated']['error']:+.1f} %",
        f"{100 * (thought[1] / thought[0] - 1):+.1f} %",
    ]


def _filled(text: str) -> str:
    return "\n\n".join(textwrap.fill(part.strip(), 120) for part in text.split("\n\n")) + "\n"


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---", *["---:"] * (len(head) - 1)], *rows)]


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
