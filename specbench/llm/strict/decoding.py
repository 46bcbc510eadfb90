"""Strict decoding: a call that a model has begun can only go on as a call that the tools' schemas allow.

The model chooses freely whether it calls, and what it says before. Once its message has begun as a call in the model's
own dialect, tokens that no call on offer could go on with are no longer to be had, so that the call is whole JSON with
a known name and arguments that fit the schema. Where no tools are on offer it cannot open one. The grammar is that of
llguidance (https://github.com/guidance-ai/llguidance), begun late as llama.cpp does ("lazy grammars").

Two things no grammar gives. A string ends when the model ends it: where a schema has no ``maxLength``, it may run to
the end of the invocation's ``max_tok``, and the message is then cut (``reason="length"``), with or without a grammar.
And a call that is allowed need not be the right one.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from specbench.core.extras import named_extras
from specbench.core.types import ToolSpec
from specbench.llm.base import LLMError
from specbench.llm.local.decoder import stop_ids
from specbench.llm.local.loading import LoadedModel
from specbench.llm.strict.grammar import calls_lark

__all__ = ["Guard", "StrictDecoding", "as_processor"]

_BARE = re.compile(r'\s*\{\s*("type"\s*:\s*"function"\s*,\s*)?"name"\s*:\s*"')
_LONGEST_HEAD = 32
"""Tokens within which a message without a marker must have begun as a call."""


class StrictDecoding:
    """The grammars of calls for one model.

    Parameters
    ----------
    loaded
        The model. Its chat template says how it calls: in ``<tool_call>`` where the template has that, otherwise in
        Llama-3 JSON, with or without ``<|python_tag|>``. Calls in XML (Qwen's coders), and markers of several tokens,
        are left alone.

    Raises
    ------
    LLMError
        When the tokenizer is of a kind that llguidance cannot read.

    Attributes
    ----------
    bare
        A message that begins with ``{"name": "`` is a call.
    opening, closing
        The tokens around a call, where there are any.
    words
        All tokens but ``opening``, bool of shape (vocabulary,).
    """

    def __init__(self, loaded: LoadedModel) -> None:
        with named_extras():
            import llguidance
            import llguidance.hf
        self._matcher: Any = llguidance.LLMatcher
        self._decode: Callable[[Sequence[int]], str] = loaded.tokenizer.decode
        try:
            self._tokens: Any = llguidance.hf.from_tokenizer(
                loaded.tokenizer,
                n_vocab=loaded.model.config.get_text_config().vocab_size,
                eos_token=sorted(stop_ids(loaded)),
            )
        except ValueError as error:
            raise LLMError(
                f"the tokenizer of {loaded.name} cannot be held to a grammar ({error}); use strict=False (--no-strict)"
            ) from error
        template = str(loaded.tokenizer.chat_template)
        self.bare = "<tool_call>" not in template
        self.opening = _token(loaded, "<|python_tag|>" if self.bare else "<tool_call>")
        self.closing = None if self.bare else _token(loaded, "</tool_call>")
        if "<function=" in template or (not self.bare and self.closing is None):
            self.opening = None
        self.words = np.arange(self._tokens.vocab_size) != self.opening if self.opening is not None else None
        self._grammars: LRUCache[str, Any] = LRUCache(32)

    def guard(self, tools: Mapping[str, ToolSpec], tool_choice: str | None = None) -> Guard:
        """A guard of one invocation; ``tool_choice`` as in :class:`specbench.llm.base.Request`."""
        return Guard(self, tools, tool_choice)

    def matcher(self, tools: Mapping[str, ToolSpec]) -> Any:
        """A new matcher of the calls to these tools; a schema that cannot be a grammar counts as any object."""
        schemas = {name: dict(spec.parameters) for name, spec in tools.items()}
        key = json.dumps(schemas, default=str)
        if key not in self._grammars:
            self._grammars[key] = self._compiled(schemas)
        return self._grammars[key].deep_copy()

    def _compiled(self, schemas: Mapping[str, Mapping[str, Any]]) -> Any:
        matcher = self._matcher(self._tokens, self._grammar(schemas), log_level=0)
        if not matcher.is_error():
            return matcher
        whole = dict(schemas)
        for name, schema in schemas.items():
            problem = self._matcher.validate_grammar(self._grammar({name: schema}), self._tokens)
            if problem:
                first = problem.strip().splitlines()[0]
                warnings.warn(f"the schema of {name} is no grammar; any object will do: {first}", stacklevel=2)
                whole[name] = {}
        return self._matcher(self._tokens, self._grammar(whole), log_level=0)

    def _grammar(self, schemas: Mapping[str, Mapping[str, Any]]) -> str:
        end = f"ws call ws <[{self.closing}]>" if self.closing is not None else "ws call (more call)* ws"
        text: str = self._matcher.grammar_from_lark(calls_lark(schemas, end))
        return text

    def allowed(self, matcher: Any) -> NDArray[np.bool_]:
        """The tokens that may come next, bool of shape (vocabulary,)."""
        size = self._tokens.vocab_size
        bits = np.zeros((size + 31) // 32, dtype=np.int32)
        matcher.unsafe_compute_mask_ptr(bits.ctypes.data, bits.nbytes)
        return np.unpackbits(bits.view(np.uint8), bitorder="little")[:size].astype(np.bool_)

    def begun(self, written: Sequence[int]) -> bool | None:
        """Whether the message has begun as a call without a marker; ``None`` when it is too early to say."""
        text = self._decode(written)
        if _BARE.match(text):
            return True
        open_yet = not text.strip() or text.lstrip().startswith("{")
        return None if open_yet and len(written) < _LONGEST_HEAD else False


def _token(loaded: LoadedModel, text: str) -> int | None:
    """The one token that ``text`` is, if it is one."""
    ids: list[int] = loaded.tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids[0] if len(ids) == 1 else None


class Guard:
    """Watches one invocation: free until a call begins, then what the grammar allows.

    Parameters
    ----------
    strict
        The grammars of the model.
    tools
        The tools on offer; without any, the marker that opens a call is not allowed.
    tool_choice
        ``"required"``: the message is a call; a name: of that tool.

    Attributes
    ----------
    overruled
        Steps at which the model's most probable token was not allowed.
    """

    def __init__(self, strict: StrictDecoding, tools: Mapping[str, ToolSpec], tool_choice: str | None = None) -> None:
        if tool_choice in tools:
            tools = {str(tool_choice): tools[str(tool_choice)]}
        self._strict, self._tools = strict, tools
        self._seen = 0
        self._state: Literal["start", "text", "opening", "call"] = "start" if strict.bare and tools else "text"
        self._matcher: Any = None
        if tool_choice is not None and tools and strict.bare:
            self._state, self._matcher = "call", strict.matcher(tools)
        elif tool_choice is not None and tools and strict.opening is not None:
            self._state = "opening"
        self.overruled = 0

    def __call__(self, written: Sequence[int], logits: Any) -> Any:
        """Return the logits of the next token, those that are not allowed at −∞.

        Parameters
        ----------
        written
            Token ids of the message so far.
        logits
            A torch tensor of shape (vocabulary,).
        """
        for at in range(self._seen, len(written)):
            self._read(written, at)
        self._seen = len(written)
        allowed = self._allowed()
        if allowed is None:
            return logits
        import torch

        mask = torch.from_numpy(allowed).to(logits.device)
        self.overruled += not mask[logits.argmax()]
        return logits.masked_fill(~mask, -torch.inf)

    def _allowed(self) -> NDArray[np.bool_] | None:
        """The tokens that may come next; ``None`` for all."""
        if self._state == "opening" and self._strict.words is not None:
            return ~np.asarray(self._strict.words)
        if self._state == "call":
            allowed = self._strict.allowed(self._matcher)
            if not self._matcher.is_error():
                return allowed
            self._state = "text"  # a grammar beyond the library's limits: the model goes on alone
        return None if self._tools else self._strict.words

    def _read(self, written: Sequence[int], at: int) -> None:
        """Take in the token at ``at``."""
        token = written[at]
        if self._state == "call":
            if not self._matcher.consume_token(token) or token == self._strict.closing:
                self._state = "text"
        elif token == self._strict.opening:
            self._state, self._matcher = "call", self._strict.matcher(self._tools)
        elif self._state == "start":
            head = list(written[: at + 1])
            begun = self._strict.begun(head)
            if begun is False:
                self._state = "text"
            elif begun:
                self._matcher = self._strict.matcher(self._tools)
                self._state = "call" if self._matcher.consume_tokens(head) else "text"


def as_processor(guard: Guard, prompt_tok: int) -> Callable[[Any, Any], Any]:
    """The guard as a logits processor of ``generate()``, for a batch of one.

    Parameters
    ----------
    prompt_tok
        Tokens of the prompt, which ``generate()`` passes along.
    """

    def process(ids: Any, scores: Any) -> Any:
        return guard(ids[0, prompt_tok:].tolist(), scores[0])[None]

    return process
