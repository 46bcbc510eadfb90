"""What a trace reader is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from specbench.core.types import Trace
from specbench.traces.json_files import OnError

__all__ = ["Source"]


class Source(ABC):
    """A reader of one file format.

    A package outside offers its own under the entry point group ``specbench.sources``: a subclass that is made without
    arguments.

    Attributes
    ----------
    name
        What ``--format`` takes.
    priority
        Where several readers recognise a file, the one with the highest priority reads it. 0 is for formats that are
        recognised by a widespread shape (OpenAI chat messages), 10 (the default) for those of one tool or data set.
    counted_once
        Whether a trace that is the beginning of another one (as in a log of requests), or a copy of it, is left out.
    """

    name: ClassVar[str]
    priority: ClassVar[int] = 10
    counted_once: ClassVar[bool] = False

    @abstractmethod
    def detect(self, path: Path, head: str) -> bool:
        """Tell from the first 256 KiB of the file's text whether this reader reads it (from content, not the name)."""

    @abstractmethod
    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield the traces in the file's order; hand each broken record to ``on_error`` and go on if it returns."""
