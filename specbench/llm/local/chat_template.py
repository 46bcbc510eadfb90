"""Conversations in a model's own chat template, and what a template cannot take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cachetools import LRUCache

from specbench.core.text import writable
from specbench.core.types import Message, ToolCall, ToolSpec
from specbench.llm.base import LLMError, Request
from specbench.llm.chat_format import chat_messages, chat_tools
from specbench.llm.local.loading import LoadedModel

__all__ = ["check_answer", "check_tools", "prompt_text"]

_TAKES_TOOLS: LRUCache[str, bool] = LRUCache(64)
_PROBE = ToolSpec("look_up_the_weather", "The weather.", {"type": "object", "properties": {"town": {"type": "string"}}})


def prompt_text(loaded: LoadedModel, request: Request) -> str:
    """The prompt of a request as the model's chat template writes it.

    Raises
    ------
    LLMError
        When the template refuses the conversation.
    """
    try:
        return writable(_rendered(loaded, request.messages, request))
    except Exception as error:  # a template is a program of the model's author and raises what it likes
        raise LLMError(f"the chat template of {loaded.name} refuses this conversation: {error}") from error


def check_tools(loaded: LoadedModel, request: Request) -> None:
    """Raise where tools are on offer and the chat template does not tell the model of them.

    Raises
    ------
    LLMError
        Then.
    """
    if not request.tools:
        return
    template = str(loaded.tokenizer.chat_template)
    if template not in _TAKES_TOOLS:
        probe = Request([Message("user", "Hello.")], {_PROBE.name: _PROBE})
        try:
            _TAKES_TOOLS[template] = _PROBE.name in _rendered(loaded, probe.messages, probe)
        except Exception:  # it wants another conversation; the real one will tell
            _TAKES_TOOLS[template] = True
    if not _TAKES_TOOLS[template]:
        raise LLMError(
            f"the chat template of {loaded.name} has no place for tools: the model would not know of "
            f"{', '.join(request.tools)}; use a model that was trained to call tools, or give the tokenizer a "
            "chat_template with tools"
        )


def check_answer(loaded: LoadedModel, request: Request, text: str, calls: Sequence[ToolCall]) -> None:
    """Raise where the model has decided something that its chat template cannot take back, before any of it runs.

    Raises
    ------
    LLMError
        When the template refuses several calls in one message, or a call with broken arguments.
    """
    if len(calls) < 2 and all(call.invalid_arguments is None for call in calls):
        return
    numbered = [ToolCall(call.name, call.arguments, f"c{at}", call.invalid_arguments) for at, call in enumerate(calls)]
    results = [Message("tool", "ok", tool_call_id=call.id, name=call.name) for call in numbered]
    after = [*request.messages, Message("assistant", text, tuple(numbered)), *results]
    try:
        _rendered(loaded, after, request)
    except Exception as error:
        what = f"{len(calls)} calls in one message" if len(calls) > 1 else "a call whose arguments are no JSON object"
        raise LLMError(
            f"the model decided on {what}, and the chat template of {loaded.name} cannot take that back ({error}); "
            "none of it was run. Use a model whose template can"
        ) from error


def _rendered(loaded: LoadedModel, messages: Sequence[Message], request: Request) -> str:
    """The text of a conversation; broken arguments as an object where the template takes no text there."""
    options: dict[str, Any] = {"tools": chat_tools(request.tools) or None, "add_generation_prompt": True}
    broken = any(call.invalid_arguments is not None for each in messages for call in each.tool_calls)
    plain = chat_messages(messages, arguments_as_text=False)
    try:
        return str(loaded.tokenizer.apply_chat_template(plain, tokenize=False, **options))
    except Exception:
        if not broken:
            raise
    objects = chat_messages([_with_objects(each) for each in messages], arguments_as_text=False)
    return str(loaded.tokenizer.apply_chat_template(objects, tokenize=False, **options))


def _with_objects(message: Message) -> Message:
    """The message with broken arguments as the one argument of their call."""
    calls = tuple(
        call
        if call.invalid_arguments is None
        else ToolCall(call.name, {"invalid_arguments": call.invalid_arguments}, call.id)
        for call in message.tool_calls
    )
    return message if calls == message.tool_calls else Message(message.role, message.content, calls)
