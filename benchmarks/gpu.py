"""An 8B on a GPU: latency profiles in bf16 and NF4, and one live comparison each. Not part of ``make bench``.

``python benchmarks/gpu.py --model meta-llama/Meta-Llama-3-8B-Instruct --out runs/gpu`` with the weights at hand;
``python benchmarks/gpu.py --out runs/gpu`` times the architecture with random weights, labelled so, on any machine with
a GPU of 24 GB and, for NF4, 17 GB of disk: the recorded decisions of a scripted conversation are forced through the
model token by token. Without a GPU it says what it needs; ``--device cpu --layers 2 --width 256`` goes the same way
with a model that a CPU can carry, to try the script.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio

from specbench.agent.desk_tools import DeskLatency
from specbench.agent.live import compare_live, scripted_talks
from specbench.agent.live_jobs import TRAINING_TALKS
from specbench.agent.live_record import live_record, live_text
from specbench.llm.base import Request
from specbench.llm.loading import LoadedModel, load_model
from specbench.llm.memory import LLAMA_3_8B, Quantisation, plan_memory
from specbench.llm.profiling import profile_model
from specbench.llm.registry import micro_folder
from specbench.llm.replay import ReplayBackend
from specbench.policies import Threshold
from specbench.predictors import make_predictor
from specbench.study.jsonfile import write_json
from specbench.types import Message


def main(words: list[str] | None = None) -> int:
    """Run what is asked for; write JSON files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="folder or hub id; without it random weights of Llama-3-8B's shape")
    parser.add_argument("--out", type=Path, default=Path("runs/gpu"))
    parser.add_argument("--conversations", type=int, default=2)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--layers", type=int, default=LLAMA_3_8B["num_hidden_layers"], help="fewer, to try the script")
    parser.add_argument("--width", type=int, default=LLAMA_3_8B["hidden_size"], help="the same; a multiple of 128")
    parser.add_argument("--lengths", type=int, nargs="+", default=[64, 256, 512, 1024, 2048])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--tool-scale", type=float, default=1.0, help="times the seconds of the desk's tools")
    options = parser.parse_args(words)
    import torch

    if options.device.startswith("cuda") and not torch.cuda.is_available():
        plan, four = plan_memory(LLAMA_3_8B), plan_memory(LLAMA_3_8B, "nf4")
        print(
            "no GPU is here. An 8B needs one with about "
            f"{plan.total_bytes(4096) / 1e9:.0f} GB in bf16 or {four.total_bytes(4096) / 1e9:.0f} GB in NF4, a CUDA "
            "build of torch, and bitsandbytes; its weights (or none: random ones are timed and labelled)"
        )
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / f"Llama-3-shape-{options.layers}x{options.width}"
        shape = None if options.model else _shape(folder, options.layers, options.width)
        for quantisation in ("none", "nf4"):
            _one(_loaded(options.model, quantisation, options.device, shape), options)
    return 0


def _shape(folder: Path, layers: int, width: int) -> Path:
    """A folder with Llama-3-8B's configuration, and the micro-Llama's tokenizer: enough for random weights."""
    config = LLAMA_3_8B | {
        "architectures": ["LlamaForCausalLM"],
        "eos_token_id": 2,
        "bos_token_id": 1,
        "torch_dtype": "bfloat16",
        "num_hidden_layers": layers,
        "hidden_size": width,
        "intermediate_size": LLAMA_3_8B["intermediate_size"] * width // LLAMA_3_8B["hidden_size"],
    }
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        (folder / name).write_bytes((micro_folder() / name).read_bytes())
    return folder


def _loaded(model: str | None, quantisation: Quantisation, device: str, shape: Path | None) -> LoadedModel:
    """Load the model; random weights are written to disk first where bitsandbytes quantises what it loads."""
    if shape is None:
        assert model is not None, "a model, or a shape"
        return load_model(model, quantisation=quantisation, device=device)
    if quantisation == "none":
        return load_model(shape, device=device, random_weights=True)
    if not list(shape.glob("*.safetensors*")):
        weights = load_model(shape, device=device, random_weights=True).model
        weights.to(dtype=_bf16()).save_pretrained(shape)
        del weights
    loaded = load_model(shape, quantisation=quantisation, device=device)
    return replace(loaded, name=f"{loaded.name} (random weights)", random_weights=True)


def _bf16() -> Any:
    import torch

    return torch.bfloat16


def _one(loaded: LoadedModel, options: argparse.Namespace) -> None:
    """Profile a model, and run conversations with it."""
    record = profile_model(loaded, lengths=options.lengths, batches=options.batches, note=print)
    name = loaded.quantisation if not loaded.random_weights else f"{loaded.quantisation}-random-weights"
    write_json(options.out / f"profile-{name}.json", record)
    compared = anyio.run(_live, loaded, options.conversations, options.tool_scale)
    live = live_record(compared) | {"device": record["device"], "dtype": record["dtype"]}
    write_json(options.out / f"live-{name}.json", live)
    print(record["device"], record["dtype"], live_text(live), sep="\n")


async def _live(loaded: LoadedModel, conversations: int, tool_scale: float) -> Any:
    """A live comparison: what a scripted agent decided is forced through the model."""
    talks = scripted_talks(conversations)
    known = {_key(d.point.messages): (talk, d) for talk in talks for d in talk.decisions()}

    def recorded(request: Request) -> Message:
        talk, decision = known[_key(request.messages)]
        said = talk.messages[len(decision.point.messages)]
        return Message("assistant", said.content, said.tool_calls)

    predictor = make_predictor("learned").fit(scripted_talks(TRAINING_TALKS, seed=2))
    backend = ReplayBackend(loaded, recorded)
    return await compare_live(
        backend, predictor, Threshold(0.4), talks, latency=DeskLatency(scale=tool_scale), note=print
    )


def _key(messages: Any) -> str:
    return json.dumps([(m.role, m.content, [call.key for call in m.tool_calls]) for m in messages])


if __name__ == "__main__":
    sys.exit(main())
