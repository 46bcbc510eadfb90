"""Speculation dropped into an agent that LangChain's ``create_agent`` made."""

import asyncio
import gc
import inspect
import time

import anyio
import pytest
from langchain.agents import AgentState, create_agent
from langchain.agents.middleware import (
    HumanInTheLoopMiddleware,
    ToolRetryMiddleware,
)
from langchain.tools import ToolRuntime
from langchain_core.callbacks import AsyncCallbackHandler
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import StructuredTool, ToolException, tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt

from specbench.core.errors import ConfigError
from specbench.core.types import Effect, Message, ToolCall
from specbench.integrations.langchain.middleware import SpeculationMiddleware, tools_of
from specbench.integrations.langchain.model import BackendChatModel
from specbench.llm.backends.scripted import ScriptedBackend
from specbench.policies import TopK
from specbench.predictors.llm_draft import LLMDraftPredictor
from specbench.runtime import Executor
from specbench.testing.clock import VirtualLoop
from tests.integrations.langchain.guessed_agents import guessing, model_of, salary


@tool
async def look(x: str) -> str:
    """Look at something."""
    await anyio.sleep(3)
    return x.upper()


@tool
async def fail(x: str) -> str:
    """Fail."""
    raise ValueError(f"no {x}")


def answer(request):
    last = request.messages[-1]
    if last.role == "tool":
        return f"It is {last.content}."
    name = "fail" if "fail" in last.content else "look"
    return Message("assistant", "", (ToolCall(name, {"x": last.content}),))


def run(text, predictor=None, tools=(look, fail), effects=None):
    async def main():
        executor = Executor(tools_of([look, fail], effects or {"look": Effect.READ}), predictor, TopK(1))
        model = BackendChatModel(backend=ScriptedBackend(answer, prefill_s=4.0))
        agent = create_agent(model, list(tools), middleware=[SpeculationMiddleware(executor)], system_prompt="Help.")
        async with executor:
            state = await agent.ainvoke({"messages": [("user", text)]})
            took_s = asyncio.get_running_loop().time()
        return state["messages"], executor.ledger(), took_s

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())


def test_the_tool_is_hidden_behind_the_model_and_nothing_changes():
    draft = LLMDraftPredictor(ScriptedBackend(answer), points=0).fit([])
    plain, without, slow_s = run("a")
    ahead, ledger, fast_s = run("a", draft)
    assert [(m.type, m.text) for m in plain] == [(m.type, m.text) for m in ahead]
    assert [m.text for m in ahead][2:] == ["A", "It is A."]
    assert slow_s - fast_s == pytest.approx(3.0, abs=0.1)
    assert ledger.outcomes[0].hit and not without.speculations


@pytest.mark.parametrize("effect", [Effect.READ, Effect.UNKNOWN])
def test_what_a_tool_raises_goes_on_as_without_speculation(effect):
    draft = LLMDraftPredictor(ScriptedBackend(answer), points=0).fit([])
    with pytest.raises(ValueError, match=r"^no fail"):
        run("fail", draft, effects={"fail": effect})


def test_effects_are_of_tools_that_exist():
    with pytest.raises(ConfigError, match="no tool is called 'lok'; there are look, fail"):
        tools_of([look, fail], {"lok": Effect.READ})


# --- nothing is written before LangGraph reaches the tools -----------------------------------------------------------


def answers_of(state):
    told = [message for message in state["messages"] if message.type == "tool"]
    return [(m.tool_call_id, m.name, m.status, m.content, m.artifact) for m in told]


def reviewed(decisions, *, ahead):
    """Two refunds of which a human decides: what was written before and after, and what the model was told."""
    done = []

    @tool
    async def refund(order: int) -> str:
        """Refund."""
        done.append(order)
        return f"refunded {order}"

    async def main():
        executor = Executor(tools_of([refund], {"refund": Effect.WRITE}))
        middleware = [HumanInTheLoopMiddleware(interrupt_on={"refund": True})]
        if ahead:
            middleware.append(SpeculationMiddleware(executor))
        model = model_of(("refund", {"order": 7}), ("refund", {"order": 9}))
        agent = create_agent(model, [refund], middleware=middleware, checkpointer=InMemorySaver())
        config = {"configurable": {"thread_id": "t"}}
        async with executor:
            await agent.ainvoke({"messages": [("user", "refund 7 and 9")]}, config)
            await anyio.sleep(3600)
            before = list(done)
            state = await agent.ainvoke(Command(resume={"decisions": decisions}), config)
        return before, sorted(done), answers_of(state), executor.ledger()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main())


