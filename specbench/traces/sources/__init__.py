"""Readers of trace files, one format a module. A new one is one file here and one line in ``BUILT_IN``.

A package outside adds its reader by an entry point of the group ``specbench.sources``; see
:class:`~specbench.traces.sources.base.Source`.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from specbench.core.errors import ConfigError, TraceFormatError
from specbench.traces.sources.base import Source
from specbench.traces.sources.openai_chat import OpenAIChat
from specbench.traces.sources.sgd import SGD
from specbench.traces.sources.specbench_jsonl import SpecbenchJsonl
from specbench.traces.sources.tau_bench import TauBench

__all__ = ["BUILT_IN", "ENTRY_POINT_GROUP", "Source", "detect_source", "get_source", "sources"]

ENTRY_POINT_GROUP = "specbench.sources"

BUILT_IN: dict[str, Source] = {
    "specbench_jsonl": SpecbenchJsonl(),
    "tau_bench": TauBench(),
    "sgd": SGD(),
    "openai_chat": OpenAIChat(),
}


@cache
def sources() -> dict[str, Source]:
    """Return every reader by name: the built-in ones, then those of installed packages.

    Raises
    ------
    ConfigError
        When a package's reader cannot be loaded, is no reader, or takes the name of another.

    Examples
    --------
    >>> list(sources())[:4]
    ['specbench_jsonl', 'tau_bench', 'sgd', 'openai_chat']
    """
    found = dict(BUILT_IN)
    for entry in entry_points(group=ENTRY_POINT_GROUP):
        label = f"the trace reader {entry.name!r} ({entry.value})"
        try:
            loaded = entry.load()
            source = loaded if hasattr(loaded, "name") and not isinstance(loaded, type) else loaded()
        except Exception as error:
            raise ConfigError(
                f"{label} cannot be loaded: {error}; repair or uninstall the package that brings it"
            ) from error
        if not isinstance(source, Source):
            raise ConfigError(f"{label} is no reader; it needs name, detect(path, head) and read(path, on_error)")
        if source.name in found:
            raise ConfigError(f"{label} takes the name {source.name!r}, which another reader has; rename it")
        found[source.name] = source
    return found


def get_source(name: str) -> Source:
    """Return the reader of that name.

    Raises
    ------
    ConfigError
        When there is none.
    """
    try:
        return sources()[name]
    except KeyError:
        raise ConfigError(f"there is no trace format {name!r}; choose one of {', '.join(sources())}") from None


def detect_source(path: Path, head: str) -> Source:
    """Return the reader that recognises a file by its content.

    Raises
    ------
    TraceFormatError
        When none does, or when several do.
    """
    found = [source for source in sources().values() if source.detect(path, head)]
    if len(found) == 1:
        return found[0]
    if not head.strip():
        raise TraceFormatError("the file is empty", path=path, remedy="give a file with traces, or leave it out")
    problem = (
        f"several readers recognise the file ({', '.join(source.name for source in found)})"
        if found
        else "no reader recognises the file"
    )
    raise TraceFormatError(
        problem, path=path, got=head[:60], remedy=f"name the format (format=, --format): {', '.join(sources())}"
    )
