"""What was read, file by file: counts, hashes, what was skipped and what looks wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches

from specbench.core.types import Trace
from specbench.traces.call_results import linked

__all__ = ["FileReport", "ReadReport"]


@dataclass
class FileReport:
    """What was read from one file.

    Parameters
    ----------
    path, format, sha256
        The file, the name of its reader, and the hash of its bytes.
    read
        Number of traces that it gave.
    renamed
        Number of those whose trace id another file had already used; they got a suffix ``~2``, ``~3``, ...
    skipped
        One reason for every record that was skipped (``skip_invalid``).
    beside
        Name and hash of the side files that were read with it (SGD's ``schema.json``).
    counted_once
        Number of traces left out because they are the beginning of another one (a log of requests), or a copy.
    calls, tools, unasked
        Number of tool calls, of traces that declare tools, and of results that answer no call.
    """

    path: str
    format: str = ""
    sha256: str = ""
    read: int = 0
    renamed: int = 0
    skipped: list[str] = field(default_factory=list)
    beside: dict[str, str] = field(default_factory=dict)
    counted_once: int = 0
    calls: int = 0
    tools: int = 0
    unasked: int = 0

    @property
    def warnings(self) -> list[str]:
        """What was read without an error, and looks wrong."""
        found = []
        if self.tools and not self.calls:
            found.append(f"{self.tools} traces declare tools, but no call was read: are the calls in another place?")
        if self.unasked:
            found.append(f"{self.unasked} results answer no call of their conversation")
        if self.counted_once:
            found.append(
                f"{self.counted_once} traces are the beginning or a copy of another one and were left out "
                "(keep_prefixes=True, --keep-prefixes)"
            )
        return found

    def count(self, trace: Trace) -> None:
        """Count what a trace holds."""
        self.read += 1
        self.calls += sum(len(message.tool_calls) for message in trace.messages)
        self.tools += bool(trace.tools)
        self.unasked += sum(asked is None for _, asked in linked(trace.messages))


@dataclass
class ReadReport:
    """What was read, file by file, in reading order; the tools of all traces, and those whose effects were declared."""

    files: list[FileReport] = field(default_factory=list)
    tools: set[str] = field(default_factory=set)
    declared: set[str] = field(default_factory=set)

    @property
    def warnings(self) -> list[str]:
        """What looks wrong in all files together: declared effects that seem to be misspelt.

        Examples
        --------
        >>> ReadReport(tools={"get_order"}, declared={"get_ordr"}).warnings
        ["an effect is declared for 'get_ordr', which no trace has; is it 'get_order'?"]
        """
        found = []
        for name in sorted(self.declared - self.tools):
            for close in get_close_matches(name, self.tools - self.declared, n=1, cutoff=0.8):
                found.append(f"an effect is declared for {name!r}, which no trace has; is it {close!r}?")
        return found

    @property
    def read(self) -> int:
        """Number of traces read."""
        return sum(file.read for file in self.files)

    @property
    def skipped(self) -> list[str]:
        """Every reason for a skipped record, in reading order."""
        return [reason for file in self.files for reason in file.skipped]
