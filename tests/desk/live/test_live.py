"""Live runs: a model that decides, tools that wait, and nothing lost; on a clock that jumps."""

import json
import uuid
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from specbench.core.types import Message, ToolCall
from specbench.desk.live.comparison import compare_live, scripted_talks
from specbench.desk.live.record import live_record, live_text
from specbench.desk.live.recorded_traces import Recorded, replay_live
from specbench.desk.live.simulated import simulate_live, simulate_recorded
from specbench.desk.people.conversations import generate
from specbench.desk.world.tools import DeskLatency
from specbench.llm.backends.paced import PacedBackend
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.llm.base import ContextError, End, EventStream
from specbench.policies import Never, Threshold, TopK
from specbench.predictors import make_predictor
from specbench.predictors.llm_draft import LLMDraftPredictor
from specbench.sim.latency.models import Constant
from specbench.speculation import Options, RunAhead
from specbench.testing.clock import BACKENDS, run_virtual

TALKS = scripted_talks(3)


def recorded_answers(talks):
    """Says what the deterministic agent said; ids of calls aside, the conversation so far tells which."""

    def key(messages):
        return json.dumps([(m.role, m.content, [call.key for call in m.tool_calls]) for m in messages])

    known = {key(d.point.messages): (talk, d) for talk in talks for d in talk.decisions()}

    def answer(request):
        talk, decision = known[key(request.messages)]
        said = talk.messages[len(decision.point.messages)]
        return Message("assistant", said.content, said.tool_calls)

    return answer


def compare(backend, predictor, policy, options=None, talks=TALKS, run_on="trio"):
    async def run():
        latency = DeskLatency(sigma=0.1)
        return await compare_live(backend, predictor, policy, talks, latency=latency, options=options)

    return run_virtual(run, backend=run_on)


@pytest.fixture(scope="module")
def markov():
    return make_predictor("markov").fit(scripted_talks(40, seed=2))


@pytest.mark.parametrize("run_on", BACKENDS)
def test_a_conversation_that_outgrows_the_context_ends_and_the_others_go_on(markov, run_on):
    say = recorded_answers(TALKS)

    def short(request):
        if request.messages[1] == TALKS[1].messages[1] and len(request.messages) > 5:
            raise ContextError("the conversation is longer than the context")
        return say(request)

    found = compare(PacedBackend(ScriptedBackend(short), tokens_per_s=30), markov, TopK(1), run_on=run_on)
    assert found.sequential.cut == found.speculative.cut == [1]
    assert found.lossless and live_record(found)["cut"] == [1]
    lengths = [len(messages) for messages in found.sequential.messages]
    assert lengths == [len(TALKS[0].messages), 6, len(TALKS[2].messages)]


@pytest.mark.parametrize("run_on", BACKENDS)
@pytest.mark.parametrize("options", [None, Options(run_ahead=RunAhead(p=0.0), carry_ttl_s=60)])
def test_speculation_changes_nothing_but_time(markov, run_on, options):
    backend = PacedBackend(ScriptedBackend(recorded_answers(TALKS)), tokens_per_s=30, prefill_s=0.3)
    found = compare(backend, markov, TopK(1), options, run_on=run_on)
    assert found.lossless and found.differences == []
    assert found.backend == "scripted (paced, 30 tok/s after 0.3 s)"
    assert [[m.content for m in messages] for messages in found.sequential.messages] == [
        [m.content for m in talk.messages] for talk in TALKS
    ]
    assert 0 < found.saved_share < 1
    assert found.speculative.ledger.speculations and not found.sequential.ledger.speculations


def test_a_perfect_draft_hides_much_of_the_tools(markov):
    drafting = LLMDraftPredictor(ScriptedBackend(recorded_answers(TALKS)), points=0).fit([])
    backend = PacedBackend(ScriptedBackend(recorded_answers(TALKS)), tokens_per_s=30, prefill_s=0.5)
    found = compare(backend, drafting, Threshold(0.4))
    assert found.lossless
    assert found.saved_share > compare(backend, markov, Threshold(0.9)).saved_share


def test_a_model_that_goes_round_in_circles_is_stopped(markov):
    backend = ScriptedBackend(lambda request: '<tool_call>{"name": "no_such_tool"}</tool_call>')
    found = compare(backend, markov, TopK(1), talks=TALKS[:1])
    assert found.lossless
    users = sum(message.role == "user" for message in TALKS[0].messages)
    assert len(found.sequential.ledger.outcomes) == 10 * users
    assert "no_such_tool" in found.sequential.messages[0][3].content


def test_the_simulator_agrees_with_the_live_run(markov):
    latency, policy = DeskLatency(sigma=0.1), TopK(1)
    backend = PacedBackend(ScriptedBackend(recorded_answers(TALKS)), tokens_per_s=30, prefill_s=0.3)

    async def run():
        return await compare_live(backend, markov, policy, TALKS, latency=latency, early=False)

    found = run_virtual(run)
    simulated = simulate_live(found, markov, policy, latency)
    record = live_record(found, simulated)
    assert abs(record["simulated"]["error"]) < 0.05
    assert "from the measured seconds" in live_text(record)
    assert len(simulated.outcomes) == len(found.speculative.ledger.outcomes)


