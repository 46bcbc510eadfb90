"""What proxies have learned, kept for each client and server from one session to the next."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from specbench.core.errors import ConfigError, SpecbenchError, in_words
from specbench.core.registry import PREDICTORS
from specbench.predictors import Predictor, make_predictor
from specbench.predictors.checkpoint import load

__all__ = ["Memory"]

_log = logging.getLogger("specbench.mcp")


class Memory:
    """The predictors, one for each client and server.

    Parameters
    ----------
    predictor
        A fitted one; the folder of a checkpoint; or the name of a predictor that learns as it goes.
    folder
        Where what was learned is kept; ``None`` forgets it at the end.

    Examples
    --------
    >>> memory = Memory("markov")
    >>> memory.predictor("claude-code", "git") is memory.predictor("claude-code", "git")
    True
    """

    def __init__(self, predictor: str | Predictor, folder: Path | None = None) -> None:
        self._start, self._folder = predictor, folder
        self._known: dict[tuple[str, str], Predictor] = {}

    def predictor(self, client: str, server: str) -> Predictor:
        """Return the predictor for a client and a server.

        Raises
        ------
        ConfigError
            When there is none of that name.
        CheckpointError
            When the folder is no checkpoint.
        """
        if (client, server) not in self._known:
            self._known[client, server] = self._learned(client, server) or self._fresh()
        return self._known[client, server]

    def _learned(self, client: str, server: str) -> Predictor | None:
        place = self._place(client, server)
        if place is None or not place.exists():
            return None
        try:
            return load(place)
        except SpecbenchError as error:
            _log.warning("what was learned before cannot be used, so it is learned again: %s", error)
            return None

    def _fresh(self) -> Predictor:
        if isinstance(self._start, Predictor):
            return self._start
        if Path(self._start).is_dir():
            return load(self._start)
        if ":" not in self._start and self._start.partition("+")[0] not in PREDICTORS:
            raise ConfigError(
                f"{self._start!r} is neither a predictor nor the folder of a checkpoint; predictors are "
                f"{', '.join(PREDICTORS)}"
            )
        return make_predictor(self._start)

    def save(self) -> None:
        """Keep what was learned. What cannot be written is logged: it must not end a session."""
        for (client, server), predictor in self._known.items():
            place = self._place(client, server)
            if place is None or not predictor.fitted:
                continue
            try:
                predictor.save(place)
            except Exception as error:
                _log.warning("what was learned could not be kept: %s", in_words(error))

    def _place(self, client: str, server: str) -> Path | None:
        return None if self._folder is None else self._folder / "learned" / _slug(client) / _slug(server)


def _slug(name: str) -> str:
    """Return a name that a folder may have.

    Examples
    --------
    >>> _slug("Claude Code/../x")
    'claude-code-x'
    """
    return re.sub(r"[^a-z0-9_]+", "-", name.lower()).strip("-")[:80] or "unnamed"
