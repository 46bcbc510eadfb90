"""What every target holds specbench to, whatever came: its own errors, short ones, in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from specbench.core.errors import SpecbenchError

__all__ = ["allowed", "check_error"]

BASE_S, BYTE_S = 2.0, 2e-4
"""Processor seconds that a target may take: these, and these for each byte. Generous: instrumented code is slow."""
LONGEST_ERROR = 1024


@contextmanager
def allowed(size: int, *errors: type[SpecbenchError]) -> Iterator[None]:
    """Let the named errors pass, if they are short; fail when the block takes longer than its input is worth."""
    began = time.process_time()
    try:
        yield
    except errors as error:
        check_error(error)
    took_s = time.process_time() - began
    assert took_s < BASE_S + size * BYTE_S, f"{took_s:.1f} s for {size} bytes"


def check_error(error: object) -> None:
    """Fail when an error is too long to read."""
    said = str(error)
    assert 0 < len(said.encode("utf-8", "surrogatepass")) < LONGEST_ERROR, f"{len(said)} letters: {said[:200]}"
