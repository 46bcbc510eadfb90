"""Strict decoding: what has begun as a call ends as a call that the tools' schemas allow, whatever the model would."""

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import anyio
import jsonschema
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from specbench.core.errors import MissingExtraError
from specbench.core.types import ToolSpec
from specbench.desk.micro_llama.measure import answers
from specbench.desk.world.specs import TOOLS
from specbench.llm.backends.transformers_local import TransformersBackend
from specbench.llm.base import LLMError, Request
from specbench.llm.llama3_format import PYTHON_TAG
from specbench.llm.local.decoder import stop_ids
from specbench.llm.parsing import parse
from specbench.llm.registry import make_backend
from specbench.llm.strict.decoding import StrictDecoding

HEAD = '{"name": "'

# More parameters than are followed; more required ones than are followed; values of their own.
WIDE = {"properties": {f"a{at}": {"type": "integer"} for at in range(9)}, "required": ["a0"]}
WIDER = WIDE | {"required": list(WIDE["properties"])}
NESTED = {
    "properties": {"at": {"type": "array", "items": {"$ref": "#/$defs/point"}}, "more": True},
    "$defs": {"point": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]}},
}


@pytest.fixture(scope="module")
def strict(micro):
    return StrictDecoding(micro)


@pytest.fixture(scope="module")
def hermes(micro):
    """The micro-Llama's vocabulary with Hermes' markers and dialect; it has no weights."""
    tokenizer = type(micro.tokenizer)(
        tokenizer_object=micro.tokenizer.backend_tokenizer.__class__.from_str(
            micro.tokenizer.backend_tokenizer.to_str()
        ),
        eos_token=micro.tokenizer.eos_token,
        chat_template="<tool_call>{{ messages }}</tool_call>",
    )
    tokenizer.add_tokens(["<tool_call>", "</tool_call>"])
    config = SimpleNamespace(get_text_config=lambda: SimpleNamespace(vocab_size=len(tokenizer)))
    model = SimpleNamespace(config=config, generation_config=micro.model.generation_config)
    return replace(micro, model=model, tokenizer=tokenizer)


def ids(loaded, text):
    return loaded.tokenizer(text, add_special_tokens=False)["input_ids"]


def write(loaded, strict, tools, begin, wish, most=1000):
    """Let a model without a mind write on after ``begin``: at each step it wishes for logits. Returns text and end."""
    guard, written, stop = strict.guard(tools), ids(loaded, begin), stop_ids(loaded)
    size = loaded.model.config.get_text_config().vocab_size
    while len(written) < most:
        token = int(guard(written, wish(size)).argmax())
        if token in stop:
            return loaded.tokenizer.decode(written), "stop"
        written.append(token)
    return loaded.tokenizer.decode(written), "length"


def possible(loaded, strict, tools, text):
    """Whether the model could write ``text`` and end there."""
    guard, written = strict.guard(tools), [*ids(loaded, text), min(stop_ids(loaded))]
    size = loaded.model.config.get_text_config().vocab_size
    return all(torch.isfinite(guard(written[:at], torch.zeros(size))[written[at]]) for at in range(len(written)))


def dreaming(seed):
    """Any token is as good as another."""
    generator = torch.Generator().manual_seed(seed)
    return lambda size: torch.rand(size, generator=generator)


def always(loaded, text):
    """It wants to go on with ``text`` for ever."""
    [token] = ids(loaded, text)
    return lambda size: torch.zeros(size).index_fill(0, torch.tensor([token]), 1.0)


def check(text, tools):
    calls = parse(text, tools).calls
    assert calls, text
    for call in calls:
        assert call.invalid_arguments is None
        jsonschema.validate(dict(call.arguments), dict(tools[call.name].parameters))
    return calls


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    begin=st.sampled_from([HEAD, "Let me see." + PYTHON_TAG, '\n{\n  "type": "function", "name": "']),
)
def test_what_begins_as_a_call_ends_as_one_even_without_a_mind(micro, strict, seed, begin):
    text, reason = write(micro, strict, TOOLS, begin, dreaming(seed))
    if reason == "stop":
        check(text, TOOLS)


def test_most_of_these_do_end(micro, strict):
    ended = [write(micro, strict, TOOLS, HEAD, dreaming(seed)) for seed in range(20)]
    assert sum(reason == "stop" for _, reason in ended) >= 15
    assert len({call.name for text, reason in ended if reason == "stop" for call in check(text, TOOLS)}) > 5


@pytest.mark.parametrize("wish", ["y", PYTHON_TAG, "."])
def test_a_string_that_runs_on_ends_where_its_schema_says(micro, strict, wish):
    begin = '{"name": "find_customer_by_name_zip", "parameters": {"first_name": "P'
    text, reason = write(micro, strict, TOOLS, begin, always(micro, wish))
    [call] = check(text, TOOLS)
    assert reason == "stop" and PYTHON_TAG not in text
    assert len(call.arguments["first_name"]) == 40


