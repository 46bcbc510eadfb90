"""The live desk of the notebooks: which model, at which pace, with how much time, from the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass

from specbench.core.types import Trace
from specbench.desk.live.comparison import scripted_talks
from specbench.desk.world.tools import DeskLatency
from specbench.llm import Backend, make_backend

__all__ = ["LiveDesk"]

LESSONS_SEED = 2


@dataclass(frozen=True)
class LiveDesk:
    """A model and the support desk that it works at.

    Parameters
    ----------
    backend
        The model.
    quick
        Whether there is little time: a faster pace, faster tools, fewer conversations to learn from.
    """

    backend: Backend
    quick: bool

    @classmethod
    def from_environment(cls) -> LiveDesk:
        """Return the desk with the model that ``SPECBENCH_LLM`` names, in ``SPECBENCH_QUANTISATION``.

        By default it is the micro-Llama, paced to 30 tokens a second: the speed of an 8B model on a GPU.
        ``transformers:meta-llama/Meta-Llama-3-8B-Instruct`` with ``nf4`` is that model in 4 bit.
        """
        name, quick = os.environ.get("SPECBENCH_LLM", "micro"), "SPECBENCH_FAST" in os.environ
        pace = (90.0 if quick else 30.0) if name == "micro" else None
        quantisation = os.environ.get("SPECBENCH_QUANTISATION", "none")
        return cls(make_backend(name, pace_tokens_per_s=pace, quantisation=quantisation), quick)  # type: ignore[arg-type]

    def lessons(self) -> list[Trace]:
        """Return conversations of another desk, with other customers, for predictors to learn from."""
        return scripted_talks(40 if self.quick else 120, seed=LESSONS_SEED)

    def latency(self, scale: float = 1.0) -> DeskLatency:
        """Return the seconds of the desk's tools, times ``scale``."""
        return DeskLatency(scale=0.4 * scale if self.quick else scale)