APPROVE, REJECT = {"type": "approve"}, {"type": "reject", "message": "no!"}
EDIT = {"type": "edit", "edited_action": {"name": "refund", "args": {"order": 8}}}


@pytest.mark.parametrize(
    ("decisions", "written"),
    [
        ([APPROVE, APPROVE], [7, 9]),
        ([REJECT, REJECT], []),
        ([REJECT, APPROVE], [9]),
        ([APPROVE, REJECT], [7]),
        ([EDIT, APPROVE], [8, 9]),
        ([EDIT, REJECT], [8]),
    ],
)
def test_only_what_the_human_lets_pass_is_written(decisions, written):
    before, done, told, ledger = reviewed(decisions, ahead=True)
    assert (before, done) == ([], written)
    assert (before, done, told) == reviewed(decisions, ahead=False)[:3]
    assert all(row.speculative_s < 1 for row in ledger.outcomes)  # the hour is nobody's


# --- the agent sees what it saw without ------------------------------------------------------------------------------


@tool
async def who(runtime: ToolRuntime) -> str:
    """Who."""
    return f"{len(runtime.state['messages'])} messages"


@tool
async def ask() -> str:
    """Ask a human."""
    return "the human says " + interrupt("may I?")


@tool
async def mark() -> Command:
    """Mark the state."""
    return Command(update={"seen": 1, "messages": [ToolMessage("marked", tool_call_id="c0")]})


@tool(response_format="content_and_artifact")
async def rows() -> tuple:
    """Rows."""
    return "two rows", {"rows": [1, 2]}


@tool
async def table() -> dict:
    """A table."""
    return {"ä": [1, 2.0, None]}


@tool
async def mine(config: RunnableConfig) -> str:
    """Whose."""
    return f"{config['configurable']['user']}'s"


@tool
async def refuse() -> str:
    """Refuse."""
    raise ToolException("closed")


refuse.handle_tool_error = True


class Seen(AgentState):
    seen: int


@pytest.mark.parametrize("effect", [Effect.UNKNOWN, Effect.READ])
@pytest.mark.parametrize("each", [who, ask, mark, rows, table, mine, refuse], ids=lambda each: each.name)
def test_special_tools_give_what_they_gave(each, effect):
    async def main(ahead):
        executor = Executor(tools_of([each], {each.name: effect}), guessing((each.name, {})), TopK(1))
        middleware = [SpeculationMiddleware(executor)] if ahead else []
        agent = create_agent(
            model_of((each.name, {})), [each], middleware=middleware, checkpointer=InMemorySaver(), state_schema=Seen
        )
        config = {"configurable": {"thread_id": "t", "user": "Ann"}}
        async with executor:
            state = await agent.ainvoke({"messages": [("user", "hi")]}, config)
            asked = [one.value for one in state.get("__interrupt__", ())]
            if asked:
                state = await agent.ainvoke(Command(resume="yes"), config)
        return asked, answers_of(state), state.get("seen"), executor.ledger().outcomes

    *plain, _ = anyio.run(main, False)
    *same, outcomes = anyio.run(main, True)
    assert same == plain
    assert len(outcomes) == 2
    runs_ahead = effect is Effect.READ and each in (mark, rows, table, mine)
    assert bool(outcomes[0].launched) is (effect is Effect.READ and each is not who)
    assert outcomes[0].hit is runs_ahead or each is ask


