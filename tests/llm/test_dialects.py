"""Every dialect with every shape of a message, whole and in every cut: text and calls are what was written."""

import json
import random
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.types import ToolCall, ToolSpec
from specbench.llm.base import ArgumentDone, ArgumentsDelta, CallStarted, TextDelta
from specbench.llm.parsing import StreamParser, parse
from specbench.traces.conversation.builder import chat_messages

SCHEMA = {
    "type": "object",
    "properties": {
        "text": {"type": "string"},
        "eur": {"type": "number"},
        "gift": {"type": "boolean"},
        "items": {"type": "array"},
        "to": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
}
TOOLS = {"now": ToolSpec("now"), "send_note": ToolSpec("send_note", parameters=SCHEMA)}
NOW = ToolCall("now")
NOTE = ToolCall(
    "send_note", {"text": 'a "b" [c] {d} </e>', "eur": 7.5, "gift": True, "items": [1, {"k": None}], "to": None}
)


def json_of(call, key="arguments"):
    return json.dumps({"name": call.name, key: dict(call.arguments)}, ensure_ascii=False)


def python_of(call):
    return f"{call.name}({', '.join(f'{key}={value!r}' for key, value in call.arguments.items())})"


def xml_of(call):
    shown = {key: value if isinstance(value, str) else json.dumps(value) for key, value in call.arguments.items()}
    inside = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in shown.items())
    return f"<function={call.name}>\n{inside}</function>"


def arguments_of(call):
    return json.dumps(dict(call.arguments), ensure_ascii=False)


def deepseek_3(calls):
    inside = "\n".join(
        f"<｜tool▁call▁begin｜>function<｜tool▁sep｜>{call.name}\n```json\n{arguments_of(call)}\n```<｜tool▁call▁end｜>"
        for call in calls
    )
    return f"<｜tool▁calls▁begin｜>{inside}<｜tool▁calls▁end｜>"


def deepseek_31(calls):
    inside = "".join(
        f"<｜tool▁call▁begin｜>{call.name}<｜tool▁sep｜>{arguments_of(call)}<｜tool▁call▁end｜>" for call in calls
    )
    return f"<｜tool▁calls▁begin｜>{inside}<｜tool▁calls▁end｜>"


def kimi(calls):
    inside = "".join(
        f"<|tool_call_begin|>functions.{call.name}:{at}<|tool_call_argument_begin|>{arguments_of(call)}<|tool_call_end|>"
        for at, call in enumerate(calls)
    )
    return f"<|tool_calls_section_begin|>{inside}<|tool_calls_section_end|>"


def glm(calls):
    def one(call):
        shown = {key: value if isinstance(value, str) else json.dumps(value) for key, value in call.arguments.items()}
        pairs = "\n".join(f"<arg_key>{key}</arg_key>\n<arg_value>{value}</arg_value>" for key, value in shown.items())
        return f"<tool_call>{call.name}\n{pairs}\n</tool_call>"

    return "\n".join(map(one, calls))


def gpt_oss(calls):
    return "<|start|>assistant".join(
        f"<|channel|>commentary to=functions.{call.name} <|constrain|>json<|message|>{arguments_of(call)}<|call|>"
        for call in calls
    )


def gpt_oss_role_first(calls):
    return "".join(
        f"<|start|>assistant to=functions.{call.name}<|channel|>commentary json<|message|>{arguments_of(call)}<|call|>"
        for call in calls
    )


