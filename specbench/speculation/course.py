"""The course of a conversation: what happens at each step and what speculation makes of it, without a clock or I/O.

Each conversation has a :class:`Course`. Its **events** are method calls that say what has happened and when (``now``,
in seconds): a step begins, the predictor answers, a part of the decision is written, the LLM has decided, a result
arrives, the step ends. Its **commands** (:mod:`specbench.speculation.commands`) say what is to be done now: start or
stop a tool, the LLM or the predictor. Two drivers carry them out: :mod:`specbench.sim` on a virtual clock,
:mod:`specbench.runtime` for real. Neither decides anything itself, so both write the same ledger.

A step goes through these **states**::

    begin → thinking → (predicted, partial …) → thought → decide → claim → squash_rest → calls_begin → finish
                                                       (or abort: it was cancelled)

and so does a step that is run ahead on a speculated result: it is a *child* of the step whose decision it supposes,
until that decision is made. Then it is adopted (it becomes the current step), or dropped with all that builds on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from specbench.core.batches import in_batches
from specbench.core.ledger import Fate, Outcome, Window
from specbench.core.types import DecisionPoint, Effect, Prediction, ToolCall
from specbench.policies import Policy, TopK
from specbench.speculation.commands import PredictNext
from specbench.speculation.launch import Launch
from specbench.speculation.partial_decision import allows, narrowed
from specbench.speculation.shared import Shared
from specbench.speculation.step import Step
from specbench.speculation.steps_ahead import StepsAhead
from specbench.speculation.traits import untouched

__all__ = ["Course"]

CERTAIN = TopK(1)
"""For a call that the LLM has written already."""

OTHER_SPELLING = (
    "the speculation is spelt otherwise (key order, 50 for 50.0) or for another caller, and its tool could tell"
)


class Course(StepsAhead):
    """The course of one conversation; see the module for events, commands and states.

    Events that concern single speculations alone (a write starts, a speculation fails) go to its ``book``.

    Parameters
    ----------
    trace_id, task_id
        The conversation, and what it is about.
    shared
        What all conversations of the run share.
    policy
        What to launch.
    started_s
        When it starts.
    predicts
        Whether there is a predictor.
    session
        What the driver knows the conversation by; commands about its steps and launches find it there.

    Examples
    --------
    A prediction is launched, arrives while the LLM thinks, and is what the LLM decides:

    >>> from specbench.core.types import ToolSpec
    >>> from specbench.speculation import Options
    >>> course = Course("t", "task", Shared(Options(), {}), TopK(1))
    >>> point = DecisionPoint("t", 0, (), {"look": ToolSpec("look", effect=Effect.READ)})
    >>> step = course.begin(0.0, 0, point)
    >>> course.thinking(0.0, step)
    >>> course.predicted(0.5, step, [Prediction(ToolCall("look"), 0.9)])
    >>> [type(command).__name__ for command in course.shared.commands]
    ['Predict', 'StartTool']
    >>> (launch,) = course.book.launches
    >>> course.arrived(1.5, launch)
    >>> course.thought(2.0, step)
    >>> course.decide(2.0, step, (ToolCall("look"),), writes=(False,))
    >>> used = course.claim(2.0, step, 0, ToolCall("look"))
    >>> course.squash_rest(2.0, step, [used])
    >>> course.finish(2.0, step, [1.0], effect=Effect.READ).saved_s
    1.0
    """

    def __init__(
        self,
        trace_id: str,
        task_id: str,
        shared: Shared,
        policy: Policy,
        *,
        started_s: float = 0.0,
        predicts: bool = True,
        session: Any = None,
    ) -> None:
        super().__init__(trace_id, task_id, shared, started_s=started_s, predicts=predicts, session=session)
        self.policy, self.book.watches_calls = policy, getattr(policy, "looks_at_calls", True)
        windows = shared.options.windows  # asked for at each step; the hash of an enumeration takes its time
        self._think_window, self._user_window = Window.THINK in windows, Window.USER in windows
        self.next_number = 0

    # --- a step begins ----------------------------------------------------------------------------------------------

    def begin(
        self, now: float, number: int, point: DecisionPoint, work: Any = None, *, can_run_ahead: bool = True
    ) -> Step:
        """The agent wants decision ``number``; the LLM starts as soon as the driver says so (:meth:`thinking`)."""
        step = self.step = Step(self, number, now)
        step.point, step.work, step.can_run_ahead = point, work, can_run_ahead
        self.next_number = number + 1
        self._ask(now, step)
        return step

    def adopt(self, now: float, point: DecisionPoint) -> Step:
        """The agent wants just the decision for which the LLM has been run ahead: that step is the current one now."""
        assert self.step is not None and self.step.child is not None
        step, self.step.child = self.step.child, None
        self.step, self.next_number = step, step.number + 1
        step.began_s, step.point = now, point
        below: Step | None = step
        while below is not None:
            below.depth -= 1
            below = below.child
        if step.thought_s is None:
            self.shared.llm_slots.adopt(step)
            step.p = 1.0
            if step.predictions is not None and self._think_window:
                self._launch(now, step)  # chosen again, now that the step does happen
            below = step
            while below is not None:
                self._run_ahead(now, below)
                below = below.child
        return step

    def thinking(self, now: float, step: Step) -> None:
        """The LLM has started."""
        step.thinking_s = now

    def predicted(
        self, now: float, step: Step, predictions: list[Prediction] | None, took_s: float | None = None
    ) -> None:
        """The predictor has answered :class:`Predict`, with ``None`` where it raised or was stopped.

        ``took_s`` are its seconds, by default those since it was asked.
        """
        if step.asked_s is not None:
            step.predict_s = now - step.asked_s if took_s is None else took_s
            step.asked_s = None
        if predictions is None or step.dropped or step.thought_s is not None:
            return
        step.predictions = predictions
        if self._think_window:
            self._launch(now, step)
        else:
            step.reason = "the think window is off"

    def _launch(self, now: float, step: Step) -> None:
        """Launch what the policy chooses; probabilities are those that the step happens, and then the call."""
        assert step.predictions is not None
        parent = step.parent if step.depth else None
        predictions = step.predictions if step.p == 1.0 else _scaled(step.predictions, step.p)
        step.reason = self._build_on(now, step, predictions, self.policy, parent)

    def _build_on(
        self, now: float, step: Step, predictions: list[Prediction], policy: Policy, parent: Launch | None = None
    ) -> str:
        """Launch, run ahead on the best of it, and return the reason."""
        assert step.point is not None
        attempt = self.book.open(now, step.point, step.number, Window.THINK, predictions, policy, parent)
        if attempt.best is not None:
            step.best = attempt.best
        if step.best is not None:
            self._run_ahead(now, step)
        return attempt.reason

    def partial(self, now: float, step: Step, tool: str, arguments: Any, complete: bool) -> None:
        """The LLM has written a part of its first call: give up what that rules out, start what it makes likely.

        A call that is complete is started itself. What an invocation that is run ahead writes does not count: its own
        decision is not certain to happen.
        """
        if step.depth or step.dropped or step.decided_s is not None or not self.predicts:
            return
        self._rule_out(now, step, lambda call: allows(tool, arguments, call))
        if not self._think_window:
            return
        if complete:
            spec = None if step.point is None else step.point.tools.get(tool)
            self._build_on(now, step, [Prediction(ToolCall(tool, arguments).of(spec), 1.0)], CERTAIN)
        elif found := narrowed(step.predictions or (), tool, arguments):
            self._build_on(now, step, found, self.policy)

    def arrived(self, now: float, launch: Launch, size_bytes: int = 0) -> None:
        """The result of a speculation is there: build on it, if nobody waits for it already."""
        self.book.arrived(now, launch, size_bytes)
        step = self.step if launch.committed_at is None else None
        while step is not None:
            if step.best is launch:
                self._run_ahead(now, step)
            step = step.child

    def predicted_next(
        self,
        now: float,
        step: Step,
        window: Window,
        parent: Launch | None,
        point: DecisionPoint,
        predictions: list[Prediction],
    ) -> None:
        """The predictor has answered :class:`PredictNext`: launch for the decision after ``step``, at ``point``.

        Too late when the step is decided (a chain), has ended (the tool window), or is not the last one (the user's).
        """
        if parent is not None:
            if step.decided_s is not None or parent.squashed_s is not None:
                return
            predictions = _scaled(predictions, parent.p)
        elif step.ended_s is not None if window is Window.TOOL else self.step is not step:
            return
        self.book.open(now, point, step.number + 1, window, predictions, self.policy, parent)

    def thought(
        self, now: float, step: Step, took_s: float | None = None, used_tok: float | None = None, failed: bool = False
    ) -> None:
        """The LLM has ended, whether it was run ahead or not.

        ``took_s`` are its seconds, by default those since it started; ``used_tok`` its tokens, if it tells them.
        """
        if step.dropped:
            return
        assert step.thinking_s is not None
        step.thought_s, step.used_tok, step.failed = now, used_tok, failed
        step.think_s = now - step.thinking_s if took_s is None else took_s
        self._free_llm(step)

    def think_again(self, now: float, step: Step) -> None:
        """The run-ahead of an adopted step has failed: the LLM will be asked as if it had never been."""
        self._write_ahead(now, step, Fate.FAIL)
        step.parent, step.failed = None, False

    # --- it is decided ----------------------------------------------------------------------------------------------

    def decide(self, now: float, step: Step, calls: Sequence[ToolCall], writes: Sequence[bool]) -> None:
        """The decision is there: nothing more is predicted or built on a guess of it.

        ``writes`` says of each call whether it may change something; ``step.batches`` which of them run together.
        """
        step.decided_s = now
        if step.asked_s is not None:  # the prediction did not come in time
            step.predict_s, step.asked_s = now - step.asked_s, None
        self.book.state.session.decisions += 1
        self.shared.expected.saw_think(step.think_s)
        self._take_calls(step, calls, writes)
        if step.parent is not None:
            self._write_ahead(now, step, Fate.COMMIT)

    def also(self, now: float, step: Step, call: ToolCall, writes: bool) -> None:
        """One more call of the decision is known. What was given up by then is gone; what is carried may serve it."""
        self._take_calls(step, [call], [writes])

    def _take_calls(self, step: Step, calls: Sequence[ToolCall], writes: Sequence[bool]) -> None:
        step.calls, step.writes = (*step.calls, *calls), (*step.writes, *writes)
        step.batches = in_batches(step.writes, self.shared.options.parallel)
        if self.book.watches_calls:
            self.book.state.asked_calls.extend(calls)
        tools = {} if step.point is None else step.point.tools
        for call in calls:
            self.book.outside.decided(call, tools.get(call.name))

    def rule_out(self, now: float, step: Step) -> None:
        """Give up what the decision rules out, where its calls may be made much later, or never."""
        calls = step.calls
        self._rule_out(now, step, calls.__contains__, only=len(calls) == 1)

    def _rule_out(self, now: float, step: Step, fits: Callable[[ToolCall], bool], only: bool = True) -> None:
        for launch in list(self.book.live.values()):
            if launch.wanted_at == step.number and not fits(launch.call):
                self.book.contradicted(now, launch)
        child = step.child
        if child is not None and child.parent is not None and not (only and fits(child.parent.call)):
            self.drop_ahead(now, step)

    def claim(self, now: float, step: Step, at: int, call: ToolCall) -> Launch | None:
        """Return the speculation that call number ``at`` of the decision uses, if there is one."""
        used = self.book.claim(now, step.number, call)
        if used is not None:
            step.used[at] = used
        elif self.shared.compares_spelling and any(launch.key == call.key for launch in self.book.live.values()):
            step.reason = OTHER_SPELLING
        return used

    def squash_rest(self, now: float, step: Step, used: Sequence[Launch], *, alone: bool = True) -> None:
        """Before the first real call, or the end: give up all that is neither ``used`` nor for later; once a step.

        What later calls of the decision may use stays, as far as no write of the decision comes between. ``alone`` says
        that the LLM decided one call without text beside it, as a run-ahead supposes.
        """
        if step.rest_squashed:
            return
        step.rest_squashed = True
        keep: set[str] = set()
        if len(step.calls) > 1:
            still = untouched(step.calls, step.writes, step.batches, self.shared.traits_of)
            keep = set(map(self.shared.key_of, still))
        self.book.settle(now, step.number, used, keep)
        parent = None if step.child is None else step.child.parent
        if not (alone and parent in used and parent is not None and parent.call.aside == step.calls[0].aside):
            self.drop_ahead(now, step)  # an LLM sees the irrelevant arguments too

    def calls_begin(self, now: float, step: Step) -> None:
        """All that the decision did not use is gone, and its calls begin: predict the next decision beside them."""
        if step.calls and self.predicts and self._tool_window:
            self.shared.commands.append(PredictNext(step, Window.TOOL, None))

    def finish(self, now: float, step: Step, seconds: Sequence[float], effect: Effect | None) -> Outcome:
        """The step is over; write its row. ``seconds`` are the run times of its calls, ``effect`` is the first's."""
        step.ended_s = now
        outcome = step.outcome(now, self.book.launched_at.get(step.number, 0), seconds, effect)
        self.shared.ledger.outcomes.append(outcome)
        if not step.calls and self.predicts and self._user_window:
            self.shared.commands.append(PredictNext(step, Window.USER, None))
        return outcome

    # --- giving up --------------------------------------------------------------------------------------------------

    def abort(self, now: float, step: Step) -> None:
        """The step was cancelled, or the LLM raised: nothing that was launched for it may be left behind."""
        step.ended_s = now
        if step.parent is not None and step.decided_s is None:
            self._drop(now, step)
            step.parent = step.child = None
        else:
            self.drop_ahead(now, step)
        self.book.aborted(now, step.number)
        self.next_number = step.number

    def close(self, now: float) -> None:
        """The conversation is over: give up all that was not used. What comes late launches nothing."""
        self.book.close(now)
        if self.step is not None:
            self.drop_ahead(now, self.step)


def _scaled(predictions: list[Prediction], p: float) -> list[Prediction]:
    """Return the predictions of something that happens with probability ``p``."""
    return [Prediction(call, each * p) for call, each in predictions]
