"""A span's attributes, by OpenTelemetry's GenAI conventions, OpenInference, OpenLLMetry or Vercel's AI SDK."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import ToolSpec
from specbench.traces.conversation.calls import first_of
from specbench.traces.conversation.spans import LLMSpan, ToolSpan
from specbench.traces.conversation.tools import read_tools
from specbench.traces.conversation.wrappers import answer_items, items_in, parsed

__all__ = ["is_genai", "nested", "span_of", "tools_in"]

_INPUTS = (
    "gen_ai.input.messages", "gen_ai.prompt", "ai.prompt.messages", "llm.input_messages",
    "gcp.vertex.agent.llm_request", "gen_ai.content.prompt", "lk.chat_ctx", "mlflow.spanInputs",
)  # fmt: skip
_OUTPUTS = (
    "gen_ai.output.messages", "gen_ai.completion", "llm.output_messages", "gcp.vertex.agent.llm_response",
    "gen_ai.content.completion", "mlflow.spanOutputs",
)  # fmt: skip
_AGENTS = ("pydantic_ai.all_messages", "all_messages_events", "all_messages")
_TOOLS = (
    "gen_ai.tool.definitions", "llm.tools", "ai.prompt.tools", "llm.request.functions", "tools", "gen_ai.request.tools",
    "model_request_parameters",
)  # fmt: skip
_MARKS = ("gen_ai.", "llm.", "openinference.", "ai.", "traceloop.", "gcp.vertex.agent.", "mlflow.")
_CHAT = frozenset({"chat", "text_completion", "generate_content", "completion", "responses", "generate", "stream"})


def is_genai(attributes: Mapping[str, Any]) -> bool:
    """Tell whether attributes follow one of the conventions."""
    return any(isinstance(key, str) and key.startswith(_MARKS) for key in attributes)


def nested(attributes: Mapping[str, Any], prefix: str) -> Any:
    """Return what stands under a dotted prefix: the value itself, or lists and objects put together again.

    Examples
    --------
    >>> nested({"llm.in.0.message.role": "user", "llm.in.0.message.content": "hi", "x": 1}, "llm.in")
    [{'message': {'role': 'user', 'content': 'hi'}}]
    """
    if attributes.get(prefix) is not None:
        return parsed(attributes[prefix])
    tree: dict[str, Any] = {}
    for key, value in attributes.items():
        if isinstance(key, str) and key.startswith(f"{prefix}."):
            steps = key[len(prefix) + 1 :].split(".")
            if len(steps) > 20:
                continue
            place = tree
            for step in steps[:-1]:
                inner = place.setdefault(step, {})
                if not isinstance(inner, dict):
                    inner = place[step] = {"": inner}
                place = inner
            place[steps[-1]] = value
    return _listed(tree) if tree else None


def _listed(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    if tree and all(key.isascii() and key.isdigit() for key in tree):
        return [_listed(tree[key]) for key in sorted(tree, key=lambda key: (len(key), key))]
    return {key: _listed(value) for key, value in tree.items()}


def span_of(
    attributes: Mapping[str, Any],
    events: Sequence[Mapping[str, Any]] = (),
    *,
    name: str,
    started: float | None,
    ended: float | None,
    place: str,
) -> LLMSpan | ToolSpan | None:
    """Return the LLM's or the tool's run that a span is about; ``None`` for any other span."""
    kinds = ("openinference.span.kind", "traceloop.span.kind", "mlflow.spanType")
    kind = str(first_of(attributes, kinds) or "").upper().strip('"').replace("CHAT_MODEL", "LLM")
    operation = str(attributes.get("gen_ai.operation.name") or "")
    tool = first_of(
        attributes, ("gen_ai.tool.name", "tool.name", "tool_call.function.name", "ai.toolCall.name", "tool_name")
    )
    if kind == "TOOL" or operation == "execute_tool" or (tool and kind in ("", "TOOL") and operation not in _CHAT):
        return _tool(attributes, str(tool or name.removeprefix("execute_tool ")), started, ended)
    items, answer = _messages(attributes, events)
    if not items and not answer:
        return None
    llm = kind in ("LLM", "") or operation in _CHAT
    whole = llm and operation not in ("invoke_agent", "create_agent") and not any(key in attributes for key in _AGENTS)
    model = first_of(
        attributes, ("gen_ai.response.model", "gen_ai.request.model", "llm.model_name", "ai.model.id", "model_name")
    )
    tools = tools_in(attributes, place)
    return LLMSpan(items, answer, started, ended, tools, model if isinstance(model, str) else None, place, whole)


def _tool(attributes: Mapping[str, Any], name: str, started: float | None, ended: float | None) -> ToolSpan:
    keys = (
        "gen_ai.tool.call.result", "gen_ai.tool.call.response", "gen_ai.tool.result", "gen_ai.tool.response",
        "tool_response", "ai.toolCall.result", "gcp.vertex.agent.tool_response", "output.value", "gen_ai.tool.output",
        "traceloop.entity.output", "mlflow.spanOutputs",
    )  # fmt: skip
    call = first_of(attributes, ("gen_ai.tool.call.id", "tool_call.id", "ai.toolCall.id", "tool.call.id"))
    output = parsed(first_of(attributes, keys))
    if isinstance(output, dict) and "content" in output and "tool_call_id" in output:  # a LangChain message
        call, output = call or output["tool_call_id"], output["content"]
    return ToolSpan(name, started, ended, call if isinstance(call, str) and call else None, output)


def _messages(attributes: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> tuple[list[Any], list[Any]]:
    items: list[Any] = []
    answer: list[Any] = []
    for key in (*_INPUTS, *_AGENTS):
        if not items and (value := nested(attributes, key)) is not None:
            items = [_opened(each) for each in items_in(value)]
    for key in _OUTPUTS:
        if not answer and (value := nested(attributes, key)) is not None:
            found = _all(value) if key == "gen_ai.output.messages" else answer_items(value)
            answer = [_opened(each) for each in found]
    if not answer:
        text, calls = attributes.get("ai.response.text"), parsed(attributes.get("ai.response.toolCalls"))
        if text or calls:
            answer = [{"role": "assistant", "content": text, "tool_calls": calls or []}]
    told = [*events, *(each for key in ("events", "gen_ai.events") for each in _dicts(parsed(attributes.get(key))))]
    if not items and not answer:
        items, answer = _from_events(told)
    kind = str(attributes.get("openinference.span.kind", "")).upper()
    if not items and kind in ("LLM", "AGENT", "CHAIN") and "input.value" in attributes:
        value = parsed(attributes["input.value"])
        items = [] if isinstance(value, str) and kind != "LLM" else items_in(value)
    if items and not answer and kind == "LLM" and "output.value" in attributes:
        answer = answer_items(attributes["output.value"])
    system = parsed(
        first_of(attributes, ("gen_ai.system_instructions", "gen_ai.system.instructions", "ai.prompt.system"))
    )
    if system and items and not (isinstance(items[0], dict) and items[0].get("role") == "system"):
        items = [{"role": "system", "content": system}, *items]
    return items, answer


def _all(value: Any) -> list[Any]:
    return (
        list(value)
        if isinstance(value, list) and all(isinstance(each, dict) for each in value)
        else answer_items(value)
    )


def _opened(item: Any) -> Any:
    """Open what OpenInference wraps: ``{message: {..., tool_calls: [{tool_call: {...}}]}}``; calls as JSON text."""
    if isinstance(item, dict) and isinstance(item.get("message"), dict) and "role" in item["message"]:
        item = item["message"]
    if isinstance(item, dict) and isinstance(item.get("tool_calls"), dict):
        item = {**item, "tool_calls": [item["tool_calls"]]}
    return item


def _dicts(value: Any) -> Iterable[Mapping[str, Any]]:
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()


def _from_events(events: Sequence[Mapping[str, Any]]) -> tuple[list[Any], list[Any]]:
    """Return the messages that are told as a span's events (``gen_ai.user.message``, ``gen_ai.choice``)."""
    items: list[Any] = []
    answer: list[Any] = []
    for event in events:
        name = str(first_of(event, ("event.name", "name")) or "")
        inner = event.get("attributes")
        body = {**(inner if isinstance(inner, dict) else event)}
        if name in ("gen_ai.client.inference.operation.details", "gen_ai.content.prompt", "gen_ai.content.completion"):
            asked, said = _messages(body, ())
            items, answer = items or asked, answer or said
        elif name == "gen_ai.choice":
            message = parsed(body.get("message", body))
            content = {"role": "assistant", "content": message} if isinstance(message, str) else message
            if isinstance(content, dict):
                answer.append({**{key: content.get(key) for key in ("content", "tool_calls")}, "role": "assistant"})
        elif name.startswith("gen_ai.") and name.endswith(".message"):
            role = name.split(".")[1]
            message = {key: parsed(body[key]) for key in ("tool_calls", "parts") if key in body}
            ids = first_of(body, ("tool_call_id", "id")) if role == "tool" else None
            items.append({"role": role, "content": body.get("content"), "tool_call_id": ids, **message})
    return items, answer


def tools_in(attributes: Mapping[str, Any], place: str) -> dict[str, ToolSpec]:
    """Return the tools that an LLM's span offers; none where they are not understood (they hold no call)."""
    for key in _TOOLS:
        value = nested(attributes, key)
        if isinstance(value, dict):
            value = first_of(value, ("function_tools", "tools", "functionDeclarations"))
        if isinstance(value, list) and value:
            entries = [parsed(each) for each in value]
            entries = [
                parsed(first_of(each, ("tool.json_schema",))) or each if isinstance(each, dict) else each
                for each in entries
            ]
            try:
                return read_tools(entries, f"{place}.{key}", strict=False)
            except TraceError:
                continue
    return {}
