"""The tools that a server lists, with the effects that you declare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from specbench.core.errors import SpecbenchError
from specbench.core.types import Effect, ToolSpec
from specbench.traces.conversation.tools import read_tools
from specbench.traces.effects import Declared

__all__ = ["ListedTools"]


class ListedTools:
    """What is on offer, kept up to date with the answers that go to the client.

    Parameters
    ----------
    server
        Its name: a declaration may be for ``TOOL``, or for ``mcp__SERVER__TOOL`` as Claude Code calls it.
    declared
        Of :func:`~specbench.traces.effects.read_effects`.
    trusted
        Whether the server's own ``readOnlyHint`` counts where nothing is declared.

    Examples
    --------
    >>> listed = ListedTools("git", {"log": {"effect": Effect.READ}})
    >>> listed.take({"tools": [{"name": "log"}, {"name": "show", "annotations": {"readOnlyHint": True}}]}, first=True)
    True
    >>> {name: str(spec.effect) for name, spec in listed.specs.items()}
    {'log': 'read', 'show': 'unknown'}
    """

    def __init__(self, server: str, declared: Mapping[str, Declared], *, trusted: bool = False) -> None:
        self._server, self._declared, self._trusted = server, declared, trusted
        self._pages: dict[str, ToolSpec] = {}
        self.specs: dict[str, ToolSpec] = {}

    def take(self, result: Any, *, first: bool) -> bool:
        """Take in a page of the list; returns whether what is on offer has changed.

        Parameters
        ----------
        result
            As the server gave it.
        first
            Whether it is the first page.
        """
        if not isinstance(result, dict) or not isinstance(result.get("tools"), list):
            return False
        self._pages = {} if first else self._pages
        for tool in result["tools"]:
            spec = self._spec(tool)
            if spec is not None:
                self._pages[spec.name] = spec
        whole = not isinstance(result.get("nextCursor"), str)
        specs = dict(self._pages) if whole else {**self.specs, **self._pages}
        changed, self.specs = specs != self.specs, specs
        return changed

    def _spec(self, tool: Any) -> ToolSpec | None:
        """Return a tool as it is declared; ``None`` for one that cannot be read: it is passed on, never guessed."""
        try:
            (spec,) = read_tools([tool], strict=False).values()
            return self._declare(spec, tool)
        except (SpecbenchError, ValueError, RecursionError):
            return None

    def _declare(self, spec: ToolSpec, tool: Mapping[str, Any]) -> ToolSpec:
        hints: Any = tool["annotations"] if isinstance(tool.get("annotations"), dict) else {}
        said = Effect.READ if hints.get("readOnlyHint") is True and hints.get("destructiveHint") is not True else None
        effect = said if self._trusted and said is not None else Effect.UNKNOWN
        spec = replace(spec, effect=effect, open_world=spec.open_world if self._trusted or spec.open_world else None)
        declared = self._declared.get(spec.name) or self._declared.get(f"mcp__{self._server}__{spec.name}")
        return replace(spec, **declared) if declared else spec
