"""Speculation for an agent of pydantic-ai: a capability, as thin as LangChain's middleware.

.. code-block:: python

    executor = Executor(tools_of([get_order], {"get_order": "read"}), predictor)
    agent = Agent(model, tools=[get_order], capabilities=[Speculation(executor)])
    async with executor:
        await agent.run("Where is my order?")

A guess runs through the agent's own toolset, with the run's own context, and joins the call when the agent makes it.
Every other call runs where it did before; the executor only hears of it. Approvals, validators and other capabilities
that may refuse or change a call hold for guesses too: such a tool is not speculated, and the ledger's ``reason`` says
why, unless ``allow`` says which calls they let through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from specbench.core.extras import named_extras
from specbench.core.types import ToolCall, ToolSpec
from specbench.integrations.framework_runs import Allow, FrameworkRuns, declared_tools
from specbench.integrations.taking import taking
from specbench.runtime import Decided, Executor, Tool
from specbench.speculation import Traits
from specbench.traces.effects import Effects

with named_extras():
    from pydantic_ai import ModelMessagesTypeAdapter, RunContext
    from pydantic_ai import Tool as PydanticTool
    from pydantic_ai.capabilities import AbstractCapability, HandleDeferredToolCalls, Hooks
    from pydantic_ai.messages import ModelResponse, ToolCallPart
    from pydantic_ai.models import ModelRequestContext
    from pydantic_ai.tools import ToolDefinition
    from pydantic_ai.toolsets import AbstractToolset, ToolsetTool, WrapperToolset

__all__ = ["Speculation", "tools_of"]

_MAY_REFUSE = (
    "before_tool_validate", "wrap_tool_validate", "after_tool_validate", "on_tool_validate_error",
    "before_tool_execute", "wrap_tool_execute", "after_tool_execute", "get_wrapper_toolset",
    "after_model_request",
)  # fmt: skip
"""Hooks of a capability that may refuse or change a call, or what it gives."""


def tools_of(
    tools: Sequence[PydanticTool[Any] | ToolDefinition | Callable[..., Any]],
    effects: Effects,
    traits: Mapping[str, Traits] | None = None,
) -> list[Tool]:
    """Return the tools of an agent as an executor runs them: through the agent's toolset, in the run that guesses.

    Parameters
    ----------
    tools
        Functions, pydantic-ai's tools, or the definitions of a toolset's.
    effects, traits
        See :func:`~specbench.integrations.framework_runs.declared_tools`.
    """
    made = [
        each if isinstance(each, ToolDefinition)
        else (each if isinstance(each, PydanticTool) else PydanticTool(each)).tool_def
        for each in tools
    ]  # fmt: skip
    specs = [ToolSpec(each.name, each.description or "", each.parameters_json_schema) for each in made]
    return declared_tools(specs, _runner, effects, traits)


def _runner(spec: ToolSpec) -> Callable[..., Any]:
    async def run(**arguments: Any) -> Any:
        return await _RUN.get().ahead(spec.name, arguments)

    return taking(run, spec.parameters.get("properties"))


class Speculation(AbstractCapability[Any]):
    """Runs the model and the tools of an agent through an executor.

    Parameters
    ----------
    executor
        With the agent's tools (:func:`tools_of`), a predictor and a policy; it must be running when the agent is.
    allow
        Says whether a guess may run: what approvals, validators and other capabilities would say of this call. With it,
        tools behind them are speculated. It is asked often, and must not have side effects.
    """

    def __init__(self, executor: Executor, *, allow: Allow | None = None) -> None:
        self.runs = FrameworkRuns(executor, allow)
        self._calls: dict[str, dict[str, ToolCall]] = {}
        self._toolsets: dict[str, _Joining] = {}

    def get_wrapper_toolset(self, toolset: AbstractToolset[Any]) -> AbstractToolset[Any]:
        """Stand between the agent and its tools."""
        return _Joining(toolset, self)

    async def wrap_run(self, ctx: RunContext[Any], *, handler: Any) -> Any:
        """End the conversation with the run."""
        try:
            return await handler()
        finally:
            run_id = str(ctx.run_id)
            self._calls.pop(run_id, None)
            self._toolsets.pop(run_id, None)
            self.runs.end(run_id)

    async def wrap_model_request(
        self, ctx: RunContext[Any], *, request_context: ModelRequestContext, handler: Any
    ) -> ModelResponse:
        """Ask the model, with speculation beside it."""
        answered: list[ModelResponse] = []
        asked, run_id = request_context.model_request_parameters, str(ctx.run_id)
        outputs = {each.name for each in asked.output_tools}

        async def think() -> Decided:
            answered.append(await handler(request_context))
            calls = {part.tool_call_id: _call_of(part) for part in answered[0].tool_calls}
            self._calls[run_id] = calls
            text = answered[0].text or ""
            return Decided(tuple(each for each in calls.values() if each.name not in outputs), text)

        refusing = _refusing(ctx, self)
        offered = {each.name: _reason(each, refusing) for each in asked.function_tools}
        toolset = self._toolsets.get(run_id)
        token = _RUN.set(_Run(ctx, toolset, {} if toolset is None else toolset.tools))
        for name, tool in _RUN.get().tools.items():
            if tool.args_validator_func is not None and offered.get(name, "") is None:
                offered[name] = f"{name} has a validator of its own, which may refuse it"
        try:
            messages = ModelMessagesTypeAdapter.dump_python(request_context.messages, mode="json")
            await self.runs.decide(run_id, messages, offered, think)
        finally:
            _RUN.reset(token)
        return answered[0]

    def called(self, run_id: str, tool_call_id: str | None) -> ToolCall | None:
        """Return the call of the model that has this id."""
        return self._calls.get(run_id, {}).get(tool_call_id or "")

    def offers(self, run_id: str, toolset: _Joining) -> None:
        """Remember what a run's toolset offers."""
        self._toolsets[run_id] = toolset


