"""Decoding token by token with a key-value cache: greedy, drawn, or forced along a given text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from specbench.llm.local.loading import LoadedModel

__all__ = ["Decoder", "TextAssembler", "stop_ids"]


def stop_ids(loaded: LoadedModel) -> frozenset[int]:
    """The tokens that end a message."""
    given = loaded.model.generation_config.eos_token_id
    ids = given if isinstance(given, (list, tuple)) else [given]
    return frozenset(each for each in (*ids, loaded.tokenizer.eos_token_id) if each is not None)


class Decoder:
    """One invocation of a model; each :meth:`step` is one forward pass.

    Parameters
    ----------
    loaded
        The model.
    prompt
        Token ids of the prompt.
    temperature, seed
        0 takes the most probable token; above, tokens are drawn.
    forced
        Token ids to write, whatever the model would; the model runs all the same.
    guard
        Takes what is written and the logits of the next token, and returns logits; see
        :mod:`specbench.llm.strict.decoding`.

    Attributes
    ----------
    hidden
        The last hidden state of the last prompt token, float32 of shape (hidden size,), after the first step.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        prompt: Sequence[int],
        *,
        temperature: float = 0.0,
        seed: int = 0,
        forced: Sequence[int] | None = None,
        guard: Callable[[Sequence[int], Any], Any] | None = None,
    ) -> None:
        import torch

        self._model, self._attention = loaded.model, loaded.attention
        self._device = loaded.model.device
        self._input = torch.tensor([list(prompt)], device=self._device)
        self._cache: Any = None
        self._temperature = temperature
        self._generator = torch.Generator(self._device).manual_seed(seed) if temperature > 0 else None
        self._forced = forced
        self._guard = guard
        self._written: list[int] = []
        self.hidden: Any = None

    def step(self) -> int:
        """Run the model over what is new, and return the next token."""
        import torch

        with torch.inference_mode(), self._attention():
            if self.hidden is None:
                output = self._first()
            else:
                output = self._model(self._input, past_key_values=self._cache, use_cache=True)
            self._cache = output.past_key_values
            token = self._choose(output.logits[0, -1])
            self._input = torch.tensor([[token]], device=self._device)
        self._written.append(token)
        return token

    def _first(self) -> Any:
        """The prompt; a hook on the output layer sees the hidden state that the first token is made from."""
        seen: list[Any] = []
        hook = self._model.get_output_embeddings().register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        try:
            output = self._model(self._input, use_cache=True, logits_to_keep=1)
        finally:
            hook.remove()
        self.hidden = seen[0][0, -1].float().cpu().numpy()
        return output

    def _choose(self, logits: Any) -> int:
        import torch

        if self._forced is not None and len(self._written) < len(self._forced):
            logits.argmax().item()  # a GPU is waited for, as where the model's own token is read: its time is real
            return self._forced[len(self._written)]
        if self._guard is not None:
            logits = self._guard(self._written, logits)
        if self._generator is None:
            return int(logits.argmax())
        weights = torch.softmax(logits.float() / self._temperature, -1)
        return int(torch.multinomial(weights, 1, generator=self._generator))


class TextAssembler:
    """Puts tokens together to text; what is not yet whole characters waits.

    Parameters
    ----------
    tokenizer
        Of transformers.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._ids: list[int] = []
        self._said = 0

    def add(self, token: int) -> str:
        """Return the text that ``token`` completes."""
        self._ids.append(token)
        text: str = self._tokenizer.decode(self._ids, skip_special_tokens=False)
        if text.endswith("\ufffd"):
            return ""
        new = text[self._said :]
        self._said = len(text)
        if new.endswith((" ", "\n")):
            # A good place to begin anew, so that long messages are not decoded again and again.
            self._ids, self._said = [], 0
        return new
