"""The parts of a comparison: paired differences, nested subsets, transfer, ablations, embeddings."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import Message, ToolCall, Trace
from specbench.embed import make_embedding
from specbench.metrics.paired import CALL_RATES, paired_differences
from specbench.metrics.prediction_rates import hits_at
from specbench.metrics.prediction_table import PredictionTable, predict_traces
from specbench.predictors.controls import Oracle, Silent
from specbench.predictors.counting.markov import MarkovPredictor
from specbench.study import Settings
from specbench.study.comparison.ablations import embedding_names, learned_variants
from specbench.study.comparison.bench import Bench, Variant
from specbench.study.comparison.curve import learning_curve, nested_subset
from specbench.study.comparison.embeddings import embedding_cost, embedding_variants, texts_to_encode
from specbench.study.comparison.transfer import Transfer, choose_services, transfer, unseen_tools

SETTINGS = Settings()


@pytest.fixture(scope="module")
def tables(toy_traces: list[Trace]) -> dict[str, PredictionTable]:
    makers = {"markov": MarkovPredictor, "oracle": Oracle, "silent": Silent}
    return {name: predict_traces(make().fit(toy_traces[:20]), toy_traces[20:]) for name, make in makers.items()}


def test_the_difference_of_a_predictor_to_itself_is_exactly_zero(tables: dict[str, PredictionTable]) -> None:
    for found in paired_differences(tables["markov"], tables["markov"]).values():
        assert found == {"difference": 0.0, "low": 0.0, "high": 0.0, "p": 1.0}


def test_differences_are_paired_and_antisymmetric(tables: dict[str, PredictionTable]) -> None:
    ours, theirs = tables["oracle"], tables["markov"]
    forth, back = paired_differences(ours, theirs), paired_differences(theirs, ours)
    for rate in CALL_RATES:
        assert forth[rate]["difference"] == pytest.approx(-(back[rate]["difference"] or 0.0))
        assert forth[rate]["low"] == pytest.approx(-(back[rate]["high"] or 0.0))
    right = [hits_at(each, 1).rate or 0.0 for each in (ours, theirs)]
    assert forth["call_top1"]["difference"] == pytest.approx(right[0] - right[1])


def test_what_is_hard_for_both_cancels_out(tables: dict[str, PredictionTable]) -> None:
    # Right on every second task, for both: the rates vary much from task to task, their difference not at all.
    def halved(table: PredictionTable) -> PredictionTable:
        kept = [
            row if int(task.split("/")[1]) % 2 else [] for row, task in zip(table.predictions, table.tasks, strict=True)
        ]
        return replace(table, predictions=kept)

    found = paired_differences(halved(tables["oracle"]), halved(replace(tables["oracle"], predictor="twin")))
    assert found["call_top1"] == {"difference": 0.0, "low": 0.0, "high": 0.0, "p": 1.0}


def test_other_points_cannot_be_paired(tables: dict[str, PredictionTable]) -> None:
    part = tables["oracle"].of_traces(frozenset({tables["oracle"].points[0].trace_id}))
    assert 0 < len(part) < len(tables["oracle"])
    with pytest.raises(ConfigError, match="a paired difference needs the same decision points"):
        paired_differences(part, tables["markov"])
    assert paired_differences(part, part)["call_top1"] == {"difference": 0.0, "low": None, "high": None, "p": None}


def test_what_was_fitted_once_is_not_fitted_again(toy_traces: list[Trace]) -> None:
    bench = Bench(toy_traces[:20], toy_traces[20:], SETTINGS)
    assert bench.measure("markov") is bench.measure(Variant("another label", "markov", {}))
    assert bench.measure("markov") is not bench.measure(Variant("markov", "markov", {"threshold": 0.5}))


def test_a_learning_curve_ends_at_the_whole_training_part(toy_traces: list[Trace]) -> None:
    bench = Bench(toy_traces[:28], toy_traces[28:], SETTINGS)
    table = learning_curve(bench, ["markov"], shares=(0.1, 0.5, 1.0))
    assert list(table["tasks"]) == [2, 7, 14]
    assert list(table["traces"]) == [4, 14, 28]
    assert table["call_top1"].iloc[-1] == bench.measure("markov").metrics["call_top1"]


def test_subsets_are_nested_and_depend_on_the_seed(toy_traces: list[Trace]) -> None:
    parts = [nested_subset(toy_traces, share, seed=4) for share in (0.0, 0.1, 0.25, 0.5, 1.0)]
    ids = [{trace.task_id for trace in part} for part in parts]
    assert [len(each) for each in ids] == [1, 2, 5, 10, 20]
    assert all(a < b for a, b in pairwise(ids))
    assert {trace.task_id for trace in nested_subset(toy_traces, 0.5, seed=5)} != ids[3]


def named(trace: Trace, agent: str | None = None, service: str | None = None) -> Trace:
    """Return the trace with an agent, and its tools in a service."""

    def rename(tool: str) -> str:
        return f"{service}__{tool}" if service else tool

    def renamed(message: Message) -> Message:
        calls = tuple(ToolCall(rename(call.name), call.arguments, id=call.id) for call in message.tool_calls)
        return replace(message, tool_calls=calls, name=rename(message.name) if message.name else None)

    tools = {rename(name): replace(spec, name=rename(name)) for name, spec in trace.tools.items()}
    return replace(trace, messages=tuple(map(renamed, trace.messages)), tools=tools, agent=agent)


def test_an_unseen_agent_is_held_out_of_training_only(toy_traces: list[Trace]) -> None:
    traces = [named(trace, agent="ab"[at % 2]) for at, trace in enumerate(toy_traces)]
    bench = Bench(traces[:28], traces[28:], SETTINGS)
    found = transfer(bench, ["markov", "patterns"])
    frame = found.frame
    assert list(zip(frame["held_out"], frame["predictor"], strict=True)) == [
        ("a", "markov"), ("a", "patterns"), ("b", "markov"), ("b", "patterns"),
    ]  # fmt: skip
    assert set(frame["experiment"]) == {"unseen agent"}
    assert frame["calls"][0] + frame["calls"][2] == bench.measure("markov").metrics["calls"]
    assert (frame["read_call_top1"] - frame["read_call_top1_seen"]).to_list() == pytest.approx(
        frame["read_call_top1_minus_seen"].to_list()
    )
    assert found.left_out == ["unseen tools: 0 service(s) (a tool of a service is called service__tool), 2 are needed"]


def test_unseen_tools_are_in_no_training_trace(toy_traces: list[Trace]) -> None:
    services = ("books", "cars", "dogs", "eggs")
    traces = [named(trace, service=services[int(trace.task_id[4:]) % 4]) for trace in toy_traces]
    bench, found = Bench(traces[:28], traces[28:], SETTINGS), Transfer()
    unseen_tools(bench, ["markov"], found)
    rows = found.frame.set_index("group")
    held = choose_services(services)
    assert rows.loc["all", "held_out"] == ", ".join(held)
    assert rows.loc["unseen tools", "calls"] == rows.loc["all", "calls"] > 0
    assert rows.loc["seen tools", "calls"] == 0
    assert rows.loc["all", "call_top1"] == 0.0  # a chain of counts knows no tool that it has not seen
    assert rows.loc["all", "call_top1_seen"] > 0.3
    assert rows.loc["all", "call_top1_minus_seen"] < -0.3


def test_what_leaves_nothing_to_learn_from_is_left_out(toy_traces: list[Trace]) -> None:
    traces = [named(trace, service="one") for trace in toy_traces[:10]] + [named(toy_traces[12], service="two")]
    both = replace(traces[0], tools=traces[0].tools | traces[-1].tools)
    found = Transfer()
    unseen_tools(Bench([both], traces, SETTINGS), ["markov"], found)
    assert found.rows == []
    assert found.left_out[0].endswith("held out: no decision point is left for the training")


def test_every_ingredient_filler_and_embedding_has_its_variant() -> None:
    from specbench.predictors.learned.predictor import INGREDIENTS

    variants = {variant.label: variant for variant in learned_variants("models/mini")}
    assert next(iter(variants)) == "learned"
    assert {f"without {name}" for name in INGREDIENTS} <= set(variants)
    assert {"filler none", "filler recent", "filler linked", "embedding hashing"} <= set(variants)
    assert variants["filler linked"].name == "learned+linked"
    assert variants["embedding sentence:models/mini"].options == {"embedding": "sentence:models/mini"}
    assert all(variant.about for variant in variants.values())
    assert "embedding sentence" not in {variant.label for variant in learned_variants()}


def test_the_default_embedding_is_the_learned_predictor_itself() -> None:
    variants = embedding_variants(embedding_names())
    assert {name: dict(variant.options) for name, variant in variants.items()} == {
        "tfidf": {}, "hashing": {"embedding": "hashing"},
    }  # fmt: skip


def test_the_cost_of_an_embedding(toy_traces: list[Trace]) -> None:
    texts = texts_to_encode(toy_traces, most=7)
    assert len(texts) == 7
    assert all(texts)
    embedding = make_embedding("tfidf", dim=4)
    embedding.fit(texts)
    cost = embedding_cost(embedding, texts)
    assert cost["dim"] == 4
    assert 0 < cost["encode_p50_ms"] <= cost["encode_p99_ms"]
    assert cost["embedding_bytes"] > 50
    assert embedding_cost(embedding, [])["encode_p50_ms"] is None
