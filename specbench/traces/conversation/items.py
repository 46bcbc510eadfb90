"""One message, or one item of a list of them, in any dialect → who said it, and what it holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from specbench.core.errors import TraceError
from specbench.core.types import Role
from specbench.traces.conversation.calls import as_text, failed, first_of, identifier, read_call
from specbench.traces.conversation.events import Asked, Event, Result, Text
from specbench.traces.conversation.parts import content_events, joined_result, result_event

__all__ = ["ROLE_NAMES", "is_item", "item_events", "plain", "role_of"]

ROLE_NAMES: dict[str, Role | None] = {
    **dict.fromkeys(("system", "developer", "systemmessage", "systemmessagechunk", "instructions"), "system"),
    **dict.fromkeys(("user", "human", "humanmessage", "humanmessagechunk", "customer"), "user"),
    **dict.fromkeys(
        (
            "assistant", "ai", "aimessage", "aimessagechunk", "model", "gpt", "gemini", "bot", "chatbot", "agent",
            "function_call",
        ),
        "assistant",
    ),
    **dict.fromkeys(
        (
            "tool", "function", "toolmessage", "toolmessagechunk", "functionmessage", "observation", "tool_response",
            "toolresult", "tool_result", "ipython", "environment", "function_response", "function_output",
        ),
        "tool",
    ),
    **dict.fromkeys(("exit", "remove", "removemessage", "info", "session_meta"), None),
}  # fmt: skip
"""What each dialect calls the four roles; ``None`` for entries that the LLM never sees."""

_CONTENT = ("parts", "content", "value", "text", "contents", "message", "blocks")
_CALL_LIST = re.compile(r"(tool|function)_?(calls?|uses?|invocations?|requests?)", re.IGNORECASE)
_NOT_CALLS = frozenset({"invalid_tool_calls", "tool_call_chunks"})
_ITEM = re.compile(
    r"[a-z_]+_(call|call_output|call_result|call_response|response|output|result)|tool_use|message|reasoning"
)
_HOLDS = frozenset({
    "call_id", "name", "summary", "output", "action", "arguments", "input", "function", "result", "value", "content",
    "tool_use_id", "tool_call_id", "response", "parameters",
})  # fmt: skip
_SEEN = frozenset({"reasoning", "item_reference", "compaction", "mcp_list_tools", "ghost_snapshot"})
_ASIDE = re.compile(
    r"(meta|usage|annotat|extra|cost|score|raw|stat|provider|config|log|token|thought|think|reason|citation|attach"
    r"|additional|option|grading|source|error|safety|author|signature)",
    re.IGNORECASE,
)


def plain(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take a message out of its wrapping: LangChain's serialised objects, ``{message: {...}}``, ``{data: {...}}``."""
    if "role" in item:
        return item
    kwargs, path = item.get("kwargs"), item.get("id")
    if item.get("type") == "constructor" and isinstance(kwargs, dict) and isinstance(path, list) and path:
        return {**kwargs, "type": kwargs.get("type") or str(path[-1])}
    if isinstance(item.get("data"), dict) and isinstance(item.get("type"), str) and "content" in item["data"]:
        return {**item["data"], "type": item["type"]}
    if isinstance(item.get("message"), dict) and "role" not in item and "content" not in item and "from" not in item:
        inner: dict[str, Any] = item["message"]
        return plain(inner)
    if isinstance(item.get("info"), dict) and "role" in item["info"] and "role" not in item:  # OpenCode
        return {**item, "role": item["info"]["role"]}
    if any(isinstance(key, str) and key.startswith("message.") for key in item):  # OpenInference, not nested
        return {key.removeprefix("message."): value for key, value in item.items()}
    return item


def role_of(item: Mapping[str, Any]) -> Any:
    """Return what an item says of who said it: the first of ``role``, ``from``, ``type``, ... that is there."""
    for key in ("role", "from", "type", "sender", "author", "speaker", "source", "kind"):
        value = item.get(key)
        if isinstance(value, dict):
            value = value.get("role")
        if value is None or (key == "type" and _ITEM.fullmatch(str(value))):
            continue
        if key in ("role", "from") or str(value).lower() in ROLE_NAMES:
            return value
    return None


def is_item(item: Any) -> bool:
    """Tell whether a value looks like a message or an item of a conversation.

    Examples
    --------
    >>> is_item({"role": "user", "content": "hi"}), is_item({"type": "function_call", "name": "f"}), is_item({"x": 1})
    (True, True, False)
    """
    if not isinstance(item, dict):
        return False
    item = plain(item)
    kind = item.get("type")
    if isinstance(kind, str) and _ITEM.fullmatch(kind) and kind not in ("message",) and "role" not in item:
        return bool(item.keys() & _HOLDS)
    if not isinstance(role_of(item), str):
        if isinstance(kind, str) and kind.endswith(("Message", "Event")) and {"source", "content"} <= item.keys():
            return True
        return isinstance(item.get("parts"), list) and item.get("kind") in ("request", "response")
    return bool(item.keys() & {*_CONTENT, "tool_calls", "function_call", "toolCalls", "tool_call_id", "refusal"})


