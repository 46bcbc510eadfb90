"""Measuring a chat model on recorded conversations, decision by decision, by real ``generate()``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from specbench.core.types import Decision, Trace
from specbench.llm.backends.transformers_local import context_tok, prompt_ids
from specbench.llm.base import LLMError, Request
from specbench.llm.llama3_format import PYTHON_TAG
from specbench.llm.local.loading import LoadedModel
from specbench.llm.parsing import parse
from specbench.llm.strict.decoding import StrictDecoding, as_processor

__all__ = ["Answer", "answers", "scores"]


@dataclass(frozen=True)
class Answer:
    """What the model wrote at a decision, and what is recorded."""

    decision: Decision
    recorded_text: str
    written: str
    written_tok: int
    overruled: int = 0
    """Steps at which strict decoding did not allow the model's choice."""

    @property
    def calls(self) -> Any:
        """The calls in what was written."""
        return parse(self.written, self.decision.point.tools).calls

    @property
    def begins_call(self) -> bool:
        """Whether it looks like a call from somewhere on, whether or not it becomes one."""
        return self.written.lstrip().startswith("{") or PYTHON_TAG in self.written


def answers(loaded: LoadedModel, traces: Iterable[Trace], max_tok: int = 200, *, strict: bool = True) -> list[Answer]:
    """Let the model write at every decision of the traces; the conversation before each is the recorded one.

    Decisions that leave no room for ``max_tok`` tokens in the model's context are left out. ``strict``: as the backend
    does by default (:mod:`specbench.llm.strict.decoding`); without it, the model is on its own.
    """
    import torch

    found = []
    grammars = StrictDecoding(loaded) if strict else None
    room = context_tok(loaded) - max_tok
    for trace in traces:
        texts = [message.content for message in trace.messages if message.role == "assistant"]
        for decision, text in zip(trace.decisions(), texts, strict=True):
            ids = _prompt(loaded, Request(decision.point.messages, trace.tools))
            if len(ids) > room:
                break
            prompt = torch.tensor([ids], device=loaded.model.device)
            guard = grammars.guard(trace.tools) if grammars is not None else None
            with torch.inference_mode(), loaded.attention():
                output = loaded.model.generate(
                    prompt,
                    attention_mask=torch.ones_like(prompt),
                    max_new_tokens=max_tok,
                    do_sample=False,
                    logits_processor=[as_processor(guard, len(ids))] if guard is not None else [],
                )[0, len(ids) :]
            written = loaded.tokenizer.decode(
                [each for each in output.tolist() if each != loaded.tokenizer.eos_token_id]
            )
            found.append(Answer(decision, text, written, len(output), guard.overruled if guard is not None else 0))
    return found


def _prompt(loaded: LoadedModel, request: Request) -> list[int]:
    try:
        return prompt_ids(loaded, request)
    except LLMError:
        return [0] * context_tok(loaded)


def scores(found: list[Answer]) -> dict[str, float]:
    """Count how often the model did what is recorded.

    Returns
    -------
    dict
        ``decisions``, ``calls`` and ``replies`` (recorded ones); ``valid_json`` among messages that begin like a call,
        and ``overruled``, the share of these in which strict decoding did not allow what the model would have written;
        ``exact`` (tool and arguments) and ``tool`` among recorded calls; ``reply`` (not even the beginning of a call)
        and ``same_reply`` (word for word) among recorded replies; ``words``, the messages that begin no call.
    """
    calls = [each for each in found if each.decision.calls]
    replies = [each for each in found if not each.decision.calls]
    begun = [each for each in found if each.begins_call]
    return {
        "decisions": len(found),
        "calls": len(calls),
        "replies": len(replies),
        "valid_json": _share(len([each for each in begun if each.calls]), begun),
        "overruled": _share(sum(each.overruled > 0 for each in begun), begun),
        "exact": _share(sum(tuple(each.calls) == each.decision.calls for each in calls), calls),
        "tool": _share(
            sum([c.name for c in each.calls] == [c.name for c in each.decision.calls] for each in calls), calls
        ),
        "reply": _share(sum(not each.begins_call for each in replies), replies),
        "words": _share(len(found) - len(begun), found),
        "same_reply": _share(sum(each.written.strip() == each.recorded_text.strip() for each in replies), replies),
    }


def _share(count: int, of: list[Answer]) -> float:
    return count / len(of) if of else float("nan")