def test_the_simulator_agrees_with_recorded_traces_run_live(markov):
    traces, latency, options = list(generate(3)), Constant(tool=1.0), Options(carry_ttl_s=60)
    recorded = Recorded(traces, latency)

    async def run():
        backend = PacedBackend(ScriptedBackend(recorded.message), tokens_per_s=30)
        return await replay_live(backend, markov, TopK(1), traces, recorded, options=options, early=False)

    found = run_virtual(run)
    simulated = simulate_recorded(found, markov, TopK(1), traces, latency, options)
    assert abs(live_record(found, simulated)["simulated"]["error"]) < 0.02
    assert [row.hit for row in simulated.outcomes] == [row.hit for row in found.speculative.ledger.outcomes]
    assert sum(row.saved_s for row in simulated.outcomes) > 0


def test_recorded_traces_run_live(markov):
    traces = list(generate(3))
    recorded = Recorded(traces, Constant(tool=1.0))

    async def run():
        backend = PacedBackend(ScriptedBackend(recorded.message), tokens_per_s=30)
        return await replay_live(backend, markov, TopK(1), traces, recorded, options=Options(carry_ttl_s=60))

    found = run_virtual(run)
    assert found.lossless
    decisions = [decision for trace in traces for decision in trace.decisions()]
    assert [row.call for row in found.sequential.ledger.outcomes] == [
        decision.outcome.key if decision.outcome else None for decision in decisions
    ]
    said = [m.content for messages in found.speculative.messages for m in messages if m.role == "tool"]
    assert said == [m.content for trace in traces for m in trace.messages if m.role == "tool"]


@pytest.mark.parametrize("room", [6, 0])
def test_recorded_traces_beyond_the_context_end_there(markov, room):
    traces = list(generate(3))
    recorded = Recorded(traces, Constant(tool=1.0))

    def short(request):
        if len(request.messages) > room:
            raise ContextError("the conversation is longer than the context")
        return recorded.message(request)

    async def run():
        backend = PacedBackend(ScriptedBackend(short), tokens_per_s=30)
        return await replay_live(backend, markov, TopK(1), traces, recorded)

    if not room:
        with pytest.raises(ContextError, match="longer than the context"):
            run_virtual(run)
        return
    found = run_virtual(run)
    assert found.lossless and found.sequential.cut == found.speculative.cut != []
    assert simulate_recorded(found, markov, TopK(1), traces, Constant(tool=1.0)) is None
    assert all(0 < len(messages) <= room + 1 for messages in found.sequential.messages)
    assert "ended early, beyond the model's context: conversations 0" in live_text(live_record(found))


class NewIds(ScriptedBackend):
    """Draws a new id for each call, as servers do."""

    def stream(self, request):
        return self._with_ids(request)

    @asynccontextmanager
    async def _with_ids(self, request):
        async with super().stream(request) as events:
            yield Renamed(events)


class Renamed(EventStream):
    def __init__(self, events):
        self.events = events

    def usage(self):
        return self.events.usage()

    async def __anext__(self):
        event = await anext(self.events)
        if not isinstance(event, End):
            return event
        calls = tuple(ToolCall(call.name, call.arguments, uuid.uuid4().hex) for call in event.calls)
        return replace(event, calls=calls)


def test_new_ids_at_each_run_are_no_difference(markov):
    found = compare(NewIds(recorded_answers(TALKS), token_s=0.02), markov, TopK(1))
    ids = [
        {call.id for each in run.messages for m in each for call in m.tool_calls}
        for run in (found.sequential, found.speculative)
    ]
    assert ids[0] and not ids[0] & ids[1]
    assert found.lossless and "outcomes equal: yes" in live_text(live_record(found))


def test_a_result_that_answers_another_call_is_a_difference(markov):
    found = compare(NewIds(recorded_answers(TALKS), token_s=0.02), markov, TopK(1))
    messages = list(found.speculative.messages[0])
    at = next(at for at, message in enumerate(messages) if message.role == "tool")
    messages[at] = replace(messages[at], tool_call_id="another")
    found.speculative.messages[0] = tuple(messages)
    assert found.differences == [0]


def test_a_run_that_speculates_nothing_says_that_its_seconds_are_chance(markov):
    warmed = []

    class Cold(NewIds):
        async def warm_up(self):
            warmed.append(True)

    found = compare(Cold(recorded_answers(TALKS), token_s=0.02), markov, Never())
    assert "nothing was speculated: what differs in time is chance" in live_text(live_record(found))
    assert len(warmed) == 1
    found = compare(NewIds(recorded_answers(TALKS), token_s=0.02), markov, TopK(1))
    assert "nothing was speculated" not in live_text(live_record(found))
