"""Messages of the Model Context Protocol as the proxy handles them: JSON-RPC objects, and the bytes they came in.

A message that nobody has to change goes on in the very bytes that it came in. Nothing is rebuilt from types, so that
fields, methods and protocol revisions which specbench does not know pass, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

__all__ = ["Frame", "cancelled", "is_request", "is_response", "params_of", "response"]


class Frame(NamedTuple):
    """One message.

    Parameters
    ----------
    message
        What it says, parsed; ``None`` where it is no JSON.
    line
        The bytes that it came in, without the line end; ``None`` where it did not come as a line.
    """

    message: Any
    line: bytes | None = None

    @classmethod
    def of(cls, line: bytes) -> Frame:
        """Read a line.

        Examples
        --------
        >>> Frame.of(b'{"id": 1}').message, Frame.of(b"oops").message
        ({'id': 1}, None)
        """
        try:
            return cls(json.loads(line), line)
        except (ValueError, RecursionError):
            return cls(None, line)

    def encoded(self) -> bytes:
        """Return it as a line, without the line end."""
        return self.line if self.line is not None else json.dumps(self.message, separators=(",", ":")).encode()


def is_request(message: Any) -> bool:
    """Whether a message asks for an answer."""
    return isinstance(message, dict) and isinstance(message.get("method"), str) and _is_id(message.get("id"))


def is_response(message: Any) -> bool:
    """Whether a message is the answer to a request."""
    return isinstance(message, dict) and "method" not in message and _is_id(message.get("id"))


def _is_id(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def params_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a message; empty where it has none."""
    params = message.get("params")
    return params if isinstance(params, dict) else {}


def response(number: Any, result: Mapping[str, Any]) -> Frame:
    """Return the answer to a request.

    Examples
    --------
    >>> response(7, {"ok": True}).encoded()
    b'{"jsonrpc":"2.0","id":7,"result":{"ok":true}}'
    """
    return Frame({"jsonrpc": "2.0", "id": number, "result": result})


def cancelled(number: Any, reason: str) -> Frame:
    """Return the notification that the answer to a request is not needed any more."""
    params = {"requestId": number, "reason": reason}
    return Frame({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
