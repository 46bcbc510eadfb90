"""The counting baselines: a suffix automaton, nearest decisions, a result cache, a blind control, a sane filler."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specbench.core.types import DecisionPoint, Effect, Message, ToolCall, ToolSpec, Trace
from specbench.predictors import make_predictor
from specbench.predictors.controls import Blind
from specbench.predictors.counting.suffix import SuffixAutomaton

LS = ToolCall("list_files", {"folder": "src"})


def talk(name: str, *messages: Message) -> Trace:
    return Trace(name, name, "doc", messages)


def asks(order: str) -> Trace:
    get = ToolCall("get_order", {"id": order})
    ship = ToolCall("ship", {"order": order})
    return talk(
        order, Message("user", f"Send {order} off"), Message("assistant", tool_calls=(get,)),
        Message("tool", '{"status": "paid"}', name="get_order"), Message("assistant", tool_calls=(ship,)),
    )  # fmt: skip


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=8), max_size=6))
@settings(max_examples=60)
def test_the_automaton_knows_every_run_and_how_often_it_came(sequences: list[list[str]]) -> None:
    runs = SuffixAutomaton()
    for each in sequences:
        runs.add(each)
    texts = ["".join(each) for each in sequences]
    for n in (1, 2, 3):
        for run in map("".join, product("abc", repeat=n)):
            times = sum(text.startswith(run, at) for text in texts for at in range(len(text)))
            state = runs.match(list(run))
            if times:
                assert runs.count[state] == times


@pytest.mark.parametrize("name", ["markov", "ngram"])
def test_a_call_that_is_the_same_in_every_trace_is_nearly_sure(name: str) -> None:
    traces = [talk(f"t{n}", Message("user", "Hello"), Message("assistant", tool_calls=(LS,))) for n in range(20)]
    best = make_predictor(name).fit(traces).predict(DecisionPoint("u", 0, (Message("user", "Hello"),)))[0]
    assert best.call == LS
    assert best.p > 0.9


@pytest.mark.parametrize("name", ["suffix", "nearest", "markov", "ngram"])
def test_what_was_done_is_done_again_with_the_values_at_hand(name: str) -> None:
    predictor = make_predictor(name).fit([asks(f"#W{n}000{n}") for n in range(1, 9)])
    new = asks("#W77777")
    assert predictor.predict(DecisionPoint("u", 0, new.messages[:1]))[0].call == ToolCall(
        "get_order", {"id": "#W77777"}
    )
    assert predictor.predict(DecisionPoint("u", 1, new.messages[:3]))[0].call == ToolCall("ship", {"order": "#W77777"})


def test_the_cache_guesses_nothing_that_was_not_called() -> None:
    again = talk("t", Message("user"), Message("assistant", tool_calls=(LS,)), Message("assistant", tool_calls=(LS,)))
    cached = make_predictor("cached").fit([again])
    assert cached.predict(DecisionPoint("u", 0, again.messages[:1])) == []
    assert [each.call for each in cached.predict(DecisionPoint("u", 1, again.messages[:2]), 5)] == [LS]


def test_the_blind_control_says_the_same_whatever_was_said() -> None:
    blind = Blind().fit([asks("#W1"), asks("#W1"), asks("#W2")])
    points = [DecisionPoint("u", 0, (Message("user", text),)) for text in ("#W2", "Hello")]
    first, second = (blind.predict(point, 2) for point in points)
    assert first == second
    assert {each.call for each in first} == {ToolCall("get_order", {"id": "#W1"}), ToolCall("ship", {"order": "#W1"})}


@pytest.mark.parametrize("name", ["suffix", "nearest", "cached", "blind", "markov"])
def test_parameters_that_do_not_count_are_not_learned(name: str) -> None:
    tools = {"find": ToolSpec("find", effect=Effect.READ, irrelevant=("reason",))}

    def because(reason: str, n: int) -> Trace:
        call = Message("assistant", tool_calls=(ToolCall("find", {"q": "lamp", "reason": reason}),))
        return Trace(f"{reason}{n}", reason, "doc", (Message("user", "Find"), call, call), tools)

    predictor = make_predictor(name).fit([because(f"why {n}", n) for n in range(6)])
    point = DecisionPoint("u", 1, because("new", 9).messages[:2], tools)
    found = [each for each in predictor.predict(point, 5) if each.call is not None]
    assert [each.call.key for each in found if each.call] == ['find({"q":"lamp"})']