def test_a_json_schema_hides_no_injected_arguments():
    schema = {"type": "object", "properties": {"x": {"type": "string"}}}
    given = StructuredTool(name="given", description="", args_schema=schema, coroutine=look.coroutine)
    one, two = tools_of([given, who], {"given": Effect.READ, "who": Effect.READ})
    assert (one.spec.effect, two.spec.effect) == (Effect.READ, Effect.LOCAL)


def test_a_call_that_is_guessed_but_not_made_is_heard_by_nobody():
    class Listener(AsyncCallbackHandler):
        def __init__(self):
            self.heard = []

        async def on_tool_start(self, serialized, *_, **__):
            self.heard.append(serialized["name"])

    async def main():
        executor = Executor(tools_of([rows, table], {"rows": Effect.READ}), guessing(("rows", {})), TopK(1))
        agent = create_agent(model_of(("table", {})), [rows, table], middleware=[SpeculationMiddleware(executor)])
        listener = Listener()
        async with executor:
            await agent.ainvoke({"messages": [("user", "hi")]}, {"callbacks": [listener]})
        return listener.heard, [row.tool for row in executor.ledger().speculations]

    assert anyio.run(main) == (["table"], ["rows"])


@pytest.mark.skipif(
    "interrupt_mode" not in inspect.signature(HumanInTheLoopMiddleware).parameters, reason="LangChain is too old"
)
def test_a_middleware_that_stands_after_it_is_asked_about_calls_that_were_run_ahead():
    async def main():
        executor = Executor(tools_of([table], {"table": Effect.READ}), guessing(("table", {})), TopK(1))
        review = HumanInTheLoopMiddleware(interrupt_on={"table": True}, interrupt_mode="per_call")
        middleware = [SpeculationMiddleware(executor), review]
        agent = create_agent(model_of(("table", {})), [table], middleware=middleware, checkpointer=InMemorySaver())
        config = {"configurable": {"thread_id": "t"}}
        async with executor:
            state = await agent.ainvoke({"messages": [("user", "hi")]}, config)
            asked = len(state["__interrupt__"])
            state = await agent.ainvoke(Command(resume=REJECT), config)
        return asked, state["messages"][2].status

    assert anyio.run(main) == (1, "error")


def test_without_a_thread_the_session_ends_with_the_reply():
    async def main():
        executor = Executor(tools_of([look, fail], {}))
        model = BackendChatModel(backend=ScriptedBackend(lambda request: "Hello."))
        agent = create_agent(model, [look, fail], middleware=[SpeculationMiddleware(executor)])
        async with executor:
            for _ in range(3):
                await agent.ainvoke({"messages": [("user", "hi")]})
            await anyio.sleep(0.01)
            return len(executor._sessions), len(executor.ledger().outcomes)

    assert anyio.run(main) == (0, 3)


def test_runs_that_end_by_an_error_leave_no_conversation_behind():
    async def main():
        executor = Executor(tools_of([look, fail], {}))
        model = BackendChatModel(backend=ScriptedBackend(answer))
        agent = create_agent(model, [look, fail], middleware=[SpeculationMiddleware(executor)])
        async with executor:
            for _ in range(5):
                with pytest.raises(ValueError, match="no fail"):
                    await agent.ainvoke({"messages": [("user", "fail")]})
                gc.collect()
            return len(executor._sessions)

    assert anyio.run(main) <= 1


# --- what the tools raise, and who hears of it ----------------------------------------------------------------------


@pytest.mark.parametrize("place", ["none", "outside", "inside"])
def test_a_retry_sees_what_the_tool_raises(place):
    tried = []

    @tool
    async def flaky(x: int) -> str:
        """Fails twice."""
        tried.append(x)
        if len(tried) < 3:
            raise ConnectionError("busy")
        return "seen"

    async def main():
        executor = Executor(tools_of([flaky], {"flaky": Effect.READ}))
        retry, own = ToolRetryMiddleware(max_retries=3, initial_delay=0, jitter=False), SpeculationMiddleware(executor)
        middleware = {"none": [retry], "outside": [retry, own], "inside": [own, retry]}[place]
        agent = create_agent(model_of(("flaky", {"x": 1})), [flaky], middleware=middleware)
        async with executor:
            return answers_of(await agent.ainvoke({"messages": [("user", "hi")]}))

    assert [(status, content) for _, _, status, content, _ in asyncio.run(main())] == [("success", "seen")]
    assert len(tried) == 3