MARKED = {
    "hermes": lambda calls: "\n".join(f"<tool_call>\n{json_of(call)}\n</tool_call>" for call in calls),
    "hermes, one tag": lambda calls: "<tool_call>" + "\n".join(map(json_of, calls)) + "</tool_call>",
    "hermes, a list": lambda calls: "<tool_call>[" + ", ".join(map(json_of, calls)) + "]</tool_call>",
    "hermes, python": lambda calls: "".join(
        f"<tool_call>{ {'name': c.name, 'arguments': dict(c.arguments)} }</tool_call>" for c in calls
    ),
    "qwen xml": lambda calls: "\n".join(f"<tool_call>\n{xml_of(call)}\n</tool_call>" for call in calls),
    "qwen xml, one tag": lambda calls: "<tool_call>" + "".join(map(xml_of, calls)) + "</tool_call>",
    "qwen xml, no tag": lambda calls: "\n".join(map(xml_of, calls)),
    "function with json": lambda calls: "".join(f"<function={c.name}>{arguments_of(c)}</function>" for c in calls),
    "mistral list": lambda calls: f"[TOOL_CALLS] [{', '.join(map(json_of, calls))}]",
    "mistral names": lambda calls: "".join(f"[TOOL_CALLS]{c.name}[ARGS]{arguments_of(c)}" for c in calls),
    "mistral ids": lambda calls: "".join(
        f"[TOOL_CALLS]{c.name}[CALL_ID]a1B2c3D4e[ARGS]{arguments_of(c)}" for c in calls
    ),
    "deepseek v3": deepseek_3,
    "deepseek v3.1": deepseek_31,
    "kimi": kimi,
    "glm": glm,
    "gpt-oss": gpt_oss,
    "gpt-oss, role first": gpt_oss_role_first,
    "llama 4": lambda calls: f"<|python_start|>[{', '.join(map(python_of, calls))}]<|python_end|>",
}
TO_THE_END = {
    "python tag": lambda calls: "<|python_tag|>" + "; ".join(json_of(call, "parameters") for call in calls),
    "python tag, a list": lambda calls: "<|python_tag|>[" + ", ".join(map(json_of, calls)) + "]",
    "python tag, python": lambda calls: "<|python_tag|>" + "; ".join(map(python_of, calls)),
}
WHOLE = {
    "llama 3": lambda calls: "; ".join(json_of(call, "parameters") for call in calls),
    "llama 3, lines": lambda calls: "\n".join(json_of(call, "parameters") for call in calls),
    "a list": lambda calls: "[" + ", ".join(map(json_of, calls)) + "]",
    "openai's objects": lambda calls: json.dumps(
        [{"id": "c1", "type": "function", "function": {"name": c.name, "arguments": arguments_of(c)}} for c in calls]
    ),
    "fenced": lambda calls: "```json\n" + "\n".join(map(json_of, calls)) + "\n```",
    "fenced list": lambda calls: "```\n[" + ",\n".join(map(json_of, calls)) + "]\n```\n",
    "pythonic": lambda calls: f"[{', '.join(map(python_of, calls))}]",
}
DIALECTS = MARKED | TO_THE_END | WHOLE
CALLS = [[NOW], [NOTE], [NOTE, NOW], [NOW, NOTE, NOTE]]


def streamed(text, cuts, tools=TOOLS):
    """The events and the end of a message that comes in pieces."""
    parser, events, at = StreamParser(tools), [], 0
    for cut in [*cuts, len(text)]:
        events += parser.feed(text[at:cut])
        at = cut
    rest, parsed = parser.close()
    return [*events, *rest], parsed


def check(text, calls, said, cuts):
    events, parsed = streamed(text, cuts)
    assert (parsed.calls, parsed.text.split()) == (tuple(calls), said.split())
    assert "".join(event.text for event in events if isinstance(event, TextDelta)).strip() == parsed.text
    assert all(event.text for event in events if isinstance(event, (TextDelta, ArgumentsDelta)))
    for index, call in enumerate(calls):
        assert [each.name for each in events if isinstance(each, CallStarted) and each.index == index] == [call.name]
        told = {each.parameter: each.value for each in events if isinstance(each, ArgumentDone) and each.index == index}
        assert told == dict(call.arguments)


def every_cut(text):
    yield []
    yield range(1, len(text))
    for at in range(1, len(text)):
        yield [at]


