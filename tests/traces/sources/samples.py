"""A small file of every format, written by us, with what it holds: the readers' tests and their fuzzing use them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

T0 = "2026-03-01T10:00:"


@dataclass
class Sample:
    """The content of a file, and what it holds: traces, LLM invocations, calls, results, and measured seconds."""

    records: list[Any]
    counts: tuple[int, int, int, int]
    think_s: float = 0.0
    tool_s: float = 0.0
    whole: bool = False
    """One JSON document, ``records[0]``, instead of JSON Lines."""
    tools: frozenset[str] = field(default=frozenset())

    def encode(self, records: Any = None) -> bytes:
        """Return the file's bytes, of other records if given."""
        records = self.records if records is None else records
        if self.whole:
            return json.dumps(records[0] if records else None, indent=1).encode()
        return "".join(json.dumps(record) + "\n" for record in records).encode()


def at(second: float) -> str:
    return f"2026-03-01T10:{int(second // 60):02}:{second % 60:06.3f}Z"


TOOL = {"type": "function", "function": {"name": "look", "description": "d", "parameters": {"type": "object"}}}
HI = {"role": "user", "content": "hi"}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"x": 1}'}}
CHAT = [HI, {"role": "assistant", "content": None, "tool_calls": [CALL]}]
DONE = [{"role": "tool", "tool_call_id": "c1", "content": "found"}, {"role": "assistant", "content": "It is there."}]


def claude(kind: str, second: float, content: Any, uuid: str, **more: Any) -> dict[str, Any]:
    message = {"role": kind, "content": content, **more.pop("message", {})}
    return {
        "type": kind, "uuid": uuid, "parentUuid": None, "isSidechain": False, "sessionId": "s1", "cwd": "/repo",
        "version": "2.1", "timestamp": at(second), "message": message, **more,
    }  # fmt: skip


