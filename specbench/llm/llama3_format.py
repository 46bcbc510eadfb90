"""How a conversation becomes text for the micro-Llama: the Llama-3 chat format, with tools in the prompt.

The same format twice: as the chat template that ships with the tokenizer, and in Python, which also knows which parts
the model is to learn. A test holds them equal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from specbench.core.types import Message, ToolCall, ToolSpec

__all__ = [
    "BEGIN",
    "CHAT_TEMPLATE",
    "END",
    "PAD",
    "PYTHON_TAG",
    "SPECIAL_TOKENS",
    "Segment",
    "message_text",
    "segments",
]

BEGIN, END, PAD, PYTHON_TAG = "<|begin_of_text|>", "<|eot_id|>", "<|end_of_text|>", "<|python_tag|>"
_OPEN, _CLOSE = "<|start_header_id|>", "<|end_header_id|>"
SPECIAL_TOKENS = (PAD, BEGIN, END, _OPEN, _CLOSE, PYTHON_TAG)

CHAT_TEMPLATE = """{{- bos_token -}}
{%- if messages and messages[0].role == 'system' -%}
  {%- set system = (messages[0].content or '') | trim -%}{%- set rest = messages[1:] -%}
{%- else -%}
  {%- set system = '' -%}{%- set rest = messages -%}
{%- endif -%}
{%- if system or tools -%}
  {{- '<|start_header_id|>system<|end_header_id|>\\n\\n' ~ system -}}
  {%- if tools -%}
    {{- ('\\n\\n' if system else '') ~ 'Tools:' -}}
    {%- for tool in tools -%}
      {%- set function = tool.function if tool.function is defined else tool -%}
      {%- set names = (function.parameters or {}).get('properties', {}).keys() | join(', ') -%}
      {{- '\\n' ~ function.name ~ '(' ~ names ~ ')' -}}
    {%- endfor -%}
  {%- endif -%}
  {{- '<|eot_id|>' -}}
{%- endif -%}
{%- for message in rest -%}
  {%- set role = 'ipython' if message.role == 'tool' else message.role -%}
  {{- '<|start_header_id|>' ~ role ~ '<|end_header_id|>\\n\\n' ~ (message.content or '') | trim -}}
  {%- if message.tool_calls -%}
    {{- '<|python_tag|>' if (message.content or '') | trim else '' -}}
    {%- for call in message.tool_calls -%}
      {%- set function = call.function if call.function is defined else call -%}
      {{- '; ' if not loop.first else '' -}}
      {{- '{"name": ' ~ function.name | tojson ~ ', "parameters": ' -}}
      {{- function.arguments if function.arguments is string else function.arguments | tojson -}}
      {{- '}' -}}
    {%- endfor -%}
  {%- endif -%}
  {{- '<|eot_id|>' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
  {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
{%- endif -%}
"""
"""The format as a Jinja template, as ``tokenizer.apply_chat_template`` takes it."""


class Segment(NamedTuple):
    """A piece of a conversation's text; ``learned`` when the assistant writes it."""

    text: str
    learned: bool


def message_text(message: Message) -> str:
    """What an assistant writes for a message: its words, then its calls in Llama-3 JSON.

    Examples
    --------
    >>> message_text(Message("assistant", tool_calls=(ToolCall("get_order", {"order_id": "D48213"}),)))
    '{"name": "get_order", "parameters": {"order_id": "D48213"}}'
    """
    text = message.content.strip()
    if not message.tool_calls:
        return text
    calls = [f'{{"name": {_json(call.name)}, "parameters": {_arguments(call)}}}' for call in message.tool_calls]
    return text + (PYTHON_TAG if text else "") + "; ".join(calls)


def _arguments(call: ToolCall) -> str:
    return call.invalid_arguments if call.invalid_arguments is not None else _json(dict(call.arguments))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def segments(messages: Iterable[Message], tools: Mapping[str, ToolSpec]) -> Iterator[Segment]:
    """Yield the text of a conversation in pieces; the assistant's own words, with their end, are learned.

    Examples
    --------
    >>> talk = [Message("user", "hi"), Message("assistant", "hello")]
    >>> [piece.text for piece in segments(talk, {}) if piece.learned]
    ['hello<|eot_id|>']
    """
    rest = list(messages)
    system = rest.pop(0).content.strip() if rest and rest[0].role == "system" else ""
    head = BEGIN
    if system or tools:
        lines = [f"{tool.name}({', '.join(tool.properties)})" for tool in tools.values()]
        listed = "\n".join(["Tools:", *lines]) if tools else ""
        between = "\n\n" if system and tools else ""
        head += f"{_OPEN}system{_CLOSE}\n\n{system}{between}{listed}{END}"
    yield Segment(head, False)
    for message in rest:
        role = "ipython" if message.role == "tool" else message.role
        yield Segment(f"{_OPEN}{role}{_CLOSE}\n\n", False)
        yield Segment(message_text(message) + END, message.role == "assistant")
