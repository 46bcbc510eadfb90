"""The micro-Llama's own tokenizer: byte-level BPE of 1,536 tokens, one token a digit, one for each tool name it saw."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from specbench.core.extras import named_extras
from specbench.llm.llama3_format import BEGIN, CHAT_TEMPLATE, END, PAD, PYTHON_TAG, SPECIAL_TOKENS

__all__ = ["VOCABULARY", "train_tokenizer"]

VOCABULARY = 1536

# What is copied from a message into a call must be cut alike in both: names (capitals) and the pieces of an email take
# no blank before them, as other words do. Names with underscores stay whole, digits stand alone.
_PIECES = (
    r"[a-z]+(?:_[a-z]+)+|[a-z]+(?=[0-9@]|\.[a-z@])| ?[a-z]+(?![a-z_0-9@]|\.[a-z@])"
    r"|\p{Lu}\p{L}*|\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+"
)


def train_tokenizer(texts: Iterable[str], vocabulary: int = VOCABULARY) -> Any:
    """Learn a tokenizer.

    Parameters
    ----------
    texts
        What it should be good at. The order counts where two merges tie.
    vocabulary
        Tokens, the 256 bytes and the special ones included.

    Returns
    -------
    transformers.PreTrainedTokenizerFast
        With the chat template; ``save_pretrained`` writes it.
    """
    with named_extras():
        from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
        from transformers import PreTrainedTokenizerFast
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    whole = json.loads(tokenizer.to_str())
    for token in whole["added_tokens"]:
        # Servers leave special tokens out of what they send; without this one, words run into the call behind them.
        token["special"] = token["content"] != PYTHON_TAG
    tokenizer = Tokenizer.from_str(json.dumps(whole))
    fast: Any = PreTrainedTokenizerFast
    return fast(
        tokenizer_object=tokenizer,
        bos_token=BEGIN,
        eos_token=END,
        pad_token=PAD,
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=2048,
    )