def use(name: str, identifier: str, **arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": identifier, "name": name, "input": arguments}


def result(identifier: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": identifier, "content": content, **more}


ONE = {"message": {"id": "m1", "model": "claude"}}
TWO = {"message": {"id": "m2", "model": "claude"}}
CLAUDE_CODE = [
    {"type": "summary", "summary": "about", "leafUuid": "x"},
    claude("user", 1, "read it", "u1"),
    claude("user", 1, "caveat", "u1m", isMeta=True),
    claude("assistant", 3, [{"type": "thinking", "thinking": "hm", "signature": "s"}], "u2", **ONE),
    claude("assistant", 4, [{"type": "text", "text": "Reading."}], "u3", **ONE),
    claude("assistant", 5, [use("Read", "t1", file_path="a.py")], "u4", **ONE),
    claude("user", 5.5, [result("t1", "1: x")], "u5"),
    claude("assistant", 6, [use("Bash", "t2", command="make")], "u6", **ONE),
    {"type": "progress", "parentToolUseID": "t2", "timestamp": at(38), "sessionId": "s1", "uuid": "p",
     "data": {"type": "bash_progress", "elapsedTimeSeconds": 2}},
    claude("user", 40, [result("t2", [{"type": "text", "text": "ok"}])], "u7"),
    claude("assistant", 41, [use("Grep", "side", pattern="x")], "u8", isSidechain=True),
    claude("assistant", 43, [use("Write", "t3", file_path="b.py")], "u9", **TWO),
    claude("user", 99, [result("t3", "The user doesn't want to proceed with this tool use.", is_error=True)], "u10"),
    claude("assistant", 101, [{"type": "text", "text": "Done."}], "u11", message={"id": "m3", "model": "claude"}),
]  # fmt: skip
"""Thinking 1–6, 40–43, 99–101; Read 5–5.5, Bash from 36 (it waited for approval) to 40, Write refused."""


def item(second: float, **payload: Any) -> dict[str, Any]:
    return {"timestamp": at(second), "type": "response_item", "payload": payload}


CODEX = [
    {"timestamp": at(0), "type": "session_meta", "payload": {"id": "r1", "cwd": "/repo", "cli_version": "1"}},
    {"timestamp": at(0), "type": "turn_context", "payload": {"model": "gpt"}},
    item(1, type="message", role="user", content=[{"type": "input_text", "text": "list"}]),
    item(2, type="reasoning", summary=[], encrypted_content="x"),
    item(3, type="message", role="assistant", content=[{"type": "output_text", "text": "Listing."}]),
    item(4, type="function_call", call_id="c1", name="shell", arguments='{"command": ["ls"]}'),
    {"timestamp": at(9), "type": "event_msg", "payload": {"type": "exec_command_begin", "call_id": "c1"}},
    item(10, type="function_call_output", call_id="c1", output='{"output": "a", "metadata": {"exit_code": 0}}'),
    item(12, type="message", role="assistant", content=[{"type": "output_text", "text": "One file."}]),
]


def event(kind: str, second: float, **data: Any) -> dict[str, Any]:
    return {"type": kind, "data": data, "id": f"e{second}", "timestamp": at(second), "parentId": None}


COPILOT = [
    event("session.start", 0, sessionId="p1", copilotVersion="1", selectedModel="gpt"),
    event("user.message", 1, content="list"),
    event("assistant.turn_start", 2, turnId="1"),
    event("assistant.message", 4, content="", toolRequests=[
        {"toolCallId": "c1", "name": "bash", "arguments": '{"command": "ls"}'}]),
    event("tool.execution_start", 6, toolCallId="c1", toolName="bash", arguments={"command": "ls"}),
    event("tool.execution_complete", 7, toolCallId="c1", success=True, result={"content": "a"}),
    event("assistant.message", 9, content="One file.", toolRequests=[]),
]  # fmt: skip

SIMULATION = {
    "id": "sim1", "task_id": "7", "trial": 0, "start_time": T0 + "00", "termination_reason": "user_stop",
    "reward_info": {"reward": 1.0},
    "messages": [
        {"role": "assistant", "content": "Hello?", "tool_calls": None, "timestamp": T0 + "00.5"},
        {"role": "user", "content": "My phone is dead", "timestamp": T0 + "01"},
        {"role": "assistant", "content": None, "timestamp": T0 + "03",
         "tool_calls": [{"id": "a", "name": "look", "arguments": {"x": 1}, "requestor": "assistant"}]},
        {"role": "tool", "id": "a", "content": "{}", "requestor": "assistant", "error": False,
         "timestamp": T0 + "03.25"},
        {"role": "assistant", "content": "Restart it.", "tool_calls": None, "timestamp": T0 + "05"},
        {"role": "user", "content": None, "timestamp": T0 + "06",
         "tool_calls": [{"id": "u", "name": "restart", "arguments": {}, "requestor": "user"}]},
        {"role": "tool", "id": "u", "content": "on", "requestor": "user", "timestamp": T0 + "07"},
        {"role": "user", "content": "It works", "timestamp": T0 + "08"},
        {"role": "assistant", "content": "Good.", "tool_calls": [], "timestamp": T0 + "09"},
    ],
}  # fmt: skip
TAU2 = {
    "timestamp": T0 + "00", "tasks": [],
    "info": {"agent_info": {"llm": "gpt"}, "environment_info": {"domain_name": "telecom", "tool_defs": [TOOL]}},
    "simulations": [SIMULATION],
}  # fmt: skip

MINI = {
    "trajectory_format": "mini-swe-agent-1.1", "instance_id": "i-1",
    "info": {"mini_version": "2", "exit_status": "Submitted", "config": {"model": {"model_name": "m"}},
             "model_stats": {"instance_cost": 0.1, "api_calls": 2}},
    "messages": [
        {"role": "system", "content": "s"}, {"role": "user", "content": "fix"},
        {"role": "assistant", "content": "", "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "bash", "arguments": '{"command": "ls"}'}}],
         "extra": {"timestamp": 1772359200.0, "actions": [{"command": "ls"}]}},
        {"role": "tool", "tool_call_id": "c1", "content": "a", "extra": {"timestamp": 1772359200.5}},
        {"role": "assistant", "content": "", "tool_calls": [
            {"id": "c2", "type": "function", "function": {"name": "bash", "arguments": '{"command": "submit"}'}}],
         "extra": {"timestamp": 1772359202.0}},
        {"role": "exit", "content": "diff", "extra": {"exit_status": "Submitted"}},
    ],
}  # fmt: skip

SWE = {
    "environment": "swe_main", "info": {"exit_status": "submitted"},
    "history": [{"role": "system", "content": "s"}, {"role": "user", "content": "fix"},
                {"role": "assistant", "content": "Open it", "action": "open a.py 7"}],
    "trajectory": [
        {"thought": "Open it", "action": "open a.py 7\n", "observation": "1: x", "response": "r", "state": "{}",
         "execution_time": 0.5},
        {"thought": "", "action": "submit", "observation": "", "response": "r", "state": "{}", "execution_time": 0.25},
    ],
}  # fmt: skip

INSPECT = {
    "version": 2, "status": "success", "eval": {"task": "guess", "model": "gpt", "task_id": "x"}, "plan": {},
    "samples": [{
        "id": 1, "epoch": 1, "input": "go", "target": "42", "scores": {"match": {"value": "C"}},
        "attachments": {"abc": "a long text"},
        "messages": [
            {"id": "m0", "role": "user", "content": "attachment://abc", "source": "input"},
            {"id": "m1", "role": "assistant", "content": [{"type": "reasoning", "reasoning": "hm"}],
             "tool_calls": [{"id": "c1", "function": "bash", "arguments": {"cmd": "ls"}, "type": "function"}]},
            {"id": "m2", "role": "tool", "tool_call_id": "c1", "function": "bash", "content": "",
             "error": {"type": "timeout", "message": "too slow"}},
            {"id": "m3", "role": "assistant", "content": "42"},
        ],
        "events": [
            {"event": "model", "timestamp": at(1), "completed": at(3), "tools": [{"name": "bash", "parameters": {}}],
             "output": {"choices": [{"message": {"id": "m1"}}]}},
            {"event": "tool", "id": "c1", "function": "bash", "timestamp": at(3), "completed": at(7)},
            {"event": "model", "timestamp": at(7), "completed": at(8),
             "output": {"choices": [{"message": {"id": "m3"}}]}},
        ],
    }],
}  # fmt: skip

HANDS = [
    {"id": 0, "timestamp": T0 + "00", "source": "agent", "action": "system", "args": {"content": "s", "tools": [TOOL]}},
    {"id": 1, "timestamp": T0 + "01", "source": "user", "action": "message", "args": {"content": "list"}},
    {"id": 2, "timestamp": T0 + "01", "source": "environment", "action": "recall", "args": {"query": "list"}},
    {"id": 3, "timestamp": T0 + "03", "source": "agent", "action": "run", "args": {"command": "ls", "thought": "So:"},
     "tool_call_metadata": {"function_name": "execute_bash", "tool_call_id": "c1"}},
    {"id": 4, "timestamp": T0 + "04", "source": "agent", "observation": "run", "content": "a", "cause": 3,
     "extras": {"exit_code": 0}, "tool_call_metadata": {"function_name": "execute_bash", "tool_call_id": "c1"}},
    {"id": 5, "timestamp": T0 + "05", "source": "environment", "observation": "agent_state_changed", "content": ""},
    {"id": 6, "timestamp": T0 + "06", "source": "agent", "action": "message", "args": {"content": "One file."}},
]  # fmt: skip

ADK = {
    "id": "session1", "app_name": "shop", "user_id": "u", "last_update_time": 2.0,
    "events": [
        {"author": "user", "invocation_id": "i", "id": "a", "timestamp": 1.0,
         "content": {"role": "user", "parts": [{"text": "buy"}]}},
        {"author": "agent", "invocation_id": "i", "id": "b", "timestamp": 1.1, "content": {"role": "model", "parts": [
            {"text": "Looking.", "function_call": None},
            {"function_call": {"id": "f1", "name": "search", "args": {"q": "x"}}}]}},
        {"author": "agent", "invocation_id": "i", "id": "c", "timestamp": 1.5, "content": {"role": "user", "parts": [
            {"function_response": {"id": "f1", "name": "search", "response": {"result": "found"}}}]}},
        {"author": "agent", "invocation_id": "i", "id": "d", "timestamp": 1.6,
         "content": {"role": "model", "parts": [{"text": "Here."}]}},
    ],
}  # fmt: skip

DOJO = {
    "suite_name": "banking", "pipeline_name": "gpt", "user_task_id": "user_task_0", "injection_task_id": None,
    "attack_type": None, "utility": True, "security": True, "duration": 3.5,
    "messages": [
        {"role": "system", "content": [{"type": "text", "content": "s"}]},
        {"role": "user", "content": [{"type": "text", "content": "pay"}]},
        {"role": "assistant", "content": None, "tool_calls": [
            {"function": "read_file", "args": {"path": "bill.txt"}, "id": "c1", "placeholder_args": None}]},
        {"role": "tool", "content": [{"type": "text", "content": "bill"}], "tool_call_id": "c1", "error": None,
         "tool_call": {"function": "read_file", "args": {"path": "bill.txt"}, "id": "c1", "placeholder_args": None}},
        {"role": "assistant", "content": [{"type": "text", "content": "Paid."}], "tool_calls": []},
    ],
}  # fmt: skip

GEMINI = {
    "model": "gemini", "systemInstruction": {"parts": [{"text": "be kind"}]},
    "tools": [{"functionDeclarations": [{"name": "look", "parameters": {"type": "OBJECT"}}]}],
    "contents": [
        {"role": "user", "parts": [{"text": "hi"}, {"inlineData": {"mimeType": "image/png", "data": "AA"}}]},
        {"role": "model", "parts": [
            {"text": "thinking", "thought": True}, {"functionCall": {"name": "look", "args": {"x": 1}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "look", "response": {"output": "found"}}}]},
    ],
    "response": {"candidates": [{"content": {"role": "model", "parts": [{"text": "It is there."}]}}]},
}  # fmt: skip

SHAREGPT = {
    "tools": json.dumps([{"name": "look", "description": "d", "parameters": {"type": "object"}}]),
    "conversations": [
        {"from": "human", "value": "hi"},
        {"from": "function_call", "value": '{"name": "look", "arguments": {"x": 1}}'},
        {"from": "observation", "value": "found"},
        {"from": "gpt", "value": "It is there."},
    ],
}
HERMES = {
    "conversations": [
        {"from": "system", "value": 'Use <tools>[{"name": "look", "parameters": {}}]</tools>'},
        {"from": "human", "value": "hi"},
        {"from": "gpt", "value": '<tool_call>\n{"name": "look", "arguments": {"x": 1}}\n</tool_call>'},
        {"from": "tool", "value": '<tool_response>\n{"name": "look", "content": "found"}\n</tool_response>'},
        {"from": "gpt", "value": "It is there."},
    ]
}

ANTHROPIC = {
    "model": "claude", "system": "be kind", "tools": [{"name": "look", "input_schema": {"type": "object"}}],
    "messages": [
        HI,
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "So:"},
                                          use("look", "t1", x=1), use("look", "t2", x=2)]},
        {"role": "user", "content": [result("t1", "a"), result("t2", [{"type": "text", "text": "b"}], is_error=True),
                                     {"type": "text", "text": "go on"}]},
    ],
    "response": {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Done."}]},
}  # fmt: skip