def item_events(raw: Any, place: str, literals: bool = False) -> tuple[Role | None, list[Event]]:
    """Return who said an item, and what it holds; role ``None`` for entries that the LLM never sees.

    Raises
    ------
    TraceError
        When the role, or the type of a part, is not known, or a call stands where none may be.

    Examples
    --------
    >>> item_events({"type": "ai", "content": "", "tool_calls": [{"name": "f", "args": {}, "id": "c"}]}, "messages[0]")
    ('assistant', [Asked(name='f', arguments={}, id='c', invalid=None)])
    >>> item_events({"from": "observation", "value": "ok"}, "conversations[1]")
    ('tool', [Result(content='ok', id=None, name=None, error=False, joined=False)])
    """
    if not isinstance(raw, dict):
        raise TraceError("a message is not an object", field=place, got=raw, remedy="give {role, content, ...}")
    item = plain(raw)
    said = role_of(item)
    if said is None and isinstance(item.get("type"), str):
        return _typed_item(item, place, literals)
    if said is None and item.get("kind") in ("request", "response"):  # Pydantic AI
        role: Role | None = "user" if item["kind"] == "request" else "assistant"
    else:
        role = _role(said, place)
    if role == "tool":
        return _tool_item(item, place, literals)
    events = list(_said(item, place, literals, role))
    if role != "assistant":
        for event in events:
            if isinstance(event, Asked):
                raise TraceError(
                    f"only a message of role assistant has tool_calls; this one is of role {said}",
                    field=f"{place}.tool_calls",
                    got=event.name,
                    remedy="give the message its role, or drop the field",
                )
    return role, events


def _role(said: Any, place: str) -> Role | None:
    if isinstance(said, str) and said.lower() in ROLE_NAMES:
        return ROLE_NAMES[said.lower()]
    raise TraceError(
        "the role is not known", field=f"{place}.role", got=said,
        remedy="use system, developer, user, assistant, tool or function",
    )  # fmt: skip


def _said(item: Mapping[str, Any], place: str, literals: bool, role: Role | None) -> Iterator[Event]:
    """Yield the content of a message, then the calls beside it that are not in it."""
    events: list[Event] = []
    for key in _CONTENT:
        if item.get(key) is not None and not (key == "message" and isinstance(item[key], dict)):
            events += content_events(item[key], f"{place}.{key}", literals)
            if events or key == "content":
                break
    if not events and isinstance(item.get("refusal"), str):
        events.append(Text(item["refusal"]))
    if item.get("from") == "function_call" or (item.get("role") == "function_call"):  # ShareGPT
        events = [
            read_call(each, place, literals=literals)
            for event in events
            if isinstance(event, Text)
            for each in _json_calls(event.text, place)
        ]
    found = [event for event in events if isinstance(event, Asked)]
    told = False
    for beside in _beside(item, place, literals):
        if isinstance(beside, Asked):
            told = any(_same(beside, each) for each in found)
        if not told:
            events.append(beside)
    if not events:
        _refuse_unread(item, place, role)
    yield from events


def _same(one: Asked, other: Asked) -> bool:
    """Tell whether a call in the content and one beside it are the same: some providers give both."""
    if one.id and other.id:
        return one.id == other.id
    return one.name == other.name and one.arguments == other.arguments


def _json_calls(text: str, place: str) -> list[Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise TraceError(
            "a function_call is no JSON", field=place, got=text, remedy='give {"name": ..., "arguments": {...}}'
        ) from None
    return value if isinstance(value, list) else [value]


@lru_cache(maxsize=1024)
def _lists_calls(key: str) -> bool:
    return _CALL_LIST.fullmatch(key) is not None and key not in _NOT_CALLS


def _beside(item: Mapping[str, Any], place: str, literals: bool) -> Iterator[Asked | Result]:
    """Yield calls in ``tool_calls``, ``function_call``, ``toolRequests`` ..., else those in ``additional_kwargs``."""
    done = False
    for key, value in item.items():
        if not value or not _lists_calls(key):
            continue
        where = f"{place}.{key}"
        if isinstance(value, dict):
            value = [value] if first_of(value, ("name", "function", "toolName", "id")) is not None else None
        if not isinstance(value, list):
            raise TraceError(f"{key} is not a list", field=where, got=item[key], remedy="give a list of calls")
        for index, raw in enumerate(value):
            asked = read_call(raw, where if key == "function_call" else f"{where}[{index}]", literals=literals)
            yield asked
            yield from joined_result(raw, asked, where)
        done = True
    seen = item.get("observation")  # of a step, in the Agent Trajectory Interchange Format
    for index, raw in enumerate(_list(seen.get("results")) if isinstance(seen, dict) else ()):
        if isinstance(raw, dict):
            yield result_event(raw, f"{place}.observation.results[{index}]")
    more = item.get("additional_kwargs")
    if not done and isinstance(more, dict):
        yield from _beside({key: more[key] for key in ("tool_calls", "function_call") if key in more}, place, literals)
    for index, raw in enumerate(_list(item.get("invalid_tool_calls"))):
        asked = read_call(raw, f"{place}.invalid_tool_calls[{index}]")
        text = asked.invalid if asked.invalid is not None else json.dumps(dict(asked.arguments), ensure_ascii=False)
        yield asked._replace(arguments={}, invalid=text)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _refuse_unread(item: Mapping[str, Any], place: str, role: Role | None) -> None:
    """Refuse a message that seems empty but holds something under a key that is not known."""
    known = {*_CONTENT, "role", "type", "kind", "from", "name", "id", "tools", "refusal"}
    silent = not any(key in item for key in (*_CONTENT, "refusal", "tool_calls"))
    for key, value in item.items():
        if key in known or not value or role is None or _lists_calls(key) or _ASIDE.search(key):
            continue
        if isinstance(value, (dict, list)) and (silent or _looks_like_calls(value)):
            raise TraceError(
                f"the message has neither content nor calls that are understood, but {key}",
                field=f"{place}.{key}", got=value,
                remedy="give content and tool_calls, or read the file with record_to_trace=",
            )  # fmt: skip


def _looks_like_calls(value: Any) -> bool:
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict) and bool(
        first.keys() & {"name", "tool", "toolName", "tool_name", "function"}
        and first.keys() & {"arguments", "args", "input", "parameters", "params", "function"}
    )


