"""The learned predictor: it copies values, tells tools it has never seen, learns on, says why."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from specbench.core.errors import CheckpointError, ConfigError
from specbench.core.types import DecisionPoint, Effect, Message, ToolCall, ToolSpec, Trace
from specbench.predictors import Predictor
from specbench.predictors.checkpoint import load
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.context.language.english_dates import infer_today
from specbench.predictors.context.values import LAST_USER, NEVER
from specbench.predictors.learned.calibration import JointCalibration
from specbench.predictors.learned.candidates.features import OTHER, Moment
from specbench.predictors.learned.candidates.generation import list_candidates
from specbench.predictors.learned.candidates.live_parameter import LiveParameter
from specbench.predictors.learned.counts.counting import folds_of
from specbench.predictors.learned.counts.parameters import ParameterIndex
from specbench.predictors.learned.counts.tables import ABSENT, ParameterCounts
from specbench.predictors.learned.explanation import explain
from specbench.predictors.learned.network import ListwiseNet, quick_dropout
from specbench.predictors.learned.predictor import LearnedPredictor
from specbench.predictors.learned.ranker.argument_ranker import ArgumentRanker, FilledCall
from specbench.predictors.learned.tool_head.features import INGREDIENTS
from specbench.testing.traces import make_tools, make_traces

EMAIL = "zoe.unheard@example.com"
FIND = ToolCall("find_user", {"email": EMAIL})


@pytest.fixture(scope="module")
def fitted() -> LearnedPredictor:
    return LearnedPredictor(seed=1).fit(make_traces(48))


@pytest.fixture(scope="module")
def shipped() -> Predictor:
    """The checkpoint that comes with the project: it has seen enough to rank values of a tool never seen."""
    return load(Path(__file__).resolve().parents[3] / "models" / "support-desk")


@pytest.fixture
def fresh(fitted: LearnedPredictor) -> LearnedPredictor:
    """A copy of the fitted predictor that a test may teach."""
    copy = LearnedPredictor()
    copy.restore(fitted.state())
    return copy


def asking_bare(text: str) -> DecisionPoint:
    """Nothing is declared: the tools are those of the training."""
    return DecisionPoint("new", 0, (Message("user", text),))


def asking(text: str) -> DecisionPoint:
    return DecisionPoint("new", 0, (Message("user", text),), make_tools())


def test_it_copies_a_value_it_has_never_seen(fitted: LearnedPredictor) -> None:
    best = fitted.predict(asking(f"Hi, I want to change something. My e-mail is {EMAIL}."))[0]
    assert best.call == FIND
    assert best.p > 0.5


def test_probabilities_are_of_the_next_outcome_so_they_share_one(fitted: LearnedPredictor) -> None:
    for trace in make_traces(60)[48:]:
        for session in fitted.replay(trace):
            predictions = session.predict(50)
            assert sum(each.p for each in predictions) <= 1 + 1e-9
            assert [a.p >= b.p for a, b in pairwise(predictions)] == [True] * (len(predictions) - 1)


def test_free_text_is_never_offered() -> None:
    def trace(number: int) -> Trace:
        thought = " ".join(f"w{number * 31 % 97}{word}" for word in ["the", "user", "wants", "something", "of", "me"])
        think = ToolCall("think", {"thought": thought})
        return Trace(f"t{number}", f"task{number}", "test", (Message("user", "hi"), Message("assistant", "", (think,))))

    fitted = LearnedPredictor().fit([trace(number) for number in range(12)])
    calls = [each.call for each in fitted.predict(DecisionPoint("n", 0, (Message("user", "hi"),)), 10)]
    assert all(call is None or call.name != "think" for call in calls)


def test_a_tool_never_seen_is_filled_by_its_schema(fitted: LearnedPredictor) -> None:
    parameters = {"type": "object", "properties": {"email": {"type": "string"}}, "required": ["email"]}
    search = ToolSpec("search_customer", "Find a customer by e-mail", parameters, Effect.READ)
    point = DecisionPoint("n", 0, (Message("user", f"It is {EMAIL}, please look me up"),), {search.name: search})
    calls = [each.call for each in fitted.predict(point, 5)]
    assert ToolCall("search_customer", {"email": EMAIL}) in calls


@pytest.mark.parametrize(
    ("of", "value"),
    [
        ({"type": ["integer", "null"]}, 70312),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 70312),
        ({"enum": [70312, 70313]}, 70312),
        ({"type": "string"}, "70312"),
        ({"type": "array"}, None),
        ({"type": "boolean"}, None),
    ],
)
def test_a_tool_never_seen_is_offered_values_of_its_types_alone(shipped: Predictor, of: dict, value: object) -> None:
    schema = {"properties": {"bill_number": of | {"description": "Number of the bill"}}, "required": ["bill_number"]}
    tools = {"fetch_bill": ToolSpec("fetch_bill", "Fetch a bill by its number", schema, Effect.READ)}
    said = Message("user", "Please fetch my bill, the bill number is 70312")
    calls = [each.call for each in shipped.predict(DecisionPoint("new", 0, (said,), tools), 9) if each.call]
    values = [call.arguments["bill_number"] for call in calls]
    if value is None:
        assert all(isinstance(each, bool) for each in values)
    else:
        assert values[0] == value and {type(each) for each in values} == {type(value)}


def test_conversations_without_an_agent_teach_nothing_and_break_nothing() -> None:
    silent = [Trace("a", "b", "c", (Message("user", "hi"),)), Trace("d", "e", "f", ())]
    assert LearnedPredictor().fit(silent).predict(asking("hi")) == []


@pytest.mark.parametrize("k", [-1, 1.5, "2", None])
def test_a_senseless_number_of_predictions_is_refused(fitted: LearnedPredictor, k: object) -> None:
    session = fitted.at(asking("hi"))
    for ask in (session.predict, session.predict_tools, lambda wanted: explain(session, wanted)):
        with pytest.raises(ConfigError, match="whole number of 0 or more"):
            ask(k)


def test_a_session_can_be_copied(fitted: LearnedPredictor) -> None:
    session = fitted.at(asking(f"My e-mail is {EMAIL}."))
    kept = session.predict(5)
    copy = deepcopy(session)
    assert copy.predict(5) == kept
    copy.observe(Message("assistant", "One moment."))
    assert session.predict(5) == kept


def test_training_twice_gives_the_same_predictor() -> None:
    points = [asking("my e-mail is a.b@example.com"), asking("hello")]
    first, second = (LearnedPredictor(seed=3).fit(make_traces(16)).predict_batch(points, 5) for _ in range(2))
    assert first == second


def test_of_many_decisions_networks_see_a_sample_of_all_tasks_and_counts_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("specbench.predictors.learned.ranker.argument_ranker.LOOKED_AT", 60)
    traces = make_traces(48)
    predictor = LearnedPredictor(seed=1).fit(traces)
    seen = [trace for trace, _ in predictor.ranker.looked_at]
    decisions = [sum(message.role == "assistant" for message in trace.messages) for trace in seen]
    assert len(seen) < len(traces)
    assert sum(decisions[:-1]) < 60 + max(decisions)
    assert sum(predictor.ranker.counts.calls.values()) == sum(
        len(message.tool_calls) for trace in traces for message in trace.messages
    )
    assert predictor.predict(asking_bare(f"My email is {EMAIL}"), k=3)


def test_what_is_learned_online_changes_the_next_prediction(fresh: LearnedPredictor) -> None:
    point = asking("Which products do you have?")
    habit = ToolCall("list_products")
    before = dict(fresh.predict(point, 50)).get(habit, 0.0)
    for _ in range(30):
        fresh.learn(point, habit)
    assert dict(fresh.predict(point, 50))[habit] > max(before, 0.3)


def test_a_new_tool_is_learned_online(fresh: LearnedPredictor) -> None:
    tools = {**make_tools(), "get_weather": ToolSpec("get_weather", "", {}, Effect.READ)}
    point = DecisionPoint("n", 0, (Message("user", "Rain today?"),), tools)
    call = ToolCall("get_weather")
    for _ in range(40):
        fresh.learn(point, call)
    assert fresh.at(point).predict_tools(1)[0].tool == "get_weather"
    reloaded = LearnedPredictor()
    reloaded.restore(fresh.state())
    assert reloaded.predict(point, 3) == fresh.predict(point, 3)


def test_a_session_that_learned_says_what_a_fresh_one_says(fresh: LearnedPredictor) -> None:
    trace = make_traces(52)[-1]
    for session, decision in zip(fresh.replay(trace), trace.decisions(), strict=True):
        assert session.predict(8) == fresh.predict(decision.point, 8)
        session.learn(decision.calls[0] if decision.calls else None)
        assert session.predict(8) == fresh.predict(decision.point, 8)


def test_what_one_session_learns_another_one_knows_at_once(fresh: LearnedPredictor) -> None:
    point = asking(f"Hi, I want to change something. My e-mail is {EMAIL}.")
    one, other = fresh.at(point), fresh.at(point)
    before = other.predict(5)
    for _ in range(5):
        one.learn(ToolCall("get_order", {"order_id": "#W1234567"}))
    assert one.predict(5) == other.predict(5) == fresh.predict(point, 5) != before
    for session in (one, other):
        session.observe(Message("user", "and #W7654321, please"))
    assert one.predict(5) == other.predict(5)


def test_what_was_learned_online_is_in_the_checkpoint(fresh: LearnedPredictor) -> None:
    schema = {"properties": {"bill": {"type": "string"}}, "required": ["bill"]}
    tools = make_tools() | {"fetch_bill": ToolSpec("fetch_bill", "Fetch a bill by number", schema, Effect.READ)}

    def bill(words: str) -> DecisionPoint:
        return DecisionPoint("new", 0, (Message("user", words),), tools)

    for number in range(10_000_000, 10_000_600, 50):
        fresh.learn(bill(f"Please fetch my bill BB-{number}"), ToolCall("fetch_bill", {"bill": f"BB-{number}"}))
    for trace in make_traces(54)[48:]:
        for session, decision in zip(fresh.replay(trace), trace.decisions(), strict=True):
            session.learn(decision.outcome)
    copy = LearnedPredictor()
    copy.restore(fresh.state())
    later = [decision.point for trace in make_traces(58)[54:] for decision in trace.decisions()]
    for point in (*later, bill("Please fetch my bill 10009999")):
        assert fresh.predict(point, 5) == copy.predict(point, 5)
    # A number is looked at in the spelling that the tool has come to want.
    index = fresh.at(bill("Please fetch my bill 10009999")).index  # type: ignore[attr-defined]
    assert index.row("BB-10009999") is not None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda p: p.head.weights[0].update({"in": p.head.weights[0]["in"].T.copy()}),
        lambda p: p.head.weights[1]["out"].fill(np.nan),
        lambda p: p.ranker.net.layers[0].pop(),
        lambda p: setattr(p.ranker.net, "mean", np.nan * p.ranker.net.mean),
        lambda p: p.tool_filter.weights[0]["pair"].fill(np.nan),
        lambda p: p.class_at.update({"get_order": 9999}),
        lambda p: p.ranker.counts.tools.clear(),
        lambda p: p.ranker.counts.word_values.values_after.update({"never heard": {"Oslo": 3}}),
    ],
)
def test_a_checkpoint_whose_parts_do_not_fit_together_is_refused(
    fresh: LearnedPredictor, spoil: Callable[[LearnedPredictor], object], tmp_path: Path
) -> None:
    spoil(fresh)
    with pytest.raises(CheckpointError, match="the state in this checkpoint is not one of LearnedPredictor"):
        load(fresh.save(tmp_path / "spoilt"))


def test_a_spelling_that_tools_want_is_not_counted_as_if_it_had_stood_there() -> None:
    get = ToolCall("get_order", {"order_id": "#W1234567"})

    def learned(*said: Message, prefixes: dict[int, list[str]]) -> ParameterCounts:
        counts = ParameterIndex()
        counts.count(get, None, ContextIndex(None, prefixes).extend(said))
        return counts.tools["get_order"]["order_id"]

    spelt = Message("user", "It is order 1234567")
    alone, known = (learned(spelt, prefixes=prefixes) for prefixes in ({}, {7: ["#W"]}))
    assert ContextIndex(None, {7: ["#W"]}).extend([spelt]).row("#W1234567") is not None
    assert known == alone and not known.found
    # What stands there besides is counted, and what the user has spelt so themselves.
    result = Message("tool", '{"orders": ["#W1234567"]}', name="get_user")
    for said in ((spelt, result), (spelt, Message("user", "I mean #W1234567"))):
        alone, known = (learned(*said, prefixes=prefixes) for prefixes in ({}, {7: ["#W"]}))
        assert known == alone and known.found == 1


def test_a_class_that_is_new_is_not_pushed_down_before_it_has_come(fresh: LearnedPredictor) -> None:
    tools = {**make_tools(), "get_weather": ToolSpec("get_weather", "", {}, Effect.READ)}
    asked = DecisionPoint("n", 0, (Message("user", "Rain today?"),), tools)
    fresh.learn(asked, ToolCall("get_weather"))
    (number,) = fresh.head.young
    other = DecisionPoint("n", 0, (Message("user", f"My e-mail is {EMAIL}"),), tools)

    def moved() -> float:
        before = [w["class"][:, number].copy() for w in fresh.head.weights]
        fresh.learn(other, FIND)
        return sum(
            float(np.abs(w["class"][:, number] - old).sum()) for w, old in zip(fresh.head.weights, before, strict=True)
        )

    young = moved()
    fresh.head.young[number] = 10**6
    assert young < moved() / 2


def test_other_spellings_of_an_order_are_the_same_order() -> None:
    index = ContextIndex().extend(
        [Message("user", "Hi"), Message("tool", '{"orders": ["#W1234567"]}', name="get_user")]
    )
    before = index.table[index.row("#W1234567"), LAST_USER]
    index.append(Message("user", "I mean order 1234567"))
    assert before == NEVER
    assert index.table[index.row("#W1234567"), LAST_USER] == 2


def test_an_order_that_only_the_user_has_named_is_spelt_as_the_tool_spells_it() -> None:
    traces = [
        Trace(
            f"t{number}",
            f"task{number}",
            "test",
            (
                Message("user", f"Where is order #W{1000000 + 37 * number}?"),
                Message("assistant", "", (ToolCall("get_order", {"order": f"#W{1000000 + 37 * number}"}),)),
            ),
        )
        for number in range(24)
    ]
    fitted = LearnedPredictor(seed=0).fit(traces)
    calls = [each.call for each in fitted.predict(asking_bare("Where is order W7654321?"), 5)]
    assert ToolCall("get_order", {"order": "#W7654321"}) in calls


def test_calibration_tells_tools_never_seen_from_known_ones(fitted: LearnedPredictor) -> None:
    calibration = fitted.calibration
    assert calibration.fitted and len(calibration.weights_unseen) > 0
    filled = {"find_user": [FilledCall(FIND, 0.9)]}
    p = np.array([0.8, 0.2])
    known, new = (
        dict(calibration.predictions(["find_user"], p, filled, {}, tools))[FIND] for tools in ({"find_user"}, set())
    )
    assert known != new


def test_2000_messages_cost_what_they_hold(fitted: LearnedPredictor) -> None:
    messages = [message for trace in make_traces(400) for message in trace.messages][:2000]
    session = fitted.session(make_tools())
    started = time.process_time()
    for message in messages:
        if message.role == "assistant":
            session.predict(3)
        session.observe(message)
    assert time.process_time() - started < 60


def test_each_ingredient_can_be_left_out_and_others_are_refused() -> None:
    for group in INGREDIENTS:
        assert LearnedPredictor(drop=[group]).fit(make_traces(6)).predict(asking("hi"), 3)
    with pytest.raises(ConfigError, match="luck cannot be left out; use text, history"):
        LearnedPredictor(drop=["luck"])


def test_a_filler_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match="no argument filler is called 'magic'; use learned, none"):
        LearnedPredictor(filler="magic")


def test_an_explanation_names_sources_and_reasons(fitted: LearnedPredictor) -> None:
    session = fitted.at(asking(f"My e-mail is {EMAIL}"))
    best = explain(session, 2)[0]
    assert best.prediction.call == FIND
    (value,) = best.values
    assert (value.parameter, value.text, value.first_message) == ("email", EMAIL, 0)
    assert "user:email" in value.sources
    assert {name for name, _ in best.because} == INGREDIENTS.keys() - {"classes", "calibration", "language"}
    assert f"email = {EMAIL}" in str(best)
    assert session.predict(2) == fitted.predict(asking(f"My e-mail is {EMAIL}"), 2)


def test_folds_follow_tasks() -> None:
    traces = make_traces(20)
    folds = folds_of(traces, 4, seed=0)
    by_task = {trace.task_id: fold for trace, fold in zip(traces, folds, strict=True)}
    assert all(by_task[trace.task_id] == fold for trace, fold in zip(traces, folds, strict=True))
    assert set(folds) == {0, 1, 2, 3}


def test_optional_parameters_may_be_left_out_and_required_ones_may_not() -> None:
    properties = {"city": {"type": "string"}, "stars": {"type": "string"}}
    spec = ToolSpec("hotels", "", {"properties": properties, "required": ["city"]}, Effect.READ)
    index = ContextIndex().extend([Message("user", "A hotel in Oslo")])
    names = ("city", "stars")
    lists = list_candidates([LiveParameter(ParameterIndex(), "hotels", name, spec) for name in names], Moment(index))
    texts = {each.parameter: each.texts for each in lists.each}
    assert ABSENT not in texts["city"]
    assert ABSENT in texts["stars"]
    assert texts["city"][-1] == OTHER
    assert "Oslo" in texts["city"]


def test_values_that_never_were_equal_are_kept_apart() -> None:
    def trip(number: int) -> Trace:
        names = ("Oslo", "Rome", "Lima", "Cairo", "Delhi", "Quito", "Paris", "Tokyo")
        start, end = names[number % 8], names[(number * 3 + 1) % 8]
        if start == end:
            end = names[(number + 2) % 8]
        call = ToolCall("flights", {"origin": start, "destination": end})
        said = Message("user", f"I fly from {start} to {end}")
        return Trace(f"t{number}", f"task{number}", "test", (said, Message("assistant", "", (call,))))

    fitted = LearnedPredictor(seed=0).fit([trip(number) for number in range(40)])
    point = DecisionPoint("n", 0, (Message("user", "I fly from Bergen to Lagos"),))
    calls = [each.call for each in fitted.predict(point, 6) if each.call is not None]
    assert ToolCall("flights", {"origin": "Bergen", "destination": "Lagos"}) == calls[0]
    assert all(call.arguments["origin"] != call.arguments["destination"] for call in calls)


def test_an_unstated_today_is_inferred_from_what_people_meant() -> None:
    said = [
        ("tomorrow please", ["2024-03-02"]),
        ("for tomorrow", ["2024-03-02"]),
        ("tomorrow, 3rd floor", ["2024-03-02"]),
    ]
    assert infer_today(said) == date(2024, 3, 1)
    assert infer_today([("on May 4", ["2023-05-04"])]) == date(2023, 1, 1)
    assert infer_today([]) is None


def test_the_network_ranks_what_the_features_tell() -> None:
    generator = np.random.default_rng(0)
    items = generator.normal(size=(800, 5)).astype(np.float32)
    starts = np.arange(0, 800, 4)
    targets = starts + items[:, 2].reshape(-1, 4).argmax(axis=1)
    net = ListwiseNet((16,), members=1, epochs=150)
    net.fit(items, starts, targets)
    right = net.scores(items).reshape(-1, 4).argmax(axis=1) == targets - starts
    assert right.mean() > 0.95


def test_a_feature_that_training_never_saw_change_says_nothing() -> None:
    items = np.array([[1, 7], [0, 7], [1, 7], [0, 7]], np.float32)
    net = ListwiseNet((4,), epochs=5)
    net.fit(items, np.array([0, 2]), np.array([0, 2]))
    other = items.copy()
    other[:, 1] = [9, -4, 0, 7]
    assert np.allclose(net.scores(other), net.scores(items), atol=1e-5)


def test_an_unfitted_calibration_multiplies_and_a_ranker_without_calls_fills_nothing() -> None:
    ranker = ArgumentRanker()
    ranker.fit([])
    assert ranker.rank({}, Moment(ContextIndex())) == {}
    assert JointCalibration().predictions(["a"], np.array([0.4, 0.6]), {}, {}, ()) == [(None, 0.6)]


def test_dropout_keeps_the_mean_and_is_seeded() -> None:
    ones = torch.ones(200, 50)
    drop, again = (quick_dropout(0.25, np.random.default_rng(3)) for _ in range(2))
    dropped = drop(ones)
    assert dropped.unique().tolist() == pytest.approx([0.0, 4 / 3])
    assert float((dropped == 0).float().mean()) == pytest.approx(0.25, abs=0.02)
    assert float(dropped.mean()) == pytest.approx(1.0, abs=0.03)
    assert torch.equal(dropped, again(ones)) and not torch.equal(dropped, drop(ones))
    assert torch.equal(drop.eval()(ones), ones)
    assert torch.equal(quick_dropout(0.0, np.random.default_rng(3))(ones), ones)


def test_words_of_one_conversation_do_not_announce_its_values_to_the_next(fresh: LearnedPredictor) -> None:
    """Online: nobody knows how often a word that is new to the counts has announced nothing."""
    counts = fresh.ranker.counts.own("find_user", "email")
    assert counts is not None
    known = set(counts.cues)
    for number in range(3):
        email = f"customer{number}@example.org"
        said = DecisionPoint("n", 0, (Message("user", f"Zounds, my parcel! I am {email}, zounds."),), make_tools())
        fresh.learn(said, ToolCall("find_user", {"email": email}))
    assert set(counts.cues) == known
    proposed = fresh.predict(asking("Zounds, my parcel! I have an account, zounds."), 20)
    assert not [each for each in proposed if each.call is not None and "customer" in str(each.call.arguments)]