RESPONSES = {
    "instructions": "be kind",
    "tools": [{"type": "function", "name": "look", "parameters": {}}, {"type": "web_search"}],
    "input": [
        HI, {"type": "reasoning", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "So:"}]},
        {"type": "function_call", "call_id": "c1", "name": "look", "arguments": '{"x": 1}'},
        {"type": "function_call", "call_id": "c2", "name": "look", "arguments": '{"x": 2}'},
        {"type": "function_call_output", "call_id": "c1", "output": "a"},
        {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "b"}]},
    ],
    "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Done."}]}],
    "object": "response", "model": "gpt", "id": "resp", "created_at": 1772359200, "completed_at": 1772359203,
}  # fmt: skip

LANGCHAIN = {
    "values": {"messages": [
        {"type": "human", "content": "hi", "additional_kwargs": {}},
        {"type": "ai", "content": [{"type": "tool_use", "id": "t1", "name": "look", "input": {"x": 1}}],
         "tool_calls": [{"name": "look", "args": {"x": 1}, "id": "t1", "type": "tool_call"}],
         "response_metadata": {"model_name": "gpt"}},
        {"type": "tool", "content": "found", "tool_call_id": "t1", "name": "look", "status": "success"},
        {"lc": 1, "type": "constructor", "id": ["langchain", "schema", "messages", "AIMessage"],
         "kwargs": {"content": "It is there.", "additional_kwargs": {}}},
    ]},
}  # fmt: skip


