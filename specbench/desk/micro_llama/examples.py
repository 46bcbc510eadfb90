"""Training examples: conversations as token ids with what is learned of them, in batches of about equal length."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.core.types import Trace
from specbench.llm.llama3_format import Segment, segments

__all__ = ["Batch", "Conversations", "copy_batches", "encode", "talk_batches"]

Conversations = Callable[[int, int], Iterator[tuple[Trace, bool]]]
"""``conversations(seed, first)`` plays on without end from number ``first``; the flag: calls are learned."""

Ints = npt.NDArray[np.int64]

POOL = 256
"""Conversations sorted by length at a time."""
MAX_LENGTH = 2048
COPY_LENGTHS = (32, 32, 48, 64, 96, 128, 192, 256, 512, 1024)


@dataclass(frozen=True)
class Batch:
    """Token ids of shape (rows, length), padded on the right, and which of them are learned."""

    ids: Ints
    learned: npt.NDArray[np.bool_]


def encode(tokenizer: Any, pieces: list[Segment], limit: int | None = None) -> tuple[list[int], list[bool]]:
    """Return token ids and, for each, whether it is learned; cut after ``limit`` tokens."""
    ids: list[int] = []
    learned: list[bool] = []
    encoded = tokenizer([piece.text for piece in pieces], add_special_tokens=False)["input_ids"]
    for piece, part in zip(pieces, encoded, strict=True):
        ids += part
        learned += [piece.learned] * len(part)
    cut = min(limit or MAX_LENGTH, MAX_LENGTH)
    return ids[:cut], learned[:cut]


def _pieces(trace: Trace, calls_learned: bool) -> list[Segment]:
    pieces = list(segments(trace.messages, trace.tools))
    if calls_learned:
        return pieces
    return [Segment(text, learned and '{"name": ' not in text) for text, learned in pieces]


def talk_batches(
    tokenizer: Any, conversations: Conversations, seed: int, tokens: int, skip: int, limit: int | None = None
) -> Iterator[Batch]:
    """Yield batches of conversations without end.

    Parameters
    ----------
    tokenizer
        The micro-Llama's.
    conversations
        Where they come from.
    seed
        Same seed, same batches.
    tokens
        Size of a batch, padding included.
    skip
        Batches to leave out at the start: where an interrupted training goes on.
    limit
        Conversations are cut after so many tokens.
    """
    pool = 0
    while True:
        rows = []
        for (trace, calls_learned), _ in zip(conversations(seed, pool * POOL), range(POOL), strict=False):
            rows.append(encode(tokenizer, _pieces(trace, calls_learned), limit))
        rows.sort(key=lambda row: len(row[0]))
        batches: list[list[tuple[list[int], list[bool]]]] = [[]]
        for row in rows:
            if (len(batches[-1]) + 1) * len(row[0]) > tokens and batches[-1]:
                batches.append([])
            batches[-1].append(row)
        random.Random(f"pool/{seed}/{pool}").shuffle(batches)
        for batch in batches[skip:]:
            yield _padded(batch)
        skip = max(0, skip - len(batches))
        pool += 1


def _padded(rows: list[tuple[list[int], list[bool]]]) -> Batch:
    length = max(len(ids) for ids, _ in rows)
    ids = np.zeros((len(rows), length), np.int64)
    learned = np.zeros((len(rows), length), np.bool_)
    for at, (row, mask) in enumerate(rows):
        ids[at, : len(row)], learned[at, : len(row)] = row, mask
    return Batch(ids, learned)


def copy_batches(seed: int, tokens: int, vocabulary: int, digits: Ints, skip: int, steps: int) -> Iterator[Batch]:
    """Yield batches of ``tag id tag id … tag id``, each pair a second time in another order.

    Only the ids of the second half are learned: they can be known by looking back alone. Heads that copy form here
    within minutes, and in conversations hardly ever. Rows grow from 32 tokens to 1,024: in a short one there is little
    else to look at, and a model of this size finds out first that what it has seen comes again, then where.

    Parameters
    ----------
    seed
        Same seed, same batches.
    tokens
        Size of a batch.
    vocabulary
        Token ids are drawn from 16 to here.
    digits
        The token ids of the ten digits, which most ids are made of.
    skip, steps
        The first batch, and how many there are in all.
    """
    for step in range(skip, steps):
        rng = np.random.default_rng([seed, step])
        length = COPY_LENGTHS[min(len(COPY_LENGTHS) - 1, len(COPY_LENGTHS) * step // steps)]
        rows = max(1, tokens // length)
        ids = np.zeros((rows, length), np.int64)
        learned = np.zeros((rows, length), np.bool_)
        for row in range(rows):
            pairs: list[tuple[Ints, Ints]] = []
            left = length // 2
            while True:
                tag_size, size = int(rng.integers(1, 3)), int(rng.integers(2, 8))
                if tag_size + size > left:
                    break
                pair = rng.integers(16, vocabulary, tag_size + size)
                if rng.random() < 0.6:
                    pair[tag_size:] = rng.choice(digits, size)
                pairs.append((pair[:tag_size], pair[tag_size:]))
                left -= tag_size + size
            parts = [*pairs, *(pairs[at] for at in rng.permutation(len(pairs)))]
            at = 0
            for turn, (tag, name) in enumerate(parts):
                ids[row, at : at + len(tag)] = tag
                at += len(tag)
                ids[row, at : at + len(name)] = name
                learned[row, at : at + len(name)] = turn >= len(pairs)
                at += len(name)
        yield Batch(ids, learned)
