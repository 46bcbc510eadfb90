"""How long a local model takes: prefill against prompt length, decoding against context length, and batch size.

A straight line is fitted to each: a prefill reads its weights once and computes for every token; a decoding step reads
weights and cache.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from specbench.core.errors import ConfigError
from specbench.core.extras import named_extras
from specbench.llm.local.loading import LoadedModel

__all__ = ["LatencyProfile", "Sample", "described", "fit_profile", "profile_model"]


@dataclass(frozen=True)
class Sample:
    """One measurement: ``tok`` tokens of context in each of ``batch`` rows; seconds of the prefill, and of a step."""

    tok: int
    batch: int
    prefill_s: float
    step_s: float


@dataclass(frozen=True)
class LatencyProfile:
    """Prefill and decoding time of a model on a device.

    ``prefill = prefill_base_s + batch · prompt_tok · prefill_s_a_tok`` and
    ``step = step_base_s + batch · (step_s_a_row + context_tok · step_s_a_tok)``.

    Examples
    --------
    >>> profile = LatencyProfile(0.01, 1e-4, 0.02, 0.0, 1e-6, 0.0)
    >>> round(profile.think_s(prompt_tok=500, completion_tok=20), 3)
    0.45
    """

    prefill_base_s: float
    prefill_s_a_tok: float
    step_base_s: float
    step_s_a_row: float
    step_s_a_tok: float
    error: float

    def prefill_s(self, prompt_tok: int, batch: int = 1) -> float:
        """Seconds to the first token."""
        return self.prefill_base_s + batch * prompt_tok * self.prefill_s_a_tok

    def step_s(self, context_tok: int, batch: int = 1) -> float:
        """Seconds of a further token."""
        return self.step_base_s + batch * (self.step_s_a_row + context_tok * self.step_s_a_tok)

    def think_s(self, prompt_tok: int, completion_tok: int, batch: int = 1) -> float:
        """Seconds of a whole invocation."""
        middle = prompt_tok + completion_tok // 2
        return self.prefill_s(prompt_tok, batch) + max(0, completion_tok - 1) * self.step_s(middle, batch)


def fit_profile(samples: Sequence[Sample]) -> LatencyProfile:
    """Fit a profile to measurements; ``error`` is the median relative error of both lines.

    Examples
    --------
    >>> true = LatencyProfile(0.01, 1e-4, 0.02, 0.001, 1e-6, 0.0)
    >>> samples = [Sample(tok, batch, true.prefill_s(tok, batch), true.step_s(tok, batch))
    ...            for tok in (64, 256, 1024) for batch in (1, 4)]
    >>> fitted = fit_profile(samples)
    >>> round(fitted.prefill_s_a_tok, 6), round(fitted.step_s_a_tok, 8), round(fitted.error, 6)
    (0.0001, 1e-06, 0.0)
    """
    with named_extras():
        from scipy.optimize import nnls

    if len({each.tok for each in samples}) < 2:
        raise ConfigError("a profile needs two prompt lengths or more; give --lengths 64,256,1024")
    rows = np.array([[1.0, each.batch, each.batch * each.tok] for each in samples])
    prefill = np.array([each.prefill_s for each in samples])
    step = np.array([each.step_s for each in samples])
    # Divided by what was measured: relative errors count, else the longest prompts decide alone.
    base, slope = nnls(rows[:, (0, 2)] / prefill[:, None], np.ones(len(samples)))[0]
    step_base, a_row, a_tok = nnls(rows / step[:, None], np.ones(len(samples)))[0]
    fitted = LatencyProfile(float(base), float(slope), float(step_base), float(a_row), float(a_tok), 0.0)
    wrong = [abs(fitted.prefill_s(each.tok, each.batch) / each.prefill_s - 1) for each in samples]
    wrong += [abs(fitted.step_s(each.tok, each.batch) / each.step_s - 1) for each in samples]
    return LatencyProfile(**{**asdict(fitted), "error": float(np.median(wrong))})


def profile_model(
    loaded: LoadedModel,
    *,
    lengths: Sequence[int] = (64, 128, 256, 512, 1024),
    batches: Sequence[int] = (1, 2, 4),
    steps: int = 16,
    repeats: int = 3,
    note: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure a model and fit its profile.

    Parameters
    ----------
    loaded
        The model.
    lengths, batches
        Prompt lengths in tokens, rows at a time.
    steps
        Decoding steps of each measurement.
    repeats
        Each is measured so often, and the median counts.
    note
        Told a line a measurement.

    Returns
    -------
    dict
        :func:`described`, with ``samples`` and ``profile``.
    """
    longest = int(loaded.model.config.get_text_config().max_position_embeddings) - steps
    if any(not 0 < length <= longest for length in lengths) or any(batch < 1 for batch in batches):
        raise ConfigError(
            f"lengths are 1 to {longest} for {loaded.name}, batches 1 or more; got {lengths} and {batches}"
        )
    samples = []
    for batch in batches:
        for length in lengths:
            runs = [_measure(loaded, length, batch, steps) for _ in range(repeats + 1)][1:]
            prefill_s, step_s = np.median(runs, axis=0).tolist()
            samples.append(Sample(length, batch, prefill_s, step_s))
            note(f"{length} tokens × {batch}: prefill {1e3 * prefill_s:.1f} ms, step {1e3 * step_s:.2f} ms")
    fitted = asdict(fit_profile(samples))
    return described(loaded) | {"samples": [asdict(each) for each in samples], "profile": fitted}


def described(loaded: LoadedModel) -> dict[str, Any]:
    """Return what was measured: a model, in which numbers, on which device."""
    import torch

    cuda = loaded.device.startswith("cuda")
    return {
        "model": loaded.name,
        "device": torch.cuda.get_device_name(loaded.device) if cuda else f"{loaded.device} ({_processor()})",
        "dtype": loaded.dtype,
        "quantisation": loaded.quantisation,
        "random_weights": loaded.random_weights,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def _processor() -> str:
    """The processor's name, where the system tells it."""
    import platform
    from pathlib import Path

    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _measure(loaded: LoadedModel, length: int, batch: int, steps: int) -> tuple[float, float]:
    """Seconds of a prefill, and of a decoding step after it."""
    import torch

    wait: Any = torch.cuda.synchronize if loaded.device.startswith("cuda") else lambda: None
    ids = torch.randint(16, 500, (batch, length), generator=torch.Generator().manual_seed(length)).to(
        loaded.model.device
    )
    with torch.inference_mode(), loaded.attention():
        wait()
        started = time.perf_counter()
        output = loaded.model(ids, use_cache=True, logits_to_keep=1)
        wait()
        prefilled = time.perf_counter()
        for _ in range(steps):
            token = output.logits[:, -1].argmax(-1, keepdim=True)
            token.tolist()  # who streams reads each token, and waits for a GPU
            output = loaded.model(token, past_key_values=output.past_key_values)
        wait()
    return prefilled - started, (time.perf_counter() - prefilled) / steps