def observation(kind: str, name: str, start: float, end: float, **more: Any) -> dict[str, Any]:
    return {"id": f"{kind}{start}", "traceId": "tr", "type": kind, "name": name, "startTime": at(start),
            "endTime": at(end), "parentObservationId": None, **more}  # fmt: skip


LANGFUSE = {
    "trace": {"id": "tr", "name": "agent", "sessionId": "s"},
    "observations": [
        observation("GENERATION", "llm", 1, 3, model="gpt", input=json.dumps({"messages": [HI], "tools": [TOOL]}),
                    output=json.dumps(CHAT[1])),
        observation("TOOL", "look", 3, 7, input={"x": 1}, output="found"),
        observation("GENERATION", "llm", 7, 8, model="gpt", input=[*CHAT, DONE[0]], output=DONE[1]),
        observation("SPAN", "agent", 0, 9, input="hi", output="It is there."),
    ],
}  # fmt: skip

LANGSMITH = [
    {"id": "r0", "trace_id": "r0", "run_type": "chain", "name": "agent", "start_time": T0 + "00", "end_time": T0 + "09",
     "inputs": {"messages": [{"role": "user", "content": "hi"}]}, "outputs": {}},
    {"id": "r1", "trace_id": "r0", "parent_run_id": "r0", "run_type": "llm",
     "start_time": T0 + "01", "end_time": T0 + "03",
     "inputs": {"messages": [[LANGCHAIN["values"]["messages"][0]]]},  # type: ignore[index]
     "outputs": {"generations": [[{"text": "", "message": LANGCHAIN["values"]["messages"][1]}]]},  # type: ignore[index]
     "extra": {"metadata": {"ls_model_name": "gpt"}, "invocation_params": {"tools": [TOOL]}}},
    {"id": "r2", "trace_id": "r0", "parent_run_id": "r0", "run_type": "tool", "name": "look", "start_time": T0 + "03",
     "end_time": T0 + "07", "inputs": {"input": "{'x': 1}"},
     "outputs": {"output": {"type": "tool", "content": "found", "tool_call_id": "t1"}}},
    {"id": "r3", "trace_id": "r0", "parent_run_id": "r0", "run_type": "llm",
     "start_time": T0 + "07", "end_time": T0 + "08",
     "inputs": {"messages": [LANGCHAIN["values"]["messages"][:3]]},  # type: ignore[index]
     "outputs": {"generations": [[{"message": LANGCHAIN["values"]["messages"][3]}]]}},  # type: ignore[index]
]  # fmt: skip


