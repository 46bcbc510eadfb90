"""An 8B on a GPU: latency profiles in bf16 and NF4, and one live comparison. Not part of ``make bench``.

``python benchmarks/gpu.py --model meta-llama/Meta-Llama-3-8B-Instruct --out runs/gpu`` with the weights at hand;
``python benchmarks/gpu.py --out runs/gpu`` times the architecture with random weights, labelled so, on any machine with
a GPU of 24 GB: the recorded decisions of a scripted conversation are forced through the model token by token. Without a
GPU it says what it needs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import anyio

from specbench.agent.desk_tools import DeskLatency
from specbench.agent.live import compare_live, scripted_talks
from specbench.agent.live_record import live_record, live_text
from specbench.llm.base import Request
from specbench.llm.loading import LoadedModel, load_model
from specbench.llm.memory import LLAMA_3_8B, Quantisation, plan_memory
from specbench.llm.profiling import profile_model
from specbench.llm.registry import micro_folder
from specbench.llm.replay import ReplayBackend
from specbench.policies import Threshold
from specbench.predictors import make_predictor
from specbench.types import Message, Trace


def main() -> int:
    """Run what is asked for; write JSON files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="folder or hub id; without it random weights of Llama-3-8B's shape")
    parser.add_argument("--out", type=Path, default=Path("runs/gpu"))
    parser.add_argument("--conversations", type=int, default=2)
    options = parser.parse_args()
    import torch

    if not torch.cuda.is_available():
        plan, four = plan_memory(LLAMA_3_8B), plan_memory(LLAMA_3_8B, "nf4")
        print(
            "no GPU is here. An 8B needs one with about "
            f"{plan.total_bytes(4096) / 1e9:.0f} GB in bf16 or {four.total_bytes(4096) / 1e9:.0f} GB in NF4, a CUDA "
            "build of torch, and bitsandbytes; its weights (or none: random ones are timed and labelled)"
        )
        return 1
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        source = options.model or str(_shape(Path(home)))
        for quantisation in ("none", "nf4"):
            _one(source, quantisation, options.model is None, options.out, options.conversations)
    return 0


def _shape(folder: Path) -> Path:
    """A folder with Llama-3-8B's configuration, and the micro-Llama's tokenizer: enough for random weights."""
    config = LLAMA_3_8B | {
        "architectures": ["LlamaForCausalLM"],
        "eos_token_id": 2,
        "bos_token_id": 1,
        "torch_dtype": "bfloat16",
    }
    (folder / "config.json").write_text(json.dumps(config))
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        (folder / name).write_bytes((micro_folder() / name).read_bytes())
    return folder


def _one(source: str, quantisation: Quantisation, random_weights: bool, out: Path, conversations: int) -> None:
    """Profile one quantisation, and run conversations with it."""
    if random_weights and quantisation != "none":
        print("NF4 with random weights is left out: bitsandbytes quantises weights as it loads them; give --model")
        return
    loaded = load_model(source, quantisation=quantisation, device="cuda", random_weights=random_weights)
    record = profile_model(loaded, lengths=(64, 256, 512, 1024, 2048), batches=(1, 2, 4, 8), note=print)
    name = quantisation if not random_weights else f"{quantisation}-random-weights"
    (out / f"profile-{name}.json").write_text(json.dumps(record, indent=1))
    compared = anyio.run(_live, loaded, conversations)
    live = live_record(compared) | {"device": record["device"], "dtype": record["dtype"]}
    (out / f"live-{name}.json").write_text(json.dumps(live, indent=1))
    print(record["device"], record["dtype"], live_text(live), sep="\n")


async def _live(loaded: LoadedModel, conversations: int) -> Any:
    """A live comparison: what a scripted agent decided is forced through the model."""
    talks = scripted_talks(conversations)
    known = {_key(d.point.messages): (talk, d) for talk in talks for d in talk.decisions()}

    def recorded(request: Request) -> Message:
        talk, decision = known[_key(request.messages)]
        said = talk.messages[len(decision.point.messages)]
        return Message("assistant", said.content, said.tool_calls)

    predictor = make_predictor("learned").fit(_training())
    backend = ReplayBackend(loaded, recorded)
    return await compare_live(backend, predictor, Threshold(0.4), talks, latency=DeskLatency(), note=print)


def _training() -> list[Trace]:
    return scripted_talks(200, seed=2)


def _key(messages: Any) -> str:
    return json.dumps([(m.role, m.content, [call.key for call in m.tool_calls]) for m in messages])


if __name__ == "__main__":
    sys.exit(main())
