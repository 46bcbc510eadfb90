"""Loading a chat model with transformers, and saying what is missing where that fails."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.extras import named_extras
from specbench.llm.base import LLMError
from specbench.llm.local.memory import QUANTISATIONS, Quantisation, free_bytes, plan_memory
from specbench.llm.local.precision import quick_dtype
from specbench.llm.local.progress_bars import silent

__all__ = ["LoadedModel", "load_model"]


@dataclass(frozen=True)
class LoadedModel:
    """A model that is ready to run, and what it is called.

    Parameters
    ----------
    model, tokenizer
        Of transformers.
    name
        Folder or hub id, quantisation, and whether the weights are random.
    device, dtype
        Where and in what it computes.
    """

    model: Any
    tokenizer: Any
    name: str
    device: str
    dtype: str
    quantisation: Quantisation
    random_weights: bool

    def attention(self) -> AbstractContextManager[Any]:
        """A context in which to run the model: on a GPU, torch's attention without cuDNN's.

        cuDNN builds a plan for every length that it has not seen, and decoding has a new one at every token: on an H200
        with torch 2.11, which asks cuDNN first, that took two thirds of the time.
        """
        if not self.device.startswith("cuda"):
            return nullcontext()
        from torch.nn.attention import SDPBackend, sdpa_kernel

        chosen: AbstractContextManager[Any] = sdpa_kernel(
            [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
        )
        return chosen


def load_model(
    source: str | Path,
    *,
    quantisation: Quantisation = "none",
    device: str | None = None,
    random_weights: bool = False,
    seed: int = 0,
) -> LoadedModel:
    """Load a chat model.

    Parameters
    ----------
    source
        A folder, or a hub id such as ``meta-llama/Meta-Llama-3-8B-Instruct``.
    quantisation
        ``"nf4"`` (4 bits, double quantisation, bf16 compute), ``"int8"`` (float16 compute) or ``"none"``; bitsandbytes
        does both.
    device
        ``"cuda"``, ``"cpu"``, …; the first GPU where there is one when not given. A CPU that has no quick bf16 computes
        in float32 instead: :func:`specbench.llm.local.precision.quick_dtype`.
    random_weights
        Build the model from its configuration with random weights: for timing alone. Labelled in the name.
    seed
        Of random weights.

    Raises
    ------
    LLMError
        When weights, token, tokenizer, chat template or memory are missing.
    """
    if quantisation not in QUANTISATIONS:
        raise ConfigError(f"quantisation is {quantisation!r}; use {', '.join(QUANTISATIONS)}")
    with named_extras():
        import torch
        import transformers
    library: Any = transformers
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    with _told(source, "configuration"):
        config = library.AutoConfig.from_pretrained(source)
    tokenizer = _tokenizer(source, library)
    dtype = _dtype(quantisation, device, config, random_weights)
    number = (config.dtype or torch.float32) if dtype == "auto" else dtype
    plan = plan_memory(config, quantisation, number.itemsize)
    needed, free = plan.total_bytes(2048), free_bytes(device)
    if needed > free:
        raise LLMError(
            f"{source} needs about {needed / 1e9:.1f} GB on {device} ({plan.parameters:,} parameters, {quantisation}, "
            f"2,048 tokens of context), and {free / 1e9:.1f} GB are free. Use quantisation nf4, a smaller model, or "
            "another device"
        )
    if random_weights:
        torch.manual_seed(seed)
        with torch.device(device):
            model = library.AutoModelForCausalLM.from_config(config, dtype=dtype)
    else:
        options: dict[str, Any] = {"dtype": dtype, "device_map": {"": device}}
        if quantisation != "none":
            options["quantization_config"] = _bitsandbytes(library, quantisation, dtype)
        with _told(source, "weights"), silent():
            model = library.AutoModelForCausalLM.from_pretrained(source, **options)
    model.eval()
    label = [Path(source).name if Path(source).is_dir() else str(source)]
    label += [quantisation] if quantisation != "none" else []
    label += ["random weights"] if random_weights else []
    name = label[0] + (f" ({', '.join(label[1:])})" if label[1:] else "")
    used = str(next(model.parameters()).dtype if dtype == "auto" else dtype).removeprefix("torch.")
    return LoadedModel(model, tokenizer, name, device, used, quantisation, random_weights)


def _dtype(quantisation: Quantisation, device: str, config: Any, random_weights: bool) -> Any:
    """Return in what a model computes: a type of torch, or "auto" for that of its weights."""
    import torch

    if quantisation == "int8":
        # LLM.int8() multiplies in float16, and warns at every layer and token where it has to cast to that.
        return torch.float16
    quick = quick_dtype(device)
    if quantisation == "nf4" or device.startswith("cuda"):
        return quick
    halved = config.dtype in (torch.bfloat16, torch.float16)
    return torch.float32 if random_weights or (halved and quick is torch.float32) else "auto"


def _tokenizer(source: str | Path, library: Any) -> Any:
    with _told(source, "tokenizer"):
        tokenizer = library.AutoTokenizer.from_pretrained(source)
    if not tokenizer.chat_template:
        raise LLMError(
            f"{source} has a tokenizer without a chat template; use an instruction-tuned model, or put its template "
            "into chat_template.jinja beside the tokenizer"
        )
    tokenizer.model_max_length = int(1e30)  # we check prompts ourselves, with an error
    return tokenizer


def _bitsandbytes(library: Any, quantisation: Quantisation, dtype: Any) -> Any:
    with named_extras():
        import bitsandbytes  # noqa: F401
    if quantisation == "int8":
        return library.BitsAndBytesConfig(load_in_8bit=True)
    return library.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


@contextmanager
def _told(source: str | Path, part: str) -> Iterator[None]:
    """Turn the library's errors into one that says what to do."""
    folder = Path(source)
    try:
        yield
    except (OSError, ValueError, KeyError) as error:
        if folder.is_dir():
            listed = ", ".join(sorted(each.name for each in folder.iterdir())[:12]) or "nothing"
            raise LLMError(
                f"{folder} holds no {part} that can be read; it holds {listed}. Give the folder of a whole checkpoint, "
                "as save_pretrained writes it"
            ) from error
        hidden = "gated" in str(error) or "401" in str(error) or "403" in str(error)
        token = "set" if os.environ.get("HF_TOKEN") else "not set"
        raise LLMError(
            f"the {part} of {source} cannot be had: there is no such folder, and the hub did not give it "
            f"({'access is refused' if hidden else 'offline, or no such model'}). Give a folder, or download it with "
            f"'hf download {source}'; a gated model such as Llama needs its licence accepted and HF_TOKEN, "
            f"which is {token}"
        ) from error