def span(name: str, start: int, end: int, **attributes: Any) -> dict[str, Any]:
    listed = [{"key": key.replace("__", "."), "value": {"stringValue": value}} for key, value in attributes.items()]
    return {"traceId": "tr", "spanId": f"{name}{start}", "name": name, "attributes": listed,
            "startTimeUnixNano": f"{1772359200 + start}000000000",
            "endTimeUnixNano": f"{1772359200 + end}000000000"}  # fmt: skip


OTEL_IN = [{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]
OTEL_CALL = [{"role": "assistant", "finish_reason": "tool_call",
              "parts": [{"type": "tool_call", "id": "c1", "name": "look", "arguments": {"x": 1}}]}]  # fmt: skip
OTEL_RESULT = [{"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "found"}]}]
OTEL_END = [{"role": "assistant", "parts": [{"type": "text", "content": "It is there."}]}]
OTEL = {"resourceSpans": [{
    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "agent"}}]},
    "scopeSpans": [{"spans": [
        span("chat gpt", 1, 3, gen_ai__operation__name="chat", gen_ai__request__model="gpt",
             gen_ai__tool__definitions=json.dumps([TOOL]), gen_ai__input__messages=json.dumps(OTEL_IN),
             gen_ai__output__messages=json.dumps(OTEL_CALL)),
        span("execute_tool look", 3, 7, gen_ai__operation__name="execute_tool", gen_ai__tool__name="look"),
        span("chat gpt", 7, 8, gen_ai__operation__name="chat",
             gen_ai__input__messages=json.dumps(OTEL_IN + OTEL_CALL + OTEL_RESULT),
             gen_ai__output__messages=json.dumps(OTEL_END)),
    ]}],
}]}  # fmt: skip

