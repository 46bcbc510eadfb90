"""How long a server takes: seconds to the first token and of a further one, for lengths and concurrent requests.

Everything is measured from outside, by streaming: the network and the server's queue are part of it, as they are of an
agent's thinking. Prompts are random words, so that no cache of prefixes answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import anyio
import numpy as np

from specbench.core.errors import ConfigError
from specbench.core.types import Message
from specbench.llm.base import Backend, LLMError, Request, Usage
from specbench.llm.profiling import Sample, fit_profile

__all__ = ["profile_server"]

ASKED = "Ignore the words above. Count from one upwards in words, and do not stop before two hundred."
PROBES = (10, 400)
"""Words of the prompts that tell how many tokens a word has."""


async def profile_server(
    backend: Backend,
    *,
    lengths: Sequence[int] = (64, 256, 512, 1024),
    batches: Sequence[int] = (1, 2, 4),
    steps: int = 48,
    repeats: int = 3,
    seed: int = 0,
    note: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure a server and fit its profile.

    Parameters
    ----------
    backend
        Speaks to the server.
    lengths
        Prompt lengths in tokens, about: the words are chosen for them, and what the server counts is what is fitted.
    batches
        Requests at the same time.
    steps
        Tokens that each request writes, at most.
    repeats
        Each is measured so often, after one time that does not count; the median counts.
    seed
        Of the words.
    note
        Told a line a measurement.

    Returns
    -------
    dict
        As :func:`specbench.llm.profiling.profile_model`, with ``samples`` and ``profile``; the device is the server.

    Raises
    ------
    ConfigError
        When lengths, batches, steps or repeats cannot be.
    LLMError
        When the server cannot be asked, counts no tokens, or ends before its second token.
    """
    if len(set(lengths)) < 2 or min([*lengths, *batches, repeats]) < 1 or steps < 2:
        raise ConfigError(
            f"a profile needs two prompt lengths or more, lengths, batches and repeats of 1 or more, and 2 steps; got "
            f"lengths {list(lengths)}, batches {list(batches)}, repeats {repeats}, steps {steps}"
        )
    draw = np.random.default_rng(seed)
    few, many = [(await _ask(backend, _prompt(draw, words), 2)).prompt_tok for words in PROBES]
    a_word = (many - few) / (PROBES[1] - PROBES[0])
    if a_word <= 0:
        raise LLMError(
            f"{backend.name} does not say how many tokens it read ({few} and {many} for prompts of {PROBES[0]} and "
            f"{PROBES[1]} words); use a server that answers stream_options.include_usage"
        )
    samples = []
    for batch in batches:
        for length in lengths:
            words = max(1, round((length - few) / a_word) + PROBES[0])
            runs = [await _together(backend, draw, words, batch, steps) for _ in range(repeats + 1)][1:]
            tok, prefill_s, step_s = np.median(runs, axis=0).tolist()
            samples.append(Sample(round(tok), batch, prefill_s, step_s))
            note(f"{tok:.0f} tokens × {batch}: first token {1e3 * prefill_s:.1f} ms, step {1e3 * step_s:.2f} ms")
    return {
        "model": backend.name, "device": "a server, measured from outside", "dtype": "as served",
        "quantisation": "as served", "random_weights": False, "samples": [asdict(each) for each in samples],
        "profile": asdict(fit_profile(samples)),
    }  # fmt: skip


def _prompt(draw: np.random.Generator, words: int) -> str:
    """Return words that nobody has asked before."""
    letters = draw.integers(97, 123, (words, 5), dtype=np.uint8)
    return " ".join(bytes(each).decode("ascii") for each in letters) + "\n" + ASKED


async def _together(
    backend: Backend, draw: np.random.Generator, words: int, batch: int, steps: int
) -> tuple[float, float, float]:
    """Send requests at once; returns medians: tokens of a prompt, seconds to the first token, and of a step."""
    found: list[Usage] = []

    async def one(prompt: str) -> None:
        found.append(await _ask(backend, prompt, steps))

    async with anyio.create_task_group() as tasks:
        for _ in range(batch):
            tasks.start_soon(one, _prompt(draw, words))
    rows = [(each.prompt_tok, each.prefill_s, each.decode_s / (each.completion_tok - 1)) for each in found]
    tok, prefill_s, step_s = np.median(rows, axis=0).tolist()
    return tok, prefill_s, step_s


async def _ask(backend: Backend, prompt: str, steps: int) -> Usage:
    usage = (await backend.complete(Request([Message("user", prompt)], max_tok=steps))).usage
    if usage.completion_tok < 2:
        raise LLMError(
            f"{backend.name} wrote {usage.completion_tok} token(s) of {steps} that it was asked for, so that the time "
            "of a token cannot be told; profile another model, or one that is tuned to follow instructions"
        )
    return usage