@pytest.mark.parametrize("calls", CALLS, ids=["one", "with arguments", "two", "three"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_calls_are_read_in_every_dialect_and_every_cut(dialect, calls):
    text = DIALECTS[dialect](calls)
    for cuts in every_cut(text):
        check(text, calls, "", cuts)


@pytest.mark.parametrize("dialect", MARKED | TO_THE_END)
def test_text_around_marked_calls_is_kept(dialect):
    before, after = "Let me see: 1 < 2 [ok] {so}.\n", "" if dialect in TO_THE_END else "\n Soon."
    text = before + DIALECTS[dialect]([NOTE, NOW]) + after
    for cuts in every_cut(text):
        check(text, [NOTE, NOW], before + after, cuts)


@pytest.mark.parametrize("dialect", WHOLE)
@pytest.mark.parametrize("around", ["So: {}", "{} is what I would send", "{}\nDone.", "1. {}"])
def test_calls_without_a_mark_are_text_beside_other_text(dialect, around):
    text = around.format(WHOLE[dialect]([NOTE, NOW]).strip())
    for cuts in ([], range(1, len(text)), range(0, len(text), 7)):
        check(text, [], text, cuts)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("opened", [True, False])
def test_a_call_that_is_only_thought_of_is_none(dialect, opened):
    thought = ("<think>\n" if opened else "") + f"Perhaps {DIALECTS[dialect]([NOTE])} or not.\n</think>"
    for text in (f"{thought}\nShall I?", thought):
        for cuts in ([], range(1, len(text)), range(0, len(text), 5)):
            check(text, [], text, cuts)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("opened", [True, False])
def test_a_call_behind_the_thinking_counts(dialect, opened):
    thought = ("<think>" if opened else "") + f"I first thought of {DIALECTS[dialect]([NOTE])}. </think>"
    text = f"{thought}\n\n{DIALECTS[dialect]([NOW])}"
    for cuts in ([], range(1, len(text)), range(0, len(text), 5)):
        assert streamed(text, cuts)[1].calls == (NOW,)
        assert streamed(text, cuts)[1].text == thought


@pytest.mark.parametrize("dialect", DIALECTS)
def test_thinking_without_an_end_is_text(dialect):
    text = f"<think>hm {DIALECTS[dialect]([NOTE])}"
    check(text, [], text.strip(), [])


def test_the_word_for_thinking_does_not_swallow_a_call():
    text = f"The tag <think> opens it. {MARKED['hermes']([NOW])}"
    for cuts in every_cut(text):
        check(text, [NOW], "The tag <think> opens it.", cuts)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_without_tools_everything_is_text(dialect):
    text = DIALECTS[dialect]([NOTE]).strip()
    assert parse(text, {}).calls == () and parse(text, {}).text == text


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_breaks_off_is_no_call_and_stays_text(dialect):
    text = DIALECTS[dialect]([NOTE])
    for size in range(1, len(text)):
        parsed = parse(text[:size], TOOLS)
        assert parsed.calls in ((), (NOTE,))
        if not parsed.calls:
            assert parsed.text == text[:size].strip()


DEEP = "[" * 5_000 + "]" * 5_000
DEEP_DIALECTS = {
    "llama 3": '{"name": "send_note", "parameters": {"text": %s}}',
    "hermes": '<tool_call>{"name": "send_note", "arguments": {"text": %s}}</tool_call>',
    "function": '<function=send_note>{"text": %s}</function>',
    "xml": "<tool_call><function=send_note><parameter=items>%s</parameter></function></tool_call>",
    "mistral": '[TOOL_CALLS]send_note[ARGS]{"text": %s}',
    "pythonic": "[send_note(text=%s)]",
    "deepseek": '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>send_note<｜tool▁sep｜>{"text": %s}<｜tool▁call▁end｜>',
}


@pytest.mark.parametrize("depth", [120, 5_000])
@pytest.mark.parametrize("dialect", DEEP_DIALECTS)
def test_deep_nesting_is_an_invalid_call(dialect, depth):
    text = DEEP_DIALECTS[dialect] % ("[" * depth + "]" * depth)
    (call,) = parse(text, TOOLS).calls
    assert call.name == "send_note"
    if dialect == "xml" and depth == 5_000:  # no JSON that Python could read: it stays the text that it is
        assert call.arguments == {"items": DEEP}
    else:
        assert call.arguments == {} and "[[[[" in call.invalid_arguments
    hash(call.key)


@pytest.mark.parametrize(
    "written", ["", ', "arguments": null', ', "arguments": ""', ', "parameters": {}', ', "arguments": "{}"']
)
@pytest.mark.parametrize("around", ["{}", "<tool_call>{}</tool_call>", "<|python_tag|>{}", "[TOOL_CALLS][{}]"])
def test_no_arguments_are_written_in_many_ways(around, written):
    text = around.replace("{}", f'{{"name": "now"{written}}}')
    assert parse(text, TOOLS).calls == (NOW,)


@pytest.mark.parametrize("written", ["", "null", '""', " "])
@pytest.mark.parametrize(
    "around",
    [
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>now<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        "<|tool_call_begin|>functions.now:0<|tool_call_argument_begin|>{}<|tool_call_end|>",
        "[TOOL_CALLS]now[ARGS]{}[TOOL_CALLS]now[ARGS]{{}}",
        "[TOOL_CALLS]now[CALL_ID]a1B2c3D4e[ARGS]{}[TOOL_CALLS]now[ARGS]null",
    ],
)
def test_no_arguments_behind_a_name(around, written):
    text = around.replace("{{}}", "\0").replace("{}", written).replace("\0", "{}")
    for cuts in every_cut(text):
        assert streamed(text, cuts)[1].calls == (NOW,) * text.count("now")
        assert streamed(text, cuts)[1].text == ""


LEFT_OUT = [
    ("<function=send_note><parameter=text>Paris<parameter=eur>2</parameter></function>", [{"text": "Paris", "eur": 2}]),
    ("<function=send_note>\n<parameter=text>\nParis\n<parameter=eur>\n2\n</function>", [{"text": "Paris", "eur": 2}]),
    ("<function=send_note><parameter=text>a</function>", [{"text": "a"}]),
    (
        "<function=send_note><parameter=text>a</function>\n<function=send_note><parameter=text>b</parameter></function>",
        [{"text": "a"}, {"text": "b"}],
    ),
    ("<function=send_note><parameter=text>a <parameter=b> c</parameter></function>", [{"text": "a <parameter=b> c"}]),
    ('<tool_call>{"name": "now"}\n<tool_call>{"name": "send_note"}</tool_call>', None),
    ('<tool_call>{"name": "now"}<tool_call>{"name": "send_note"}', None),
    ('<tool_call>{"name": "now"}</tool_call>\n<tool_call>{"name": "send_note"}</tool_cal', None),
]


@pytest.mark.parametrize(("text", "given"), LEFT_OUT)
def test_closing_tags_that_are_left_out(text, given):
    wanted = [NOW, ToolCall("send_note")] if given is None else [ToolCall("send_note", each) for each in given]
    for cuts in every_cut(text):
        parsed = streamed(text, cuts)[1]
        assert (list(parsed.calls), parsed.text) == (wanted, "")


def test_a_long_value_takes_time_in_proportion():
    """Twice as long takes twice the time, not four times; measured against itself."""

    def seconds(size):
        value = "<p>some page</p>\n" * size
        text = f"<function=send_note><parameter=text>{value}</parameter></function>"
        began_s = time.process_time()
        parsed = streamed(text, range(0, len(text), 8))[1]
        assert parsed.calls[0].arguments["text"].startswith("<p>some page")
        return time.process_time() - began_s

    seconds(100)
    short, long = min(seconds(600) for _ in range(3)), min(seconds(4_800) for _ in range(2))
    assert long < 24 * max(short, 0.002)


@pytest.mark.parametrize(
    ("text", "invalid"),
    [
        ('<tool_call>{"name": "send_note", "arguments": {text: 5}}</tool_call>', "text: 5"),
        ('<tool_call>{"name": "send_note", "arguments": {"text": "a}</tool_call>', '"text": "a'),
        ('<tool_call>{"name": "send_note", "arguments": {"text": "a"}</tool_call>', '"text": "a"'),
        ('<tool_call>{"name": "send_note", "arguments": [5]}</tool_call>', "[5]"),
        ('<tool_call>{"name": "send_note", "text": "a"}</tool_call>', '"text": "a"'),
        ("<tool_call><function=send_note><parameter=text>a</tool_call>", "<parameter=text>a"),
        ('[TOOL_CALLS] [{"name": "send_note", "arguments": {text: 5}}]', "text: 5"),
        ("[TOOL_CALLS]send_note[ARGS]{text: 5}", "text: 5"),
        ("[send_note(text=01)]", "text=01"),
        ("[send_note(5)]", "send_note(5)"),
        ("[send_note(text=open('x'))]", "open('x')"),
        ("<｜tool▁call▁begin｜>send_note<｜tool▁sep｜>{text: 5}<｜tool▁call▁end｜>", "text: 5"),
        ('{"name": "send_note", "parameters": [5]}', "[5]"),
    ],
)
def test_a_call_with_broken_arguments_is_told_as_such(text, invalid):
    for cuts in ([], range(1, len(text))):
        _, parsed = streamed(text, cuts)
        (call,) = parsed.calls
        assert call.name == "send_note" and call.arguments == {} and invalid in call.invalid_arguments


def test_a_call_that_is_begun_again_and_again_takes_no_cube_of_its_length():
    """A model that has fallen into a loop: 400 heads of calls, none of them closed. It took 7 s."""
    text = "<tool_call>send_note\n<arg_key>text</arg_key>\n<arg_value>x" * 400
    began_s = time.process_time()
    assert parse(text, TOOLS).calls == ()
    assert time.process_time() - began_s < 2


def test_a_broken_call_does_not_take_its_neighbours_along():
    torn = '{"name": "send_note", "arguments": {oops}}'
    text = f'<tool_call>{{"name": "now"}}\n{torn}</tool_call> and <tool_call>{{"name": "now"}}</tool_call>'
    parsed = parse(text, TOOLS)
    assert [call.name for call in parsed.calls] == ["now", "send_note", "now"]
    assert parsed.text == "and"


@pytest.mark.parametrize(
    ("inside", "left"),
    [
        ('{"name": "now"} so be it', "so be it"),
        ('{"name": "now", "arguments": {}}}', "}"),
        ('{"a": 1}{"name": "now"}', '{"a": 1}'),
    ],
)
def test_what_else_stands_in_a_tag_is_text(inside, left):
    parsed = parse(f"<tool_call>{inside}</tool_call>", TOOLS)
    assert parsed.calls == (NOW,) and parsed.text == left


def test_a_member_that_no_call_has_is_not_lost():
    parsed = parse('<tool_call>{"name": "now", "arguments": {}, "why": "to know"}</tool_call>', TOOLS)
    assert parsed.calls == (NOW,) and "to know" in parsed.text


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name": "send_note", "arguments": {"text": "say </tool_call> to end"}}</tool_call>',
        "<tool_call><function=send_note><parameter=text>say </tool_call> to end</parameter></function></tool_call>",
        '[TOOL_CALLS]send_note{"text": "say </tool_call> to end"}',
        '{"name": "send_note", "parameters": {"text": "say </tool_call> to end"}}',
    ],
)
def test_the_end_of_a_call_may_stand_in_its_arguments(text):
    for cuts in every_cut(text):
        check(text, [ToolCall("send_note", {"text": "say </tool_call> to end"})], "", cuts)