SPECBENCH = {
    "specbench": 1, "trace_id": "t", "task_id": "a", "source": "s", "agent": "x", "metadata": {"n": 1},
    "tools": [{"name": "f", "description": "d", "parameters": {"type": "object"}, "effect": "read"}],
    "messages": [
        {"role": "assistant", "tool_calls": [{"id": "c", "name": "f", "arguments": {"x": 1}}]},
        {"role": "tool", "content": "r", "tool_call_id": "c", "name": "f", "error": True, "timing": [0, 1]},
    ],
}  # fmt: skip
TAU_BENCH = [{
    "task_id": 1, "reward": 1.0, "trial": 0,
    "traj": [
        {"role": "system", "content": "# Retail agent policy"},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "c", "function": {"name": "get_order_details", "arguments": "{'a': 1}"}}]},
        {"role": "tool", "tool_call_id": "c", "name": "get_order_details", "content": "{}"},
    ],
}]  # fmt: skip
SGD = [{
    "dialogue_id": "1", "services": ["S"],
    "turns": [
        {"speaker": "USER", "utterance": "u", "frames": []},
        {"speaker": "SYSTEM", "utterance": "s", "frames": [
            {"service": "S", "service_call": {"method": "M", "parameters": {"a": "1"}}, "service_results": [{}]}]},
    ],
}]  # fmt: skip
OPENAI_CHAT = {
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {"x": 1}}}]},
        {"role": "function", "name": "f", "content": "r"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}, "effect": "read"}],
    "metadata": {"task_id": 1},
}
SNAPSHOTS = [
    {"config": {"configurable": {"thread_id": "th"}}, "created_at": at(second), "next": [],
     "values": {"messages": LANGCHAIN["values"]["messages"][:count]}}
    for second, count in ((8, 4), (7, 3), (3, 2), (1, 1))
]  # fmt: skip
"""As ``get_state_history`` gives them: the newest first."""
LINES = [
    {"type": "session_start", "id": "x"},
    {"timestamp": at(1), "message": HI},
    {"timestamp": at(3), "message": {"role": "assistant", "content": [use("look", "t1", x=1)]}},
    {"timestamp": at(7), "message": {"role": "user", "content": [result("t1", "found")]}},
    {"timestamp": at(8), "message": {"role": "assistant", "content": [{"type": "text", "text": "It is there."}]}},
]
LOOK = frozenset({"look"})

