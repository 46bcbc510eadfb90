"""What is known of a parameter is worked out once, and anew when the counts or the schema have changed."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

from specbench.core.types import Effect, Message, ToolCall, ToolSpec, Trace
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.learned.counts.counting import count
from specbench.predictors.learned.counts.parameter_features import MOST_FEATURES, MOST_KEPT, ParameterFeatures
from specbench.predictors.learned.counts.parameters import ParameterIndex

SPEC = ToolSpec(
    "go", "Go somewhere", {"properties": {"city": {"type": "string", "enum": ["Oslo", "Lima"]}}}, Effect.READ
)
CALL = ToolCall("go", {"city": "Oslo"})


def counts_of(calls: int) -> ParameterIndex:
    talk = Message("user", "to Oslo"), Message("assistant", "", (CALL,))
    return count([Trace(f"t{n}", f"k{n}", "test", talk, {"go": SPEC}) for n in range(calls)])


def test_an_equal_schema_is_the_same_and_another_is_looked_at() -> None:
    counts = counts_of(5)
    features = ParameterFeatures.of(counts, "go", "city", SPEC)
    assert ParameterFeatures.of(counts, "go", "city", replace(SPEC, effect=Effect.READ)) is features
    wider = replace(SPEC, parameters={"properties": {"city": {"type": "string", "enum": ["Oslo", "Lima", "Baku"]}}})
    assert "Baku" in ParameterFeatures.of(counts, "go", "city", wider).enum
    assert "Baku" not in features.enum


def test_what_is_learned_is_known_to_the_next_conversation() -> None:
    counts = counts_of(2)
    before = ParameterFeatures.of(counts, "go", "city", SPEC)
    counts.learn(CALL, SPEC, ContextIndex().extend([Message("user", "to Oslo")]))
    after = ParameterFeatures.of(counts, "go", "city", SPEC)
    assert (before.unseen, after.unseen) == (True, False)
    assert after.shares("user:word") != before.shares("user:word")


def test_a_copy_derives_its_own() -> None:
    counts = counts_of(5)
    features = ParameterFeatures.of(counts, "go", "city", SPEC)
    counts.cue_table().add(features.own)
    copied = deepcopy(counts)
    assert ParameterFeatures.of(copied, "go", "city", SPEC).own is copied.tools["go"]["city"]
    assert len(copied.cue_table()) == 0
    assert ParameterFeatures.of(counts, "go", "city", SPEC) is features


def test_ever_new_values_take_bounded_memory() -> None:
    counts = counts_of(5)
    features = ParameterFeatures.of(counts, "go", "city", SPEC)
    for number in range(2 * max(MOST_KEPT, MOST_FEATURES) + 10):
        features.text(f"value {number}")
        features.shares(f"tool.key{number}")
        ParameterFeatures.of(counts, f"tool{number}", "city", SPEC)
    assert max(len(features._texts), len(features._shares)) <= MOST_KEPT
    assert len(counts.derived) <= MOST_FEATURES
    assert features.text("Oslo") == ParameterFeatures.of(counts, "go", "city", SPEC).text("Oslo")