class Events(AsyncCallbackHandler):
    def __init__(self):
        self.heard = []

    async def on_tool_start(self, serialized, *_, **__):
        self.heard.append(("start", serialized["name"]))

    async def on_tool_end(self, output, **_):
        self.heard.append(("end", output.text))

    async def on_tool_error(self, error, **_):
        self.heard.append(("error", str(error)))


@pytest.mark.parametrize("guess", ["me", "you"])
def test_callbacks_hear_of_a_call_once_whether_it_was_run_ahead_or_not(guess):
    async def main():
        executor = Executor(
            tools_of([salary], {"salary": Effect.READ}), guessing(("salary", {"person": guess})), TopK(1)
        )
        agent = create_agent(
            model_of(("salary", {"person": "me"})), [salary], middleware=[SpeculationMiddleware(executor)]
        )
        events = Events()
        async with executor:
            await agent.ainvoke({"messages": [("user", "hi")]}, {"callbacks": [events]})
        return events.heard, executor.ledger().outcomes[0].hit

    heard, hit = asyncio.run(main())
    assert heard == [("start", "salary"), ("end", "me: 1")] and hit is (guess == "me")


def test_one_message_object_in_several_runs_at_once():
    async def main():
        executor = Executor(tools_of([slow], {"slow": Effect.READ}))
        middleware = [SpeculationMiddleware(executor)]
        said = HumanMessage("hi")
        async with executor:
            agents = [create_agent(model_of(("slow", {"x": at})), [slow], middleware=middleware) for at in range(3)]
            states = await asyncio.gather(*(agent.ainvoke({"messages": [said]}) for agent in agents))
        return [state["messages"][-1].text for state in states]

    assert asyncio.run(main()) == ["done"] * 3


# --- as many, as parallel and as nested as without ------------------------------------------------------------------


RUNNING = [0, 0]  # now, and at most


@tool
async def slow(x: int) -> str:
    """Look slowly."""
    RUNNING[0] += 1
    RUNNING[1] = max(RUNNING)
    try:
        await asyncio.sleep(0.3)
    finally:
        RUNNING[0] -= 1
    return f"slow {x}"


def test_the_calls_of_one_message_run_side_by_side():
    async def main():
        executor = Executor(tools_of([slow], {"slow": Effect.READ}))
        model = model_of(*(("slow", {"x": x}) for x in range(4)))
        agent = create_agent(model, [slow], middleware=[SpeculationMiddleware(executor)])
        RUNNING[1] = 0
        async with executor:
            state = await agent.ainvoke({"messages": [("user", "hi")]})
        return [content for *_, content, _ in answers_of(state)], executor.ledger().outcomes[0]

    told, row = asyncio.run(main())
    assert told == [f"slow {x}" for x in range(4)] and RUNNING[1] == 4
    assert row.sequential_s - row.think_s < row.tool_s / 2  # what runs side by side anyhow is not our merit


@pytest.mark.parametrize("config", [{}, {"configurable": {"thread_id": "t"}}], ids=["alone", "thread"])
def test_an_agent_that_is_a_tool_has_a_conversation_of_its_own(config):
    async def main():
        @tool
        async def ask(question: str) -> str:
            """Ask the specialist."""
            state = await inner.ainvoke({"messages": [("user", question)]})
            return state["messages"][-1].text

        executor = Executor(tools_of([ask, slow], {"slow": Effect.READ}))
        both = [SpeculationMiddleware(executor)]
        inner = create_agent(model_of(("slow", {"x": 3})), [slow], middleware=both)
        saver = InMemorySaver() if config else None
        outer = create_agent(model_of(("ask", {"question": "well?"})), [ask], middleware=both, checkpointer=saver)
        async with executor:
            return answers_of(await outer.ainvoke({"messages": [("user", "hi")]}, config))

    assert [(status, content) for _, _, status, content, _ in asyncio.run(main())] == [("success", "done")]