def test_without_a_bound_it_runs_to_the_end_of_the_message(micro, strict):
    tools = {"say": ToolSpec("say", parameters={"type": "object", "properties": {"text": {"type": "string"}}})}
    text, reason = write(micro, strict, tools, '{"name": "say", "parameters": {"text": "', always(micro, "y"), 100)
    assert reason == "length" and not parse(text, tools).calls


@pytest.mark.parametrize("text", ["Hello", '{"orders": [1, 2]}', "{", '{"name', "I call get_order:", '[{"name": "x'])
def test_what_is_no_call_is_left_alone(micro, strict, text):
    logits, guard, written = torch.rand(1536), strict.guard(TOOLS), ids(micro, text)
    for size in range(len(written) + 1):
        assert guard(written[:size], logits) is logits


def test_a_message_that_goes_on_as_text_is_left_alone_for_good(micro, strict):
    logits, guard = torch.rand(1536), strict.guard(TOOLS)
    text = "Here is an object: " + HEAD + 'Ann"}'
    assert guard(ids(micro, text), logits) is logits


def test_without_tools_a_call_cannot_be_opened(micro, strict):
    text, reason = write(micro, strict, {}, "Let me see.", always(micro, PYTHON_TAG), 20)
    assert reason == "length" and PYTHON_TAG not in text


def test_calls_one_after_the_other(micro, strict):
    """The second call is held to the schemas, too; after the last only the end or another call may come."""
    first = '{"name": "get_order", "parameters": {"order_id": "D1"}}'
    guard, written = strict.guard(TOOLS), ids(micro, first)
    free = set(torch.nonzero(guard(written, torch.zeros(1536)) == 0).flatten().tolist())
    assert stop_ids(micro) <= free
    assert {micro.tokenizer.decode([token]).strip() for token in free - stop_ids(micro)} <= {"", ";", '{"', "{", '; {"'}
    text, reason = write(micro, strict, TOOLS, first + "; " + HEAD, dreaming(3))
    assert reason == "stop" and len(check(text, TOOLS)) >= 2


class TestHermes:
    def test_the_call_is_held_and_the_text_behind_it_is_free(self, hermes):
        strict = StrictDecoding(hermes)
        for seed in range(5):
            draw = dreaming(seed)
            close = ids(hermes, "</tool_call>")[0]

            def wish(size, draw=draw, close=close):
                return draw(size).index_fill(0, torch.tensor([close]), 2.0)  # it closes as soon as it may

            guard, written = strict.guard(TOOLS), ids(hermes, "Let me see.\n<tool_call>")
            while written[-1] != close:
                written.append(int(guard(written, wish(len(hermes.tokenizer))).argmax()))
            text = hermes.tokenizer.decode(written)
            assert len(check(text, TOOLS)) == 1
            logits = torch.rand(len(hermes.tokenizer))
            assert guard(written, logits) is logits
            written += ids(hermes, "\n<tool_call>")
            assert guard(written, logits) is not logits

    def test_bare_json_is_text_there(self, hermes):
        logits, guard = torch.rand(1538), StrictDecoding(hermes).guard(TOOLS)
        assert guard(ids(hermes, HEAD), logits) is logits

    def test_calls_in_xml_are_left_alone(self, hermes):
        hermes.tokenizer.chat_template = "<tool_call><function={{ name }}></tool_call>"
        try:
            logits, guard = torch.rand(1538), StrictDecoding(hermes).guard(TOOLS)
            assert guard(ids(hermes, "<tool_call>"), logits) is logits
        finally:
            hermes.tokenizer.chat_template = "<tool_call>{{ messages }}</tool_call>"


