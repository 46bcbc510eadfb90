"""The agent as a LangGraph graph: nodes, loops, streaming, checkpoints, speculation beside the LLM."""

import asyncio
import json

import anyio
import matplotlib.pyplot as plt
import pytest
from langchain_core.callbacks import AsyncCallbackHandler
from langgraph.checkpoint.memory import InMemorySaver

from specbench.core.errors import ConfigError
from specbench.core.types import Effect, Message, ToolCall, ToolSpec
from specbench.desk.world.desk import SupportDesk
from specbench.desk.world.tools import DeskLatency, desk_tools
from specbench.integrations.langgraph.agent import SpeculativeAgent
from specbench.integrations.langgraph.picture import draw_graph
from specbench.llm.backends.paced import PacedBackend
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.llm.base import LLMError
from specbench.policies import Threshold, TopK
from specbench.predictors import make_predictor
from specbench.predictors.llm_draft import LLMDraftPredictor
from specbench.runtime import Executor, Tool
from specbench.testing.clock import VirtualLoop


def call(name, id=None, **arguments):
    return Message("assistant", "", (ToolCall(name, arguments, id),))


def on_virtual_time(function, *args):
    """Run on an asyncio loop whose clock jumps: LangGraph knows no other loop."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(function(*args))


@pytest.fixture(scope="module")
def desk():
    with SupportDesk(seed=3, customers=4) as desk:
        yield desk


def history_agent(desk, tokens_per_s=10.0):
    """The classic case: the model thinks 4.2 s, the order history takes 3 s, and the draft knows what will be asked."""
    user_id = desk.user_ids()[0]
    script = [call("get_order_history", user_id=user_id), "You have some orders."]

    def drafting(request):
        return script[0] if request.messages[-1].role == "user" else script[1]

    draft = LLMDraftPredictor(ScriptedBackend(drafting), points=0).fit([])
    backend = PacedBackend(ScriptedBackend(drafting), tokens_per_s=tokens_per_s, prefill_s=2.0)
    executor = Executor(desk_tools(desk, DeskLatency(sigma=0.0)), draft, TopK(1))
    return SpeculativeAgent(backend, executor), executor


def test_three_seconds_are_hidden_behind_the_llm(desk):
    async def run():
        agent, executor = history_agent(desk)
        async with executor:
            return await agent.compile().ainvoke({"messages": [("user", "my orders?")], "user_id": "U"})

    state = on_virtual_time(run)
    assert [message.type for message in state["messages"]] == ["human", "ai", "tool", "ai"]
    assert json.loads(state["messages"][2].text)[0]["order_id"].startswith("D")
    first, last = state["log"]
    assert first["speculated"] and first["think_s"] > 3.0
    assert first["tool_s"] == pytest.approx(3.0) and first["saved_s"] == pytest.approx(3.0, abs=0.05)
    assert last["decision"] == "reply" and state["user_id"] == "U"


def test_updates_and_messages_stream(desk):
    async def run():
        agent, executor = history_agent(desk)
        graph = agent.compile()
        async with executor:
            start = {"messages": [("user", "my orders?")]}
            return [item async for item in graph.astream(start, stream_mode=["updates", "messages"])]

    items = on_virtual_time(run)
    nodes = [name for mode, update in items if mode == "updates" for name in update]
    assert nodes == ["entry_point", "execute_tool", "entry_point", "final_answer"]
    texts = [chunk.text for mode, (chunk, _) in ((m, i) for m, i in items if m == "messages") if chunk.text]
    assert "You have some orders." in "".join(texts) and len(texts) > 3


def test_with_a_checkpointer_a_conversation_goes_on(desk):
    async def run():
        agent, executor = history_agent(desk)
        graph = agent.compile(InMemorySaver())
        config = {"configurable": {"thread_id": "t1"}}
        async with executor:
            await graph.ainvoke({"messages": [("user", "my orders?")]}, config)
            state = await graph.ainvoke({"messages": [("user", "again")]}, config)
        return state, executor.ledger()

    state, ledger = on_virtual_time(run)
    assert [message.type for message in state["messages"]] == ["human", "ai", "tool", "ai"] * 2
    assert [row.index for row in ledger.outcomes] == [0, 1, 2, 3]
    assert {row.trace_id for row in ledger.outcomes} == {"t1"}


def test_an_agent_that_learns_is_sooner_from_the_second_conversation_on(desk):
    ids = desk.user_ids()
    chain = make_predictor("markov").fit([])

    def answer(request):
        words = request.messages[-1]
        return (
            call("get_order_history", user_id=words.content.split()[-1]) if words.role == "user" else "Here they are."
        )

    async def run():
        executor = Executor(desk_tools(desk, DeskLatency(sigma=0.0)), chain, Threshold(0.3), learn=True)
        backend = PacedBackend(ScriptedBackend(answer), tokens_per_s=10.0, prefill_s=2.0)
        graph = SpeculativeAgent(backend, executor).compile()
        async with executor:
            for number, user_id in enumerate(ids[:3]):
                start = {"messages": [("user", f"the orders of {user_id}")]}
                await graph.ainvoke(start, {"configurable": {"thread_id": str(number)}})
        return executor.ledger()

    ledger = on_virtual_time(run)
    assert [row.hit for row in ledger.outcomes if row.tool] == [False, True, True]


@pytest.mark.parametrize("edited", [False, True])
def test_what_a_human_edits_or_takes_up_again_is_not_learned(desk, edited):
    chain, ids = make_predictor("markov").fit([]), desk.user_ids()

    def answer(request):
        return call("get_order_history", user_id=ids[0]) if request.messages[-1].role == "user" else "Here they are."

    async def run():
        saver, config = InMemorySaver(), {"configurable": {"thread_id": "t1"}}
        for start in ({"messages": [("user", f"the orders of {ids[0]}")]}, None):
            executor = Executor(desk_tools(desk, DeskLatency(sigma=0.0)), chain, learn=True)
            graph = SpeculativeAgent(ScriptedBackend(answer), executor).compile(saver)
            async with executor:
                state = await graph.ainvoke(start, config, interrupt_before=["execute_tool"] if start else None)
                if start and edited:
                    said = state["messages"][-1]
                    other = [{**said.tool_calls[0], "name": "list_tickets"}]
                    await graph.aupdate_state(config, {"messages": [said.model_copy(update={"tool_calls": other})]})
        return state

    assert on_virtual_time(run)["messages"][-1].text == "Here they are."
    told = chain.state()["tool_model"]["counts"]
    assert sum(times for after in told.values() for times in after.values()) == 2  # the call, and the reply after it
    assert told["<start>"] == {"get_order_history": 1}


def test_a_run_that_stopped_before_its_calls_is_taken_up_by_another_process(desk):
    async def run():
        saver = InMemorySaver()
        config = {"configurable": {"thread_id": "t1"}}
        agent, executor = history_agent(desk)
        async with executor:
            graph = agent.compile(saver)
            async for _ in graph.astream(
                {"messages": [("user", "my orders?")]}, config, interrupt_after=["entry_point"]
            ):
                pass
        agent, executor = history_agent(desk)
        async with executor:
            return await agent.compile(saver).ainvoke(None, config)

    state = on_virtual_time(run)
    assert [message.type for message in state["messages"]] == ["human", "ai", "tool", "ai"]


def test_several_calls_and_errors_come_back_in_order(desk):
    script = [
        Message(
            "assistant", "", (ToolCall("get_order", {"order_id": "'; DROP TABLE orders; --"}), ToolCall("fly", {}))
        ),
        "I could not.",
    ]

    async def run():
        executor = Executor(desk_tools(desk, DeskLatency(scale=0)))
        async with executor:
            return (
                await SpeculativeAgent(ScriptedBackend(script), executor)
                .compile()
                .ainvoke({"messages": [("user", "x")]})
            )

    state = on_virtual_time(run)
    one, two = state["messages"][2:4]
    assert (one.status, one.text) == ("error", "Error: order not found")
    assert two.status == "error" and "fly" in two.text
    assert one.tool_call_id != two.tool_call_id


def test_a_model_that_fails_fails_the_run():
    async def run():
        executor = Executor([])
        async with executor:
            await SpeculativeAgent(ScriptedBackend([]), executor).compile().ainvoke({"messages": [("user", "x")]})

    with pytest.raises(Exception, match="the script is over"):
        on_virtual_time(run)


def test_a_cancelled_run_leaves_nothing_behind(desk):
    async def run():
        agent, executor = history_agent(desk)
        async with executor:
            with anyio.move_on_after(1.0):
                await agent.compile().ainvoke({"messages": [("user", "my orders?")]})
            assert not agent._steps
            await anyio.sleep(0)
        return executor.ledger()

    ledger = on_virtual_time(run)
    assert ledger.outcomes == []
    assert all(row.ended_s <= 1.01 for row in ledger.speculations)


def test_the_graph_draws_itself_as_mermaid_and_as_a_picture(desk, tmp_path):
    agent, _ = history_agent(desk)
    graph = agent.compile()
    ax = draw_graph(graph, tmp_path / "graph.png")
    drawn = [text.get_text() for text in ax.texts]
    plt.close(ax.figure)
    for node in ("entry_point", "execute_tool", "final_answer"):
        assert node in graph.get_graph().draw_mermaid()
        assert node in drawn
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("threads", [True, False])
def test_runs_side_by_side_do_not_mix(threads):
    async def look(x: str) -> str:
        await anyio.sleep(1)
        return x.upper()

    def answer(request):
        last = request.messages[-1]
        return call("look", x=last.content) if last.role == "user" else f"It is {last.content}."

    async def run():
        executor = Executor([Tool(ToolSpec("look", effect=Effect.READ), look)])
        graph = SpeculativeAgent(ScriptedBackend(answer, token_s=0.1), executor).compile(
            InMemorySaver() if threads else None
        )
        async with executor:
            states = await asyncio.gather(
                *(
                    graph.ainvoke({"messages": [("user", x)]}, {"configurable": {"thread_id": x}} if threads else None)
                    for x in "abc"
                )
            )
        return [state["messages"][-1].text for state in states]

    assert on_virtual_time(run) == ["It is A.", "It is B.", "It is C."]


def refund_agent(executor, reply="done"):
    """Refunds order 7 when it is asked to, and answers everything else."""

    def answer(request):
        return call("refund", order=7) if request.messages[-1].content == "refund 7" else reply

    return SpeculativeAgent(ScriptedBackend(answer, prefill_s=1.0), executor)


class Till:
    """A tool that writes, and what it has written."""

    def __init__(self):
        self.done = []
        self.tool = Tool(ToolSpec("refund", effect=Effect.WRITE), self.refund)

    async def refund(self, order: int) -> str:
        await anyio.sleep(0.5)
        self.done.append(order)
        return f"refunded {order}"


START, THREAD = {"messages": [("user", "refund 7")]}, {"configurable": {"thread_id": "t1"}}


def test_a_write_waits_for_the_human_who_is_asked_before_the_tools():
    async def run():
        till = Till()
        async with Executor([till.tool]) as executor:
            graph = refund_agent(executor).compile(InMemorySaver())
            await graph.ainvoke(START, THREAD, interrupt_before=["execute_tool"])
            await anyio.sleep(3600)
            before = list(till.done)
            state = await graph.ainvoke(None, THREAD)
        return before, till.done, state["log"]

    before, done, log = on_virtual_time(run)
    assert (before, done) == ([], [7])
    assert log[0]["think_s"] == pytest.approx(1.0)  # the hour is nobody's
    assert log[0]["saved_s"] == pytest.approx(0.0, abs=1e-6)


def test_a_decision_that_a_human_edits_is_not_carried_out():
    async def run():
        till = Till()
        async with Executor([till.tool]) as executor:
            graph = refund_agent(executor).compile(InMemorySaver())
            state = await graph.ainvoke(START, THREAD, interrupt_before=["execute_tool"])
            said = state["messages"][-1]
            edited = said.model_copy(update={"tool_calls": [{**said.tool_calls[0], "args": {"order": 8}}]})
            await graph.aupdate_state(THREAD, {"messages": [edited]})
            state = await graph.ainvoke(None, THREAD)
        return till.done, state["messages"][2].text

    assert on_virtual_time(run) == ([8], "refunded 8")


def test_a_paused_run_that_another_process_takes_up_writes_once():
    async def run():
        till, saver = Till(), InMemorySaver()
        async with Executor([till.tool]) as executor:
            await refund_agent(executor).compile(saver).ainvoke(START, THREAD, interrupt_before=["execute_tool"])
            await anyio.sleep(10)
        async with Executor([till.tool]) as executor:
            await refund_agent(executor).compile(saver).ainvoke(None, THREAD)
        return till.done

    assert on_virtual_time(run) == [7]


class SlowSaver(InMemorySaver):
    """A database takes its time; what happens between the nodes can be seen."""

    async def aput(self, *args, **kwargs):
        await anyio.sleep(0.3)
        return await super().aput(*args, **kwargs)


@pytest.mark.parametrize("after_s", [0.5, 1.4, 1.5, 1.7, 1.9])
def test_a_run_that_is_cancelled_between_the_nodes_writes_nothing(after_s):
    async def run():
        till = Till()
        async with Executor([till.tool]) as executor:
            agent = refund_agent(executor)
            with anyio.move_on_after(after_s):
                await agent.compile(SlowSaver()).ainvoke(START, THREAD, durability="sync")
            await anyio.sleep(60)
            before = list(till.done)
            await agent.compile(InMemorySaver()).ainvoke({"messages": [("user", "hello")]}, THREAD)
            held = len(agent._steps)
        return before, till.done, held

    assert on_virtual_time(run) == ([], [], 0)


@pytest.mark.parametrize("guess", ["a", "b"])
def test_a_right_guess_outlives_a_pause_and_a_wrong_one_does_not(guess):
    runs = []

    async def look(x: str) -> str:
        runs.append(x)
        await anyio.sleep(5)
        return x.upper()

    def saying(x, prefill_s=0.0):
        return ScriptedBackend(
            lambda it: call("look", x=x) if it.messages[-1].role == "user" else "done", prefill_s=prefill_s
        )

    async def run():
        draft = LLMDraftPredictor(saying(guess), points=0).fit([])
        executor = Executor([Tool(ToolSpec("look", effect=Effect.READ), look)], draft, TopK(1))
        async with executor:
            graph = SpeculativeAgent(saying("a", 1.0), executor).compile(InMemorySaver())
            await graph.ainvoke({"messages": [("user", "x")]}, THREAD, interrupt_before=["execute_tool"])
            await anyio.sleep(60)
            state = await graph.ainvoke(None, THREAD)
        return state, executor.ledger()

    state, ledger = on_virtual_time(run)
    first, hit = state["log"][0], guess == "a"
    assert state["messages"][2].text == "A" and runs.count("a") == 1
    assert first["speculated"] is hit and first["saved_s"] == pytest.approx(5.0 if hit else 0.0)
    assert ledger.speculations[0].ended_s == pytest.approx(5.0 if hit else 1.0)


@pytest.mark.parametrize("after_s", [0.3, 0.9, 1.2, 1.5, 1.8, 2.1, 2.4])
def test_two_messages_at_once_on_a_thread_never_write_twice(after_s):
    async def run():
        till = Till()
        async with Executor([till.tool]) as executor:
            graph = refund_agent(executor).compile(SlowSaver())

            async def second():
                await anyio.sleep(after_s)
                return await graph.ainvoke({"messages": [("user", "hello?")]}, THREAD)

            first = graph.ainvoke(START, THREAD, durability="sync")
            answers = await asyncio.gather(first, second(), return_exceptions=True)
        return till.done, answers

    done, answers = on_virtual_time(run)
    assert all(isinstance(each, (dict, ConfigError)) for each in answers)
    refused = [str(each) for each in answers if isinstance(each, ConfigError)]
    assert all("in the middle of a step" in text for text in refused) and len(refused) < 2
    assert done == ([7] if isinstance(answers[0], dict) else [])
    if isinstance(answers[0], dict):
        assert [message.type for message in answers[0]["messages"]][:3].count("tool") == 1


def test_a_conversation_without_a_thread_is_over_with_its_answer_or_its_error():
    async def run():
        async with Executor([]) as executor:
            graph = SpeculativeAgent(ScriptedBackend(["one", "two"]), executor).compile()
            for _ in range(2):
                await graph.ainvoke({"messages": [("user", "hi")]})
            with pytest.raises(Exception, match="the script is over"):
                await graph.ainvoke({"messages": [("user", "hi")]})
            await anyio.sleep(1)
            held = len(executor._sessions)
        return held, len(executor.ledger().outcomes)

    assert on_virtual_time(run) == (0, 2)


class Heard(AsyncCallbackHandler):
    """What LangChain's callbacks hear of the model."""

    def __init__(self):
        self.heard = []

    async def on_chat_model_start(self, serialized, messages, **_):
        self.heard.append("start")

    async def on_llm_new_token(self, token, *, chunk=None, **_):
        calls = [each["name"] for each in chunk.message.tool_calls]
        self.heard.append(token or calls or "nothing")

    async def on_llm_end(self, response, **_):
        self.heard.append("end")

    async def on_llm_error(self, error, **_):
        self.heard.append(f"error {type(error).__name__}")


