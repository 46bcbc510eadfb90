"""The live part of a study: the support desk with the micro-Llama (paced), sequentially and with two predictors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio

from specbench.core.errors import ConfigError
from specbench.desk.live.comparison import LiveComparison, compare_live, scripted_talks
from specbench.desk.world.tools import DeskLatency
from specbench.llm.registry import make_backend
from specbench.metrics import SpeculationMetrics
from specbench.plots import THEMES, plot_waterfall, save_figure
from specbench.policies import Threshold
from specbench.predictors import Predictor, make_predictor
from specbench.study.progress import Progress

__all__ = ["LIVE_PREDICTORS", "run_live"]

LIVE_PREDICTORS = ("markov", "learned")
LIVE_THRESHOLD = 0.3
PACE_TOK_PER_S = 30.0
LESSONS = 120


def run_live(
    folder: Path,
    conversations: int = 2,
    *,
    predictors: Sequence[str] = LIVE_PREDICTORS,
    pace_tok_per_s: float = PACE_TOK_PER_S,
    tool_scale: float = 1.0,
    seed: int = 1,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Run conversations live, without and with each predictor in turns; write ledgers and a figure; return the numbers.

    The predictors learn from conversations of another desk with other customers.

    Parameters
    ----------
    folder
        The results folder; gets ``live-NAME.parquet`` and ``figures/live.*``.
    conversations
        How many; each is run twice a predictor, in real time.
    predictors, pace_tok_per_s, tool_scale, seed
        What speculates; the model's speed, labelled; times the tools' seconds; of conversations and latencies.
    progress
        Told how far it is.

    Raises
    ------
    ConfigError
        When there is nothing to run.
    """
    if conversations < 1:
        raise ConfigError(f"a live run is of 1 conversation or more; got {conversations!r}")
    told = progress if progress is not None else Progress(False)
    lessons = scripted_talks(LESSONS, seed=seed + 1)
    rows, last = [], None
    for name in predictors:
        told.note(f"live: {name}, fitting on {len(lessons)} conversations of another desk")
        predictor = make_predictor(name).fit(lessons)
        compared = anyio.run(_compare, predictor, conversations, pace_tok_per_s, tool_scale, seed, told)
        compared.speculative.ledger.to_parquet(folder / f"live-{name}.parquet")
        metrics = SpeculationMetrics.of(compared.speculative.ledger)
        rows.append(
            {
                "predictor": name, "lossless": compared.lossless, "saved_share": compared.saved_share,
                "sequential_s": sum(compared.sequential.elapsed_s), "recall": metrics.recall,
                "speculative_s": sum(compared.speculative.elapsed_s), "precision": metrics.precision,
                "wasted_s": metrics.wasted_s, "report": metrics.report(),
            }
        )  # fmt: skip
        last = compared
    assert last is not None
    (folder / "figures").mkdir(exist_ok=True)
    for theme in THEMES:
        save_figure(plot_waterfall(last.speculative.ledger, theme=theme), folder / "figures", "live", theme)
    return {
        "backend": last.backend,
        "conversations": conversations,
        "policy": repr(Threshold(LIVE_THRESHOLD)),
        "runs": rows,
    }


async def _compare(
    predictor: Predictor, conversations: int, pace: float, tool_scale: float, seed: int, told: Progress
) -> LiveComparison:
    backend = make_backend("micro", pace_tokens_per_s=pace)
    try:
        return await compare_live(
            backend, predictor, Threshold(LIVE_THRESHOLD), scripted_talks(conversations, seed=seed), seed=seed,
            latency=DeskLatency(scale=tool_scale, seed=seed), note=lambda text: told.note(f"live: {text}"),
        )  # fmt: skip
    finally:
        await backend.aclose()