def test_a_tool_that_is_not_on_offer_is_called_only_with_a_mark():
    for text in ('{"name": "Anna", "parameters": {"age": 4}}', "[anna(age=4)]", "<function=anna></function>", "[1, 2]"):
        for cuts in every_cut(text):
            check(text, [], text, cuts)
    assert parse('<tool_call>{"name": "anna", "arguments": {}}</tool_call>', TOOLS).calls[0].name == "anna"


XML_VALUES = [
    ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"5": 5, "null": None, "None": None, "five": "five"}),
    ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"12": "12", "null": None, "true": "true"}),
    ({"type": ["string", "null"]}, {"00123": "00123", "123": "123", "null": None}),
    ({"type": "string"}, {"null": "null", " a ": " a ", "1": "1"}),
    ({"type": "boolean"}, {"True": True, "false": False, "yes": "yes"}),
    ({"type": ["integer", "null"]}, {"7": 7, "-7": -7, "007": "007"}),
    ({"type": "number"}, {"7.50": 7.5, "1e3": 1000.0, "NaN": "NaN"}),
    ({"$ref": "#/$defs/When"}, {'{"day": "mon"}': {"day": "mon"}, "{'day': True}": {"day": True}}),
    ({"allOf": [{"$ref": "#/$defs/When"}]}, {'{"day": "mon"}': {"day": "mon"}}),
    ({"oneOf": [{"type": "array"}, {"type": "boolean"}]}, {"[1, 2]": [1, 2], "true": True, "a": "a"}),
    ({"enum": [1, 2]}, {"1": 1}),
    ({"const": "1"}, {"1": "1"}),
    ({"$ref": "#/$defs/Loop"}, {"1": "1"}),
    ({"type": "integer", "nullable": True}, {"null": None, "3": 3}),
    ({}, {"1": "1", "null": "null"}),
]


