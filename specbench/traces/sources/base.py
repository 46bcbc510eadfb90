"""What a trace reader is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

from specbench.core.types import Trace
from specbench.traces.json_files import OnError

__all__ = ["Source"]


@runtime_checkable
class Source(Protocol):
    """A reader of one file format.

    A package outside offers its own under the entry point group ``specbench.sources`` (an instance, or a class or
    function without arguments that makes one).
    """

    @property
    def name(self) -> str:
        """The name that ``--format`` takes."""

    def detect(self, path: Path, head: str) -> bool:
        """Tell from the first 256 KiB of the file's text whether this reader reads it (from content, not the name)."""

    def read(self, path: Path, on_error: OnError) -> Iterator[Trace]:
        """Yield the traces in the file's order; hand each broken record to ``on_error`` and go on if it returns."""