@dataclass(frozen=True)
class _Run:
    """The run that guesses: its context, and the toolset that its tools are in."""

    ctx: RunContext[Any]
    toolset: _Joining | None
    tools: Mapping[str, ToolsetTool[Any]]

    async def ahead(self, name: str, arguments: dict[str, Any]) -> Any:
        """Run a tool that nobody has called yet."""
        if self.toolset is None or name not in self.tools:
            raise LookupError(f"{name} is not on offer")
        tool = self.tools[name]
        ctx = replace(
            self.ctx, tool_name=name, tool_call_id="speculated", tool_call_approved=False, retry=0,
            max_retries=tool.max_retries,
        )  # fmt: skip
        validated = tool.args_validator.validate_python(arguments, context=ctx.validation_context)
        return await self.toolset.wrapped.call_tool(name, validated, ctx, tool)


_RUN: ContextVar[_Run] = ContextVar("specbench_pydantic_ai_run")


@dataclass
class _Joining(WrapperToolset[Any]):
    """Joins a call that was run ahead; any other one runs in the toolset that is wrapped."""

    speculation: Speculation

    def __post_init__(self) -> None:
        self.tools: Mapping[str, ToolsetTool[Any]] = {}

    async def get_tools(self, ctx: RunContext[Any]) -> dict[str, ToolsetTool[Any]]:
        """Return the tools, and remember them for guesses."""
        found = await self.wrapped.get_tools(ctx)
        self.tools = found
        self.speculation.offers(str(ctx.run_id), self)
        return found

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[Any], tool: ToolsetTool[Any]
    ) -> Any:
        """Return what the call gives."""
        run_id, runs = str(ctx.run_id), self.speculation.runs
        call = self.speculation.called(run_id, ctx.tool_call_id)
        if name not in runs.executor.tools or call is None:
            return await self.wrapped.call_tool(name, tool_args, ctx, tool)
        if not _is_as_written(call, tool_args, ctx, tool):
            call = ToolCall(name, tool_args, call.id)
        return await runs.call(run_id, call, lambda: self.wrapped.call_tool(name, tool_args, ctx, tool))


def _is_as_written(call: ToolCall, tool_args: dict[str, Any], ctx: RunContext[Any], tool: ToolsetTool[Any]) -> bool:
    """Whether nobody has changed the arguments that the model wrote."""
    if call.invalid_arguments is not None:
        return False
    written = tool.args_validator.validate_python(dict(call.arguments), context=ctx.validation_context)
    return bool(written == tool_args)


def _call_of(part: ToolCallPart) -> ToolCall:
    try:
        return ToolCall(part.tool_name, part.args_as_dict(raise_if_invalid=True), part.tool_call_id)
    except ValueError:
        return ToolCall(part.tool_name, {}, part.tool_call_id, str(part.args))


def _reason(tool: ToolDefinition, refusing: str | None) -> str | None:
    """Why a guess of a tool may not run, if it may not."""
    if tool.kind != "function":
        return f"{tool.name} needs an approval or runs elsewhere"
    return None if refusing is None else f"{tool.name} is behind {refusing}, which may refuse or change it"


def _refusing(ctx: RunContext[Any], own: AbstractCapability[Any]) -> str | None:
    """The name of another capability of the agent that may refuse or change calls."""
    found: list[AbstractCapability[Any]] = []
    if ctx.root_capability is not None:
        ctx.root_capability.apply(found.append)
    for each in found:
        kind = type(each)
        if each is own or (kind.__module__.startswith("pydantic_ai.") and kind not in (Hooks, HandleDeferredToolCalls)):
            continue
        if kind in (Hooks, HandleDeferredToolCalls) or any(
            getattr(kind, hook) is not getattr(AbstractCapability, hook) for hook in _MAY_REFUSE
        ):
            return kind.__name__
    return None
