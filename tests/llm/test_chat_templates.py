"""Chat templates of other families: what one cannot take is refused before anything has run."""

import copy
from dataclasses import replace

import anyio
import pytest

from specbench.core.types import Effect, Message, ToolCall, ToolSpec
from specbench.integrations.langgraph.agent import SpeculativeAgent
from specbench.llm.backends.forced import ReplayBackend
from specbench.llm.backends.transformers_local import TransformersBackend, prompt_ids
from specbench.llm.base import LLMError, Request
from specbench.runtime import Executor, Tool

SCHEMA = {"type": "object", "properties": {"id": {"type": "string"}}}
TOOLS = {"get_order": ToolSpec("get_order", "", SCHEMA), "cancel": ToolSpec("cancel", "", SCHEMA)}
NO_TOOLS = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
ONE_CALL = (
    "{% for t in tools or [] %}{{ t | tojson }}{% endfor %}{% for m in messages %}"
    "{% if m.tool_calls and m.tool_calls | length > 1 %}{{ raise_exception('one call at a time') }}{% endif %}"
    "{{ m.role }}: {{ m.content }}{% endfor %}"
)
OBJECTS_ONLY = (
    "{% for t in tools or [] %}{{ t | tojson }}{% endfor %}{% for m in messages %}{{ m.role }}: {{ m.content }}"
    "{% for c in m.tool_calls or [] %}{% for k, v in c.function.arguments | items %}{{ k }}={{ v }}{% endfor %}"
    "{% endfor %}{% endfor %}"
)
USER = Message("user", "cancel A1 and B2")
BOTH = (ToolCall("cancel", {"id": "A1"}, "c1"), ToolCall("cancel", {"id": "B2"}, "c2"))


@pytest.fixture
def with_template(micro):
    """The micro-Llama with another chat template."""

    def made(template):
        tokenizer = copy.deepcopy(micro.tokenizer)
        tokenizer.chat_template = template
        return replace(micro, tokenizer=tokenizer)

    return made


class Writes(TransformersBackend):
    """Writes a given text."""

    def __init__(self, loaded, text):
        super().__init__(loaded, strict=False)
        self.text = text

    def _forced(self, prompt, request):
        ids = self.loaded.tokenizer(self.text, add_special_tokens=False)["input_ids"]
        return [*ids, self.loaded.tokenizer.eos_token_id]


def run_agent(backend):
    done = []

    async def cancel(id):
        done.append(id)
        return "cancelled"

    async def run():
        executor = Executor([Tool(ToolSpec("cancel", "", SCHEMA, Effect.WRITE), cancel)])
        async with executor:
            return await SpeculativeAgent(backend, executor).compile().ainvoke({"messages": [("user", "go")]})

    try:
        anyio.run(run)
    except LLMError as error:
        return done, str(error)
    return done, None


def test_tools_that_a_template_would_not_show_are_refused(with_template):
    loaded = with_template(NO_TOOLS)
    with pytest.raises(LLMError, match=r"no place for tools: .* get_order, cancel; use a model that was trained"):
        prompt_ids(loaded, Request([USER], TOOLS))
    assert prompt_ids(loaded, Request([USER]))
    done, told = run_agent(Writes(loaded, '{"name": "cancel", "parameters": {"id": "A1"}}'))
    assert done == [] and "no place for tools" in told


def test_a_recorded_message_is_replayed_whatever_the_template_shows(with_template):
    said = Message("assistant", "", BOTH)
    backend = ReplayBackend(with_template(NO_TOOLS), lambda request: said)
    assert anyio.run(backend.complete, Request([USER], TOOLS)).calls == BOTH


def test_two_calls_that_a_template_cannot_take_back_do_not_run(with_template):
    text = '{"name": "cancel", "parameters": {"id": "A1"}}; {"name": "cancel", "parameters": {"id": "B2"}}'
    done, told = run_agent(Writes(with_template(ONE_CALL), text))
    assert done == []
    assert "2 calls in one message" in told and "one call at a time" in told and "none of it was run" in told


def test_broken_arguments_are_shown_as_an_object_where_a_template_wants_one(with_template):
    loaded = with_template(OBJECTS_ONLY)
    broken = Message("assistant", "", (ToolCall("cancel", {}, "c1", invalid_arguments="{oops"),))
    ids = prompt_ids(loaded, Request([USER, broken, Message("tool", "Error", tool_call_id="c1")], TOOLS))
    assert "invalid_arguments={oops" in loaded.tokenizer.decode(ids)


def test_a_message_ends_before_a_stop_text(micro):
    backend = Writes(micro, "one two three")
    end = anyio.run(backend.complete, Request([USER], stop=["th", "wo th"]))
    assert (end.text, end.reason) == ("one t", "stop")


def test_a_call_that_is_asked_for_is_made_or_its_lack_is_told(micro):
    backend = TransformersBackend(micro)
    for choice, name in (("required", None), ("cancel", "cancel")):
        (call, *_) = anyio.run(backend.complete, Request([Message("user", "hello")], TOOLS, tool_choice=choice)).calls
        assert name in (None, call.name)
    loose = Writes(micro, "Hello.")
    for choice, words in (("required", "made none"), ("cancel", "called no tool")):
        with pytest.raises(LLMError, match=words):
            anyio.run(loose.complete, Request([USER], TOOLS, tool_choice=choice))


def test_a_local_model_refuses_fields_that_only_a_server_knows(micro):
    with pytest.raises(LLMError, match="no use for top_p; leave these options out"):
        anyio.run(TransformersBackend(micro).complete, Request([USER], extra={"top_p": 0.5}))