@pytest.mark.parametrize(("schema", "values"), XML_VALUES)
def test_xml_values_follow_the_whole_schema(schema, values):
    defs = {"When": {"type": "object"}, "Loop": {"anyOf": [{"$ref": "#/$defs/Loop"}]}}
    tools = {"f": ToolSpec("f", parameters={"type": "object", "properties": {"x": schema}, "$defs": defs})}
    for written, value in values.items():
        text = f"<tool_call>\n<function=f>\n<parameter=x>\n{written}\n</parameter>\n</function>\n</tool_call>"
        (call,) = parse(text, tools).calls
        assert call.arguments == {"x": value} and type(call.arguments["x"]) is type(value)


ARGUMENT_TEXTS = [
    "", " ", "null", "None", "{}", '{"a": 1}', '"{}"', '{"a": "b\nc"}', "[1]", "{a: 1}", '{"a": 1', '{"a": NaN}',
    '{"a": ' + "[" * 150 + "]" * 150 + "}", '{"a": "\\ud83d"}', '{"a": 1, "a": 2}', "oops",
]  # fmt: skip


@pytest.mark.parametrize("text", ARGUMENT_TEXTS)
def test_recorded_and_live_arguments_are_read_alike(text):
    recorded = {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "now", "arguments": text}}]}
    ((known,),) = (message.tool_calls for message in chat_messages([recorded]))
    live = parse(f"<tool_call>{json.dumps({'name': 'now', 'arguments': text})}</tool_call>", TOOLS).calls[0]
    assert (live.invalid_arguments, repr(live.arguments)) == (known.invalid_arguments, repr(known.arguments))


