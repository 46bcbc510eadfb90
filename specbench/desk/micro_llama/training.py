"""Training the micro-Llama on the CPU: Muon for the matrices, AdamW for the rest, resumable to the bit.

In bfloat16 where the CPU computes in it, else in float32, which is then four times as fast (EPYC, AVX2). A training
goes on in the precision that it began with.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from specbench.core.errors import CheckpointError
from specbench.core.extras import named_extras
from specbench.core.files import atomic_file
from specbench.desk.micro_llama.attention import register
from specbench.desk.micro_llama.examples import Batch, Conversations, copy_batches, talk_batches
from specbench.desk.micro_llama.model import build, save_folder
from specbench.desk.micro_llama.schedule import Schedule
from specbench.desk.micro_llama.tokenizer import train_tokenizer
from specbench.llm.llama3_format import segments
from specbench.llm.local.precision import quick_dtype

__all__ = ["TOKENIZER_TRACES", "set_threads", "train"]

TOKENIZER_TRACES = 3000
"""Conversations that the tokenizer is learned from."""
CHECKPOINT_STEPS = 100
NOTE_STEPS = 20


def train(
    folder: str | Path,
    conversations: Conversations,
    schedule: Schedule,
    note: Callable[[str], None] = lambda _: None,
    init: str | Path | None = None,
) -> dict[str, Any]:
    """Train, or go on with an interrupted training in the same folder, and write the finished model there.

    Parameters
    ----------
    folder
        Where the model goes; ``training/`` inside holds checkpoint and log.
    conversations
        Where conversations come from.
    schedule
        What to do; a training goes on only with the schedule that it began with.
    note
        Told a line now and then.
    init
        Folder of a finished micro-Llama to begin with, its tokenizer and weights, instead of nothing.

    Returns
    -------
    dict
        ``loss``, ``tokens``, ``cpu_s``, ``steps``, ``threads``, ``precision``.

    Raises
    ------
    CheckpointError
        When the folder holds a training with another schedule, or ``init`` weights of another shape.
    """
    with named_extras():
        import torch
    path = Path(folder)
    (path / "training").mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(path, conversations, schedule.seed, init)
    model = build(tokenizer, schedule.seed)
    if init is not None:
        _begin_with(model, Path(init))
    model.train()
    model.set_attn_implementation(register())
    run = _Run(model, schedule)
    run.resume(path / "training")
    if run.step:
        note(f"going on at step {run.step} of {schedule.total_steps}")
    spent = time.process_time()
    while run.step < schedule.total_steps:
        phase, batches = _phase(tokenizer, conversations, schedule, run.step)
        for batch in islice(batches, phase - run.step):
            loss = run.learn(torch.from_numpy(batch.ids), torch.from_numpy(batch.learned))
            # Everything counts: conversations are played in between.
            run.cpu_s, spent = run.cpu_s + time.process_time() - spent, time.process_time()
            run.tokens += batch.ids.size
            if run.step % NOTE_STEPS == 0:
                note(f"step {run.step}/{schedule.total_steps} loss {loss:.4f} cpu {run.cpu_s / 60:.1f} min")
            if run.step % CHECKPOINT_STEPS == 0 or run.step == schedule.total_steps:
                run.save(path / "training", loss)
    model.set_attn_implementation("sdpa")
    save_folder(run.model, tokenizer, path)
    return {
        "loss": run.loss,
        "tokens": run.tokens,
        "cpu_s": run.cpu_s,
        "steps": run.step,
        "threads": torch.get_num_threads(),
        "precision": run.precision,
    }


def set_threads(count: int) -> None:
    """Compute on so many CPU threads."""
    with named_extras():
        import torch
    torch.set_num_threads(count)


def _begin_with(model: Any, folder: Path) -> None:
    """Take over the weights of a finished model."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        weights = load_file(folder / "model.safetensors")
        # The head is tied to the embeddings and not in the file.
        missing, strange = model.load_state_dict(weights, strict=False)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"{folder} holds no micro-Llama to begin with: {error}") from error
    if strange or missing not in ([], ["lm_head.weight"]):
        raise CheckpointError(f"{folder} holds a model of another shape than the micro-Llama: {[*missing, *strange]}")


def _tokenizer(path: Path, conversations: Conversations, seed: int, init: str | Path | None) -> Any:
    """The tokenizer of an interrupted training, that of the model to begin with, or a new one."""
    from transformers import AutoTokenizer

    if init is not None and not (path / "tokenizer.json").is_file():
        AutoTokenizer.from_pretrained(init).save_pretrained(path)
    elif not (path / "tokenizer.json").is_file():
        texts = (
            "".join(piece.text for piece in segments(trace.messages, trace.tools))
            for trace, _ in islice(conversations(seed, 0), TOKENIZER_TRACES)
        )
        train_tokenizer(texts).save_pretrained(path)
    return AutoTokenizer.from_pretrained(path)


