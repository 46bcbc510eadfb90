"""Readers of trace files, one format a module. A new one is one file here and one line in the registry.

A package outside adds its reader by an entry point of the group ``specbench.sources``; see
:class:`~specbench.traces.sources.base.Source`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from specbench.core.errors import ConfigError, TraceFormatError
from specbench.core.registry import SOURCES
from specbench.traces.sources.base import Source
from specbench.traces.sources.strangers import looks_like

__all__ = ["Source", "detect_source", "get_source", "sources"]


@cache
def sources() -> dict[str, Source]:
    """Return every reader by name: the built-in ones, then those of installed packages.

    A package's reader that cannot be made, or is no reader, is left out with a warning.

    Examples
    --------
    >>> list(sources())[:4]
    ['specbench_jsonl', 'tau_bench', 'sgd', 'openai_chat']
    """
    found: dict[str, Source] = {}
    for name, loaded in SOURCES.loaded().items():
        try:
            found[name] = _reader(name, loaded)
        except ConfigError as error:
            SOURCES.leave_out(name, str(error))
    return found


def get_source(name: str | Source | type[Source]) -> Source:
    """Return the reader of that name, or of ``package.module:Class``; a reader of your own as it is.

    Raises
    ------
    ConfigError
        When there is none.
    """
    if not isinstance(name, str):
        return _reader(getattr(name, "name", repr(name)), name)
    known = sources()
    return known[name] if name in known else _reader(name, SOURCES.load(name))


def detect_source(path: Path, head: str) -> Source:
    """Return the reader that recognises a file by its content; of several, the one with the highest ``priority``.

    Raises
    ------
    TraceFormatError
        When none does, or when several of the same priority do.
    """
    found = [source for source in sources().values() if source.detect(path, head)]
    best = [source for source in found if source.priority == max(each.priority for each in found)]
    if len(best) == 1:
        return best[0]
    if not head.strip():
        raise TraceFormatError("the file is empty", path=path, remedy="give a file with traces, or leave it out")
    if best:
        problem = f"several readers recognise the file ({', '.join(source.name for source in best)})"
        raise TraceFormatError(problem, path=path, got=head[:60], remedy="name one of them (format=, --format)")
    kind, remedy = looks_like(head)
    problem = f"no reader recognises the file{f'; it looks like {kind}' if kind else ''}"
    raise TraceFormatError(problem, path=path, got=head[:60], remedy=remedy)


def _reader(name: str, loaded: object) -> Source:
    """Return the reader: ``loaded`` itself, or what it makes."""
    label = f"the trace reader {name!r}"
    try:
        made = loaded() if callable(loaded) else loaded
    except Exception as error:
        raise ConfigError(f"{label} cannot be made: {type(error).__name__}: {error}") from error
    if not isinstance(made, Source):
        raise ConfigError(f"{label} is no reader: a reader is a subclass of specbench.traces.sources.Source")
    return made
