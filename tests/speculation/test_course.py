"""The course of a conversation, one behaviour a test: events in, commands out, no clock and no loop."""

from __future__ import annotations

from typing import Any

import pytest

from specbench.core.ledger import Fate, Window
from specbench.core.types import DecisionPoint, Effect, Prediction, ToolCall, ToolSpec
from specbench.policies import Policy, TopK
from specbench.speculation import Course, Launch, Options, RunAhead, Shared
from specbench.speculation.commands import (
    Command,
    Predict,
    PredictNext,
    StartThinking,
    StartTool,
    StopThinking,
    StopTool,
    Undo,
    Wake,
)
from specbench.speculation.step import Step

TOOLS = {
    "get": ToolSpec("get", effect=Effect.READ),
    "book": ToolSpec("book", effect=Effect.STAGED),
    "put": ToolSpec("put", effect=Effect.WRITE),
}
POINT = DecisionPoint("t", 0, (), TOOLS)


def get(x: int) -> ToolCall:
    return ToolCall("get", {"x": x})


def sure(*calls: ToolCall, p: float = 0.9) -> list[Prediction]:
    return [Prediction(call, p - 0.1 * at) for at, call in enumerate(calls)]


class Driver:
    """Tells a course what happens, and takes down what it commands."""

    def __init__(
        self, options: Options | None = None, policy: Policy | None = None, *, shared: Shared | None = None, **more: Any
    ) -> None:
        self.shared = shared if shared is not None else Shared(options or Options(), {})
        self.course = Course("t", "task", self.shared, policy or TopK(2), **more)

    def commands(self) -> list[Command]:
        """Take what is commanded since the last time."""
        return [self.shared.commands.popleft() for _ in range(len(self.shared.commands))]

    def begin(self, now: float = 0.0, number: int = 0) -> Step:
        """A step begins, and its LLM starts."""
        step = self.course.begin(now, number, POINT)
        self.course.thinking(now, step)
        return step

    def launch(self, now: float, step: Step, *calls: ToolCall) -> list[Launch]:
        """The predictor is sure of these calls; returns what is started."""
        self.commands()
        self.course.predicted(now, step, sure(*calls))
        return [each.launch for each in self.commands() if isinstance(each, StartTool)]

    def run_ahead(self, step: Step, call: ToolCall) -> Step:
        """The call is launched at 0 and arrives at 1; returns the step that is run ahead on it."""
        (launch,) = self.launch(0.0, step, call)
        self.course.arrived(1.0, launch)
        (started,) = (each for each in self.commands() if isinstance(each, StartThinking))
        assert started == StartThinking(step.child, step)
        started.step.point = POINT
        return started.step

    def decide(self, now: float, step: Step, *calls: ToolCall) -> Launch | None:
        """The LLM decides; returns the speculation that the first call uses."""
        self.course.thought(now, step)
        self.course.decide(now, step, calls, [each.name != "get" for each in calls])
        used = self.course.claim(now, step, 0, calls[0]) if calls else None
        self.course.squash_rest(now, step, [used] if used else [], alone=len(calls) == 1)
        self.course.calls_begin(now, step)
        return used


def test_a_step_that_begins_asks_the_predictor() -> None:
    driver = Driver()
    step = driver.begin()
    assert driver.commands() == [Predict(step)]


def test_without_a_predictor_nobody_is_asked_and_the_row_says_so() -> None:
    driver = Driver(predicts=False)
    step = driver.begin()
    driver.decide(2.0, step)
    assert driver.course.finish(2.0, step, [], None).reason == "speculation is off" and driver.commands() == []


def test_what_the_policy_chooses_is_started() -> None:
    driver = Driver()
    step = driver.begin()
    launches = driver.launch(0.5, step, get(1), get(2), get(3))
    assert [(each.call, each.p, each.window) for each in launches] == [
        (get(1), 0.9, Window.THINK), (get(2), 0.8, Window.THINK),
    ]  # fmt: skip
    assert step.reason == "top 2" and step.predict_s == 0.5


def test_a_prediction_after_the_decision_starts_nothing() -> None:
    driver = Driver()
    step = driver.begin()
    driver.decide(2.0, step)
    assert driver.launch(2.0, step, get(1)) == []
    row = driver.course.finish(2.0, step, [], None)
    assert (row.predict_s, row.reason) == (2.0, "the prediction came after the decision")


