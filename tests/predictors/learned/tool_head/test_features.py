"""What the tool head sees of the tools on offer."""

from __future__ import annotations

import pytest

from specbench.core.types import Effect, Message, ToolCall, ToolSpec
from specbench.embed.hashing import HashingEmbedding
from specbench.predictors.learned.predictor import LearnedPredictor
from specbench.predictors.learned.ranker.argument_ranker import ArgumentRanker
from specbench.predictors.learned.tool_head.features import ConversationView, Vocabulary
from specbench.predictors.learned.tool_head.pair_features import PAIR_FEATURES
from specbench.testing.traces import make_tools, make_traces


@pytest.fixture
def conversation() -> ConversationView:
    fitted = LearnedPredictor(seed=1).fit(make_traces(12))
    return ConversationView(fitted.vocabulary, fitted.embedding, fitted.ranker, make_tools(), None)


def told(conversation: ConversationView, feature: str) -> set[str]:
    """The tools that have a feature."""
    names, pairs, _ = conversation.offers()
    return {name for name, value in zip(names, pairs[:, PAIR_FEATURES.index(feature)], strict=False) if value}


@pytest.mark.parametrize("aloud", [True, False])
def test_a_tool_that_the_agent_names_is_told_until_it_acts(conversation: ConversationView, aloud: bool) -> None:
    first, second = list(make_tools())[:2]
    plan = f"The next action is {first}, as the customer has agreed to it"
    conversation.observe(Message("user", "Please do"))
    assert told(conversation, "named") == set()
    conversation.observe(
        Message("assistant", plan) if aloud else Message("assistant", "", (ToolCall("think", {"x": plan}),))
    )
    assert told(conversation, "named") == {first}
    conversation.observe(Message("assistant", "", (ToolCall(first, {"a": second}),)))
    assert told(conversation, "named") == set()


def test_an_encoder_is_asked_once_for_a_tool_that_many_conversations_offer() -> None:
    class Counting(HashingEmbedding):
        asked = 0

        def encode(self, text: str):
            self.asked += 1
            return super().encode(text)

    vocabulary, embedding = Vocabulary(), Counting()
    for effect in (Effect.READ, Effect.WRITE):
        tools = {name: ToolSpec(name, f"Do {name}", {}, effect) for name in ("find_hotels", "find_flights")}
        ConversationView(vocabulary, embedding, ArgumentRanker(), tools, None)
        assert embedding.asked == 2
    ConversationView(
        vocabulary, embedding, ArgumentRanker(), {"find_cars": ToolSpec("find_cars", "", {}, Effect.READ)}, None
    )
    assert embedding.asked == 3


def test_words_that_few_tools_have_tell_more_than_those_that_all_have() -> None:
    names = {"find_hotels": "Find a hotel in a city", "find_flights": "Find flights", "find_cars": "Find a rental car"}
    tools = {name: ToolSpec(name, text, {}, Effect.READ) for name, text in names.items()}
    conversation = ConversationView(Vocabulary(), HashingEmbedding(), ArgumentRanker(), tools, None)
    conversation.observe(Message("user", "Could you find me a nice hotel there?"))
    assert told(conversation, "apart_best") == {"find_hotels"}
    offered, pairs, _ = conversation.offers()
    apart = dict(zip(offered, pairs[:, PAIR_FEATURES.index("apart_now")].tolist(), strict=False))
    assert apart["find_hotels"] > apart["find_flights"] > 0
    conversation.observe(Message("user", "thanks"))
    assert told(conversation, "apart_best") == set()
