"""Speculation for an agent that exists already: a middleware of LangChain's ``create_agent``.

.. code-block:: python

    executor = Executor(tools_of(tools, {"get_order": Effect.READ}), predictor)
    agent = create_agent(model, tools, middleware=[SpeculationMiddleware(executor)])
    async with executor:
        await agent.ainvoke({"messages": [("user", "Where is my order?")]})

The model call starts the speculation beside it; nothing real runs before LangGraph reaches a tool. A call that was run
ahead is joined then. Any other, one that a human has edited too, runs where it did before: with its injected arguments,
``interrupt()``, ``Command`` and artifacts; the executor only hears of it. LangChain's callbacks hear nothing of calls
that were run ahead.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from inspect import Parameter, Signature
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.extras import named_extras
from specbench.core.types import DecisionPoint, Effect, ToolCall, ToolSpec
from specbench.integrations.framework_steps import WalkingSteps
from specbench.integrations.langchain.messages import from_langchain, specs_of
from specbench.runtime import Decided, Executor, Tool, ToolResult
from specbench.speculation import Traits

with named_extras():
    from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
    from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
    from langchain_core.messages.tool import ToolOutputMixin
    from langchain_core.runnables import RunnableConfig
    from langchain_core.runnables.config import ensure_config, var_child_runnable_config
    from langchain_core.tools import BaseTool, StructuredTool
    from langchain_core.utils.pydantic import get_fields
    from langgraph.config import get_config
    from langgraph.errors import GraphBubbleUp
    from pydantic import ValidationError

__all__ = ["SpeculationMiddleware", "tools_of"]


def tools_of(
    tools: Sequence[BaseTool], effects: Mapping[str, Effect], traits: Mapping[str, Traits] | None = None
) -> list[Tool]:
    """LangChain tools as an executor runs them: a result is the text that LangChain makes of it.

    Parameters
    ----------
    tools
        LangChain's; they are run with ``ainvoke``.
    effects
        What each does to the world. One that is not named is unknown, and never speculated. A read with injected
        arguments (``ToolRuntime``, ``InjectedState``, …) is not speculated either, as only LangGraph has them: it
        counts as local.
    traits
        Keys, staleness and the like, by name.

    Raises
    ------
    ConfigError
        When an effect or traits are given for a tool that is not there.
    """
    specs = specs_of(tools)
    for name in (*effects, *(traits or {})):
        if name not in specs:
            raise ConfigError(f"no tool is called {name!r}; there are {', '.join(specs)}")
    made = []
    for tool, spec in zip(tools, specs.values(), strict=True):
        effect = effects.get(spec.name, Effect.UNKNOWN)
        if effect is Effect.READ and _is_injected(tool):
            effect = Effect.LOCAL
        declared = ToolSpec(spec.name, spec.description, spec.parameters, effect)
        made.append(Tool(declared, _runner(tool), (traits or {}).get(spec.name, Traits())))
    return made


def _is_injected(tool: BaseTool) -> bool:
    """Whether the tool takes more than the model gives."""
    told = tool.tool_call_schema
    if isinstance(told, dict):  # a JSON schema says all that there is
        return False
    return not set(get_fields(tool.get_input_schema())) <= set(get_fields(told))


def _runner(tool: BaseTool) -> Callable[..., Any]:
    """Run a tool; one that is a plain function stays one: the executor waits for its thread, LangChain would not."""

    async def run(**arguments: Any) -> Any:
        with _aside() as config:
            return _value(await tool.ainvoke(_call(arguments), config))

    def run_in_thread(**arguments: Any) -> Any:
        with _aside() as config:
            return _value(tool.invoke(_call(arguments), config))

    def _call(arguments: dict[str, Any]) -> Any:
        return {"type": "tool_call", "name": tool.name, "args": arguments, "id": _AHEAD}

    plain = isinstance(tool, StructuredTool) and tool.coroutine is None
    chosen: Any = run_in_thread if plain or type(tool)._arun is BaseTool._arun else run
    told = tool.tool_call_schema
    names = [] if isinstance(told, dict) else list(get_fields(told))
    if names and all(name.isidentifier() for name in names):
        # LangChain hands arguments over in the order of the schema: a tool cannot tell in which order they came.
        chosen.__signature__ = Signature([Parameter(name, Parameter.KEYWORD_ONLY) for name in names])
    runner: Callable[..., Any] = chosen
    return runner


_AHEAD = "speculated"
"""The id of calls that nobody has made yet."""


@contextmanager
def _aside() -> Iterator[RunnableConfig]:
    """The run's own configuration, without what would tell the graph of a call that it has not made."""
    config = ensure_config()
    own = {key: value for key, value in config.get("configurable", {}).items() if not key.startswith("__pregel")}
    aside: RunnableConfig = {**config, "configurable": own, "callbacks": None}
    token = var_child_runnable_config.set(aside)
    try:
        yield aside
    finally:
        var_child_runnable_config.reset(token)