def test_with_the_think_window_off_the_predictor_is_only_charged() -> None:
    driver = Driver(Options({"user"}))
    step = driver.begin()
    assert driver.launch(0.5, step, get(1)) == []
    assert (step.reason, step.predict_s) == ("the think window is off", 0.5)


def test_a_hit_uses_its_speculation_and_stops_the_others() -> None:
    driver = Driver()
    step = driver.begin()
    hit, miss = driver.launch(0.0, step, get(1), get(2))
    driver.course.arrived(1.0, hit)
    assert driver.decide(2.0, step, get(1)) is hit
    assert driver.commands() == [StopTool(miss)]
    row = driver.course.finish(2.0, step, [1.0], Effect.READ)
    assert (row.hit, row.launched, row.sequential_s, row.speculative_s, row.saved_s) == (True, 2, 3.0, 2.0, 1.0)
    driver.course.book.stopped(2.5, miss)
    assert [(each.fate, each.ended_s) for each in driver.course.book.rows()] == [(Fate.COMMIT, 1.0), (Fate.SQUASH, 2.5)]


def test_a_speculation_that_fails_is_no_hit() -> None:
    driver = Driver()
    step = driver.begin()
    (launch,) = driver.launch(0.0, step, get(1))
    assert driver.decide(2.0, step, get(1)) is launch and step.hits == [0]
    driver.course.book.failed(3.0, launch)
    assert not step.hits and launch.fate is Fate.FAIL


def test_work_that_stops_at_once_is_not_to_be_stopped() -> None:
    driver = Driver(shared=Shared(Options(), {}, stops_at_once=True))
    step = driver.begin()
    (launch,) = driver.launch(0.0, step, get(1))
    driver.decide(2.0, step)
    assert driver.commands() == [] and launch.ended_s == 2.0


def test_a_staged_write_that_is_not_used_is_undone() -> None:
    driver = Driver()
    step = driver.begin()
    (launch,) = driver.launch(0.0, step, ToolCall("book"))
    driver.course.arrived(1.0, launch)
    driver.decide(2.0, step)
    assert driver.commands() == [Undo(launch)]


def test_a_part_of_the_decision_gives_up_what_it_rules_out_and_starts_what_is_left() -> None:
    driver = Driver(policy=TopK(1))
    step = driver.begin()
    (launch,) = driver.launch(0.0, step, ToolCall("book"), get(2))
    driver.course.partial(1.0, step, "get", {}, complete=False)
    stop, undo, start = driver.commands()
    assert (stop, undo) == (StopTool(launch), Undo(launch))
    assert isinstance(start, StartTool) and (start.launch.call, start.launch.p) == (get(2), 1.0)


def test_a_call_that_is_written_is_started_itself_whatever_the_policy() -> None:
    driver = Driver()
    step = driver.begin()
    driver.commands()
    driver.course.partial(1.0, step, "get", {"x": 7}, complete=True)
    (start,) = driver.commands()
    assert isinstance(start, StartTool) and start.launch.call == get(7)


def test_the_llm_runs_ahead_on_a_result_that_is_likely_enough() -> None:
    driver = Driver(Options(run_ahead=RunAhead(p=0.5)))
    step = driver.begin()
    (launch,) = driver.launch(0.0, step, get(1))
    driver.course.arrived(1.0, launch)
    child = step.child
    assert child is not None and (child.number, child.depth, child.parent) == (1, 1, launch)
    assert driver.commands() == [StartThinking(child, step), Predict(child)]


@pytest.mark.parametrize("options", [RunAhead(p=0.95), RunAhead(budget_tok=0.0)])
def test_there_is_no_run_ahead_on_what_is_unlikely_or_beyond_its_budget(options: RunAhead) -> None:
    driver = Driver(Options(run_ahead=options))
    step = driver.begin()
    (launch,) = driver.launch(0.0, step, get(1))
    driver.course.arrived(1.0, launch)
    assert step.child is None and driver.commands() == []


def test_probabilities_of_a_run_ahead_are_those_that_it_happens_at_all() -> None:
    driver = Driver(Options(run_ahead=RunAhead()))
    child = driver.run_ahead(driver.begin(), get(1))
    assert [each.p for each in driver.launch(1.0, child, get(2))] == [pytest.approx(0.81)]


