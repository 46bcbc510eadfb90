"""The pattern miner: what it mines, what it proposes, how sure it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from specbench.core.types import DecisionPoint, Message, ToolCall, ToolSpec, Trace
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.counting.argument_patterns import KEPT_SOURCES, ArgumentPatterns
from specbench.predictors.counting.patterns import PatternPredictor


def call(tool: str, **arguments: Any) -> Message:
    return Message("assistant", tool_calls=(ToolCall(tool, arguments),))


def result(tool: str, value: Any) -> Message:
    return Message("tool", json.dumps(value), name=tool)


def talk(*messages: Message, name: str = "t") -> Trace:
    return Trace(name, name, "test", messages)


def point(*messages: Message, tools: tuple[str, ...] = ()) -> DecisionPoint:
    return DecisionPoint("asked", 0, messages, {tool: ToolSpec(tool) for tool in tools})


def shop(number: int, orders: int = 3) -> list[Message]:
    """Find the user, then look at the orders one after the other."""
    user, ids = f"user_{number}", [f"#W{number}{at}" for at in range(orders)]
    messages = [Message("user", f"my mail is {user}@mail.com")]
    messages += [call("find", email=f"{user}@mail.com"), result("find", {"user_id": user, "orders": ids})]
    for order in ids:
        messages += [call("get", order_id=order), result("get", {"status": "sent"})]
    return messages


def fitted(*traces: Trace) -> PatternPredictor:
    return PatternPredictor().fit(traces)


def best(predictor: PatternPredictor, *messages: Message) -> str:
    first = predictor.predict(point(*messages))[0].call
    return "reply" if first is None else first.key


@pytest.fixture(scope="module")
def shopper() -> PatternPredictor:
    return fitted(*(talk(*shop(number), name=str(number)) for number in range(6)))


def test_takes_values_from_the_users_words(shopper: PatternPredictor) -> None:
    assert best(shopper, *shop(77)[:1]) == 'find({"email":"user_77@mail.com"})'


@pytest.mark.parametrize("seen", [0, 1, 2])
def test_takes_the_next_unused_value_of_an_earlier_output(shopper: PatternPredictor, seen: int) -> None:
    assert best(shopper, *shop(77)[: 3 + 2 * seen]) == f'get({{"order_id":"#W77{seen}"}})'


def test_mined_patterns_have_rule_source_support_and_confidence(shopper: PatternPredictor) -> None:
    mined = shopper.arguments.patterns("get", "order_id")
    assert mined[0] == ("next", "find.orders[]", 18, 1.0)
    rules = {(each.rule, each.source): each for each in mined}
    assert rules["first", "find.orders[]"].confidence == 1.0  # the first order that was not looked at yet ...
    assert rules["first-again", "find.orders[]"].confidence == 0.0  # ... and never a second time
    assert rules["last", "find.orders[]"].confidence == pytest.approx(1 / 3)
    assert shopper.arguments.patterns("get", "order_id", "find|<user> find")[0].support == 6


def test_p_is_the_chance_of_the_tool_times_the_confidence(shopper: PatternPredictor) -> None:
    predictions = shopper.predict(point(*shop(77)[:3]), k=8)
    tool = shopper.at(point(*shop(77)[:3])).predict_tools(1)[0]
    assert (tool.tool, tool.p) == ("get", pytest.approx(0.97, abs=0.05))
    assert 0.7 < predictions[0].p < tool.p
    assert sum(each.p for each in predictions) <= 1.0


def test_what_the_user_names_comes_before_what_comes_next() -> None:
    def named(number: int, which: int) -> Trace:
        asked = Message("user", f"please look at #W{number}{which}")
        turns = [
            *shop(number)[:3],
            Message("assistant", "which one?"),
            asked,
            call("get", order_id=f"#W{number}{which}"),
        ]
        return talk(*turns, name=str(number))

    predictor = fitted(*(named(number, number % 3) for number in range(9)))
    asked = Message("user", "please look at #W772")
    assert best(predictor, *shop(77)[:3], Message("assistant", "which one?"), asked) == 'get({"order_id":"#W772"})'


def test_values_of_one_kind_are_told_apart_by_their_place_in_the_message() -> None:
    def who(number: int, first: str, last: str) -> list[Message]:
        return [Message("user", f"Sure, my name is {first} {last}"), call("find", first=first, last=last)]

    names = [("Mei", "Ito"), ("Ann", "Lee"), ("Noah", "Khan"), ("Raj", "Moore")]
    predictor = fitted(*(talk(*who(at, *name), name=str(at)) for at, name in enumerate(names)))
    assert predictor.arguments.patterns("find", "first")[0][:2] == ("named-2", "user:word")
    assert best(predictor, who(9, "Olivia", "Silva")[0]) == 'find({"first":"Olivia","last":"Silva"})'


def test_the_longest_signature_with_support_decides() -> None:
    after_a = [talk(Message("user", "x"), call("a"), result("a", 1), call("yes"), name=f"a{n}") for n in range(5)]
    after_b = [talk(Message("user", "x"), call("b"), result("b", 1), call("no"), name=f"b{n}") for n in range(9)]
    predictor = fitted(*after_a, *after_b)
    assert best(predictor, Message("user", "x"), call("a"), result("a", 1)) == "yes({})"
    assert best(predictor, Message("user", "x"), call("b"), result("b", 1)) == "no({})"
    # An unheard-of step before it: the shorter signature still knows.
    assert best(predictor, call("zzz"), result("zzz", 1), call("a"), result("a", 1)) == "yes({})"


def test_a_failure_is_part_of_the_signature() -> None:
    def tried(number: int, failed: bool) -> Trace:
        answer = Message("tool", "Error", name="find", error=failed)
        return talk(Message("user", "x"), call("find"), answer, call("search" if failed else "get"), name=str(number))

    predictor = fitted(*(tried(number, number % 2 == 0) for number in range(12)))
    assert best(predictor, Message("user", "x"), call("find"), Message("tool", "Error", name="find", error=True)) == (
        "search({})"
    )


def test_the_same_argument_as_in_the_call_before() -> None:
    def twice(number: int) -> Trace:
        messages = [Message("user", "go"), call("look", room=f"r{number}x"), result("look", "ok")]
        return talk(*messages, call("clean", room=f"r{number}x"), name=str(number))

    predictor = fitted(*(twice(number) for number in range(5)))
    assert predictor.arguments.patterns("clean", "room")[0][:2] == ("same", "argument:room")
    assert best(predictor, Message("user", "go"), call("look", room="r99x"), result("look", "ok")) == (
        'clean({"room":"r99x"})'
    )


def test_constants_optional_parameters_and_types() -> None:
    def book(number: int) -> Trace:
        people, extra = number % 7 + 2, {"note": "none"} if number % 4 == 0 else {}
        said = Message("user", f"a table for {people}")
        return talk(said, call("book", people=people, kind="table", **extra), name=str(number))

    predictor = fitted(*(book(number) for number in range(24)))
    predictions = predictor.predict(point(Message("user", "a table for 31")), k=4)
    assert [each.call.key for each in predictions[:2] if each.call] == [
        'book({"kind":"table","people":31})',
        'book({"kind":"table","note":"none","people":31})',
    ]
    assert predictions[0].p == pytest.approx(3 * predictions[1].p, rel=0.2)


def test_learning_goes_on_without_end_and_without_bound() -> None:
    predictor = fitted()
    for number in range(600):
        said = (Message("user", f"I am user_{number}"),)
        predictor.learn(point(*said), ToolCall("get", {"user": f"user_{number}"}))
    assert best(predictor, Message("user", "I am user_999")) == 'get({"user":"user_999"})'
    assert len(predictor.arguments.sources["get.user"]) <= KEPT_SOURCES
    sizes = [len(rows["get.user"]) for rows in predictor.arguments.mappings.values()]
    assert max(sizes) < 150


def test_lists_and_objects_are_not_guessed() -> None:
    talks = [talk(Message("user", "x"), call("buy", items=[1, 2], how={"by": "card"}), name=str(n)) for n in range(4)]
    predictor = fitted(*talks)
    assert predictor.predict(point(Message("user", "x")), k=8) == []
    assert predictor.at(point(Message("user", "x"))).predict_tools(1)[0].tool == "buy"


def test_nothing_mined_is_nothing_proposed() -> None:
    assert ArgumentPatterns().propose("get", ContextIndex()) == []
    assert ArgumentPatterns().patterns("get", "id") == []


def test_tools_that_are_not_on_offer_leave_their_share_to_the_others(shopper: PatternPredictor) -> None:
    asked = point(*shop(77)[:5], tools=("find",))
    assert {each.tool for each in shopper.at(asked).predict_tools(5)} <= {"find", None}
