"""What speculations show beyond the systems that you trust, and what they must not."""

from __future__ import annotations

from specbench.core.types import DecisionPoint, ToolCall, ToolSpec
from specbench.policies.steering import is_outward, leaves, steered

__all__ = ["Outside"]

MOST_SHOWN = 3
"""Texts and numbers of a conversation that speculations may show outside and that the agent has not sent there."""


class Outside:
    """What a conversation has shown beyond the systems that you trust: speculations, and the agent itself.

    The default limit of :class:`~specbench.policies.Disclosure`, for calls that reach outside alone.

    Examples
    --------
    >>> outside, spec = Outside(), ToolSpec("search", open_world=True)
    >>> for word in "abc":
    ...     outside.launched(ToolCall("search", {"q": word}), spec)
    >>> point = DecisionPoint("t", 0, (), {"search": spec})
    >>> outside.refuse(ToolCall("search", {"q": "abc"}), point)
    'search reaches outside, and its q is neither from the user or the system message nor of an allowed host'
    >>> outside.refuse(ToolCall("search", {"q": 777}), point)
    'search would show a 4th thing outside that the agent has not sent there; 3 are allowed'
    """

    def __init__(self) -> None:
        self.shown: set[str] = set()
        self.asked: set[str] = set()

    def refuse(self, call: ToolCall, point: DecisionPoint) -> str | None:
        """Return why a call may not be launched, because of what it would show to whom; ``None`` if it may."""
        reason = steered(call, point)
        if reason is not None:
            return reason
        spec = point.tools.get(call.name)
        if spec is None or not is_outward(call, spec):
            return None
        shown = (self.shown | _things(call, spec)) - self.asked
        if len(shown) <= MOST_SHOWN:
            return None
        return (
            f"{call.name} would show a {len(shown)}th thing outside that the agent has not sent there; "
            f"{MOST_SHOWN} are allowed"
        )

    def launched(self, call: ToolCall, spec: ToolSpec | None) -> None:
        """A speculation starts."""
        if spec is not None and is_outward(call, spec):
            self.shown |= _things(call, spec)

    def decided(self, call: ToolCall, spec: ToolSpec | None) -> None:
        """The agent makes a call itself."""
        if spec is not None and is_outward(call, spec):
            self.asked |= _things(call, spec)


def _things(call: ToolCall, spec: ToolSpec) -> set[str]:
    """The texts and numbers of a call, those in lists one by one; small numbers tell nothing."""
    return {text for _, text in leaves(call.arguments, spec) if not (text.isdigit() and len(text) <= 2)}
