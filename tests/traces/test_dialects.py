"""The same short conversation in the dialect of every provider and framework gives the same messages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from specbench.core.errors import TraceError
from specbench.traces.conversation.builder import Conversation
from specbench.traces.conversation.calls import read_call
from specbench.traces.conversation.clock import seconds
from specbench.traces.conversation.tools import read_tools
from specbench.traces.conversation.wrappers import answer_items, items_in
from specbench.traces.store import load

ARGUMENTS = {"x": 1}
TEXT = json.dumps(ARGUMENTS)

HI = {"role": "user", "content": "hi"}
END = {"role": "assistant", "content": "It is there."}
CALL = {"type": "function", "id": "c", "function": {"name": "look", "arguments": TEXT}}
DIALECTS: dict[str, list[Any]] = {
    "OpenAI": [HI, {"role": "assistant", "content": None, "tool_calls": [CALL]},
               {"role": "tool", "tool_call_id": "c", "content": "found"}, END],
    "OpenAI legacy": [HI, {"role": "assistant", "function_call": {"name": "look", "arguments": TEXT}},
                      {"role": "function", "name": "look", "content": "found"}, END],
    "flat calls": [HI, {"role": "assistant", "content": "", "tool_calls": [
        {"id": "c", "name": "look", "args": ARGUMENTS}]},
                   {"role": "tool", "name": "look", "content": "found"}, END],
    "function is the name": [HI, {"role": "assistant", "tool_calls": [
        {"function": "look", "arguments": ARGUMENTS, "id": "c"}]}, {"role": "tool", "content": "found"}, END],
    "calls in additional_kwargs": [
        HI, {"role": "assistant", "content": "", "additional_kwargs": {"tool_calls": [CALL]}},
        {"role": "tool", "tool_call_id": "c", "content": "found"}, END],
    "Anthropic": [HI, {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"},
                       {"type": "tool_use", "id": "t", "name": "look", "input": ARGUMENTS}]},
                  {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "found"}]}, END],
    "Bedrock": [{"role": "user", "content": [{"text": "hi"}]},
                {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "look", "input": ARGUMENTS}}]},
                {"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": [{"text": "found"}]}}]}, END],
    "Gemini": [{"role": "user", "parts": [{"text": "hi"}]},
               {"role": "model", "parts": [{"functionCall": {"name": "look", "args": ARGUMENTS}}]},
               {"role": "user", "parts": [{"functionResponse": {"name": "look", "response": {"output": "found"}}}]},
               {"role": "model", "parts": [{"text": "It is there."}]}],
    "OpenTelemetry": [{"role": "user", "parts": [{"type": "text", "content": "hi"}]},
                      {"role": "assistant", "parts": [
                          {"type": "tool_call", "id": "c", "name": "look", "arguments": ARGUMENTS}]},
                      {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c", "result": "found"}]},
                      {"role": "assistant", "parts": [{"type": "text", "content": "It is there."}]}],
    "Responses": [HI, {"type": "reasoning", "summary": []},
                  {"type": "function_call", "call_id": "c", "name": "look", "arguments": TEXT},
                  {"type": "function_call_output", "call_id": "c", "output": "found"},
                  {"type": "message", "role": "assistant", "content": [
                      {"type": "output_text", "text": "It is there."}]}],
    "LangChain": [{"type": "human", "content": "hi"},
                  {"type": "ai", "content": "", "tool_calls": [{"name": "look", "args": ARGUMENTS, "id": "c"}]},
                  {"type": "tool", "content": "found", "tool_call_id": "c"}, {"type": "ai", "content": "It is there."}],
    "LangChain as dict": [{"type": "human", "data": {"content": "hi"}},
                          {"type": "ai", "data": {"content": "", "tool_calls": [
                              {"name": "look", "args": ARGUMENTS, "id": "c"}]}},
                          {"type": "tool", "data": {"content": "found", "tool_call_id": "c"}},
                          {"type": "ai", "data": {"content": "It is there."}}],
    "Vercel": [HI, {"role": "assistant", "content": [
        {"type": "tool-call", "toolCallId": "c", "toolName": "look", "input": ARGUMENTS}]},
        {"role": "tool", "content": [{"type": "tool-result", "toolCallId": "c", "toolName": "look",
                                      "output": {"type": "text", "value": "found"}}]}, END],
    "Vercel UI": [{"role": "user", "parts": [{"type": "text", "text": "hi"}]},
                  {"role": "assistant", "parts": [
                      {"type": "step-start"},
                      {"type": "tool-look", "toolCallId": "c", "state": "output-available", "input": ARGUMENTS,
                       "output": "found"},
                      {"type": "step-start"}, {"type": "text", "text": "It is there."}]}],
    "Pydantic AI": [{"kind": "request", "parts": [{"part_kind": "user-prompt", "content": "hi"}]},
                    {"kind": "response", "parts": [
                        {"part_kind": "tool-call", "tool_name": "look", "args": TEXT, "tool_call_id": "c"}]},
                    {"kind": "request", "parts": [
                        {"part_kind": "tool-return", "tool_name": "look", "content": "found", "tool_call_id": "c"}]},
                    {"kind": "response", "parts": [{"part_kind": "text", "content": "It is there."}]}],
    "OpenCode": [{"info": {"role": "user"}, "parts": [{"type": "text", "text": "hi"}]},
                 {"info": {"role": "assistant"}, "parts": [
                     {"type": "tool", "callID": "c", "tool": "look",
                      "state": {"status": "completed", "input": ARGUMENTS, "output": "found"}},
                     {"type": "step-start"}, {"type": "text", "text": "It is there."}]}],
    "Goose": [HI, {"role": "assistant", "content": [{"type": "toolRequest", "id": "c", "toolCall": {
                  "status": "success", "value": {"name": "look", "arguments": ARGUMENTS}}}]},
              {"role": "user", "content": [{"type": "toolResponse", "id": "c", "toolResult": {
                  "status": "success", "value": [{"type": "text", "text": "found"}]}}]}, END],
    ".NET": [HI, {"role": "assistant", "parts": [{"type": "Microsoft.Extensions.AI.TextReasoningContent", "text": "hm"},
                  {"type": "tool_call", "id": "look", "name": "look", "arguments": ARGUMENTS}]},
             {"role": "tool", "content": "found", "tool_call_id": "look"}, END],
    "AutoGen": [{"source": "user", "type": "TextMessage", "content": "hi"},
                {"source": "helper", "type": "ToolCallRequestEvent", "content": [
                    {"id": "c", "name": "look", "arguments": TEXT}]},
                {"source": "helper", "type": "ToolCallExecutionEvent", "content": [
                    {"call_id": "c", "content": "found"}]},
                {"source": "helper", "type": "TextMessage", "content": "It is there."}],
    "ATIF": [{"source": "user", "message": "hi"},
             {"source": "agent", "message": "", "tool_calls": [
                 {"tool_call_id": "c", "function_name": "look", "arguments": ARGUMENTS}],
              "observation": {"results": [{"source_call_id": "c", "content": "found"}]}},
             {"source": "agent", "message": "It is there."}],
    "ShareGPT": [{"from": "human", "value": "hi"},
                 {"from": "function_call", "value": json.dumps({"name": "look", "arguments": ARGUMENTS})},
                 {"from": "observation", "value": "found"}, {"from": "gpt", "value": "It is there."}],
    "Hermes": [HI, {"role": "assistant", "content": '<tool_call>{"name": "look", "arguments": {"x": 1}}</tool_call>'},
               {"role": "tool", "content": "<tool_response>found</tool_response>"}, END],
    "Qwen coder": [HI, {"role": "assistant", "content":
                        "<tool_call>\n<function=look>\n<parameter=x>\n1\n</parameter>\n</function>\n</tool_call>"},
                   {"role": "user", "content": "<tool_response>\nfound\n</tool_response>"}, END],
    "a list of calls as the text": [HI, {"role": "tool", "content": json.dumps([CALL])},
                                    {"role": "tool", "content": "found"}, END],
}  # fmt: skip


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_says_the_same(name: str) -> None:
    talk = Conversation()
    for item in DIALECTS[name]:
        talk.add(item)
    user, asked, found, end = talk.messages()
    assert (user.role, user.content) == ("user", "hi")
    assert (asked.role, asked.content, [call.key for call in asked.tool_calls]) == ("assistant", "", ['look({"x":1})'])
    assert (found.role, found.content, found.tool_call_id) == ("tool", "found", asked.tool_calls[0].id)
    assert (end.role, end.content, end.tool_calls) == ("assistant", "It is there.", ())


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_is_recognised_in_a_file(name: str, write: Any) -> None:
    for path in (
        write("list.json", whole=DIALECTS[name]),
        write("object.json", whole={"id": "x", "messages": DIALECTS[name]}),
        write("lines.jsonl", [{"messages": DIALECTS[name]}]),
    ):
        (trace,) = load(path)[0]
        assert sum(len(message.tool_calls) for message in trace.messages) == 1, path


def test_a_call_that_stands_in_the_content_and_beside_it_is_one() -> None:
    part = {"type": "tool_use", "id": "t", "name": "look", "input": {}}
    talk = Conversation()
    talk.add({"type": "ai", "content": [part], "tool_calls": [{"name": "look", "args": {}, "id": "t"}]})
    assert len(talk.messages()[0].tool_calls) == 1


def test_a_message_with_content_and_parts_is_read_from_its_parts() -> None:
    call = {"state": "result", "toolCallId": "c", "toolName": "look", "args": ARGUMENTS, "result": "found"}
    parts = [{"type": "tool-invocation", "toolInvocation": call}, {"type": "step-start"}, {"type": "text", "text": "x"}]
    talk = Conversation()
    talk.add({"role": "assistant", "content": "x", "parts": parts, "toolInvocations": [call]})
    assert [message.role for message in talk.messages()] == ["assistant", "tool", "assistant"]


def test_tags_in_the_text_are_text_where_calls_are_structured() -> None:
    talk = Conversation()
    for item in [*DIALECTS["OpenAI"], {"role": "assistant", "content": '<tool_call>{"name": "f"}</tool_call>'}]:
        talk.add(item)
    assert talk.messages()[-1].tool_calls == ()


def test_a_broken_call_in_tags_is_an_invalid_call_and_prose_stays_prose() -> None:
    talk = Conversation()
    talk.add({"role": "assistant", "content": '<tool_call>{"name": "f", "arguments": {</tool_call>'})
    talk.add({"role": "assistant", "content": "The tag <tool_call> begins a call."})
    broken, prose = talk.messages()
    assert broken.tool_calls[0].invalid_arguments == '{"name": "f", "arguments": {'
    assert (prose.content, prose.tool_calls) == ("The tag <tool_call> begins a call.", ())


@pytest.mark.parametrize("content", [["a", "b"], {"rows": [1]}, [{"url": "u"}], 7, True])
def test_results_may_be_lists_and_objects(content: Any) -> None:
    talk = Conversation()
    talk.add(DIALECTS["OpenAI"][1])
    talk.add({"role": "tool", "tool_call_id": "c", "content": content})
    shown = talk.messages()[1].content
    assert shown == ("a\nb" if content == ["a", "b"] else json.dumps(content))


def test_roles_that_no_llm_sees_are_left_out() -> None:
    talk = Conversation()
    talk.add({"role": "exit", "content": "diff"})
    assert talk.messages() == ()


def test_a_result_beside_its_call_has_no_time_of_its_own() -> None:
    talk = Conversation()
    talk.add(HI, at=1.0)
    talk.add(DIALECTS["ATIF"][1], at=3.0)
    assert [message.timing and message.timing.duration_s for message in talk.messages()] == [None, 2.0, None]


def test_a_clock_that_was_put_back_measures_nothing() -> None:
    talk = Conversation()
    for item, at in zip(DIALECTS["OpenAI"], (5.0, 4.0, 6.0, 5.5), strict=True):
        talk.add(item, at=at)
    assert [message.timing is None for message in talk.messages()] == [True, True, False, True]


@pytest.mark.parametrize(
    "value", ["2026-03-01T10:00:00Z", "2026-03-01T12:00:00+02:00", "2026-03-01 10:00:00", 1772359200, 1772359200000,
              "1772359200000000000", 1772359200000000],
)  # fmt: skip
def test_times_of_every_spelling(value: Any) -> None:
    assert seconds(value) == 1772359200


@pytest.mark.parametrize(
    "value", [None, True, "", "soon", -1, float("nan"), float("inf"), 10**40, "9" * 5000, [], "2026-13-01T00:00:00Z"]
)
def test_what_is_no_time_is_none(value: Any) -> None:
    assert seconds(value) is None


TOOL = {"name": "look", "description": "d", "parameters": {"type": "object"}}


@pytest.mark.parametrize(
    "tools",
    [
        [{"type": "function", "function": TOOL}],
        [TOOL],
        json.dumps([TOOL]),
        [json.dumps(TOOL)],
        {"look": {"description": "d", "parameters": {"type": "object"}}},
        {"look": json.dumps({"description": "d", "parameters": {"type": "object"}})},
        [{"name": "look", "description": "d", "input_schema": {"type": "object"}}],
        [{"name": "look", "description": "d", "inputSchema": {"json": {"type": "object"}}}],
        [{"toolSpec": {"name": "look", "description": "d", "inputSchema": {"json": {"type": "object"}}}}],
        [{"functionDeclarations": [TOOL]}],
        [{"type": "namespace", "name": "n", "tools": [TOOL]}],
        [{"type": "function", "function": {"name": "look", "description": "d", "parameters": '{"type": "object"}'}}],
    ],
)
def test_tools_in_every_spelling(tools: Any) -> None:
    (tool,) = read_tools(tools).values()
    assert (tool.name, tool.description, dict(tool.parameters)) == ("look", "d", {"type": "object"})


def test_a_tool_of_the_providers_own_has_its_type_for_a_name() -> None:
    assert list(read_tools([{"type": "web_search_preview"}])) == ["web_search_preview"]


def test_a_call_without_a_name_says_where() -> None:
    with pytest.raises(TraceError, match=r"field calls\[0\]\.function\.name: a tool call has no tool name"):
        read_call({"function": {"arguments": "{}"}}, "calls[0]")


def test_of_several_choices_the_first_counts() -> None:
    choices = [{"message": {"role": "assistant", "content": text}} for text in ("one", "two")]
    assert [item["content"] for item in answer_items({"choices": choices})] == ["one"]


def test_messages_are_found_in_batches_and_states() -> None:
    messages = DIALECTS["LangChain"][:1]
    for held in ([messages], {"messages": [messages]}, {"values": {"messages": messages}}, json.dumps(messages)):
        assert items_in(held) == messages