def test_a_run_ahead_on_what_was_decided_becomes_the_next_step() -> None:
    driver = Driver(Options(run_ahead=RunAhead()))
    step = driver.begin()
    child = driver.run_ahead(step, get(1))
    driver.course.thought(1.5, child, used_tok=12.0)
    driver.decide(2.0, step, get(1))
    driver.course.finish(2.0, step, [1.0], Effect.READ)
    assert driver.course.adopt(2.0, POINT) is child is driver.course.step
    driver.course.decide(2.0, child, (), ())
    driver.course.squash_rest(2.0, child, [])
    row = driver.course.finish(2.0, child, [], None)
    assert (row.index, row.think_s, row.speculative_s) == (1, 0.5, 0.0)
    (ahead,) = driver.shared.ledger.aheads
    assert (ahead.index, ahead.launched_s, ahead.ended_s, ahead.fate, ahead.used_tok) == (
        1,
        1.0,
        1.5,
        Fate.COMMIT,
        12.0,
    )


def test_what_is_predicted_at_an_adopted_step_is_chosen_again() -> None:
    driver = Driver(Options(run_ahead=RunAhead()), policy=TopK(1))
    step = driver.begin()
    child = driver.run_ahead(step, get(1))
    (launch,) = driver.launch(1.0, child, get(2))
    driver.decide(2.0, step, get(1))
    driver.course.finish(2.0, step, [1.0], Effect.READ)
    driver.course.adopt(2.0, POINT)
    assert launch.squashed_s is None and child.best is launch and child.reason == "top 1"


def test_a_run_ahead_on_another_call_is_dropped_with_all_that_builds_on_it() -> None:
    driver = Driver(Options(run_ahead=RunAhead(depth=2, p=0.1, tok_per_s=10.0)))
    step = driver.begin()
    child = driver.run_ahead(step, get(1))
    (launch,) = driver.launch(1.0, child, get(2))
    driver.course.arrived(1.5, launch)
    grandchild = child.child
    assert grandchild is not None
    driver.commands()
    driver.decide(2.0, step, get(9))
    commands = driver.commands()
    assert [each.step for each in commands if isinstance(each, StopThinking)] == [child, grandchild]
    assert launch.squashed_s == 2.0
    rows = [(each.index, each.depth, each.fate, each.used_tok) for each in driver.shared.ledger.aheads]
    assert rows == [(1, 1, Fate.SQUASH, 10.0), (2, 2, Fate.SQUASH, 5.0)]
    assert driver.shared.total.run_ahead_lost_tok == 15.0


def test_text_beside_the_call_means_another_conversation_than_was_supposed() -> None:
    driver = Driver(Options(run_ahead=RunAhead()))
    step = driver.begin()
    child = driver.run_ahead(step, get(1))
    driver.course.thought(2.0, step)
    driver.course.decide(2.0, step, (get(1),), (False,))
    used = driver.course.claim(2.0, step, 0, get(1))
    assert used is not None
    driver.course.squash_rest(2.0, step, [used], alone=False)
    assert child.dropped and step.hits


def test_a_run_ahead_that_failed_is_thought_again_when_it_is_needed() -> None:
    driver = Driver(Options(run_ahead=RunAhead()))
    step = driver.begin()
    child = driver.run_ahead(step, get(1))
    driver.course.thought(1.5, child, failed=True)
    driver.decide(2.0, step, get(1))
    driver.course.finish(2.0, step, [1.0], Effect.READ)
    driver.course.adopt(2.0, POINT)
    driver.course.think_again(2.0, child)
    driver.course.thinking(2.0, child)
    driver.decide(5.0, child)
    assert driver.course.finish(5.0, child, [], None).think_s == 3.0
    assert [each.fate for each in driver.shared.ledger.aheads] == [Fate.FAIL]


def test_a_chain_asks_for_the_decision_after_next_on_the_result() -> None:
    driver = Driver(Options({"think", "tool"}))
    step = driver.begin()
    (launch,) = driver.launch(0.0, step, get(1))
    driver.course.arrived(1.0, launch)
    assert driver.commands() == [PredictNext(step, Window.TOOL, launch)]
    driver.course.predicted_next(1.2, step, Window.TOOL, launch, POINT, sure(get(2)))
    (start,) = driver.commands()
    assert isinstance(start, StartTool)
    assert (start.launch.index, start.launch.window, start.launch.parent) == (1, Window.TOOL, launch)
    assert start.launch.p == pytest.approx(0.81)


