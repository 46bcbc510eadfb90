"""Saved turns: what rides along, what it saves, what a detour costs; and the far-sighted oracle."""

from __future__ import annotations

import pytest

from specbench.core.types import Effect, Message, Prediction, ToolCall, ToolSpec, Trace
from specbench.metrics import predict_traces
from specbench.metrics.prediction_table import PredictionTable
from specbench.predictors import make_predictor
from specbench.sim import Constant
from specbench.study.advise.ceilings import knows_until_write
from specbench.study.advise.saved_turns import best_threshold, ride_alongs
from specbench.testing import make_traces

SPECS = {name: ToolSpec(name, effect=effect) for name, effect in (("get", Effect.READ), ("put", Effect.WRITE))}
FIRST, SECOND, THIRD = (ToolCall("get", {"x": x}) for x in (1, 2, 3))
PUT = ToolCall("put")


def conversation(*steps: tuple[ToolCall, ...] | str) -> Trace:
    messages = [Message("user", "go")]
    for step in steps:
        if isinstance(step, str):
            messages += [Message("assistant", "done"), Message("user", step)]
        else:
            messages.append(Message("assistant", "", step))
            messages += [Message("tool", "x" * 40, name=call.name) for call in step]
    return Trace("t", "t", "doc", (*messages, Message("assistant", "done")), SPECS)


def table_of(trace: Trace, *guesses: tuple[ToolCall, float] | None) -> PredictionTable:
    """What a predictor says at each decision; one guess each."""
    table = predict_traces(make_predictor("silent").fit([]), [trace])
    table.predictions = [[] if each is None else [Prediction(*each)] for each in guesses]
    return table


def test_a_right_guess_behind_a_result_saves_the_thinking_of_its_turn() -> None:
    trace = conversation((FIRST,), (SECOND,))
    turns = ride_alongs(table_of(trace, (FIRST, 0.9), (SECOND, 0.9), None), Constant(2.0, 1.0), 0.0, [trace]).sums(0.5)
    assert (turns.turns, turns.saved_turns, turns.detours) == (3, 1, 0)  # not the first: there is no result to ride in
    assert (turns.saved_s, turns.detour_s, turns.sequential_s) == (2.0, 0.0, 8.0)
    assert turns.saved_tok > 0 == turns.detour_tok


def test_a_detour_costs_its_tool_and_its_result_stays_in_every_later_prompt() -> None:
    trace = conversation((FIRST,), (SECOND,))
    rides = ride_alongs(table_of(trace, None, (THIRD, 0.9), (THIRD, 0.4)), Constant(2.0, 1.0), 0.25, [trace])
    turns = rides.sums(0.5)
    assert (turns.saved_turns, turns.detours) == (0, 1)
    assert turns.detour_s == 1.0 + 2 * 0.25  # the predictor is asked wherever something could ride
    assert turns.detour_tok == 10.0 * 2  # a result of 40 characters, read by the two invocations that are left
    assert best_threshold(rides) is None


def test_a_guess_that_is_one_of_several_calls_is_neither() -> None:
    trace = conversation((FIRST,), (SECOND, THIRD))
    turns = ride_alongs(table_of(trace, None, (THIRD, 0.9), None), Constant(2.0, 1.0)).sums(0.5)
    assert (turns.saved_turns, turns.detours) == (0, 0)


def test_writes_never_ride_and_nothing_rides_behind_a_user() -> None:
    trace = conversation((FIRST,), (PUT,), "and now?", (SECOND,))
    table = table_of(trace, None, (PUT, 1.0), None, (SECOND, 1.0), None)
    assert ride_alongs(table, Constant(2.0, 1.0)).sums(0.0).saved_turns == 0


def test_the_threshold_gains_seconds_and_does_not_cost_more_tokens() -> None:
    trace = conversation((FIRST,), (SECOND,), (THIRD,))
    table = table_of(trace, None, (SECOND, 0.9), (FIRST, 0.3), None)
    assert best_threshold(ride_alongs(table, Constant(2.0, 1.0), 0.0, [trace])) == pytest.approx(0.9)


def test_the_far_sighted_oracle_knows_the_reads_up_to_the_next_write_or_user_message() -> None:
    trace = conversation((FIRST,), (SECOND, PUT), (THIRD,), "and now?", (FIRST,))
    table = predict_traces(make_predictor("oracle").fit([]), [trace])
    known = [[each.call for each in row] for row in knows_until_write(table)]
    assert known == [[FIRST, SECOND], [SECOND], [THIRD], [], [FIRST], []]


def test_a_perfect_predictor_saves_every_turn_that_a_lone_read_takes() -> None:
    traces = make_traces(6)
    found = ride_alongs(predict_traces(make_predictor("oracle").fit([]), traces), Constant(2.0, 1.0)).sums(0.5)
    lone = sum(
        len(calls) == 1 and trace.effect_of(calls[0]) is Effect.READ and point.messages[-1].role == "tool"
        for trace in traces
        for point, calls in trace.decisions()
    )
    assert (found.saved_turns, found.detours) == (lone, 0)
