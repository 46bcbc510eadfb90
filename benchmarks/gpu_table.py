"""The part of ``benchmarks/README.md`` about GPUs, from the files that ``gpu.py`` left in ``benchmarks/gpu``."""

from __future__ import annotations

import json
import statistics
import textwrap
from pathlib import Path
from typing import Any

from specbench.metrics.intervals import ratio_interval

FOLDER = Path(__file__).with_name("gpu")
FEW = 5
"""Of fewer conversations no interval is given."""

HEAD = """\
## A Llama-3-8B on a GPU

`python benchmarks/gpu.py` measured this elsewhere ({when}); `make bench` only shows it. {weights}Each token is a step
of transformers: much of it goes by while Python launches kernels, so a step is as long with one row as with four, and
varies with the processor and with what else it does. {notes}The files in [`gpu/`](gpu) are latency models, too:
`specbench evaluate --latency profile:benchmarks/gpu/{profile},1`.
"""
LIVE = """\
Conversations run sequentially and speculatively in turns, p ≥ 0.3; every message, and every row of the desk's database,
was compared. *saved*: of the sequential seconds, with a 95 % interval by conversation. *simulated*: how far the
simulator, which is given the thinking of the sequential run, is from the measured speculative run; *second thinking*:
how much longer the same tokens took the model in that run, which no simulator can know.
"""
RANDOM = """\
Weights are **random**: what is written is forced along scripted conversations, token by token, so time and memory are
real, and what the model would have said is not. """
EMBEDDING = """\
The same models as a [text embedding](../docs/log/ablations.md#text-embeddings) (`specbench compare --hidden`): what
it takes to embed a message of the desk, one prefill each.
"""
EMBEDDED = ["", "messages", "dimensions", "a message, p50", "p99"]
COSTS = ["", "memory of the weights", "prefill of 512 tokens", "of 2,048", "a step", "a stop takes"]
RUNS = [
    "", "conversations", "their tools", "tokens/s", "sequential", "speculative", "saved", "hits of calls",
    "outcomes equal", "simulated", "second thinking",
]  # fmt: skip


def section(folder: Path = FOLDER) -> list[str]:
    """Return lines of Markdown; none where nothing was measured."""
    names = [each.stem.removeprefix("profile-") for each in sorted(folder.glob("profile-*.json"))]
    profiles = {name: _read(folder / f"profile-{name}.json") for name in names}
    if not profiles:
        return []
    random = RANDOM if all(each["random_weights"] for each in profiles.values()) else ""
    notes = "".join(f"{each['note']} " for each in profiles.values() if "note" in each)  # written by hand
    costs, runs, embedded = [], [], []
    for name, profile in profiles.items():
        title = _title(profile)
        costs.append([title, *_costs(profile)])
        runs += [[title, *_live(_read(each))] for each in sorted(folder.glob(f"live-*-{name}.json"))]
        embedded += [[_title(each), *_embedded(each)] for each in map(_read, folder.glob(f"embedding-{name}.json"))]
    return [
        _filled(
            HEAD.format(
                weights=random, notes=notes, profile=f"profile-{next(iter(profiles))}.json", when=_when(profiles)
            )
        ),
        *_table(COSTS, costs),
        "",
        _filled(LIVE),
        *_table(RUNS, runs),
        *(["", _filled(EMBEDDING), *_table(EMBEDDED, embedded)] if embedded else []),
    ]


def _title(profile: dict[str, Any]) -> str:
    numbers = profile["dtype"] if profile["quantisation"] == "none" else profile["quantisation"].upper()
    return f"{profile['device']}, {numbers}"


def _when(profiles: dict[str, dict[str, Any]]) -> str:
    dated = ({"": each["day"]} | each["versions"] for each in profiles.values())
    words = ((f"{name} {of.partition('+')[0]}".strip() for name, of in sorted(each.items())) for each in dated)
    return "; ".join(sorted({", ".join(each) for each in words}))


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


def _embedded(record: dict[str, Any]) -> list[str]:
    found = record["messages"]
    return [f"{found['count']}", f"{found['dim']:,}", *(f"{found[key]:.0f} ms" for key in ("p50_ms", "p99_ms"))]


def _live(live: dict[str, Any]) -> list[str]:
    usage, metrics = live["usage"], live["metrics"]
    thought = [usage[way]["prefill_s"] + usage[way]["decode_s"] for way in ("sequential", "speculative")]
    return [
        f"{live['conversations']} of {live['talks']}",
        live["tools"],
        f"{usage['sequential']['completion_tok'] / usage['sequential']['decode_s']:.0f}",
        *(f"{live['elapsed_s'][way]:.1f} s" for way in ("sequential", "speculative")),
        f"**{100 * live['saved_share']:.1f} %**{_interval(live['each'])}",
        f"{metrics['hits']} of {metrics['calls']}",
        "all" if live["lossless"] else "**NOT ALL**",
        f"{100 * live['simulated']['error']:+.1f} %",
        f"{100 * (thought[1] / thought[0] - 1):+.1f} %",
    ]


def _interval(each: list[dict[str, float]]) -> str:
    whole = [one["sequential_s"] for one in each]
    saved = [one["sequential_s"] - one["speculative_s"] for one in each]
    found = (
        ratio_interval([str(at) for at in range(len(each))], saved, whole, share=False) if len(each) >= FEW else None
    )
    return "" if found is None else f" [{100 * found[0]:.1f}, {100 * found[1]:.1f}]"


def _filled(text: str) -> str:
    return "\n\n".join(textwrap.fill(part.strip(), 120) for part in text.split("\n\n")) + "\n"


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---", *["---:"] * (len(head) - 1)], *rows)]


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