def test_a_chain_ends_with_the_speculation_that_it_builds_on() -> None:
    driver = Driver(Options({"think", "tool"}))
    step = driver.begin()
    (launch,) = driver.launch(0.0, step, get(1))
    driver.course.arrived(1.0, launch)
    driver.course.predicted_next(1.2, step, Window.TOOL, launch, POINT, sure(get(2)))
    driver.commands()
    driver.decide(2.0, step, get(9))
    assert [type(each) for each in driver.commands()] == [StopTool, PredictNext]


@pytest.mark.parametrize(("window", "calls"), [(Window.TOOL, (ToolCall("put"),)), (Window.USER, ())])
def test_the_next_decision_is_predicted_while_tools_run_or_the_user_types(
    window: Window, calls: tuple[ToolCall, ...]
) -> None:
    driver = Driver(Options({"tool", "user"}))
    step = driver.begin()
    driver.commands()
    driver.decide(2.0, step, *calls)
    if not calls:
        driver.course.finish(2.0, step, [], None)
    assert driver.commands() == [PredictNext(step, window, None)]
    driver.course.predicted_next(2.5, step, window, None, POINT, sure(get(1)))
    assert [type(each) for each in driver.commands()] == [StartTool]
    if calls:
        driver.course.finish(3.0, step, [1.0], Effect.WRITE)
    else:
        driver.begin(3.0, 1)
    driver.commands()
    driver.course.predicted_next(3.0, step, window, None, POINT, sure(get(2)))
    assert driver.commands() == []  # too late


def test_a_decision_whose_calls_come_later_gives_up_only_what_it_rules_out() -> None:
    driver = Driver(Options(run_ahead=RunAhead()))
    step = driver.begin()
    kept, gone = driver.launch(0.0, step, get(1), get(2))
    driver.course.arrived(1.0, kept)
    driver.commands()
    driver.course.thought(2.0, step)
    driver.course.decide(2.0, step, (get(1), ToolCall("put")), (False, True))
    driver.course.rule_out(2.0, step)
    assert [type(each) for each in driver.commands()] == [StopTool, StopThinking]
    assert kept.squashed_s is None and gone.squashed_s == 2.0


def test_a_step_that_is_cancelled_gives_up_what_was_launched_for_it() -> None:
    driver = Driver(Options(run_ahead=RunAhead()))
    step = driver.begin(number=3)
    child = driver.run_ahead(step, get(1))
    (launch,) = driver.launch(1.0, child, get(2))
    driver.course.thought(1.5, step)
    driver.course.abort(1.5, step)
    assert driver.commands() == [StopThinking(child), StopTool(launch)]
    assert driver.course.next_number == 3 and driver.shared.ledger.outcomes == []


def test_a_conversation_that_is_over_starts_nothing_any_more() -> None:
    driver = Driver(Options({"user"}, carry_ttl_s=60.0))
    step = driver.begin()
    driver.decide(2.0, step)
    driver.course.finish(2.0, step, [], None)
    driver.course.predicted_next(2.5, step, Window.USER, None, POINT, sure(get(1)))
    driver.commands()
    driver.course.close(3.0)
    assert [type(each) for each in driver.commands()] == [StopTool]
    driver.course.predicted_next(3.5, step, Window.USER, None, POINT, sure(get(2)))
    assert driver.commands() == []


def test_a_real_invocation_takes_the_slot_of_a_run_ahead() -> None:
    driver = Driver(Options(run_ahead=RunAhead(), llm_slots=2))
    step = driver.begin()
    driver.shared.llm_slots.enter("this one")
    child = driver.run_ahead(step, get(1))
    assert driver.shared.llm_slots.enter("another conversation's")
    assert StopThinking(child) in driver.commands() and step.child is None


def test_who_waits_for_the_llm_is_woken_when_it_is_free() -> None:
    driver = Driver(Options(llm_slots=1))
    driver.shared.llm_slots.enter("first")
    step = driver.begin()
    driver.commands()
    assert not driver.shared.llm_slots.enter("second")
    driver.course.thought(2.0, step)
    assert driver.commands() == [Wake("second")]


def test_a_policy_that_raises_is_contained_where_the_agent_must_not_see_it() -> None:
    class Broken:
        def choose(self, *_: Any) -> Any:
            raise RuntimeError("broken")

    contained = Driver(policy=Broken(), shared=Shared(Options(), {}, contains_errors=True))
    step = contained.begin()
    assert contained.launch(0.5, step, get(1)) == []
    assert step.reason == "the policy raised RuntimeError: broken"
    loud = Driver(policy=Broken())
    with pytest.raises(RuntimeError, match="broken"):
        loud.launch(0.5, loud.begin(), get(1))
