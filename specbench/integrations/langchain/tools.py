"""LangChain's tools as an executor runs them, outside the graph that would otherwise run them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.extras import named_extras
from specbench.core.types import Effect
from specbench.integrations.langchain.messages import specs_of
from specbench.integrations.taking import taking
from specbench.runtime import Tool
from specbench.speculation import Traits
from specbench.traces.effects import Effects, read_effects

with named_extras():
    from langchain_core.messages import ToolMessage
    from langchain_core.runnables import RunnableConfig
    from langchain_core.runnables.config import ensure_config, var_child_runnable_config
    from langchain_core.tools import BaseTool, StructuredTool
    from langchain_core.utils.pydantic import get_fields

__all__ = ["Said", "ToldFailure", "tools_of", "value_of"]


def tools_of(tools: Sequence[BaseTool], effects: Effects, traits: Mapping[str, Traits] | None = None) -> list[Tool]:
    """LangChain tools as an executor runs them: a result is the text that LangChain makes of it.

    Parameters
    ----------
    tools
        LangChain's; they are run with ``ainvoke``.
    effects
        What each does to the world, as in an effects file (:mod:`specbench.traces.effects`), or its path. One that is
        not named is unknown, and never speculated. A read with injected
        arguments (``ToolRuntime``, ``InjectedState``, …) is not speculated either, as only LangGraph has them: it
        counts as local.
    traits
        Keys, staleness and the like, by name.

    Raises
    ------
    ConfigError
        When an effect or traits are given for a tool that is not there.
    """
    specs, declared = specs_of(tools), read_effects(effects)
    for name in (*declared, *(traits or {})):
        if name not in specs:
            raise ConfigError(f"no tool is called {name!r}; there are {', '.join(specs)}")
    made = []
    for tool, spec in zip(tools, specs.values(), strict=True):
        hint = (tool.metadata or {}).get("openWorldHint")  # where an MCP adapter puts its annotations
        open_world = hint if isinstance(hint, bool) else None
        own = replace(spec, **{"effect": Effect.UNKNOWN, "open_world": open_world, **declared.get(spec.name, {})})
        if own.may_read and _is_injected(tool):
            own = replace(own, effect=Effect.LOCAL if own.effect is Effect.READ else own.effect, where=())
        made.append(Tool(own, _runner(tool), (traits or {}).get(spec.name, Traits())))
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
            return value_of(await tool.ainvoke(_call(arguments), config))

    def run_in_thread(**arguments: Any) -> Any:
        with _aside() as config:
            return value_of(tool.invoke(_call(arguments), config))

    def _call(arguments: dict[str, Any]) -> Any:
        return {"type": "tool_call", "name": tool.name, "args": arguments, "id": _AHEAD}

    plain = isinstance(tool, StructuredTool) and tool.coroutine is None
    chosen: Any = run_in_thread if plain or type(tool)._arun is BaseTool._arun else run
    told = tool.tool_call_schema
    names = [] if isinstance(told, dict) else list(get_fields(told))
    runner: Callable[..., Any] = chosen
    return taking(runner, names) if names else runner


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


class Said(str):
    """A result as the executor has it, its text, with the message that LangChain made of it."""

    message: ToolMessage


class ToldFailure(Exception):
    """A tool has told the model of an error, and not raised it."""


def value_of(output: Any) -> Any:
    """What LangChain made of a result, as the result of a call: text, or what is no message, such as a command."""
    if not isinstance(output, ToolMessage):
        return output
    if output.status == "error":
        raise ToldFailure(str(output.text))
    said = Said(output.text)
    said.message = output
    return said
