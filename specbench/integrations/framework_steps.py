"""Steps of an executor for frameworks that decide in one place and run tools in another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from specbench.core.types import DecisionPoint, Effect, ToolCall, ToolSpec
from specbench.runtime import Decided, Executor, OpenStep, StepResult, ToolResult
from specbench.runtime.predictor_sync import same_messages
from specbench.runtime.thinking import Think

__all__ = ["WalkingSteps", "is_out_of_hand"]


class WalkingSteps:
    """The steps that are decided, one a conversation. Real calls run when the framework asks for them, never before.

    A step that nobody asks for (the run was cancelled, a human said no) ends when its conversation decides again, or
    with the executor; until then nothing of it runs.

    Parameters
    ----------
    executor
        Where they run; it must be running itself.

    Examples
    --------
    >>> import anyio
    >>> async def main():
    ...     async with Executor([]) as executor:
    ...         steps = WalkingSteps(executor)
    ...         point = DecisionPoint("t", 0, ())
    ...         decided = await steps.decide(point, lambda: "Hello.")
    ...         joined = await steps.join(point, decided.calls)
    ...         return decided.text, joined.outcome.index, await steps.join(point, decided.calls)
    >>> anyio.run(main)
    ('Hello.', 0, None)
    """

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self._steps: dict[str, OpenStep] = {}
        self._many = 100

    @classmethod
    def of(cls, executor: Executor) -> WalkingSteps:
        """Return those of an executor: an agent that is made anew for each request finds the step that it has left."""
        known: WalkingSteps | None = vars(executor).get("walking_steps")
        if known is None:
            known = vars(executor)["walking_steps"] = cls(executor)
        return known

    def __len__(self) -> int:
        return len(self._steps)

    async def decide(self, point: DecisionPoint, think: Think) -> Decided:
        """Run a step up to its decision, with speculation beside it. The step before, if nobody waits for it, is over.

        Raises
        ------
        ConfigError
            While another run of the same conversation thinks, or runs its calls.
        Exception
            Whatever ``think`` raises.
        """
        await self._leave(point.trace_id)
        step = await self.executor.open_step(point, think)
        self._steps[point.trace_id] = step
        if len(self._steps) > self._many:  # some may be of conversations that are over
            self._steps = {name: each for name, each in self._steps.items() if each.live}
            self._many = 100 + 2 * len(self._steps)
        return step.decided

    async def take(self, point: DecisionPoint, calls: Sequence[ToolCall]) -> OpenStep | None:
        """Return the step that was decided at ``point``; whoever takes it ends it.

        Parameters
        ----------
        point, calls
            Where the framework is, and the calls that it wants.

        Returns
        -------
        OpenStep or None
            ``None`` where no step is under way, or one that decided something else: another run of the conversation
            has come between, or somebody has edited the decision. That step is given up.
        """
        step = self._steps.get(point.trace_id)
        if step is None or not (step.live and _is_for(step, point, calls)):
            await self._leave(point.trace_id)
            return None
        return self._steps.pop(point.trace_id)

    async def join(self, point: DecisionPoint, calls: Sequence[ToolCall]) -> StepResult | None:
        """Run the calls of a step that was decided at ``point``, and end it; ``None`` as in :meth:`take`."""
        step = await self.take(point, calls)
        return None if step is None else await step.run()

    async def obtain(self, trace_id: str, call: ToolCall, run: Callable[..., Any]) -> ToolResult | None:
        """Run one call within the conversation's step; ``None`` where none is under way.

        Parameters
        ----------
        trace_id
            The conversation.
        call
            As the framework wants it, which may be another than was decided.
        run
            Runs it, where no speculation has.
        """
        step = self._steps.get(trace_id)
        if step is None or not step.live:
            return None
        result = await step.obtain(call, run)
        if step.whole:
            await step.finish()
        return result

    def is_untouched(self, trace_id: str) -> bool:
        """Whether the calls of the conversation's decision are known not to have begun."""
        step = self._steps.get(trace_id)
        return step is not None and not step.begun

    def end(self, trace_id: str) -> None:
        """The conversation is over."""
        self._steps.pop(trace_id, None)
        self.executor.end_session(trace_id)

    async def _leave(self, trace_id: str) -> None:
        """End the conversation's step, unless a call of it runs just now."""
        step = self._steps.get(trace_id)
        if step is None or step.busy:
            return
        del self._steps[trace_id]
        if step.live:
            await (step.finish() if step.begun else step.abandon())


def is_out_of_hand(specs: Mapping[str, ToolSpec], calls: Sequence[ToolCall]) -> bool:
    """Whether nothing that was run ahead may be used for a decision, or behind it.

    So it is with a call that the executor does not know: what it changes, nobody hears of. And where a write and other
    calls are made at once, as frameworks run them side by side: a read may see the write or not, and one that was run
    ahead never would.

    Examples
    --------
    >>> specs = {"get": ToolSpec("get", effect=Effect.READ), "save": ToolSpec("save", effect=Effect.WRITE)}
    >>> get, save = ToolCall("get", {}), ToolCall("save", {})
    >>> [is_out_of_hand(specs, calls) for calls in ([get], [save], [get, save])]
    [False, False, True]
    """
    if any(call.name not in specs for call in calls):
        return True
    effects = [specs[call.name].effect_of(call) for call in calls]
    return len(calls) > 1 and any(effect not in (Effect.READ, Effect.LOCAL) for effect in effects)


def _is_for(step: OpenStep, point: DecisionPoint, calls: Sequence[ToolCall]) -> bool:
    decided, wanted = ({(call.id, call.spelling) for call in each} for each in (step.decided.calls, calls))
    return decided == wanted and same_messages(step.point.messages, point.messages)
