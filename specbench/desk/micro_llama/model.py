"""The micro-Llama's architecture, and its folder on disk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from specbench.core.extras import named_extras
from specbench.llm.local.progress_bars import silent

__all__ = ["SHAPE", "build", "save_folder"]

SHAPE: dict[str, Any] = {
    "hidden_size": 128,
    "intermediate_size": 384,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
    "rope_theta": 500000.0,
    "tie_word_embeddings": True,
}
"""1.05 million parameters with a vocabulary of 1,536."""


def build(tokenizer: Any, seed: int) -> Any:
    """Return a ``LlamaForCausalLM`` with fresh weights for this tokenizer."""
    with named_extras():
        import torch
        import transformers
    llama: Any = transformers
    config = llama.LlamaConfig(
        vocab_size=len(tokenizer),
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        initializer_range=0.02,
        attn_implementation="sdpa",
        **SHAPE,
    )
    torch.manual_seed(seed)
    model = llama.LlamaForCausalLM(config)
    # Tied embeddings of the usual 0.02 are too small to tell a thousand tokens apart: copying starts late.
    torch.nn.init.normal_(model.model.embed_tokens.weight, std=0.05)
    return model


def save_folder(model: Any, tokenizer: Any, folder: str | Path) -> None:
    """Write weights (safetensors), configuration, tokenizer and chat template, as ``from_pretrained`` reads them."""
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    with silent():
        model.save_pretrained(path, safe_serialization=True)
    tokenizer.save_pretrained(path)
    generation = {
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "do_sample": False,
    }
    (path / "generation_config.json").write_text(json.dumps(generation, indent=1) + "\n", encoding="utf-8")
