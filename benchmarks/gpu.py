"""An 8B on a GPU: latency profiles in bf16 and NF4, a live comparison each, its hidden states as text embedding.

Not part of ``make bench``.

``python benchmarks/gpu.py --model meta-llama/Meta-Llama-3-8B-Instruct`` with the weights at hand; without ``--model``
it times the architecture with random weights, labelled so, on any machine with a GPU of 24 GB and, for NF4, 17 GB of
disk: the recorded decisions of a scripted conversation are forced through the model token by token. ``--traces FOLDER``
does so with recorded conversations of your own as well. Without a GPU it says what it needs; ``--device cpu --layers 2
--width 256`` goes the same way with a model that a CPU can carry, to try the script.

Results go to ``--out``; ``benchmarks/gpu/`` holds those that ``benchmarks/README.md`` shows.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import numpy as np
from gpu_table import section

from specbench import __version__
from specbench.core.json_values import write_json
from specbench.core.ledger import Ledger
from specbench.core.types import Message, Trace
from specbench.desk.live.comparison import LiveComparison, compare_live, scripted_talks
from specbench.desk.live.jobs import TRAINING_TALKS
from specbench.desk.live.record import live_record, live_text
from specbench.desk.live.recorded_traces import Recorded, replay_live
from specbench.desk.live.simulated import simulate_live, simulate_recorded
from specbench.desk.world.tools import DeskLatency
from specbench.embed.hidden import prompt_hidden
from specbench.llm.backends.forced import ReplayBackend
from specbench.llm.base import End, Request
from specbench.llm.local.loading import LoadedModel, load_model
from specbench.llm.local.memory import LLAMA_3_8B, QUANTISATIONS, Quantisation, plan_memory
from specbench.llm.profiling import described, profile_model
from specbench.llm.registry import micro_folder
from specbench.policies import Threshold
from specbench.predictors import Predictor, make_predictor
from specbench.predictors.checkpoint import load
from specbench.sim.latency.models import Constant
from specbench.study.data import load_data
from specbench.traces.splitting import split

POLICY = Threshold(0.3)
PARTS = ("profile", "embedding", "live")


def main(words: list[str] | None = None) -> int:
    """Run what is asked for; write JSON files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="folder or hub id; without it random weights of Llama-3-8B's shape")
    parser.add_argument("--out", type=Path, default=Path("runs/gpu"))
    parser.add_argument("--quantisations", nargs="+", choices=QUANTISATIONS, default=["none", "nf4"])
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="of the measurements")
    parser.add_argument("--conversations", type=int, default=2)
    parser.add_argument("--checkpoint", type=Path, help="a predictor of the desk; without it one is trained (minutes)")
    parser.add_argument("--traces", type=Path, help="recorded conversations to force through the model as well")
    parser.add_argument("--traces-conversations", type=int, help="as many as --conversations if not given")
    parser.add_argument("--traces-checkpoint", type=Path, help="their predictor; without it one is trained on the rest")
    parser.add_argument("--tool-s", type=float, default=1.0, help="seconds of the recorded tools")
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
    jobs = []
    if "live" in options.parts:
        jobs = [_desk(options), *([_recorded(options)] if options.traces else [])]
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / f"Llama-3-shape-{options.layers}x{options.width}"
        shape = None if options.model else _shape(folder, options.layers, options.width)
        for quantisation in options.quantisations:
            before = _allocated(options.device)
            loaded = _loaded(options.model, quantisation, options.device, shape)
            _one(loaded, options, jobs, _allocated(options.device) - before)
            del loaded
            gc.collect()  # before the next one needs the room
    print("\n".join(section(options.out)))
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


@dataclass(frozen=True)
class Job:
    """Conversations to run live: on the support desk, or with recorded tools. What was said is forced either way."""

    name: str
    tools: str
    predictor: Predictor
    talks: Sequence[Trace]
    latency: DeskLatency | Constant

    async def run(self, loaded: LoadedModel) -> tuple[LiveComparison, Ledger | None]:
        """Run them sequentially and speculatively; return that, and what the simulator makes of it."""
        here = partial(print, flush=True)
        if isinstance(self.latency, DeskLatency):
            said = Recorded(self.talks, Constant()).message
            compared = await compare_live(
                ReplayBackend(loaded, said),
                self.predictor,
                POLICY,
                self.talks,
                latency=self.latency,
                early=False,
                note=here,
            )
            return compared, simulate_live(compared, self.predictor, POLICY, self.latency)
        recorded = Recorded(self.talks, self.latency)
        compared = await replay_live(
            ReplayBackend(loaded, recorded.message),
            self.predictor,
            POLICY,
            self.talks,
            recorded,
            early=False,
            note=here,
        )
        return compared, simulate_recorded(compared, self.predictor, POLICY, self.talks, self.latency)