@given(st.data())
def test_the_pieces_of_a_message_never_matter(data):
    dialect = data.draw(st.sampled_from(sorted(DIALECTS)))
    calls = data.draw(st.lists(st.sampled_from([NOW, NOTE]), min_size=1, max_size=3))
    before = data.draw(
        st.sampled_from(["", "Hm. ", "<think>a</think>", "so</think>", "{", "[", "`", "<tool", "[TOOL_"])
    )
    after = data.draw(st.sampled_from(["", " ok", "</think>", "}", "]", "<tool_call>", "```"]))
    text = before + DIALECTS[dialect](calls) + after
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    whole = parse(text, TOOLS)
    events, parsed = streamed(text, cuts)
    assert parsed == whole
    assert "".join(event.text for event in events if isinstance(event, TextDelta)).strip() == whole.text


PIECES = [
    *"{}[]()<>|`\"'\\,;:=\nxé\ud83d ", "name", "arguments", "parameters", '{"name": "now"', '"send_note"', "now",
    "send_note(", "</tool_call>", "<tool_call>", "<function=now>", "<parameter=text>", "</parameter>", "</function>",
    "<|python_tag|>", "<|python_start|>", "<|python_end|>", "[TOOL_CALLS]", "[ARGS]", "<think>", "</think>",
    "<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>", "```json\n", "```",
    "null", "1", "true", "text=", "[[[[",
]  # fmt: skip


def fuzzed(rng):
    return "".join(rng.choice(PIECES) for _ in range(rng.randrange(1, 18)))


def check_fuzzed(text, rng):
    whole = parse(text, TOOLS)
    events, parsed = streamed(text, sorted(rng.randrange(len(text) + 1) for _ in range(4)))
    assert parsed == whole, text
    assert "".join(event.text for event in events if isinstance(event, TextDelta)).strip() == whole.text, text
    letters = Counter(text)
    assert not Counter(whole.text) - letters, text
    if not whole.calls:
        assert whole.text == text.strip(), text


def test_no_text_makes_the_parser_raise_or_lose_anything():
    rng = random.Random(1)
    for _ in range(3_000):
        check_fuzzed(fuzzed(rng), rng)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_a_million_texts_make_the_parser_neither_raise_nor_lose_anything():
    rng = random.Random(2)
    for _ in range(1_000_000):
        check_fuzzed(fuzzed(rng), rng)