def _phase(tokenizer: Any, conversations: Conversations, schedule: Schedule, step: int) -> tuple[int, Iterator[Batch]]:
    """The number of the step that ends the phase which ``step`` is in, and its batches from there on."""
    if step < schedule.copy_steps:
        digits = np.array(tokenizer.convert_tokens_to_ids(list("0123456789")))
        exercises = copy_batches(schedule.seed, schedule.copy_tokens, len(tokenizer), digits, step, schedule.copy_steps)
        return schedule.copy_steps, exercises
    if step < schedule.long_from:
        end, begin, limit, seed = schedule.long_from, schedule.copy_steps, schedule.short_tokens, schedule.seed
    else:
        end, begin, limit, seed = schedule.total_steps, schedule.long_from, None, schedule.seed + 1
    return end, talk_batches(tokenizer, conversations, seed, schedule.tokens, step - begin, limit)


class _Run:
    """Model, optimizers and counters of a training."""

    def __init__(self, model: Any, schedule: Schedule) -> None:
        import torch

        self.model, self.schedule = model, schedule
        self.step, self.tokens, self.cpu_s, self.loss = 0, 0, 0.0, float("nan")
        self.precision = str(quick_dtype("cpu")).removeprefix("torch.")
        self._named = dict(model.named_parameters())
        matrices = {name for name, each in self._named.items() if each.ndim == 2 and "embed" not in name}
        self._optimizers: tuple[Any, Any] = (
            torch.optim.Muon(
                [each for name, each in self._named.items() if name in matrices],
                lr=schedule.lr,
                weight_decay=0.01,
                adjust_lr_fn="match_rms_adamw",
            ),
            torch.optim.AdamW(
                [each for name, each in self._named.items() if name not in matrices],
                lr=schedule.lr,
                betas=(0.9, 0.98),
                weight_decay=0.0,
            ),
        )

    def learn(self, ids: Any, learned: Any) -> float:
        """One step; returns the mean loss of the learned tokens."""
        import torch

        wanted = learned[:, 1:]
        # Padding is on the right and attention looks back only: no mask is needed, and none is faster.
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.precision == "bfloat16"):
            hidden = self.model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
            logits = self.model.lm_head(hidden[wanted])
        loss: Any = torch.nn.functional.cross_entropy(logits.float(), ids[:, 1:][wanted])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self.schedule.lr_at(self.step)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        self.step += 1
        self.loss = float(loss.detach())
        return self.loss

    def save(self, folder: Path, loss: float) -> None:
        """Write the checkpoint as a whole; append to the log."""
        from safetensors.torch import save_file

        tensors = {f"model/{name}": each.detach() for name, each in self._named.items()}
        for optimizer in self._optimizers:
            for name, each in self._named.items():
                for key, value in optimizer.state.get(each, {}).items():
                    tensors[f"{key}/{name}"] = value.detach().clone()
        counters = {
            "step": self.step,
            "tokens": self.tokens,
            "cpu_s": self.cpu_s,
            "loss": loss,
            "precision": self.precision,
        }
        metadata = {"schedule": json.dumps(asdict(self.schedule)), "counters": json.dumps(counters)}
        with atomic_file(folder / "state.safetensors") as temporary:
            save_file(tensors, temporary, metadata=metadata)
        with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(counters) + "\n")

    def resume(self, folder: Path) -> None:
        """Take over the checkpoint of an interrupted training, if there is one."""
        import torch
        from safetensors import safe_open

        path = folder / "state.safetensors"
        if not path.is_file():
            return
        with safe_open(path, "pt") as state:
            metadata = state.metadata()
            if json.loads(metadata["schedule"]) != asdict(self.schedule):
                raise CheckpointError(
                    f"{path} was begun with another schedule ({metadata['schedule']}); give the same options to go on, "
                    "or another --out to start again"
                )
            with torch.no_grad():
                for name, each in self._named.items():
                    each.copy_(state.get_tensor(f"model/{name}"))
            keys = set(state.keys())
            for optimizer in self._optimizers:
                mine = {id(each) for group in optimizer.param_groups for each in group["params"]}
                for name, each in self._named.items():
                    if id(each) in mine:
                        kinds = [key.partition("/")[0] for key in keys if key.endswith(f"/{name}")]
                        found = {kind: state.get_tensor(f"{kind}/{name}") for kind in kinds if kind != "model"}
                        optimizer.state[each] = found
        # What was begun before the precision was noted was begun in bfloat16.
        for name, value in ({"precision": "bfloat16"} | json.loads(metadata["counters"])).items():
            setattr(self, name, value)
