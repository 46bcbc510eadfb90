"""Guessed calls at the server: requests of the proxy's own, told apart from the client's by their ids.

Nothing of a guess reaches the client before the client has asked for that very call: not its result, and not its
progress. What a server asks the client for in the middle of a guess (a sample of an LLM, a question to the user) is
refused, that guess fails, and its tool is not guessed again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any
from uuid import uuid4

import anyio

from specbench.integrations.mcp.frames import Frame, cancelled, params_of
from specbench.integrations.mcp.talk import text_of

__all__ = ["ASKS_CLIENT", "GuessFailed", "Guesses", "plain_result"]

ASKS_CLIENT = frozenset({"sampling/createMessage", "elicitation/create"})
"""Requests of a server that a person or a bill would notice."""
REFUSED = -32001
MOST_KEPT = 1_000
"""Messages of progress of one guess that are kept for the client."""


class GuessFailed(Exception):
    """A guess brought no result that may be used; the call runs for real when the client asks for it."""


class Guess:
    """One guessed call at the server."""

    def __init__(self, tool: str) -> None:
        self.tool, self.done = tool, anyio.Event()
        self.answer: dict[str, Any] | None = None
        self.error: str | None = None
        self.progress: list[dict[str, Any]] = []
        self.token: Any = None  # the client's, once it has asked for the call
        self.joined = False

    def fail(self, why: str) -> None:
        """Give it up."""
        if not self.done.is_set():
            self.error = why
            self.done.set()


class Guesses:
    """The guessed calls of one session.

    Parameters
    ----------
    to_server, to_client
        Send a message without waiting for it.
    """

    def __init__(self, to_server: Callable[[Frame], None], to_client: Callable[[Frame], None]) -> None:
        self._to_server, self._to_client = to_server, to_client
        self._prefix, self._numbers = f"specbench-{uuid4().hex[:12]}-", count(1)
        self._live: dict[str, Guess] = {}
        self._by_call: dict[str, Guess] = {}
        self.meta: dict[str, Any] = {}
        self.asks_client: set[str] = set()

    def __len__(self) -> int:
        return len(self._live)

    @property
    def any(self) -> bool:
        """Whether any call has been guessed, and not been asked for since."""
        return bool(self._by_call)

    def own_id(self) -> str:
        """Return an id that no client has."""
        return f"{self._prefix}{next(self._numbers)}"

    def is_own(self, number: Any) -> bool:
        """Whether an id is of the proxy's own."""
        return isinstance(number, str) and number.startswith(self._prefix)

    def has(self, key: str) -> bool:
        """Whether the call with this key has been guessed, and not been asked for since."""
        return key in self._by_call

    async def run(self, key: str, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Make a guessed call and return its result.

        Parameters
        ----------
        key
            By which :meth:`join` finds it.
        tool, arguments
            The call.

        Raises
        ------
        GuessFailed
            When the server said that it failed, or asked the client for something.
        """
        number, guess = self.own_id(), Guess(tool)
        meta = {**self.meta, "progressToken": number}  # nobody knows yet whether the client will want progress
        params = {"name": tool, "arguments": dict(arguments), "_meta": meta}
        self._live[number] = guess
        self._by_call.pop(key, None)
        self._by_call[key] = guess
        while len(self._by_call) > MOST_KEPT:
            del self._by_call[next(iter(self._by_call))]
        self._to_server(Frame({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}))
        try:
            await guess.done.wait()
        finally:
            del self._live[number]
            if guess.answer is None:
                self._to_server(cancelled(number, "the guess is not needed"))
        if guess.error is not None:
            raise GuessFailed(guess.error)
        assert guess.answer is not None
        result: Any = guess.answer.get("result")
        if not plain_result(result):
            raise GuessFailed(text_of(guess.answer)[0][:500])
        return dict(result)

    def answered(self, message: Mapping[str, Any]) -> None:
        """The server has answered a request of the proxy's own; one that was given up counts no more."""
        guess = self._live.get(str(message["id"]))
        if guess is not None and not guess.done.is_set():
            guess.answer = dict(message)
            guess.done.set()

    def progressed(self, message: Mapping[str, Any]) -> None:
        """Progress of a guess: kept until the client asks for the call."""
        guess = self._live.get(str(params_of(message).get("progressToken")))
        if guess is None:
            return
        if guess.joined:
            self._forward(guess, dict(message))
        elif len(guess.progress) < MOST_KEPT:
            guess.progress.append(dict(message))

    def join(self, key: str, token: Any) -> None:
        """The client asks for a call that was guessed; ``token`` is its progress token."""
        guess = self._by_call.pop(key, None)
        if guess is None:
            return
        guess.joined, guess.token = True, token
        for message in guess.progress:
            self._forward(guess, message)
        guess.progress.clear()

    def forget(self) -> None:
        """A call that may write is on its way: no guess from before it is used after it."""
        self._by_call.clear()

    def _forward(self, guess: Guess, message: dict[str, Any]) -> None:
        if guess.token is not None:
            params = {**params_of(message), "progressToken": guess.token}
            self._to_client(Frame({**message, "params": params}))

    def refuse(self, message: Mapping[str, Any]) -> None:
        """The server asks the client for something in the middle of guesses: answer for it, and use none of them."""
        for guess in self._live.values():
            if not guess.joined:
                self.asks_client.add(guess.tool)
                guess.fail("the server asked the client for something")
        error = {"code": REFUSED, "message": "specbench guessed this call; the client has not asked for it yet"}
        self._to_server(Frame({"jsonrpc": "2.0", "id": message["id"], "error": error}))

    def stop(self, why: str) -> None:
        """Give up all that the client does not wait for."""
        for guess in list(self._live.values()):
            if not guess.joined:
                guess.fail(why)


def plain_result(result: Any) -> bool:
    """Whether a result is whole, and no error: any other may differ when the call is made again.

    Examples
    --------
    >>> plain_result({"content": []}), plain_result({"content": [], "isError": True})
    (True, False)
    >>> plain_result({"resultType": "input_required", "inputRequests": {}}), plain_result({"x": float("inf")})
    (False, False)
    """
    if not isinstance(result, dict) or result.get("isError") or result.get("resultType", "complete") != "complete":
        return False
    try:
        json.dumps(result, allow_nan=False)
    except ValueError:  # a number that is too large for JSON to be written again
        return False
    return True
