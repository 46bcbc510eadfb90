"""One client and one server, with the proxy between them: everything passes, and calls are looked at."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any

import anyio

from specbench.core.errors import in_words
from specbench.core.ledger import Ledger
from specbench.core.types import ToolCall
from specbench.integrations.mcp.client_calls import ClientCall, compared
from specbench.integrations.mcp.frames import Frame, is_request, is_response, params_of, response
from specbench.integrations.mcp.governor import Governor, Mode
from specbench.integrations.mcp.guesses import ASKS_CLIENT, Guesses
from specbench.integrations.mcp.listed import ListedTools
from specbench.integrations.mcp.steps import QUIET_S, Steps
from specbench.integrations.mcp.talk import Talk, text_of
from specbench.integrations.mcp.wires import Wire
from specbench.runtime import Executor

__all__ = ["ProxySession"]

_log = logging.getLogger("specbench.mcp")

_HARMLESS = frozenset({
    "ping", "tools/list", "prompts/list", "resources/list", "resources/templates/list", "notifications/progress",
    "notifications/message",
})  # fmt: skip
"""Messages that change nothing a tool reads; any other may, so nothing that was guessed before it counts."""
_CLIENT_INFO = "io.modelcontextprotocol/clientInfo"
LAST_WORDS_S = 0.5
"""How long a server is listened to when the client has said all it had to say."""
LOOK_S = 0.25
"""How often the off switch is looked at while guesses are at work."""


class ProxySession:
    """A connection of a client, from its beginning to its end.

    Parameters
    ----------
    trace_id
        Its name in traces and ledgers.
    client, server
        The two sides.
    listed, governor, talk
        What is on offer; what may be guessed; what has been said.
    open_executor
        Opens an executor that makes guesses by a function of the session (:attr:`guesses`); ``None`` in record-only
        mode.
    take_rows
        Gets the rows of the ledger.
    ignore_meta
        Members of ``_meta`` that may differ between a guess and the call.
    """

    def __init__(
        self,
        trace_id: str,
        client: Wire,
        server: Wire,
        *,
        listed: ListedTools,
        governor: Governor,
        talk: Talk,
        open_executor: Callable[[ProxySession], AbstractAsyncContextManager[Executor]] | None = None,
        take_rows: Callable[[Ledger], None] = lambda rows: None,
        ignore_meta: tuple[str, ...] = (),
    ) -> None:
        self.trace_id, self.listed, self.governor, self.talk = trace_id, listed, governor, talk
        self.client_name = "client"
        self._client, self._server = client, server
        self._open_executor, self._ignore_meta = open_executor, ignore_meta
        self._calls: dict[Any, ClientCall] = {}
        self._lists: dict[Any, bool] = {}
        self._open: set[Any] = set()  # ids of requests that may change something until they are answered
        self._pings: set[Any] = set()  # ids of the server's
        self._known, self._ended = anyio.Event(), anyio.Event()
        self.server_left = self._client_left = False
        self._meta: dict[str, Any] | None = None
        self.guesses = Guesses(self._soon(server), self._soon(client))
        self.steps = Steps(
            trace_id, talk, governor, self.guesses,
            open_executor=self._executor, forward=self._forward, answer=self._answer, take_rows=take_rows,
        )  # fmt: skip

    async def run(self) -> None:
        """Pass messages on until one side is gone; :attr:`server_left` says whether it was the server."""
        try:
            async with anyio.create_task_group() as self._group:
                if self._open_executor is not None:
                    self._group.start_soon(self._guess)
                    self._group.start_soon(self._watch)
                self._group.start_soon(self._pump, self._server, self._from_server)
                self._group.start_soon(self._pump, self._client, self._from_client)
                await self._ended.wait()
                self._group.cancel_scope.cancel()
        finally:
            self.steps.close()
            self.talk.end()

    def _soon(self, wire: Wire) -> Callable[[Frame], None]:
        """Return what sends a frame in a task of the session: whoever asks for it may be cancelled."""

        def send(frame: Frame) -> None:
            self._group.start_soon(wire.send, frame)

        return send

    async def _pump(self, wire: Wire, take: Callable[[Frame], Any]) -> None:
        with suppress(anyio.EndOfStream):
            while True:
                frame = await wire.receive()
                try:
                    await take(frame)
                except Exception:
                    _log.exception("a message could not be looked at; it is passed on")
                    await self._pass_on(wire, frame)
        if wire is self._server:
            self.server_left = not self._client_left
        else:
            self._client_left = True
            if await self._server.end():  # it may have something to say still
                await anyio.sleep(LAST_WORDS_S)
        self._ended.set()

    async def _pass_on(self, wire: Wire, frame: Frame) -> None:
        """Pass a message on after all, but no call twice."""
        call = self._calls.get(frame.message.get("id")) if is_request(frame.message) else None
        if wire is self._server:
            await self._client.send(frame)
        elif call is None or not call.sent:
            await self._server.send(frame)

    async def _guess(self) -> None:
        try:
            await self.steps.run()
        except Exception as error:
            _log.error("nothing is guessed in this session, all else goes on: %s", in_words(error))

    def _executor(self) -> AbstractAsyncContextManager[Executor]:
        assert self._open_executor is not None
        return self._open_executor(self)

    async def guess(self, executor: Executor, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Make a guessed call; in shadow mode it takes as long as the tool does on average, and runs nothing.

        Raises
        ------
        GuessFailed
            When it brought nothing that may be used.
        """
        if self.governor.mode is Mode.SHADOW:
            await anyio.sleep(executor.shared.expected.tool(tool))
            return {}
        return await self.guesses.run(executor.tools[tool].key_of(ToolCall(tool, arguments)), tool, arguments)

    def switch(self) -> None:
        """Turn guessing off at once, or on again."""
        self.governor.switch()
        if (reason := self.governor.refuse()) is not None:
            self.guesses.stop(reason)

    async def tools_known(self) -> None:
        """Wait until the server has listed its tools."""
        await self._known.wait()

    async def _watch(self) -> None:
        """Stop guesses at work as soon as nothing may be guessed any more."""
        while True:
            await anyio.sleep(LOOK_S)
            if len(self.guesses) and (reason := self.governor.refuse()) is not None:
                self.guesses.stop(reason)

    # --- from the client --------------------------------------------------------------------------------------------

    async def _from_client(self, frame: Frame) -> None:
        message = frame.message
        if is_request(message):
            self._see_client(message)
            if message["method"] == "tools/call":
                await self._call(ClientCall(frame))
                return
            if message["method"] == "tools/list":
                self._lists[message["id"]] = params_of(message).get("cursor") is None
                if self._meta is None:  # calls will have the same, most likely
                    self._meta = self.guesses.meta = compared(params_of(message).get("_meta") or {}, self._ignore_meta)
            elif message["method"] not in _HARMLESS:
                self._open.add(message["id"])
                self.steps.void()
        elif is_response(message):  # what the server has asked for may be what its tools go by
            if message["id"] not in self._pings:
                self.steps.changed()
            self._pings.discard(message["id"])
        elif isinstance(message, dict) and message.get("method") == "notifications/cancelled":
            number = params_of(message).get("requestId")
            if not self._has_call(number):
                self.steps.void()
            elif self._cancel(number):
                return
        elif not isinstance(message, dict) or message.get("method") not in _HARMLESS:
            self.steps.void()
        await self._server.send(frame)

    def _has_call(self, number: Any) -> bool:
        return isinstance(number, (str, int)) and number in self._calls

    def _see_client(self, message: dict[str, Any]) -> None:
        params = params_of(message)
        meta = params.get("_meta")
        info = params.get("clientInfo") if message["method"] == "initialize" else (meta or {}).get(_CLIENT_INFO)
        if isinstance(info, dict) and isinstance(info.get("name"), str):
            self.client_name = self.steps.agent = info["name"]

    async def _call(self, call: ClientCall) -> None:
        self._calls[call.number] = call
        self.talk.called(call.call)
        if not self.guesses.any:  # it cannot be a hit: it goes first, and is looked at while the server works
            await self._forward(call)
        self.steps.busy(len(self._calls))
        self._ask_for_list(call)
        meta = compared(call.meta, self._ignore_meta)
        known = self.steps.accepts(call) and self._meta in (None, meta)
        self._meta = self.guesses.meta = meta
        call.accepted = known
        if not known:
            self.steps.void()
        elif not call.sent and self.steps.may_hit(call):
            self.steps.take(call)
            await call.handed.wait()
            return
        if not call.sent:
            await self._forward(call)
        if known:
            self.steps.take(call)

    async def _forward(self, call: ClientCall) -> None:
        if self.guesses.any and self.steps.may_write(call):
            self.guesses.forget()
        call.left()
        await self._server.send(call.frame)

    async def _answer(self, call: ClientCall, result: dict[str, Any], ran_s: float) -> None:
        self._record(call, {"result": result}, ran_s)
        await self._client.send(response(call.number, result))
        self._over(call)

    def _record(self, call: ClientCall, message: dict[str, Any], ran_s: float) -> None:
        """Note an answer, before the client has it: whoever is killed then has lost nothing that anybody knows of."""
        if not call.cancelled:
            text, error = text_of(message)
            self.talk.answered(call.call, text, ran_s, error=error)

    def _over(self, call: ClientCall) -> None:
        """Nobody waits for the answer of a call any more."""
        if self._calls.get(call.number) is call:
            del self._calls[call.number]
            if not call.accepted:
                self.steps.count(call, self.listed.specs.get(call.call.name))
        call.done.set()
        self.steps.busy(len(self._calls))

    def _cancel(self, number: Any) -> bool:
        """The client does not need a call any more; returns whether the server need not hear of it."""
        call = self._calls[number]
        if call.cancelled:
            return False
        call.cancelled = True
        self.talk.answered(call.call, "cancelled by the client", None, error=True)
        if call.sent and self.steps.may_write(call):
            self._open.add(number)
            self._group.start_soon(self._end_cancelled, call)  # it may go on for a while
        else:
            call.scope.cancel()
            self._over(call)
        return not call.sent

    async def _end_cancelled(self, call: ClientCall) -> None:
        with anyio.move_on_after(QUIET_S):
            await call.done.wait()
        self._over(call)

    # --- from the server --------------------------------------------------------------------------------------------

    async def _from_server(self, frame: Frame) -> None:
        message = frame.message
        if is_response(message):
            if self.guesses.is_own(message["id"]):
                self.guesses.answered(message)
                self._listed(message)
                return
            self._listed(message)
            if message["id"] in self._open:
                self._open.discard(message["id"])
                self.steps.void()
            call = self._calls.get(message["id"])
            if call is not None and call.sent:
                self._record(call, message, anyio.current_time() - call.sent_s)
            await self._client.send(frame)
            if call is not None and call.sent:
                self._over(call)
            return
        if isinstance(message, dict):
            method = message.get("method")
            if method == "notifications/progress" and self.guesses.is_own(params_of(message).get("progressToken")):
                self.guesses.progressed(message)
                return
            if method in ASKS_CLIENT and is_request(message) and len(self.guesses) and not self._calls:
                self.guesses.refuse(message)
                return
            if is_request(message):
                if method == "ping":
                    self._pings.add(message["id"])
            elif method not in _HARMLESS:
                self.steps.changed()
        else:
            self.steps.changed()
        await self._client.send(frame)

    # --- the list of tools ------------------------------------------------------------------------------------------

    def _ask_for_list(self, call: ClientCall) -> None:
        """A client that calls without having asked what there is: ask for it, beside the call."""
        if self._open_executor is not None and not (self._known.is_set() or self._lists):
            self._send_list({"_meta": compared(call.meta)} if call.meta else {}, first=True)

    def _send_list(self, params: dict[str, Any], *, first: bool) -> None:
        number = self.guesses.own_id()
        self._lists[number] = first
        request = {"jsonrpc": "2.0", "id": number, "method": "tools/list", "params": params}
        self._group.start_soon(self._server.send, Frame(request))

    def _listed(self, message: dict[str, Any]) -> None:
        """An answer has come; it may be a page of the list of tools."""
        first = self._lists.pop(message["id"], None)
        result = message.get("result")
        if first is None or not isinstance(result, dict):
            return
        changed = self.listed.take(result, first=first)
        if isinstance(result.get("nextCursor"), str) and self.guesses.is_own(message["id"]):
            self._send_list({"cursor": result["nextCursor"]}, first=False)
        if changed:
            self.steps.void()
        self._known.set()