def _desk(options: argparse.Namespace) -> Job:
    """Scripted conversations on the support desk."""
    predictor = (
        load(options.checkpoint)
        if options.checkpoint
        else make_predictor("learned").fit(scripted_talks(TRAINING_TALKS, seed=2))
    )
    return Job(
        "desk",
        "the desk's own",
        predictor,
        scripted_talks(options.conversations),
        DeskLatency(scale=options.tool_scale),
    )


def _recorded(options: argparse.Namespace) -> Job:
    """Conversations of held-out tasks."""
    parts = split(load_data(options.traces, None, False).traces, seed=1)
    predictor = (
        load(options.traces_checkpoint)
        if options.traces_checkpoint
        else make_predictor("learned").fit([*parts.train, *parts.validation])
    )
    wanted = options.conversations if options.traces_conversations is None else options.traces_conversations
    talks = [trace for trace in parts.test if trace.messages][:wanted]
    tools = f"recorded, {options.tool_s:g} s"
    return Job(options.traces.name, tools, predictor, talks, Constant(tool=options.tool_s))


def _one(loaded: LoadedModel, options: argparse.Namespace, jobs: Sequence[Job], held_bytes: int) -> None:
    """Measure a model, and run conversations with it."""
    name = loaded.quantisation if not loaded.random_weights else f"{loaded.quantisation}-random-weights"
    versions = {each: version(each) for each in ("torch", "transformers", "bitsandbytes")}
    versions["specbench"] = __version__  # a checkout that is not installed is good enough
    made = {"day": datetime.now(UTC).date().isoformat(), "versions": versions}
    if "profile" in options.parts:
        planned_bytes = plan_memory(loaded.model.config, loaded.quantisation, loaded.model.dtype.itemsize).weights_bytes
        memory = {"planned_bytes": planned_bytes, "allocated_bytes": held_bytes}
        record = profile_model(
            loaded, lengths=options.lengths, batches=options.batches, note=partial(print, flush=True)
        )
        record |= made | {"memory": memory, "stop_s": anyio.run(_stopped, loaded, record["samples"][0]["step_s"])}
        write_json(options.out / f"profile-{name}.json", record)
        print(f"weights {memory}; seconds from a cancellation to its end: {record['stop_s']}", flush=True)
    if "embedding" in options.parts:
        embedded = described(loaded) | made | {"messages": _embedded(loaded)}
        write_json(options.out / f"embedding-{name}.json", embedded)
        print(f"hidden states as text embedding: {embedded['messages']}", flush=True)
    for job in jobs:
        compared, simulated = anyio.run(job.run, loaded)
        live = live_record(compared, simulated) | {"talks": job.name, "tools": job.tools}
        live |= {key: value for key, value in described(loaded).items() if key in ("device", "dtype")}
        write_json(options.out / f"live-{job.name}-{name}.json", live)
        print(live["device"], live["dtype"], live_text(live), sep="\n", flush=True)


def _embedded(loaded: LoadedModel, count: int = 200) -> dict[str, float]:
    """Milliseconds to embed a message of scripted conversations as hidden states; one by one, as predictors do."""
    texts = [each.content for talk in scripted_talks(count) for each in talk.messages if each.content][:count]
    seconds = []
    for text in [texts[0], *texts]:  # the first one twice: it does not count
        started = time.perf_counter()
        vector = prompt_hidden(loaded, Request([Message("user", text)]))
        seconds.append(time.perf_counter() - started)
    p50_ms, p99_ms = 1e3 * np.percentile(seconds[1:], [50, 99])
    return {"count": len(texts), "dim": len(vector), "p50_ms": float(p50_ms), "p99_ms": float(p99_ms)}


def _allocated(device: str) -> int:
    """Bytes that torch holds on a GPU; 0 on a CPU, where it does not count them."""
    import torch

    return int(torch.cuda.memory_allocated(device)) if device.startswith("cuda") else 0


async def _stopped(loaded: LoadedModel, step_s: float, repeats: int = 10) -> list[float]:
    """Seconds from the cancellation of a streaming answer, somewhere in a step, until the model stands still."""
    talk = scripted_talks(1)[0]
    reply = Message("assistant", "I have looked at it, and there is a lot to say about every item of it. " * 4)
    backend = ReplayBackend(loaded, lambda _: reply)
    seconds = []
    for at in range(repeats):
        with anyio.CancelScope() as scope:
            async with backend.stream(Request(next(talk.decisions()).point.messages)) as events:
                async for event in events:
                    if not isinstance(event, End) and event.tok == 5:
                        scope.deadline = anyio.current_time() + (1 + at / repeats) * step_s
        assert scope.cancelled_caught, "the answer was over before it was cancelled"
        seconds.append(anyio.current_time() - scope.deadline)
    return seconds


if __name__ == "__main__":
    sys.exit(main())
