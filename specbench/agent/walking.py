"""Steps of an executor for frameworks that decide in one place and run tools in another."""

from __future__ import annotations

from dataclasses import dataclass, field

import anyio

from specbench.runtime import Decided, Executor, StepResult
from specbench.runtime.steps import Think
from specbench.types import DecisionPoint

__all__ = ["WalkingSteps"]


@dataclass
class _Step:
    """A step that runs in the executor while the framework walks on."""

    point: DecisionPoint
    decision: Decided | None = None
    result: StepResult | None = None
    error: Exception | None = None
    known: anyio.Event = field(default_factory=anyio.Event)
    done: anyio.Event = field(default_factory=anyio.Event)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)


class WalkingSteps:
    """The steps that are under way, one a conversation: decided first, joined later.

    Parameters
    ----------
    executor
        Where they run; it must be running itself.

    Examples
    --------
    >>> async def main():
    ...     async with Executor([]) as executor:
    ...         steps = WalkingSteps(executor)
    ...         async def think():
    ...             return "Hello."
    ...         decided = await steps.decide(DecisionPoint("t", 0, ()), think)
    ...         joined = await steps.join("t")
    ...         return decided.text, joined.outcome.index, await steps.join("t")
    >>> anyio.run(main)
    ('Hello.', 0, None)
    """

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self._steps: dict[str, _Step] = {}

    def __len__(self) -> int:
        return len(self._steps)

    async def decide(self, point: DecisionPoint, think: Think) -> Decided:
        """Start a step, with speculation beside it, and wait for its decision; its calls go on.

        Raises
        ------
        Exception
            Whatever ``think`` raises.
        """
        step = self._steps[point.trace_id] = _Step(point)
        self.executor.spawn(self._run, step, think)
        try:
            await step.known.wait()
        except BaseException:
            step.scope.cancel()
            self._steps.pop(point.trace_id, None)
            raise
        if step.error is not None:
            self._steps.pop(point.trace_id, None)
            raise step.error
        assert step.decision is not None
        return step.decision

    def know(self, point: DecisionPoint, decided: Decided) -> None:
        """Tell the decision before the step is over, so that the framework can go on."""
        step = self._steps.get(point.trace_id)
        if step is not None and step.point is point:
            step.decision = decided
            step.known.set()

    async def join(self, trace_id: str, *, keep: bool = False) -> StepResult | None:
        """Wait for the end of the conversation's step; ``None`` where none is under way.

        Parameters
        ----------
        trace_id
            The conversation.
        keep
            Others will join the same step.
        """
        step = self._steps.get(trace_id) if keep else self._steps.pop(trace_id, None)
        if step is None:
            return None
        try:
            await step.done.wait()
        except BaseException:
            step.scope.cancel()
            raise
        if step.error is not None:
            raise step.error
        return step.result

    async def _run(self, step: _Step, think: Think) -> None:
        try:
            with step.scope:
                step.result = await self.executor.run_step(step.point, think)
                step.decision = step.result.decided
        except Exception as error:  # told to whoever waits for it
            step.error = error
        finally:
            step.known.set()
            step.done.set()
