"""The micro-Llama on one core, through the streaming backend; and how fast a cancelled invocation stops."""

from __future__ import annotations

import statistics
from functools import partial
from typing import Any

from common import Result, Skipped, seconds


def measure() -> list[Result | Skipped]:
    """Return tokens a second, time to the first token, and tokens written after a cancellation."""
    try:
        import anyio
        import torch

        from specbench.desk.micro_llama.card import speed
        from specbench.llm.backends.transformers_local import TransformersBackend
        from specbench.llm.local.decoder import Decoder
        from specbench.llm.local.loading import load_model
        from specbench.llm.registry import micro_folder
    except ImportError as error:
        return [Skipped("micro-Llama", str(error))]
    torch.set_num_threads(1)
    loaded = load_model(micro_folder(), device="cpu")
    runs = [speed(loaded) for _ in range(3)]
    first = statistics.median(run["ttft_ms"] * 500 / run["prompt_tok"] for run in runs)
    return [
        Result("micro-Llama, decoding", statistics.median(run["tokens_per_s"] for run in runs), "tokens/s", 500, True),
        Result("micro-Llama, first token of a 500-token prompt", first, "ms", 60),
        Result(
            "micro-Llama, steps after a cancellation", _after_cancel(anyio, Decoder, TransformersBackend(loaded)), "", 2
        ),
        *(
            Result(f"attention of a training step, a layer, {name}", 1e3 * seconds(partial(_attend, name)), "ms")
            for name in ("torch's own", "in blocks")
        ),
    ]


def _attend(name: str) -> None:
    """Attention forth and back on a batch as the micro-Llama trains on: 8 conversations of 1,024 tokens, 2 heads."""
    import torch
    from transformers import AttentionInterface

    from specbench.desk.micro_llama.attention import register

    torch.manual_seed(0)
    parts = [torch.randn(8, 2, 1024, 64, dtype=torch.bfloat16, requires_grad=True) for _ in range(3)]
    if name == "in blocks":
        found = AttentionInterface()[register()](None, *parts, None)[0]
    else:
        found = torch.nn.functional.scaled_dot_product_attention(*parts, is_causal=True)
    found.float().sum().backward()


def _after_cancel(anyio: Any, decoder: Any, backend: Any) -> float:
    """Steps that the model makes after its invocation was cancelled."""
    from specbench.core.types import Message
    from specbench.llm.base import Request

    steps, original = [0], decoder.step

    def counted(self: Any) -> int:
        steps[0] += 1
        token: int = original(self)
        return token

    async def run() -> int:
        with anyio.CancelScope() as scope:
            async with backend.stream(Request([Message("user", "Where is my order D48213?")])) as events:
                async for event in events:
                    if event.tok >= 3:
                        scope.cancel()
                        before = steps[0]
                        await anyio.sleep(0)
        return steps[0] - before

    decoder.step = counted
    try:
        return float(anyio.run(run))
    finally:
        decoder.step = original
