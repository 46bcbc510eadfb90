"""The protocol, held by the scripted and the paced backend, on asyncio and on trio's virtual clock."""

import anyio
import pytest
import trio
from trio.testing import MockClock

from specbench.core.errors import ConfigError
from specbench.core.types import Message, ToolCall, ToolSpec
from specbench.llm.backends.paced import PacedBackend
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.llm.base import CallStarted, End, LLMError, Request, TextDelta

ASK = Request([Message("user", "where is D1?")], {"get_order": ToolSpec("get_order")})
CALL = Message("assistant", tool_calls=(ToolCall("get_order", {"order_id": "D1"}),))


def virtually(function, *args):
    """Run on a clock that jumps: seconds cost nothing."""
    return trio.run(function, *args, clock=MockClock(autojump_threshold=0))


async def collect(backend, request=ASK):
    async with backend.stream(request) as events:
        return [event async for event in events]


@pytest.mark.parametrize("run", [anyio.run, trio.run])
def test_a_call_is_streamed_and_ends_the_message(run):
    events = run(collect, ScriptedBackend([CALL]))
    assert isinstance(events[-1], End)
    assert events[-1].message() == CALL
    assert [event.name for event in events if isinstance(event, CallStarted)] == ["get_order"]


def test_a_scripted_call_is_one_whatever_is_on_offer():
    unknown = Message("assistant", tool_calls=(ToolCall("no_such_tool", {"x": 1}),))
    assert virtually(ScriptedBackend([unknown]).complete, ASK).calls == unknown.tool_calls


def test_seconds_and_tokens_are_counted():
    backend = ScriptedBackend(["x" * 40], prefill_s=2.0, token_s=0.5)
    end = virtually(backend.complete, ASK)
    assert (end.usage.completion_tok, end.usage.prefill_s, end.usage.decode_s) == (10, 2.0, 4.5)
    assert not end.usage.cancelled
    assert (backend.usage.invocations, backend.usage.cancelled, backend.usage.completion_tok) == (1, 0, 10)


def test_leaving_early_stops_the_model_and_counts_what_it_did():
    async def two_tokens(backend):
        async with backend.stream(ASK) as events:
            async for event in events:
                if event.tok == 2:
                    break

    backend = ScriptedBackend(["x" * 40], token_s=1.0)
    virtually(two_tokens, backend)
    assert (backend.usage.cancelled, backend.usage.completion_tok, backend.usage.decode_s) == (1, 2, 1.0)


def test_a_deadline_stops_the_model():
    async def hurried(backend):
        with anyio.move_on_after(3.2):
            await backend.complete(ASK)

    backend = PacedBackend(ScriptedBackend(["x" * 400]), tokens_per_s=2)
    virtually(hurried, backend)
    assert (backend.usage.cancelled, backend.usage.completion_tok) == (1, 7)


def test_invocations_run_concurrently():
    async def both(backend):
        async with anyio.create_task_group() as group:
            group.start_soon(backend.complete, ASK)
            group.start_soon(backend.complete, ASK)
        return trio.current_time()

    async def timed():
        started = trio.current_time()
        return await both(ScriptedBackend(["x" * 40, "y" * 40], token_s=1.0)) - started

    assert virtually(timed) == 9.0


def test_a_message_that_is_too_long_is_cut():
    end = virtually(ScriptedBackend(["x" * 40]).complete, Request(ASK.messages, max_tok=3))
    assert (end.text, end.reason) == ("x" * 12, "length")


def test_a_script_that_is_over_says_so():
    with pytest.raises(LLMError, match="give the scripted backend one message for each invocation"):
        virtually(ScriptedBackend([]).complete, ASK)


def test_a_pace_is_kept_and_labelled():
    backend = PacedBackend(ScriptedBackend(["x" * 120]), tokens_per_s=30, prefill_s=0.5)
    assert backend.name == "scripted (paced, 30 tok/s after 0.5 s)"
    end = virtually(backend.complete, ASK)
    assert end.usage.prefill_s == pytest.approx(0.5)
    assert end.usage.decode_s == pytest.approx(29 / 30)


def test_a_slow_backend_is_not_made_faster():
    end = virtually(PacedBackend(ScriptedBackend(["x" * 40], token_s=1.0), tokens_per_s=30).complete, ASK)
    assert end.usage.decode_s == pytest.approx(9.0)


def test_text_is_told_as_it_comes():
    events = virtually(collect, ScriptedBackend(["Hello there."]))
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["Hell", "o th", "ere."]


@pytest.mark.parametrize("pace", [0, -1, float("nan")])
def test_an_impossible_pace_is_refused(pace):
    with pytest.raises(ConfigError, match="--pace 30"):
        PacedBackend(ScriptedBackend([]), tokens_per_s=pace)
