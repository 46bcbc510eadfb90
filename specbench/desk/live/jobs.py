"""The jobs of ``specbench run``: the support desk live, recorded traces live, and what they leave behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.ledger import Ledger
from specbench.core.types import Trace
from specbench.desk.live.comparison import LiveComparison, compare_live, scripted_talks
from specbench.desk.live.record import live_record
from specbench.desk.live.recorded_traces import Recorded, replay_live
from specbench.desk.live.simulated import simulate_live, simulate_recorded
from specbench.desk.world.tools import DeskLatency
from specbench.integrations.tracing import Tracer
from specbench.llm.backends.paced import PacedBackend
from specbench.llm.base import Backend
from specbench.llm.local.memory import QUANTISATIONS, Quantisation
from specbench.llm.registry import load_named, make_backend
from specbench.policies import Policy, Threshold
from specbench.predictors import make_predictor
from specbench.sim.latency.models import Constant
from specbench.speculation import Options
from specbench.traces.splitting import split

__all__ = ["LiveJob", "run_desk", "run_traces", "write_live"]

TRAINING_TALKS = 200
"""Scripted conversations that the desk's predictor learns from."""


@dataclass(frozen=True)
class LiveJob:
    """What both jobs need.

    Parameters
    ----------
    llm, pace, quantisation, random_weights, strict
        The model; a pace of 0 holds nothing back.
    conversations
        How many, each of them twice.
    predictor, policy, options, early
        Of the speculative runs.
    seed
        Of conversations, latencies, split.
    note
        Told a line now and then.
    """

    llm: str = "micro"
    pace: float = 0.0
    conversations: int = 4
    predictor: str = "learned"
    policy: Policy = field(default_factory=Threshold)
    options: Options = field(default_factory=Options)
    early: bool = True
    quantisation: str = "none"
    random_weights: bool = False
    strict: bool = True
    seed: int = 1
    note: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        if self.conversations < 1:
            raise ConfigError(f"--conversations is {self.conversations}; it must be 1 or more")
        self.bits()

    def bits(self) -> Quantisation:
        """The quantisation, if there is one of that name."""
        found = next((each for each in QUANTISATIONS if each == self.quantisation), None)
        if found is None:
            raise ConfigError(f"--quantisation is {self.quantisation!r}; use {', '.join(QUANTISATIONS)}")
        return found


async def run_desk(
    job: LiveJob, tool_scale: float = 1.0, spans: Path | None = None
) -> tuple[LiveComparison, Ledger | None]:
    """Run the support desk; see :func:`specbench.desk.live.comparison.compare_live`.

    Returns
    -------
    tuple
        The comparison, and what the simulator makes of it.
    """
    if job.random_weights:
        raise ConfigError("a model with random weights decides nothing; --random-weights is for --traces")
    latency = DeskLatency(scale=tool_scale, seed=job.seed)
    backend = make_backend(job.llm, pace_tokens_per_s=job.pace or None, quantisation=job.bits(), strict=job.strict)
    predictor = make_predictor(job.predictor)
    job.note(f"training {job.predictor} on {TRAINING_TALKS} scripted conversations of another desk")
    predictor.fit(scripted_talks(TRAINING_TALKS, seed=job.seed + 1))
    tracer = Tracer.from_environment(spans)
    compared = await compare_live(
        backend,
        predictor,
        job.policy,
        scripted_talks(job.conversations, seed=job.seed),
        seed=job.seed,
        latency=latency,
        options=job.options,
        early=job.early,
        tracer=tracer,
        note=job.note,
    )
    tracer.close()
    await backend.aclose()
    return compared, simulate_live(compared, predictor, job.policy, latency, job.options)


async def run_traces(job: LiveJob, traces: Sequence[Trace], tool_s: float) -> tuple[LiveComparison, Ledger | None]:
    """Force recorded decisions through a local model; see :mod:`specbench.desk.live.recorded_traces`.

    The predictor learns from the other tasks.

    Returns
    -------
    tuple
        The comparison, and what the simulator makes of it; nothing where a conversation outgrew the model's context.
    """
    from specbench.llm.backends.forced import ReplayBackend

    parts = split(traces, seed=job.seed)
    chosen = [trace for trace in parts.test if trace.messages][: job.conversations]
    latency = Constant(tool=tool_s)
    recorded = Recorded(chosen, latency)
    loaded = load_named(job.llm, quantisation=job.bits(), random_weights=job.random_weights)
    backend: Backend = ReplayBackend(loaded, recorded.message)
    if job.pace:
        backend = PacedBackend(backend, tokens_per_s=job.pace)
    job.note(f"training {job.predictor} on {len(parts.train) + len(parts.validation)} traces")
    predictor = make_predictor(job.predictor).fit([*parts.train, *parts.validation])
    compared = await replay_live(
        backend, predictor, job.policy, chosen, recorded, options=job.options, early=job.early, note=job.note
    )
    return compared, simulate_recorded(compared, predictor, job.policy, chosen, latency, job.options)


def write_live(out: str | Path, compared: LiveComparison, simulated: Ledger | None) -> dict[str, Any]:
    """Write both ledgers and the record to a folder, and return the record."""
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    compared.sequential.ledger.to_parquet(folder / "sequential.parquet")
    compared.speculative.ledger.to_parquet(folder / "speculative.parquet")
    record = live_record(compared, simulated)
    (folder / "live.json").write_text(json.dumps(record, indent=1, default=str) + "\n", encoding="utf-8")
    return record
