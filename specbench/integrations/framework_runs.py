"""Runs of a framework's agents: what is on offer, what a guess may be, and calls that join what was run ahead.

A framework's own part (``openai_agents``, ``pydantic_ai``) wraps its model and its tools, and hands both over to
:class:`FrameworkRuns`, which knows nothing of the framework.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from specbench.core.errors import ConfigError, SpecbenchError, in_words
from specbench.core.types import DecisionPoint, ToolCall, ToolSpec
from specbench.integrations.framework_steps import WalkingSteps, is_out_of_hand
from specbench.integrations.gated import Gated
from specbench.runtime import Decided, Executor, Tool, ToolResult
from specbench.runtime.invocation import ToolCallError
from specbench.speculation import Traits
from specbench.traces.conversation.builder import Conversation
from specbench.traces.effects import Effects, read_effects

__all__ = ["Allow", "FrameworkRuns", "ToldFailure", "declared_tools"]

Allow = Callable[[ToolCall], bool]


class ToldFailure(Exception):
    """A tool has failed in the framework's hands; the framework is given the error itself."""


class FrameworkRuns:
    """The runs of agents that share an executor; each is a conversation of its own.

    Parameters
    ----------
    executor
        With the agents' tools, a predictor and a policy; it must be running when an agent is.
    allow
        Says whether a guess may run that the framework might refuse. It is asked often, and must not have side effects.
    """

    def __init__(self, executor: Executor, allow: Allow | None = None) -> None:
        self.executor = executor
        self._allow = allow
        self._steps = WalkingSteps.of(executor)
        self._offered: dict[str, Mapping[str, str | None]] = {}
        Gated.guard(executor, self)

    def refuse(self, trace_id: str, call: ToolCall) -> str | None:
        """Why a guess may not run, if it may not."""
        offered = self._offered.get(trace_id)
        if offered is None:  # a conversation of somebody else
            return None
        if call.name not in offered:
            return f"{call.name} is not on offer"
        reason = offered[call.name]
        if self._allow is not None:
            return None if self._allow(call) else f"{call.key} is not allowed"
        return None if reason is None else f"{reason}; say with allow=… which calls it lets through"

    async def decide(
        self,
        trace_id: str,
        items: Iterable[Mapping[str, Any]],
        offered: Mapping[str, str | None],
        think: Callable[[], Awaitable[Decided]],
    ) -> None:
        """Ask the model, with speculation beside it.

        Parameters
        ----------
        trace_id
            The run.
        items
            The conversation so far, in any dialect that the readers know. One that they do not know is not speculated
            on: the model is asked, and that is all.
        offered
            Tool → why a guess of it may not run (``None``: it may).
        think
            Asks the model.

        Raises
        ------
        Exception
            Whatever the model raises. The run is over then.
        """
        talk = Conversation(tags=False)
        try:
            for number, item in enumerate(items):
                talk.add(item, f"messages[{number}]")
            messages = tuple(talk.messages())
        except SpecbenchError:
            self.end(trace_id)
            await think()
            return
        index = sum(message.role == "assistant" for message in messages)
        point = DecisionPoint(trace_id, index, messages, self.executor.tools.specs)
        self._offered[trace_id] = offered
        try:
            decided = await self._steps.decide(point, think)
            if not decided.calls:
                await self._steps.join(point, ())
            elif is_out_of_hand(self.executor.tools.specs, decided.calls):
                self.end(trace_id)
        except BaseException:
            self.end(trace_id)
            raise

    async def call(self, trace_id: str, call: ToolCall, run: Callable[[], Awaitable[Any]]) -> Any:
        """Return what a call gives: what was run ahead, or what ``run`` returns or raises.

        Parameters
        ----------
        trace_id
            The run.
        call
            As the framework wants it.
        run
            Runs it as the framework would without speculation.
        """
        answered: list[Any] = []
        raised: list[Exception] = []

        async def own(**_: Any) -> Any:
            try:
                answered.append(await run())
            except Exception as error:
                raised.append(error)
                raise ToldFailure(in_words(error)) from None
            return answered[0]

        try:
            result: ToolResult | None = await self._steps.obtain(trace_id, call, own)
        except BaseException:
            self.end(trace_id)
            raise
        if raised:  # as it was raised: whoever retries or tells the model sees what it would without this
            raise raised[0]
        if answered:
            return answered[0]
        if result is None or isinstance(result.error, ToolCallError):
            return await run()
        if result.error is not None:
            raise result.error
        return result.value

    def end(self, trace_id: str) -> None:
        """The run is over."""
        if self._offered.pop(trace_id, None) is not None:
            self._steps.end(trace_id)


def declared_tools(
    specs: Sequence[ToolSpec],
    runner: Callable[[ToolSpec], Callable[..., Any]],
    effects: Effects,
    traits: Mapping[str, Traits] | None = None,
) -> list[Tool]:
    """Return a framework's tools as an executor runs them.

    Parameters
    ----------
    specs
        What the framework says of them.
    runner
        Makes what runs a tool ahead.
    effects
        What each does to the world, as in an effects file (:mod:`specbench.traces.effects`), or its path. One that is
        not named is unknown, and never speculated.
    traits
        Keys, staleness and the like, by name.

    Raises
    ------
    ConfigError
        When an effect or traits are given for a tool that is not there.

    Examples
    --------
    >>> declared_tools([ToolSpec("get")], lambda spec: dict, {"get": "read"})[0].spec.effect
    <Effect.READ: 'read'>
    """
    declared, known = read_effects(effects), [spec.name for spec in specs]
    for name in (*declared, *(traits or {})):
        if name not in known:
            raise ConfigError(f"no tool is called {name!r}; there are {', '.join(known)}")
    out = []
    for spec in specs:
        own = ToolSpec(spec.name, spec.description, spec.parameters, **declared.get(spec.name, {}))
        out.append(Tool(own, runner(own), (traits or {}).get(spec.name, Traits())))
    return out
