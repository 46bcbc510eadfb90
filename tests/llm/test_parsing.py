"""Tool calls in model output: the dialects, pieces of any size, and garbage."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.types import ToolCall, ToolSpec
from specbench.llm.base import ArgumentDone, ArgumentsDelta, CallStarted, TextDelta
from specbench.llm.parsing import ArgumentReader, StreamParser, parse

TOOLS = {
    "get_order": ToolSpec("get_order", parameters={"type": "object", "properties": {"id": {"type": "string"}}}),
    "pay": ToolSpec("pay", parameters={"type": "object", "properties": {"amount": {"type": "number"}}}),
}
CALL = '{"name": "get_order", "parameters": {"id": "D48213"}}'


@pytest.mark.parametrize(
    ("text", "calls"),
    [
        (CALL, ["get_order"]),
        (f"  \n{CALL}\n", ["get_order"]),
        (CALL.replace("parameters", "arguments"), ["get_order"]),
        (f"{CALL}; {CALL}\n{CALL}", ["get_order"] * 3),
        (f"<|python_tag|>{CALL}", ["get_order"]),
        (f"Let me see.<|python_tag|>{CALL}; {CALL}", ["get_order"] * 2),
        (f"Let me see.\n<tool_call>\n{CALL}\n</tool_call>\n<tool_call>{CALL}</tool_call>", ["get_order"] * 2),
        ("<tool_call>\n<function=pay>\n<parameter=amount>\n7.5\n</parameter>\n</function>\n</tool_call>", ["pay"]),
        ('<tool_call>{"name": "now"}</tool_call>', ["now"]),
        ('{"name": "get_order", "parameters": "{\\"id\\": 7}"}', ["get_order"]),
    ],
)
def test_calls_are_found_in_every_dialect(text, calls):
    assert [call.name for call in parse(text, TOOLS).calls] == calls


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Your order is on its way.",
        f"You could send {CALL}",
        f"{CALL} is what I would send",
        '{"name": "Ann"}',
        '{"name": "get_order", "parameters": {"id": 7}, "age": 3}',
        '{"parameters": {"id": 7}}',
        '{"name": 7, "parameters": {}}',
        CALL[:-1],
        CALL[:-8],
        "<|python_tag|>print(1)",
        "<|python_tag|>",
        f"<tool_call>{CALL[:-1]}",
        "<tool_call>get_order</tool_call>",
        "<tool_call></tool_call>",
    ],
)
def test_what_is_no_call_is_text_and_nothing_is_lost(text):
    parsed = parse(text, TOOLS)
    assert parsed.calls == ()
    assert parsed.text == text.strip()


def test_without_tools_nothing_is_a_call():
    assert parse(f"<tool_call>{CALL}</tool_call>", {}).calls == ()
    assert parse(CALL, {}).text == CALL


def test_a_marked_call_with_broken_arguments_is_told_as_such():
    (call,) = parse('<tool_call>{"name": "pay", "arguments": {amount: 5}}</tool_call>', TOOLS).calls
    assert call.name == "pay"
    assert call.invalid_arguments is not None and "amount: 5" in call.invalid_arguments
    (call,) = parse('<tool_call>{"name": "pay", "arguments": [5]}</tool_call>', TOOLS).calls
    assert call.invalid_arguments == "[5]"


def test_xml_values_have_the_type_of_the_schema():
    xml = "<tool_call><function={}><parameter={}>{}</parameter></function></tool_call>"
    assert parse(xml.format("pay", "amount", "7"), TOOLS).calls[0].arguments == {"amount": 7}
    assert parse(xml.format("get_order", "id", "7"), TOOLS).calls[0].arguments == {"id": "7"}


def test_name_and_arguments_are_told_as_soon_as_they_are_complete():
    parser = StreamParser(TOOLS)
    seen = {}
    for at, char in enumerate(CALL):
        for event in parser.feed(char, tok=at):
            seen.setdefault(type(event), event.tok)
    assert seen[CallStarted] == CALL.index('",')
    assert seen[ArgumentDone] == CALL.index('"}}')


def events_of(text, sizes):
    parser, events, at = StreamParser(TOOLS), [], 0
    for size in sizes:
        events += parser.feed(text[at : at + size])
        at += size
    events += parser.feed(text[at:])
    rest, parsed = parser.close()
    return [*events, *rest], parsed


PARTS = st.sampled_from(
    [CALL, "<tool_call>", "</tool_call>", "<|python_tag|>", "{", "}", ";", ":",
     '"', "\\", "name", "hi ", "\n", "<function=",
     "<function=pay>", "<parameter=amount>", "5", "</parameter>", "</function>", '{"name": "pay", "arguments": {', "["]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=60), st.lists(PARTS, max_size=8).map("".join))


@given(TEXTS, st.lists(st.integers(1, 9), max_size=30))
def test_any_text_in_any_pieces_ends_the_same_and_never_raises(text, sizes):
    whole = parse(text, TOOLS)
    events, pieced = events_of(text, sizes)
    assert pieced == whole
    assert "".join(event.text for event in events if isinstance(event, TextDelta)).strip() == whole.text
    started = [event.name for event in events if isinstance(event, CallStarted)]
    for call in whole.calls:
        assert call.name in started
        assert call.name in text


@given(TEXTS)
def test_a_call_is_never_invented(text):
    for call in parse(text, TOOLS).calls:
        assert "<tool_call>" in text or '"name"' in text
        assert call.name in text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=6), JSON, max_size=4), st.sampled_from([None, 1]), st.booleans())
def test_written_calls_are_read_back(arguments, indent, ascii_only):
    text = json.dumps({"name": "pay", "parameters": arguments}, indent=indent, ensure_ascii=ascii_only)
    assert parse(text, TOOLS).calls == (ToolCall("pay", arguments),)
    events, _ = events_of(text, [1] * len(text))
    assert {event.parameter: event.value for event in events if isinstance(event, ArgumentDone)} == arguments
    fragments = "".join(event.text for event in events if isinstance(event, ArgumentsDelta))
    assert json.loads(fragments) == arguments


@given(st.text(alphabet='{}[]":,\\ntrue10.-eE x', max_size=30))
def test_the_argument_reader_agrees_with_json(text):
    reader = ArgumentReader()
    found = [pair for char in text for pair in reader.feed(char)]
    try:
        whole = json.loads(text)
    except ValueError:
        return
    if isinstance(whole, dict):
        assert reader.done and dict(found) == whole


WRITTEN = '{"name": "get_order", "parameters": {"id": 7}}'


@pytest.mark.parametrize("end", ["<|eot_id|>", "<|eom_id|>\n", "<|im_end|><|endoftext|>", "<｜end▁of▁sentence｜>"])
@pytest.mark.parametrize("said", [WRITTEN, f"<tool_call>{WRITTEN}</tool_call>", "Hello"])
@pytest.mark.parametrize("size", [1, 2, 7, 500])
def test_marks_for_the_end_of_the_turn_are_no_part_of_a_message(said, end, size):
    expected = parse(said, TOOLS)
    assert expected.calls or expected.text == "Hello"
    assert parse(said + end, TOOLS) == expected
    parser = StreamParser(TOOLS)
    events = [event for at in range(0, len(said + end), size) for event in parser.feed((said + end)[at : at + size])]
    rest, parsed = parser.close()
    assert parsed == expected
    assert "".join(event.text for event in events + rest if isinstance(event, TextDelta)).strip() == expected.text


def test_a_mark_for_the_end_of_the_turn_in_the_middle_is_text():
    text = "Models end a turn with <|eot_id|> or so; this one ends with <|eot"
    assert parse(text, TOOLS).text == text