def _tool_item(item: Mapping[str, Any], place: str, literals: bool) -> tuple[Role | None, list[Event]]:
    for key in ("tool_calls", "function_call"):
        if item.get(key):
            raise TraceError(
                f"only a message of role assistant has {key}", field=f"{place}.{key}", got=item[key],
                remedy="give the message its role, or drop the field",
            )  # fmt: skip
    key = next((key for key in _CONTENT if item.get(key) is not None), "content")
    content = item.get(key)
    if isinstance(content, (list, dict)) and _holds_results(content):
        return "tool", list(content_events(content, f"{place}.{key}", literals))
    names = (item.get("name"), item.get("tool_name"), item.get("toolName"), item.get("function"))
    ids = first_of(item, ("tool_call_id", "toolCallId", "tool_use_id", "call_id", "tool_call_ids"))
    if isinstance(ids, list):
        ids = ids[0] if len(ids) == 1 else None
    error = item.get("error")
    if not content and isinstance(error, (str, dict)):
        content = error
    if key == "parts" and isinstance(content, list):
        content = "\n".join(event.text for event in content_events(content, place) if isinstance(event, Text))
    name = next((each for each in names if isinstance(each, str) and each), None)
    return "tool", [Result(as_text(content), identifier(ids, f"{place}.tool_call_id"), name, failed(item))]


def _holds_results(content: Any) -> bool:
    parts = content.get("parts", [content]) if isinstance(content, dict) else content
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, dict):
            kind = str(first_of(part, ("type", "part_kind", "kind")) or "")
            if re.search(r"(tool|function)[-_a-z]*(result|response|return|output)", kind):
                return True
            if any(isinstance(part.get(key), dict) for key in ("functionResponse", "function_response", "toolResult")):
                return True
    return False


def _typed_item(item: Mapping[str, Any], place: str, literals: bool) -> tuple[Role | None, list[Event]]:
    """Read an item that has a type and no role: those of OpenAI's Responses API, Codex and their like."""
    kind = str(item["type"])
    if kind in _SEEN or kind.endswith(("_approval_request", "_approval_response")):
        return None, []
    if kind.endswith(("_output", "_result", "_response", "-result")):
        return "tool", [result_event(item, place)]
    if kind.endswith("_call") or kind in ("tool_use", "tool-call"):
        made_of = None if item.get("name") or item.get("function") else kind.removesuffix("_call")
        asked = read_call(item, place, name=made_of, literals=literals)
        if kind == "custom_tool_call" and isinstance(item.get("input"), str) and not asked.invalid:
            asked = asked._replace(arguments={}, invalid=item["input"])
        events: list[Event] = [asked, *joined_result(item, asked, place)]
        return "assistant", events
    if kind.endswith("Event") and kind.startswith("ToolCall") and isinstance(item.get("content"), list):  # AutoGen
        if "Request" in kind:
            return "assistant", [read_call(raw, f"{place}.content", literals=literals) for raw in item["content"]]
        return "tool", [result_event(raw, f"{place}.content") for raw in item["content"] if isinstance(raw, dict)]
    if kind.endswith("Message") and "source" in item:
        return "assistant", list(content_events(item.get("content"), f"{place}.content", literals))
    if kind.endswith("_message") and "content" in item:  # of another agent to this one, in Codex
        return "user", list(content_events(item["content"], f"{place}.content", literals))
    raise TraceError(
        f"an item of type {kind} is not known, and may hold a call", field=place, got=item,
        remedy="give messages with a role, or read the file with record_to_trace=",
    )  # fmt: skip
