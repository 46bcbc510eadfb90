"""Speculation for an agent that exists already: a middleware of LangChain's ``create_agent``.

.. code-block:: python

    executor = Executor(tools_of(tools, {"get_order": Effect.READ}), predictor)
    agent = create_agent(model, tools, middleware=[SpeculationMiddleware(executor)])
    async with executor:
        await agent.ainvoke({"messages": [("user", "Where is my order?")]})

The model call starts the speculation beside it; the tool calls join what was run ahead, or run. Tools run in the
executor; one that it does not know runs where it did before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from specbench.agent.langchain_messages import from_langchain, specs_of
from specbench.agent.walking import WalkingSteps
from specbench.errors import ConfigError, MissingExtraError
from specbench.runtime import Decided, Executor, Tool
from specbench.speculation import Traits
from specbench.types import DecisionPoint, Effect, ToolSpec

try:
    from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
    from langchain_core.messages import AIMessage, AnyMessage, ToolMessage
    from langchain_core.tools import BaseTool
    from langgraph.config import get_config
except ImportError as error:
    raise MissingExtraError("langchain", extra="agent") from error

__all__ = ["SpeculationMiddleware", "tools_of"]


def tools_of(
    tools: Sequence[BaseTool], effects: Mapping[str, Effect], traits: Mapping[str, Traits] | None = None
) -> list[Tool]:
    """LangChain tools as an executor runs them.

    Parameters
    ----------
    tools
        LangChain's; they are run with ``ainvoke``.
    effects
        What each does to the world. One that is not named is unknown, and never speculated.
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
        declared = ToolSpec(spec.name, spec.description, spec.parameters, effect)
        made.append(Tool(declared, _runner(tool), (traits or {}).get(spec.name, Traits())))
    return made


def _runner(tool: BaseTool) -> Callable[..., Awaitable[Any]]:
    async def run(**arguments: Any) -> Any:
        return await tool.ainvoke(arguments)

    return run


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
            decided = Decided(message.tool_calls, message.content)
            self._steps.know(point, decided)
            return decided

        await self._steps.decide(point, think)
        return answered[0]

    async def awrap_tool_call(self, request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        """Join the call that the step has run; a tool that the executor does not know runs as it did before."""
        call = request.tool_call
        if call["name"] not in self.executor.tools:
            return await handler(request)
        step = await self._steps.join(self._trace_id(request.state["messages"]), keep=True)
        found = [each for each in step.results if each.call.id == call["id"]] if step is not None else []
        if not found:
            return await handler(request)
        result = found[0]
        status: Any = "success" if result.error is None else "error"
        return ToolMessage(result.text, tool_call_id=call["id"], name=call["name"], status=status)

    def _point(self, messages: Sequence[AnyMessage]) -> DecisionPoint:
        index = sum(isinstance(message, AIMessage) for message in messages)
        specs = self.executor.tools.specs
        return DecisionPoint(self._trace_id(messages), index, from_langchain(messages), specs)

    def _trace_id(self, messages: Sequence[AnyMessage]) -> str:
        """The thread's id; without one, that of the first message of the customer, which LangGraph has given it."""
        thread = (get_config().get("configurable") or {}).get("thread_id")
        first = next((message.id for message in messages if message.type == "human"), None)
        return str(thread or first or "conversation")