def test_a_plain_function_that_was_run_ahead_in_vain_is_waited_for():
    log = []

    @tool
    def ponder(x: int) -> str:
        """Think in a thread."""
        log.append("begins")
        time.sleep(0.2)
        log.append("ends")
        return "done"

    async def main():
        executor = Executor(tools_of([ponder], {"ponder": Effect.READ}), guessing(("ponder", {"x": 1})), TopK(1))
        agent = create_agent(model_of(), [ponder], middleware=[SpeculationMiddleware(executor)])
        async with executor:
            await agent.ainvoke({"messages": [("user", "hi")]})
            await asyncio.sleep(0.05)
        log.append("left")

    asyncio.run(main())
    assert log in (["left"], ["begins", "ends", "left"])


def test_runs_without_a_thread_that_are_cancelled_leave_no_conversation():
    async def main():
        executor = Executor(tools_of([slow], {"slow": Effect.READ}))
        middleware = SpeculationMiddleware(executor)
        async with executor:
            for _ in range(3):
                agent = create_agent(model_of(("slow", {"x": 1})), [slow], middleware=[middleware])
                task = asyncio.create_task(agent.ainvoke({"messages": [("user", "hi")]}))
                while not RUNNING[0]:
                    await asyncio.sleep(0.01)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            return len(executor._sessions), len(middleware._steps)

    assert asyncio.run(main()) == (0, 0)


def test_langchain_hands_arguments_over_in_the_order_of_the_schema() -> None:
    """So the order in which they were guessed does not matter; their types do."""
    seen: list[list[str]] = []

    @tool
    def pair(first: int, second: int) -> str:
        """Look at two."""
        seen.append(list(locals()))
        return "seen"

    (made,) = tools_of([pair], {"pair": Effect.READ})
    one, two = ToolCall("pair", {"first": 1, "second": 2}), ToolCall("pair", {"second": 2, "first": 1})
    assert made.key_of(one) == made.key_of(two) != made.key_of(ToolCall("pair", {"first": 1, "second": True}))
    for call in (one, two):
        made.run(**dict(call.arguments))
    assert seen[0][:2] == seen[1][:2] == ["first", "second"]


@pytest.mark.parametrize("read_first", [True, False])
@pytest.mark.parametrize(("write_s", "read_s"), [(0.0, 0.0), (0.0, 1.0), (0.5, 0.0), (0.5, 1.0)])
def test_a_read_beside_a_write_sees_what_it_would_see_without(read_first: bool, write_s: float, read_s: float) -> None:
    """LangGraph runs both at once: a read that was run ahead would never see the write."""
    write, read = ToolCall("save", {"x": "new"}, "w"), ToolCall("peek", {"x": "any"}, "r")

    async def results(speculating: bool) -> list[str]:
        shelf = {"it": "old"}

        @tool
        async def save(x: str) -> str:
            """Put something there."""
            await anyio.sleep(write_s)
            shelf["it"] = x
            return "saved"

        @tool
        async def peek(x: str) -> str:
            """Look at what is there."""
            await anyio.sleep(read_s)
            return shelf["it"]

        def decide(request):
            calls = (read, write) if read_first else (write, read)
            return "done" if request.messages[-1].role == "tool" else Message("assistant", "", calls)

        def draft(request):
            return "done" if request.messages[-1].role == "tool" else Message("assistant", "", (read,))

        predictor = LLMDraftPredictor(ScriptedBackend(draft), points=0).fit([]) if speculating else None
        executor = Executor(tools_of([save, peek], {"peek": "read", "save": "write"}), predictor, TopK(1))
        model = BackendChatModel(backend=ScriptedBackend(decide, prefill_s=4.0))
        agent = create_agent(model, [save, peek], middleware=[SpeculationMiddleware(executor)] if speculating else [])
        async with executor:
            state = await agent.ainvoke({"messages": [("user", "go")]})
        return [message.content for message in state["messages"] if message.type == "tool"]

    found = []
    for speculating in (False, True):
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            found.append(runner.run(results(speculating)))
    assert found[0] == found[1]
