"""Measuring a trained micro-Llama on held-out conversations, and writing its model card."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any

import anyio

from specbench.core.types import Message
from specbench.desk.micro_llama.conversations import TEST_BOOKS, conversations, without_tools
from specbench.desk.micro_llama.measure import Answer, answers, scores
from specbench.desk.micro_llama.schedule import Schedule
from specbench.llm.backends.transformers_local import TransformersBackend, prompt_ids
from specbench.llm.base import Request
from specbench.llm.local.loading import LoadedModel, load_model

__all__ = ["card_text", "finish", "measure"]

MEASURED = "measured.json"


def measure(
    loaded: LoadedModel, conversations_each: int, seed: int = 1, note: Callable[[str], None] = lambda _: None
) -> dict[str, dict[str, float]]:
    """Measure a model, decision by decision, on held-out conversations.

    Returns
    -------
    dict
        For each of :data:`specbench.desk.micro_llama.conversations.TEST_BOOKS` what
        :func:`specbench.desk.micro_llama.measure.scores` counts, with ``same_answer``, the share of replies right after
        a tool's result that are the deterministic agent's word for word; ``no_tools`` and ``speed``.
    """
    found: dict[str, dict[str, float]] = {}
    for phrasings in TEST_BOOKS:
        note(f"measuring on {conversations_each} held-out conversations, {phrasings} phrasings")
        each = answers(loaded, conversations(conversations_each, seed, phrasings))
        found[phrasings] = {**scores(each), "same_answer": _after_results(each)}
    note("measuring without tools in the prompt")
    rng = random.Random(f"no tools/{seed}")
    bare = [without_tools(trace, rng) for trace in conversations(max(1, conversations_each // 2), seed + 1)]
    found["no_tools"] = scores(answers(loaded, bare))
    found["speed"] = speed(loaded)
    return found


def _after_results(found: list[Answer]) -> float:
    final = [each for each in found if not each.decision.calls and each.decision.point.messages[-1].role == "tool"]
    return sum(each.written.strip() == each.recorded_text for each in final) / len(final) if final else float("nan")


def speed(loaded: LoadedModel) -> dict[str, float]:
    """Time to the first token of a prompt of about 500 tokens, and tokens a second through the streaming backend."""
    backend = TransformersBackend(loaded)
    trace = next(conversations(1, seed=3))
    at = 2
    while at < len(trace.messages) - 1 and _prompt_tok(loaded, trace.messages[:at], trace.tools) < 500:
        at += 1
    request = Request(trace.messages[:at], trace.tools, max_tok=60)
    ends = [anyio.run(backend.complete, request) for _ in range(6)][1:]
    usages = sorted((end.usage for end in ends), key=lambda usage: usage.prefill_s)
    middle = usages[len(usages) // 2]
    rates = sorted((usage.completion_tok - 1) / usage.decode_s for usage in usages if usage.completion_tok > 1)
    return {
        "prompt_tok": middle.prompt_tok,
        "ttft_ms": 1e3 * middle.prefill_s,
        "tokens_per_s": rates[len(rates) // 2] if rates else float("nan"),
    }


def _prompt_tok(loaded: LoadedModel, messages: tuple[Message, ...], tools: Any) -> int:
    return len(prompt_ids(loaded, Request(messages, tools)))


def finish(
    folder: str | Path,
    schedule: Schedule,
    record: Mapping[str, Any],
    *,
    conversations_each: int,
    note: Callable[[str], None] = lambda _: None,
    init: str | Path | None = None,
) -> str:
    """Measure the model in a folder, write its card and the numbers beside it, and return them as a few lines."""
    started = time.monotonic()
    loaded = load_model(folder, device="cpu")
    numbers = measure(loaded, conversations_each, note=note)
    note(f"measured in {time.monotonic() - started:.0f} s")
    parameters = sum(each.numel() for each in loaded.model.parameters())
    training: dict[str, Any] = {**asdict(schedule), **record, "steps": schedule.steps}
    if init is not None and (Path(init) / MEASURED).is_file():
        training["before"] = json.loads((Path(init) / MEASURED).read_text(encoding="utf-8"))["training"]
    # JSON has no number for a share of nothing.
    plain = {
        part: {key: None if value != value else value for key, value in each.items()} for part, each in numbers.items()
    }
    whole = {"parameters": parameters, "training": training, "measured": plain}
    path = Path(folder)
    (path / MEASURED).write_text(json.dumps(whole, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    (path / "README.md").write_text(card_text(whole), encoding="utf-8")
    seen, unseen, fresh = (numbers[phrasings] for phrasings in TEST_BOOKS)
    return (
        f"{folder}: exact calls {seen['exact']:.1%}, on unseen phrasings {unseen['exact']:.1%}, of the second book "
        f"{fresh['exact']:.1%}, valid JSON {seen['valid_json']:.1%}; {numbers['speed']['tokens_per_s']:.0f} tokens/s"
    )


def card_text(whole: Mapping[str, Any]) -> str:
    """The model card as Markdown."""
    sittings, measured = _sittings(whole["training"]), whole["measured"]
    first = sittings[0]
    rows = [
        ("decisions", "decisions"), ("of which calls", "calls"), ("of which replies", "replies"),
        ("valid JSON, of messages that begin like a call", "valid_json"),
        ("of these, strict decoding overruled the model's choice", "overruled"),
        ("tool right, of recorded calls", "tool"), ("tool and all arguments exact, of recorded calls", "exact"),
        ("replied, of recorded replies", "reply"), ("the same reply, word for word", "same_reply"),
        ("no call, not even the beginning of one, of all messages", "words"),
        ("the same answer to a tool's result, word for word", "same_answer"),
    ]  # fmt: skip
    lines = [
        "| | seen phrasings | unseen phrasings | unseen, second book | no tools in the prompt |",
        "| --- | --- | --- | --- | --- |",
    ]
    for label, key in rows:
        cells = [_cell(measured[part].get(key) if key != "words" else None) for part in TEST_BOOKS]
        cells.append(_cell(measured["no_tools"].get(key)) if key in _WITHOUT_TOOLS else "–")
        lines.append(f"| {label} | {' | '.join(cells)} |")
    table = "\n".join(lines)
    speed = measured["speed"]
    template = files(__package__) / "card_template.md"
    return template.read_text("utf-8").format(
        parameters=whole["parameters"],
        table=table,
        cpu_min=sum(each["cpu_s"] for each in sittings) / 60,
        tokens_m=sum(each["tokens"] for each in sittings) / 1e6,
        threads="one thread" if first.get("threads", 1) == 1 else f"{first['threads']} threads",
        precision=first.get("precision", "bfloat16"),
        seed=first["seed"],
        steps=first["steps"],
        copy_steps=first["copy_steps"],
        further="".join(map(_further, sittings[1:])),
        **speed,
    )


def _sittings(training: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The trainings of a model, the first one first."""
    before = training.get("before")
    return [*(_sittings(before) if before else ()), training]


def _further(training: Mapping[str, Any]) -> str:
    return (
        f"\nThen it went on (`--init`) for {training['steps']} steps of whole conversations, seed {training['seed']}, "
        f"from a learning rate of {training['lr']:g} to none: {training['cpu_s'] / 60:.0f} of the CPU minutes.\n"
    )


def _cell(value: float | None) -> str:
    if value is None or value != value:
        return "–"
    return f"{value:.1%}" if isinstance(value, float) else f"{value:,}"


_WITHOUT_TOOLS = ("replies", "reply", "same_reply", "words")
