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

from specbench.core.ledger import Ahead, Fate, Outcome, Window
from specbench.core.types import DecisionPoint, Effect, Prediction, ToolCall
from specbench.policies import Policy, TopK
from specbench.speculation.book import Book
from specbench.speculation.commands import Predict, PredictNext, StartThinking, StopThinking
from specbench.speculation.launch import Launch
from specbench.speculation.partial_decision import allows, narrowed
from specbench.speculation.shared import Shared
from specbench.speculation.step import Step

__all__ = ["Course"]

CERTAIN = TopK(1)
"""For a call that the LLM has written already."""


class Course:
    """The course of one conversation; see the module for events, commands and states.

    Events that concern single speculations alone (a write starts, a speculation fails) go to its :class:`Book`.

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
    >>> course.decide(2.0, step, (ToolCall("look"),))
    >>> used = course.claim(2.0, step, 0, ToolCall("look"))
    >>> course.squash_rest(2.0, step, used)
    >>> course.finish(2.0, step, tool_s=1.0, effect=Effect.READ).saved_s
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
        self.task_id, self.shared, self.policy = task_id, shared, policy
        self.predicts, self.session = predicts, session
        self.book = Book(trace_id, shared, started_s, session)
        windows = shared.options.windows  # asked for at each step; the hash of an enumeration takes its time
        self._think_window, self._tool_window = Window.THINK in windows, Window.TOOL in windows
        self._user_window = Window.USER in windows
        self.step: Step | None = None
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

    def _ask(self, now: float, step: Step) -> None:
        if self.predicts:
            step.asked_s = now
            self.shared.commands.append(Predict(step))
        else:
            step.reason = "speculation is off"

    # --- it thinks --------------------------------------------------------------------------------------------------

    def thinking(self, now: float, step: Step) -> None:
        """The LLM has started."""
        step.thinking_s = now

    def predicted(
        self, now: float, step: Step, predictions: list[Prediction] | None, took_s: float | None = None
    ) -> None:
        """The predictor has answered :class:`Predict`; ``None`` when it has nothing to say (it raised, it was stopped).

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
            self._build_on(now, step, [Prediction(ToolCall(tool, arguments), 1.0)], CERTAIN)
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

    def _run_ahead(self, now: float, step: Step) -> None:
        """Build on the best result of a step that is not decided: run ahead, or chain, as far as the options allow."""
        best, shared = step.best, self.shared
        if best is None or best.arrived_s is None or best.squashed_s is not None or best.staged:
            return
        if step.child is not None or step.decided_s is not None or step.dropped:
            return
        ahead = shared.options.run_ahead
        if (
            ahead is not None and step.can_run_ahead and best.p >= ahead.p and step.depth < ahead.depth
            and shared.llm_slots.free
            and (ahead.budget_tok is None or self.book.state.session.run_ahead_lost_tok < ahead.budget_tok)
        ):  # fmt: skip
            child = step.child = Step(self, step.number + 1, now, step.depth + 1, best)
            child.thinking_s, child.can_run_ahead = now, True
            shared.llm_slots.occupy(child)
            shared.commands.append(StartThinking(child, step))
            self._ask(now, child)
        elif self._tool_window and step.depth == 0 and not step.chained:
            step.chained = True
            shared.commands.append(PredictNext(step, Window.TOOL, best))

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

        Too late when the step was decided meanwhile (a chain), has ended (the tool window), or is not the last one any
        more (the user window).
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

    def decide(self, now: float, step: Step, calls: Sequence[ToolCall]) -> None:
        """The decision is there: nothing more is predicted or built on a guess of it."""
        step.decided_s, step.calls = now, tuple(calls)
        if step.asked_s is not None:  # the prediction did not come in time
            step.predict_s, step.asked_s = now - step.asked_s, None
        self.book.state.session.decisions += 1
        self.shared.expected.saw_think(step.think_s)
        self.book.state.asked_calls.extend(calls)
        if step.parent is not None:
            self._write_ahead(now, step, Fate.COMMIT)

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
        if at == 0:
            step.used = used
        return used

    def squash_rest(self, now: float, step: Step, used: Launch | None, *, alone: bool = True) -> None:
        """Before the first real call, or the end: give up all that is neither ``used`` nor for later; once a step.

        ``alone`` says that the LLM decided one call without text beside it, as a run-ahead supposes.
        """
        if step.rest_squashed:
            return
        step.rest_squashed = True
        self.book.settle(now, step.number, used)
        if step.child is not None and not (step.child.parent is used and alone):
            self.drop_ahead(now, step)

    def calls_begin(self, now: float, step: Step) -> None:
        """All that the decision did not use is gone, and its calls begin: predict the next decision beside them."""
        if step.calls and self.predicts and self._tool_window:
            self.shared.commands.append(PredictNext(step, Window.TOOL, None))

    def finish(self, now: float, step: Step, tool_s: float, effect: Effect | None) -> Outcome:
        """The step is over; write its row.

        Parameters
        ----------
        now
            Seconds.
        step
            The current one.
        tool_s
            Run time of all its calls, one after the other.
        effect
            Of its first call.
        """
        step.ended_s = now
        book, calls = self.book, step.calls
        first = calls[0] if calls else None
        sequential_s = step.think_s + tool_s - step.beside_s
        speculative_s = now - step.began_s - step.waited_s
        outcome = Outcome(
            book.trace_id, self.task_id, step.number, None if first is None else first.name,
            None if first is None else str(effect), None if first is None else first.key, len(calls), step.hit,
            book.launched_at.get(step.number, 0), step.think_s, tool_s, step.predict_s, sequential_s, speculative_s,
            sequential_s - speculative_s, step.reason, step.began_s - book.started_s,
        )  # fmt: skip
        self.shared.ledger.outcomes.append(outcome)
        if first is None and self.predicts and self._user_window:
            self.shared.commands.append(PredictNext(step, Window.USER, None))
        return outcome

    # --- giving up --------------------------------------------------------------------------------------------------

    def drop_ahead(self, now: float, step: Step) -> None:
        """Give up what is run ahead of ``step``, if anything is, and all that builds on it."""
        child, step.child = step.child, None
        if child is not None:
            self._drop(now, child)

    def _drop(self, now: float, step: Step | None) -> None:
        while step is not None:
            step.dropped = True
            if step.thought_s is None:
                self._free_llm(step)
            self.shared.commands.append(StopThinking(step))
            self._write_ahead(now, step, Fate.FAIL if step.failed else Fate.SQUASH)
            step = step.child

    def preempted(self, step: Step) -> None:
        """The LLM slot of a run-ahead is needed for a real invocation."""
        above = self.step
        while above is not None and above.child is not step:
            above = above.child
        if above is not None:
            self.drop_ahead(self.shared.now, above)

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

    def _free_llm(self, step: Step) -> None:
        slots = self.shared.llm_slots
        self.shared.wake(slots.vacate(step) if step.depth else slots.leave())  # one that was adopted is real

    def _write_ahead(self, now: float, step: Step, fate: Fate) -> None:
        """Write the row of a run-ahead."""
        ahead, book, parent = self.shared.options.run_ahead, self.book, step.parent
        assert ahead is not None and parent is not None and step.thinking_s is not None
        ended_s = step.thought_s if step.thought_s is not None else now
        used_tok = step.used_tok if step.used_tok is not None else (ended_s - step.thinking_s) * ahead.tok_per_s
        if fate is not Fate.COMMIT:
            for counts in (book.state.session, self.shared.total):
                counts.run_ahead_lost_tok += used_tok
        self.shared.ledger.aheads.append(
            Ahead(
                book.trace_id, step.number, parent.key, parent.p, step.level, step.thinking_s - book.started_s,
                ended_s - book.started_s, fate, used_tok,
            )
        )  # fmt: skip


def _scaled(predictions: list[Prediction], p: float) -> list[Prediction]:
    """Return the predictions of something that happens with probability ``p``."""
    return [Prediction(call, each * p) for call, each in predictions]