SAMPLES: dict[str, Sample] = {
    "specbench_jsonl": Sample([SPECBENCH], (1, 1, 1, 1), tool_s=1.0, tools=frozenset({"f"})),
    "tau_bench": Sample([TAU_BENCH], (1, 1, 1, 1), whole=True),
    "sgd": Sample([SGD], (1, 2, 1, 1), whole=True, tools=frozenset({"S__M"})),
    "openai_chat": Sample([OPENAI_CHAT], (1, 1, 1, 1), tools=frozenset({"f"})),
    "anthropic_messages": Sample([ANTHROPIC], (1, 2, 2, 2), tools=LOOK),
    "openai_responses": Sample([RESPONSES], (1, 2, 2, 2), think_s=3.0, tools=frozenset({"look", "web_search"})),
    "gemini": Sample([GEMINI], (1, 2, 1, 1), tools=LOOK),
    "langchain": Sample([LANGCHAIN], (1, 2, 1, 1), whole=True),
    "langgraph": Sample([SNAPSHOTS], (1, 2, 1, 1), think_s=3.0, tool_s=4.0, whole=True),
    "message_lines": Sample(LINES, (1, 2, 1, 1), think_s=3.0, tool_s=4.0),
    "sharegpt": Sample([[SHAREGPT, HERMES]], (2, 4, 2, 2), whole=True, tools=LOOK),
    "claude_code": Sample(CLAUDE_CODE, (1, 3, 3, 3), think_s=10.0, tool_s=4.5),
    "codex": Sample(CODEX, (1, 2, 1, 1), think_s=5.0, tool_s=1.0),
    "copilot": Sample(COPILOT, (1, 2, 1, 1), think_s=4.0, tool_s=1.0),
    "tau2": Sample([TAU2], (1, 4, 1, 1), think_s=5.25, tool_s=0.25, whole=True, tools=LOOK),
    "mini_swe_agent": Sample([MINI], (1, 2, 2, 1), think_s=1.5, tool_s=0.5, whole=True),
    "swe_agent": Sample([SWE], (1, 2, 2, 2), tool_s=0.75, whole=True),
    "inspect_ai": Sample([INSPECT], (1, 2, 1, 1), think_s=3.0, tool_s=4.0, whole=True, tools=frozenset({"bash"})),
    "openhands": Sample([HANDS], (1, 2, 1, 1), think_s=4.0, tool_s=1.0, whole=True, tools=LOOK),
    "google_adk": Sample([ADK], (1, 2, 1, 1), whole=True),
    "agentdojo": Sample([DOJO], (1, 2, 1, 1), whole=True),
    "langfuse": Sample([LANGFUSE], (1, 2, 1, 1), think_s=3.0, tool_s=4.0, whole=True, tools=LOOK),
    "langsmith": Sample(LANGSMITH, (1, 2, 1, 1), think_s=3.0, tool_s=4.0, tools=LOOK),
    "opentelemetry": Sample([OTEL], (1, 2, 1, 1), think_s=3.0, tool_s=4.0, whole=True, tools=LOOK),
}
"""Every format but Parquet, which is no text."""

SGD_SCHEMA = [
    {
        "service_name": "S",
        "slots": [{"name": "a", "description": "", "is_categorical": False, "possible_values": []}],
        "intents": [{"name": "M", "is_transactional": False, "required_slots": ["a"], "optional_slots": {}}],
    }
]
