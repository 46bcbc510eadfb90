"""Speculation for an agent that exists already: a middleware of LangChain's ``create_agent``.

.. code-block:: python

    executor = Executor(tools_of(tools, {"get_order": Effect.READ}), predictor)
    agent = create_agent(model, tools, middleware=[SpeculationMiddleware(executor)])
    async with executor:
        await agent.ainvoke({"messages": [("user", "Where is my order?")]})

The model call starts the speculation beside it; nothing real runs before LangGraph reaches a tool. A call that was run
ahead is joined then, and callbacks hear of it as of any other. Any other, one that a human has edited too, runs where
it did before: with its injected arguments, ``interrupt()``, ``Command`` and artifacts; the executor only hears of it.
What a tool raises goes on as it would without speculation.

Middlewares that deny, limit, emulate or ask hold for guesses too: a tool behind one is not speculated, and the ledger's
``reason`` says behind which (:mod:`specbench.integrations.langchain.gates`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from anyio import CapacityLimiter, to_thread

from specbench.core.errors import in_words
from specbench.core.extras import named_extras
from specbench.core.types import DecisionPoint, ToolCall
from specbench.integrations.framework_steps import WalkingSteps, is_out_of_hand
from specbench.integrations.gated import Gated
from specbench.integrations.langchain.gates import Gate, gates_among, names_of, siblings_of
from specbench.integrations.langchain.messages import from_langchain
from specbench.integrations.langchain.tools import Said, ToldFailure, tools_of, value_of
from specbench.integrations.run_ends import own_of_run, when_run_ends
from specbench.runtime import Decided, Executor, ToolResult
from specbench.runtime.invocation import ToolCallError

with named_extras():
    from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
    from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
    from langchain_core.messages.tool import ToolOutputMixin
    from langchain_core.runnables import RunnableConfig
    from langchain_core.tools import BaseTool, StructuredTool
    from langgraph.config import get_config

__all__ = ["SpeculationMiddleware", "tools_of"]

Given = TypeVar("Given")
Made = TypeVar("Made")


class SpeculationMiddleware(AgentMiddleware[Any, Any, Any]):
    """Runs the model and the tools of an agent through an executor.

    Parameters
    ----------
    executor
        With the agent's tools, a predictor and a policy; it must be running when the agent is.
    allow
        Says whether a guess may run: what the other middlewares of the agent would say of this call. With it, tools
        behind them are speculated. It is asked often, and must not have side effects.
    """

    def __init__(self, executor: Executor, *, allow: Callable[[ToolCall], bool] | None = None) -> None:
        super().__init__()
        self.executor = executor
        self._allow = allow
        self._gates: list[Gate] | None = None
        self._offered: dict[str, frozenset[str]] = {}
        self._steps = WalkingSteps.of(executor)
        Gated.guard(executor, self)

    @property
    def tools(self) -> Sequence[BaseTool]:  # type: ignore[override]  # an attribute there
        """No tools of its own. An agent that is made asks for them: then the other middlewares are in sight."""
        siblings = siblings_of(self)
        if siblings is not None:
            gates = gates_among(siblings, self)
            self._gates = gates if self._gates is None else list({*self._gates, *gates})
        return ()

    def refuse(self, trace_id: str, call: ToolCall) -> str | None:
        """Why a guess may not run, if it may not."""
        offered = self._offered.get(trace_id)
        if offered is None:  # a conversation of somebody else
            return None
        if call.name not in offered:
            return f"{call.name} is not on offer"
        if self._allow is not None:
            return None if self._allow(call) else f"{call.key} is not allowed"
        if self._gates is None:
            return "the agent's other middlewares are not known; say with allow=… which calls they let through"
        gate = next((each for each in self._gates if each.guards(call.name)), None)
        if gate is None:
            return None
        return f"{call.name} is behind {gate.name}, which may refuse it; say with allow=… which calls it lets through"

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Ask the model of an agent that is run with ``invoke``, inside ``with executor:``."""
        return self.executor.call(self.awrap_model_call, request, _in_a_thread(handler))

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """Ask the model, with speculation beside it."""
        point = self._point([*([request.system_message] if request.system_message else []), *request.messages])
        if not _configured("thread_id") and point.trace_id not in self._offered:
            when_run_ends(self._end_left, point.trace_id)
        self._offered[point.trace_id] = names_of(request.tools)
        answered: list[ModelResponse[Any]] = []
        asked = [(handler, request)]  # taken out when it is used: what a step keeps must not keep the run alive

        async def think() -> Decided:
            ask, what = asked.pop()
            answered.append(await ask(what))
            said = next(each for each in reversed(answered[0].result) if isinstance(each, AIMessage))
            (message,) = from_langchain([said])
            return Decided(message.tool_calls, message.content)

        try:
            decided = await self._steps.decide(point, think)
            if not decided.calls:
                await self._steps.join(point, ())
        except BaseException:
            self._end(point.trace_id)
            raise
        if not decided.calls:
            self._end(point.trace_id)
        elif is_out_of_hand(self.executor.tools.specs, decided.calls):
            self._steps.end(point.trace_id)
        return answered[0]

    def wrap_tool_call(self, request: Any, handler: Callable[[Any], Any]) -> Any:
        """Join or run a call of an agent that is run with ``invoke``, inside ``with executor:``."""
        if isinstance(request.tool, StructuredTool) and request.tool.func is None:
            return handler(request)  # it says that it cannot be run like this, as it does without a guess
        return self.executor.call(self.awrap_tool_call, request, _in_a_thread(handler))

    async def awrap_tool_call(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        """Join the call if it was run ahead; else it runs as it did before."""
        call = request.tool_call
        if call["name"] not in self.executor.tools:
            return await handler(request)
        answered: list[Any] = []
        raised: list[Exception] = []

        async def run(**_: Any) -> Any:
            try:
                answered.append(await handler(request))
            except Exception as error:
                raised.append(error)
            if raised:
                raise ToldFailure(in_words(raised[0]))
            return value_of(answered[0])

        wanted = ToolCall(call["name"], call["args"], call["id"])
        trace_id = self._trace_id(request.state["messages"])
        try:
            result = await self._steps.obtain(trace_id, wanted, run)
        except BaseException:
            self._end(trace_id)
            raise
        if raised:  # as it was raised: who retries, tells the model or gives up sees what it would without this
            if result is not None and result.error is not None:
                result.error.__traceback__ = None  # it would keep this run alive
            raise raised[0]
        if answered:
            return answered[0]
        if result is None or isinstance(result.error, ToolCallError):
            return await handler(request)
        ahead = _RunAhead(
            name=call["name"],
            description="",
            given=request.tool,
            call=wanted,
            output=_output(result),
            error=result.error,
        )
        return await handler(request.override(tool=ahead))

    def _point(self, messages: Sequence[AnyMessage]) -> DecisionPoint:
        index = sum(isinstance(message, AIMessage) for message in messages)
        specs = self.executor.tools.specs
        return DecisionPoint(self._trace_id(messages), index, from_langchain(messages), specs)

    def _trace_id(self, messages: Sequence[AnyMessage]) -> str:
        """The thread's id; without one, the run and the first message of the customer, which LangGraph has given an id.

        An agent that is a tool of another one has a conversation of its own on the same thread. One message object in
        several runs has the same id in all of them.
        """
        first = next((message.id for message in messages if message.type == "human"), None)
        within = "|".join(str(_configured("checkpoint_ns") or "").split("|")[:-1])
        thread = _configured("thread_id")
        name = str(thread) if thread else f"{first or 'conversation'}|{_run_number()}"
        return "|".join(filter(None, (name, within)))

    def _end(self, trace_id: str) -> None:
        """Without a thread nobody can come back to the conversation."""
        if not _configured("thread_id"):
            self._steps.end(trace_id)
            self._offered.pop(trace_id, None)

    def _end_left(self, trace_id: str) -> None:
        """End the conversation of a run that is over without a reply: an error, a limit, an early stop."""
        if self._offered.pop(trace_id, None) is not None:
            self._steps.end(trace_id)


def _in_a_thread(handler: Callable[[Given], Made]) -> Callable[[Given], Awaitable[Made]]:
    """A blocking handler as one that can be waited for.

    Each has a thread of its own: its caller waits in one meanwhile, so there are as many as the application has. With
    anyio's common limit 40 agents that call agents would wait for each other for ever.
    """

    async def ask(what: Given) -> Made:
        return await to_thread.run_sync(handler, what, limiter=CapacityLimiter(1))

    return ask


_RUNS: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
_NUMBERS = count(1)


def _run_number() -> int:
    """A number for the run of the graph that is under way."""
    return _RUNS.setdefault(own_of_run(), next(_NUMBERS))


def _configured(key: str) -> Any:
    return (get_config().get("configurable") or {}).get(key)


def _output(result: ToolResult) -> Any:
    """What LangChain makes of a result that was there already."""
    call, value = result.call, result.value
    if isinstance(value, Said):
        return value.message.model_copy(update={"tool_call_id": call.id})
    parts = value if isinstance(value, list) else [value]
    if parts and all(isinstance(part, ToolOutputMixin) for part in parts):
        return value
    status: Any = "success" if result.error is None else "error"
    return ToolMessage(result.text, tool_call_id=call.id or "", name=call.name, status=status)


class _RunAhead(BaseTool):
    """A tool that has run already, for whatever else stands between the agent and its tools; another call it runs."""

    given: Any
    call: Any
    output: Any
    error: Any = None

    def _run(self, **_: Any) -> Any:
        if self.error is not None and not isinstance(self.error, ToldFailure):
            raise self.error
        return self.output

    async def _arun(self, **_: Any) -> Any:
        return self._run()

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        if self._meant(input):
            return super().invoke(input, config, **kwargs)
        return self.given.invoke(input, config, **kwargs)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        if self._meant(input):
            return await super().ainvoke(input, config, **kwargs)
        return await self.given.ainvoke(input, config, **kwargs)

    def _meant(self, input: Any) -> bool:
        return bool(ToolCall(input["name"], input["args"]) == self.call)
