"""One piece of work in a trace."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias

__all__ = ["Kind", "Span", "now"]

Kind: TypeAlias = Literal["chain", "llm", "tool"]


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass
class Span:
    """A conversation (``chain``), an LLM invocation, a tool call, or a speculation.

    Parameters
    ----------
    name, kind
        What it is.
    parent
        The span that it is part of.
    inputs, outputs, error
        What went in and came out; a message in place of outputs where it failed.
    metadata
        Seconds, tokens, fate, probability.
    started, ended
        In UTC.
    """

    name: str
    kind: Kind
    parent: Span | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    started: datetime = field(default_factory=now)
    ended: datetime | None = None
    id: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def root(self) -> Span:
        """The conversation that it belongs to."""
        return self if self.parent is None else self.parent.root

    @property
    def dotted_order(self) -> str:
        """Its place in the tree, as LangSmith sorts it: start times and ids from the root down."""
        own = self.started.strftime("%Y%m%dT%H%M%S%fZ") + str(self.id)
        return own if self.parent is None else f"{self.parent.dotted_order}.{own}"

    def record(self) -> dict[str, Any]:
        """The span as JSON values.

        Examples
        --------
        >>> record = Span("get_order", "tool", inputs={"order_id": "D1"}).record()
        >>> record["name"], record["kind"], record["parent_id"]
        ('get_order', 'tool', None)
        """
        return {
            "id": str(self.id),
            "parent_id": None if self.parent is None else str(self.parent.id),
            "trace_id": str(self.root.id),
            "name": self.name,
            "kind": self.kind,
            "started": self.started.isoformat(),
            "ended": None if self.ended is None else self.ended.isoformat(),
            "inputs": dict(self.inputs),
            "outputs": dict(self.outputs),
            "error": self.error,
            "metadata": self.metadata,
        }