async def look(x):
    return f"saw {x}"


def looking(*script):
    executor = Executor([Tool(ToolSpec("look", effect=Effect.READ), look)])
    return SpeculativeAgent(ScriptedBackend(list(script)), executor), executor


def test_callbacks_hear_text_and_whole_calls_and_that_it_went_well():
    async def run():
        agent, executor = looking(call("look", x=1), "So.")
        heard = Heard()
        async with executor:
            await agent.compile().ainvoke({"messages": [("user", "hi")]}, {"callbacks": [heard]})
        return heard.heard

    assert anyio.run(run) == ["start", ["look"], "end", "start", "So.", "nothing", "end"]


def test_callbacks_hear_that_a_model_failed():
    async def run():
        agent, executor = looking()
        heard = Heard()
        async with executor:
            with pytest.raises(LLMError, match="the script is over"):
                await agent.compile().ainvoke({"messages": [("user", "hi")]}, {"callbacks": [heard]})
        return heard.heard

    assert anyio.run(run) == ["start", "error LLMError"]


def test_a_call_that_the_user_did_not_wait_for_gets_a_result():
    seen = []

    def answer(request):
        seen.append(request.messages)
        return call("look", x=1) if len(seen) == 1 else "Done."

    async def run():
        executor = Executor([Tool(ToolSpec("look", effect=Effect.WRITE), look)])
        graph = SpeculativeAgent(ScriptedBackend(answer), executor).compile(InMemorySaver())
        config = {"configurable": {"thread_id": "t"}}
        async with executor:
            await graph.ainvoke({"messages": [("user", "hi")]}, config, interrupt_before=["execute_tool"])
            state = await graph.ainvoke({"messages": [("user", "wait!")]}, config)
            again = await graph.ainvoke({"messages": [("user", "well?")]}, config)
        return state["messages"], again["messages"]

    first, second = anyio.run(run)
    assert [message.type for message in first] == ["human", "ai", "tool", "human", "ai"]
    assert first[2].tool_call_id == first[1].tool_calls[0]["id"] and first[2].status == "error"
    assert [message.id for message in second[:5]] == [message.id for message in first]
    assert [each.role for each in seen[1]] == ["user", "assistant", "tool", "user"]


def test_ids_are_new_in_every_turn():
    async def run():
        agent, executor = looking(call("look", "c1", x=1), call("look", "c1", x=2), "So.")
        async with executor:
            state = await agent.compile().ainvoke({"messages": [("user", "hi")]})
        return state["messages"]

    messages = anyio.run(run)
    asked = [each["id"] for message in messages if message.type == "ai" for each in message.tool_calls]
    assert len(set(asked)) == 2
    assert [(m.tool_call_id, m.text) for m in messages if m.type == "tool"] == list(
        zip(asked, ["saw 1", "saw 2"], strict=True)
    )
