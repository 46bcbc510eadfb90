"""Speculation for an agent of the OpenAI Agents SDK: its model and its tools go through an executor.

.. code-block:: python

    agent = Agent("clerk", model="gpt-5", tools=[get_order])
    executor = Executor(tools_of(agent.tools, {"get_order": "read"}), predictor)
    async with executor:
        await Runner.run(speculative(agent, executor), "Where is my order?")

A guess runs beside the model, and joins the call when the agent makes it. Every other call runs where it did before;
the executor only hears of it. Approvals and input guardrails hold for guesses too: such a tool is not speculated, and
the ledger's ``reason`` says why, unless ``allow`` says which calls they let through. Agents that are handed over to are
wrapped one by one.

Not speculated: a conversation that the server keeps (``previous_response_id``), as it is not in sight. After a decision
with a tool that is not wrapped (a handoff, an MCP server's) nothing that was run ahead is used.
"""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from specbench.core.extras import named_extras
from specbench.core.types import Effect, ToolCall, ToolSpec
from specbench.integrations.framework_runs import Allow, FrameworkRuns, declared_tools
from specbench.integrations.openai_agents.run_names import RunNames
from specbench.integrations.openai_agents.streams import relayed
from specbench.integrations.taking import taking
from specbench.runtime import Decided, Executor, Tool
from specbench.speculation import Traits
from specbench.traces.effects import Effects

with named_extras():
    from agents import Agent, FunctionTool, Model, ModelResponse, MultiProvider
    from agents.tool_context import ToolContext

__all__ = ["SpeculativeModel", "speculative", "tools_of"]


def tools_of(tools: Sequence[Any], effects: Effects, traits: Mapping[str, Traits] | None = None) -> list[Tool]:
    """Return the function tools of an agent as an executor runs them; tools that the server runs are left out.

    Parameters
    ----------
    tools
        The agent's.
    effects, traits
        See :func:`~specbench.integrations.framework_runs.declared_tools`. A read that takes the run's context is not
        speculated, as only the SDK has it: it counts as local.
    """
    functions = {each.name: each for each in tools if isinstance(each, FunctionTool)}
    specs = [ToolSpec(each.name, each.description, each.params_json_schema) for each in functions.values()]
    made = declared_tools(specs, lambda spec: _runner(functions[spec.name]), effects, traits)
    return [_without_context(each) if _takes_context(functions[each.spec.name]) else each for each in made]


def speculative(agent: Agent[Any], executor: Executor, *, allow: Allow | None = None) -> Agent[Any]:
    """Return a copy of an agent that runs through an executor.

    Parameters
    ----------
    agent
        Its model is an object or a name of the SDK's own provider (none: the SDK's default).
    executor
        With the agent's tools (:func:`tools_of`), a predictor and a policy; it must be running when the agent is.
    allow
        Says whether a guess may run: what approvals and guardrails would say of this call. With it, tools behind them
        are speculated. It is asked often, and must not have side effects.
    """
    named = agent.model
    model = named if isinstance(named, Model) else MultiProvider().get_model(named)
    wrapped = SpeculativeModel(model, executor, allow=allow, guarded=bool(agent.input_guardrails))
    tools = [wrapped.joining(each) if isinstance(each, FunctionTool) else each for each in agent.tools]
    return agent.clone(model=wrapped, tools=tools)