class TestSchemas:
    def test_one_that_is_no_grammar_is_said_and_counts_as_any_object(self, micro, strict):
        odd = {"type": "object", "properties": {"x": {"type": "string", "pattern": "(?=a)(?<!b)("}}, "required": ["x"]}
        tools = {**TOOLS, "odd": ToolSpec("odd", parameters=odd)}
        with pytest.warns(UserWarning, match="the schema of odd is no grammar; any object will do"):
            text, reason = write(micro, strict, tools, '{"name": "odd", "parameters": {"', always(micro, '"'), 200)
        assert isinstance(json.loads(text) if reason == "stop" else {}, dict)
        text, reason = write(micro, strict, tools, '{"name": "get_tickets", "parameters": ', always(micro, "y"))
        assert reason == "stop" and check(text, TOOLS)[0].arguments["user_id"]

    def test_one_without_parameters(self, micro, strict):
        tools = {"now": ToolSpec("now", parameters={"type": "object", "properties": {}})}
        text, reason = write(micro, strict, tools, '{"name": "now", "parameters": {', always(micro, '"'))
        assert (text, reason) == ('{"name": "now", "parameters": {}}', "stop")

    @pytest.mark.parametrize(
        ("arguments", "fits"),
        [
            ('{"user_id": "U1", "subject": "x", "priority": "low"}', True),
            ('{"priority": "low", "order_id": "D1", "subject": "x", "user_id": "U1"}', True),
            ('{"user_id": "U1", "subject": "x"}', False),
            ('{"user_id": "U1", "subject": "x", "priority": "urgent"}', False),
            ('{"user_id": "U1", "subject": "x", "priority": "low", "subject": "y"}', False),
            ('{"user_id": 1, "subject": "x", "priority": "low"}', False),
            ('{"user_id": "U1", "subject": "x", "priority": "low", "why": "y"}', False),
            ("{}", False),
        ],
    )
    def test_arguments_come_in_any_order_each_once_the_required_ones_all(self, micro, strict, arguments, fits):
        assert fits is possible(micro, strict, TOOLS, f'{{"name": "create_ticket", "parameters": {arguments}}}')

    @pytest.mark.parametrize(
        ("schema", "arguments", "fits"),
        [
            (WIDE, '{"a3": 1, "a0": 2}', True),
            (WIDE, '{"a3": 1}', False),
            (WIDE, '{"a0": 1, "a0": 2}', False),
            (WIDE, '{"a0": 1, "a3": "x"}', False),
            (WIDE, '{"a0": 1, "b": 1}', False),
            (WIDER, '{"a3": 1}', True),
            (WIDER, "{}", True),
            (WIDER, '{"a3": "x"}', False),
            (NESTED, '{"at": [{"x": 1}]}', True),
            (NESTED, '{"at": [{"x": "1"}]}', False),
            (NESTED, '{"more": [null]}', True),
        ],
    )
    def test_many_arguments_nested_values_and_definitions(self, micro, strict, schema, arguments, fits):
        tools = {"draw": ToolSpec("draw", parameters=schema)}
        assert fits is possible(micro, strict, tools, f'{{"name": "draw", "parameters": {arguments}}}')

    def test_one_that_lets_others_come_takes_any_object(self, micro, strict):
        tools = {"any": ToolSpec("any", parameters={"properties": {"a": {}}, "additionalProperties": True})}
        assert possible(micro, strict, tools, '{"name": "any", "arguments": {"b": 7}}')


class TestInTheBackend:
    def test_it_changes_nothing_where_the_call_is_right_anyway(self, micro, talk):
        held, free = TransformersBackend(micro), TransformersBackend(micro, strict=False)
        assert (held.name, free.name) == ("micro-llama", "micro-llama (not strict)")
        for decision in talk.decisions():
            request = Request(decision.point.messages, talk.tools)
            assert anyio.run(held.complete, request).message() == anyio.run(free.complete, request).message()

    def test_hot_tokens_still_make_calls(self, micro, ask):
        """At a temperature that leaves nothing of the model, what begins as a call is one."""
        backend = TransformersBackend(micro)
        begun = 0
        for seed in range(12):
            end = anyio.run(backend.complete, replace(ask, temperature=1.6, seed=seed, max_tok=300))
            for call in end.calls:
                jsonschema.validate(dict(call.arguments), dict(ask.tools[call.name].parameters))
            begun += bool(end.calls)
            assert end.calls or end.reason == "length" or not (end.text.startswith(HEAD) or PYTHON_TAG in end.text)
        assert begun

    def test_generate_and_the_backend_write_the_same(self, micro, talk):
        short = replace(talk, messages=talk.messages[:9])
        written = [each.calls for each in answers(micro, [short])]
        backend = TransformersBackend(micro)
        streamed = [
            anyio.run(backend.complete, Request(decision.point.messages, talk.tools, max_tok=200)).calls
            for decision in short.decisions()
        ]
        assert written == streamed and any(written)

    def test_it_can_be_left_out(self):
        assert make_backend("micro", strict=False).name == "micro-llama (not strict)"


class TestWhatCanBeMissing:
    def test_the_library(self, micro, monkeypatch):
        monkeypatch.setitem(sys.modules, "llguidance", None)
        with pytest.raises(MissingExtraError, match="llguidance"):
            StrictDecoding(micro)

    def test_a_tokenizer_that_can_be_read(self, micro):
        slow = SimpleNamespace(decode=None, eos_token_id=2, chat_template="")
        with pytest.raises(LLMError, match=r"cannot be held to a grammar .*--no-strict"):
            StrictDecoding(replace(micro, tokenizer=slow))
