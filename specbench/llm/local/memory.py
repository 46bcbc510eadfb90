"""How much memory a model needs, from its configuration alone: nothing is downloaded, nothing allocated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from specbench.core.errors import ConfigError
from specbench.core.extras import named_extras

__all__ = ["LLAMA_3_8B", "QUANTISATIONS", "MemoryPlan", "Quantisation", "free_bytes", "plan_memory"]

Quantisation: TypeAlias = Literal["none", "int8", "nf4"]
QUANTISATIONS: tuple[Quantisation, ...] = ("none", "int8", "nf4")

_BYTES_A_WEIGHT = {
    "int8": 1.0,
    # Four bits, an 8-bit scale for 64 weights, a 32-bit scale for 256 of those: double quantisation.
    "nf4": 0.5 + 1 / 64 + 4 / (64 * 256),
}

LLAMA_3_8B: dict[str, Any] = {
    "model_type": "llama",
    "vocab_size": 128_256,
    "hidden_size": 4096,
    "intermediate_size": 14_336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "max_position_embeddings": 8192,
    "rope_theta": 500_000.0,
    "tie_word_embeddings": False,
}
"""The configuration of Llama-3-8B."""


@dataclass(frozen=True)
class MemoryPlan:
    """What a model needs.

    Parameters
    ----------
    parameters
        Number of weights.
    weights_bytes
        Memory of the weights, as they are quantised.
    kv_bytes_a_token
        Memory of the key-value cache for each token.
    """

    parameters: int
    weights_bytes: int
    kv_bytes_a_token: int

    def total_bytes(self, context_tok: int) -> int:
        """Weights, the cache of ``context_tok`` tokens, and a tenth more for activations."""
        return int(1.1 * (self.weights_bytes + context_tok * self.kv_bytes_a_token))


def plan_memory(config: Any, quantisation: Quantisation = "none", number_bytes: int = 2) -> MemoryPlan:
    """Plan the memory of a model by building it on the ``meta`` device.

    Parameters
    ----------
    config
        A transformers configuration, a folder that holds one, or its dictionary with ``model_type``.
    quantisation
        ``"none"``, ``"int8"`` or ``"nf4"`` (four bits, double quantisation).
    number_bytes
        Bytes of a weight that is not quantised and of a number in the cache: 2 for bfloat16, 4 for float32.

    Examples
    --------
    >>> small = LLAMA_3_8B | {"num_hidden_layers": 1, "vocab_size": 1024}
    >>> plan_memory(small).parameters
    226504704
    """
    if quantisation not in QUANTISATIONS:
        raise ConfigError(f"quantisation is {quantisation!r}; use {', '.join(QUANTISATIONS)}")
    with named_extras():
        import torch
        import transformers
    library: Any = transformers
    if isinstance(config, dict):
        config = library.AutoConfig.for_model(**config)
    elif isinstance(config, (str, Path)):
        config = library.AutoConfig.from_pretrained(config)
    with torch.device("meta"):
        model = library.AutoModelForCausalLM.from_config(config)
    head = model.get_output_embeddings()
    small = 0
    for module in model.modules():
        if isinstance(module, torch.nn.Linear) and module is not head:
            small += module.weight.numel()
    parameters = sum(each.numel() for each in model.parameters())
    text = config.get_text_config()
    heads = getattr(text, "num_key_value_heads", None) or text.num_attention_heads
    size = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return MemoryPlan(
        parameters=parameters,
        weights_bytes=int(
            small * _BYTES_A_WEIGHT.get(quantisation, number_bytes) + (parameters - small) * number_bytes
        ),
        kv_bytes_a_token=2 * text.num_hidden_layers * heads * size * number_bytes,
    )


def free_bytes(device: str) -> int:
    """Free memory of a device: of the GPU, or what the machine has available."""
    import torch

    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info(torch.device(device))[0])
    import psutil

    return int(psutil.virtual_memory().available)