class SpeculativeModel(Model):
    """Asks another model, with speculation beside it.

    Parameters
    ----------
    model
        The model that decides.
    executor, allow
        See :func:`speculative`.
    guarded
        Whether guardrails look at the user's input, while the model already thinks: nothing is guessed then.
    """

    def __init__(self, model: Model, executor: Executor, *, allow: Allow | None = None, guarded: bool = False) -> None:
        self.model, self.runs = model, FrameworkRuns(executor, allow)
        self._guarded, self._names = guarded, RunNames(self.runs.end)
        self._joined: set[str] = set()

    async def close(self) -> None:
        """Release what the model holds."""
        await self.model.close()

    def get_retry_advice(self, request: Any) -> Any:
        """Return what the model says of a failure."""
        return self.model.get_retry_advice(request)

    async def get_response(
        self, system_instructions: str | None, input: Any, *given: Any, **more: Any
    ) -> ModelResponse:
        """Ask the model."""
        answered: list[ModelResponse] = []

        async def ask() -> ModelResponse:
            answered.append(await self.model.get_response(system_instructions, input, *given, **more))
            return answered[0]

        await self._beside(ask, system_instructions, input, given, more)
        return answered[0]

    async def stream_response(
        self, system_instructions: str | None, input: Any, *given: Any, **more: Any
    ) -> AsyncIterator[Any]:
        """Ask the model, and pass on its events as they come."""
        events = self.model.stream_response(system_instructions, input, *given, **more)

        async def step(ask: Callable[[], Any]) -> None:
            await self._beside(ask, system_instructions, input, given, more)

        async for event in relayed(events, step):
            yield event

    async def _beside(
        self, ask: Callable[[], Any], instructions: str | None, input: Any, given: Any, more: Mapping[str, Any]
    ) -> None:
        """Run a step of the executor around one invocation of the model."""
        if more.get("previous_response_id") is not None or more.get("conversation_id") is not None:
            await ask()
            return
        items = [{"role": "user", "content": input}] if isinstance(input, str) else list(input)
        started = all(item.get("type", "message") == "message" and item.get("role") != "assistant" for item in items)
        tools = more["tools"] if "tools" in more else given[1]
        behind = "the input guardrails" if self._guarded and started else None
        offered = {each.name: _reason(each, behind) for each in tools if isinstance(each, FunctionTool)}
        run = self._names.of_model(items)

        async def think() -> Decided:
            said = (await ask()).output
            calls = tuple(_call_of(item) for item in said if item.type == "function_call")
            seen = all(call.name in self._joined for call in calls)
            self._names.called(run, [str(call.id) for call in calls] if seen else ())
            parts = (part for item in said if item.type == "message" for part in item.content)
            return Decided(calls, "".join(getattr(part, "text", "") for part in parts))

        system = [{"role": "system", "content": instructions}] if instructions else []
        try:
            await self.runs.decide(run, [*system, *items], offered, think)
        except BaseException:
            self._names.end(run)
            raise
        if not self._names.has_calls(run):
            self._names.end(run)

    def joining(self, tool: FunctionTool) -> FunctionTool:
        """Return a copy of a tool that joins what was run ahead."""
        self._joined.add(tool.name)
        joined = copy.copy(tool)
        own = tool.on_invoke_tool

        async def invoke(ctx: ToolContext[Any], arguments: str) -> Any:
            run = self._names.of_call(ctx.tool_call_id)
            if run is None or tool.name not in self.runs.executor.tools:
                return await own(ctx, arguments)
            return await self.runs.call(
                run, _call(tool.name, arguments, ctx.tool_call_id), partial(own, ctx, arguments)
            )

        joined.on_invoke_tool = _in_place_of(own, invoke)
        return joined


def _in_place_of(own: Any, invoke: Callable[[ToolContext[Any], str], Any]) -> Any:
    """Return ``invoke`` in the guise of the tool's own invoker, which the SDK asks what an approval may look at."""
    kind = type(own)
    if getattr(kind, "__agents_bind_function_tool__", None) is None:
        return invoke

    async def call(self: Any, ctx: ToolContext[Any], arguments: str) -> Any:
        return await invoke(ctx, arguments)

    guise = copy.copy(own)
    guise.__class__ = type(kind.__name__, (kind,), {"__call__": call})
    return guise


def _runner(tool: FunctionTool) -> Callable[..., Any]:
    async def run(**arguments: Any) -> Any:
        text = json.dumps(arguments)
        made: ToolContext[Any] = ToolContext(
            context=None, tool_name=tool.name, tool_call_id="speculated", tool_arguments=text
        )
        return await tool.on_invoke_tool(made, text)

    return taking(run, tool.params_json_schema.get("properties"))


def _takes_context(tool: FunctionTool) -> bool:
    """Whether the tool takes the run's context, or may."""
    if getattr(tool, "_mcp_tool_binding", None) is not None:
        return False
    try:
        code = getattr(tool.__wrapped__, "__func__", tool.__wrapped__)
    except AttributeError:  # made by hand: it is given the context
        return True
    names = set(tool.params_json_schema.get("properties", {}))
    function = getattr(code, "__code__", None)
    if function is None:
        return True
    taken = function.co_varnames[: function.co_argcount + function.co_kwonlyargcount]
    return any(name not in names and name != "self" for name in taken)


def _without_context(tool: Tool) -> Tool:
    effect = Effect.LOCAL if tool.spec.effect is Effect.READ else tool.spec.effect
    return replace(tool, spec=replace(tool.spec, effect=effect, where=()))


def _call_of(item: Any) -> ToolCall:
    return _call(item.name, item.arguments, item.call_id)


def _call(name: str, arguments: str, own: str | None) -> ToolCall:
    try:
        value = json.loads(arguments or "{}")
    except ValueError:
        value = None
    return ToolCall(name, value, own) if isinstance(value, dict) else ToolCall(name, {}, own, arguments)


def _reason(tool: FunctionTool, behind: str | None) -> str | None:
    """Why a guess of a tool may not run, if it may not."""
    if tool.needs_approval is not False:
        return f"{tool.name} needs an approval"
    if tool.tool_input_guardrails:
        return f"{tool.name} has an input guardrail"
    return None if behind is None else f"{tool.name} is behind {behind}"
