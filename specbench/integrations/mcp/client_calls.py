"""A ``tools/call`` of the client, on its way through the proxy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import anyio

from specbench.core.types import ToolCall
from specbench.integrations.mcp.frames import Frame, params_of
from specbench.runtime.copies import own_call

__all__ = ["NOT_COMPARED", "ClientCall", "compared"]

NOT_COMPARED = frozenset({"progressToken", "traceparent", "tracestate", "baggage", "claudecode/toolUseId"})
"""Members of ``_meta`` that number a call or trace it: they do not change what a tool does."""
_PLAIN = frozenset({"name", "arguments", "_meta"})


class ClientCall:
    """One call. It is ``sent`` when it is at the server, ``handed`` when what comes after it may go on, and ``done``
    when nobody waits for its answer any more.

    Parameters
    ----------
    frame
        The request.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame, self.number = frame, frame.message["id"]
        params = params_of(frame.message)
        arguments, name = params.get("arguments"), params.get("name")
        self.meta: Mapping[str, Any] = params["_meta"] if isinstance(params.get("_meta"), dict) else {}
        invalid = None if arguments is None or isinstance(arguments, dict) else repr(arguments)[:200]
        given = arguments if isinstance(arguments, dict) else {}
        self.call = ToolCall(str(name), given, str(self.number), invalid)
        self.token = self.meta.get("progressToken")
        self.sent, self.cancelled = False, False
        self.accepted = False  # whether the executor is told of it
        self.sent_s = 0.0
        self.key = ""  # by which a guess of it is found, where there is one
        self.handed, self.done = anyio.Event(), anyio.Event()
        self.scope = anyio.CancelScope()

    @cached_property
    def plain(self) -> bool:
        """Whether it is a name, arguments that can be handled, and nothing that asks for more than a result."""
        params = params_of(self.frame.message)
        right = isinstance(params.get("name"), str) and set(params) <= _PLAIN
        return right and own_call(self.call).invalid_arguments is None

    def left(self) -> None:
        """It is at the server now."""
        self.sent, self.sent_s = True, anyio.current_time()
        self.handed.set()


def compared(meta: Mapping[str, Any], ignored: Iterable[str] = ()) -> dict[str, Any]:
    """Return the members of ``_meta`` that have to be the same for a guess to be used.

    Examples
    --------
    >>> compared({"progressToken": 7, "tenant": "a"})
    {'tenant': 'a'}
    """
    return {name: value for name, value in meta.items() if name not in NOT_COMPARED and name not in set(ignored)}