class _Said(str):
    """A result as the executor has it, its text, with the message that LangChain made of it."""

    message: ToolMessage


class _Failed(Exception):
    """A tool has told the model of an error, and not raised it."""


def _value(output: Any) -> Any:
    """What LangChain made of a result, as the result of a call: text, or what is no message, such as a command."""
    if not isinstance(output, ToolMessage):
        return output
    if output.status == "error":
        raise _Failed(str(output.text))
    said = _Said(output.text)
    said.message = output
    return said


class SpeculationMiddleware(AgentMiddleware[Any, Any, Any]):
    """Runs the model and the tools of an agent through an executor.

    Parameters
    ----------
    executor
        With the agent's tools, a predictor and a policy; it must be running when the agent is.
    """

    def __init__(self, executor: Executor) -> None:
        super().__init__()
        self.executor = executor
        self._steps = WalkingSteps(executor)

    async def awrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]]
    ) -> ModelResponse[Any]:
        """Ask the model, with speculation beside it."""
        point = self._point([*([request.system_message] if request.system_message else []), *request.messages])
        answered: list[ModelResponse[Any]] = []

        async def think() -> Decided:
            answered.append(await handler(request))
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
        return answered[0]

    async def awrap_tool_call(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        """Join the call if it was run ahead; else it runs as it did before, but its error is told to the model."""
        call = request.tool_call
        if call["name"] not in self.executor.tools:
            return await handler(request)
        answered: list[Any] = []

        async def run(**_: Any) -> Any:
            answered.append(await handler(request))
            return _value(answered[0])

        wanted = ToolCall(call["name"], call["args"], call["id"])
        trace_id = self._trace_id(request.state["messages"])
        try:
            result = await self._steps.obtain(trace_id, wanted, run)
        except BaseException:
            self._end(trace_id)
            raise
        if result is None:
            return await handler(request)
        if answered:
            return answered[0]
        if isinstance(result.error, (GraphBubbleUp, ValidationError)):  # an interrupt, or no answer to one
            raise result.error
        if result.error is not None:
            return ToolMessage(result.text, tool_call_id=call["id"], name=call["name"], status="error")
        ahead = _RunAhead(name=call["name"], description="", given=request.tool, call=wanted, output=_output(result))
        return await handler(request.override(tool=ahead))

    def _point(self, messages: Sequence[AnyMessage]) -> DecisionPoint:
        index = sum(isinstance(message, AIMessage) for message in messages)
        specs = self.executor.tools.specs
        return DecisionPoint(self._trace_id(messages), index, from_langchain(messages), specs)

    def _trace_id(self, messages: Sequence[AnyMessage]) -> str:
        """The thread's id; without one, that of the first message of the customer, which LangGraph has given it.

        An agent that is a tool of another one has a conversation of its own on the same thread.
        """
        first = next((message.id for message in messages if message.type == "human"), None)
        within = "|".join(str(_configured("checkpoint_ns") or "").split("|")[:-1])
        return "|".join(filter(None, (str(_configured("thread_id") or first or "conversation"), within)))

    def _end(self, trace_id: str) -> None:
        """Without a thread nobody can come back to the conversation."""
        if not _configured("thread_id"):
            self._steps.end(trace_id)


def _configured(key: str) -> Any:
    return (get_config().get("configurable") or {}).get(key)


def _output(result: ToolResult) -> Any:
    """What LangChain makes of a result that was there already."""
    call, value = result.call, result.value
    if isinstance(value, _Said):
        return value.message.model_copy(update={"tool_call_id": call.id})
    parts = value if isinstance(value, list) else [value]
    if parts and all(isinstance(part, ToolOutputMixin) for part in parts):
        return value
    return ToolMessage(result.text, tool_call_id=call.id or "", name=call.name)


class _RunAhead(BaseTool):
    """A tool that has run already, for whatever else stands between the agent and its tools; another call it runs."""

    given: Any
    call: Any
    output: Any

    def _run(self, **_: Any) -> Any:
        return self.output

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return self.output if self._meant(input) else self.given.invoke(input, config, **kwargs)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return self.output if self._meant(input) else await self.given.ainvoke(input, config, **kwargs)

    def _meant(self, input: Any) -> bool:
        return bool(ToolCall(input["name"], input["args"]) == self.call)
