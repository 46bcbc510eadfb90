"""The agent as a LangGraph graph: ``entry_point`` → ``execute_tool`` → … → ``final_answer``.

``entry_point`` starts the LLM and, beside it, the speculation of the executor; it ends with the decision.
``execute_tool`` joins the calls that were run ahead, or runs them; nothing real runs before it, so that a run can pause
there, be looked at, edited or given up. Speculations live in the executor and never in the state, which holds plain
data: it works with any checkpointer, and a run that is taken up again in another process runs its calls without them.

Two runs of one thread at once: the later decision gives up the speculations of the one before, and while one run
thinks or runs its calls, a step of the other is refused (:class:`~specbench.core.errors.ConfigError`). No call runs
twice.
"""

from __future__ import annotations

import asyncio
import operator
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import Annotated, Any, TypedDict

from specbench.core.extras import named_extras
from specbench.core.types import DecisionPoint, Message, ToolCall
from specbench.integrations.framework_steps import WalkingSteps
from specbench.integrations.langchain.messages import ai_message, call_of, from_langchain, to_langchain
from specbench.integrations.langchain.model import BackendChatModel, events_of
from specbench.integrations.llm_think import decided_of, part_of
from specbench.integrations.run_ends import when_run_ends
from specbench.llm.base import Backend, End
from specbench.llm.chat_format import NOT_RUN
from specbench.runtime import Decided, Executor, OpenStep, Partial, StepResult

with named_extras():
    from langchain_core.messages import AIMessage, AnyMessage, RemoveMessage, ToolMessage
    from langchain_core.runnables import RunnableConfig
    from langgraph.func import task
    from langgraph.graph import END, START, StateGraph
    from langgraph.graph.message import REMOVE_ALL_MESSAGES, add_messages
    from langgraph.graph.state import CompiledStateGraph

__all__ = ["AgentState", "SpeculativeAgent"]


IN_DOUBT = "Error: the run was cut short; this call may have been run. Look before it is made again"
"""What the model is told of a write when nobody knows whether it has run."""


class AgentState(TypedDict, total=False):
    """What a run of the graph carries: messages, the customer, the last decision, a row for each step.

    ``conversation`` is the id under which the executor knows it: the thread's, or a new one.
    """

    conversation: str
    messages: Annotated[list[AnyMessage], add_messages]
    user_id: str
    decision: str
    log: Annotated[list[dict[str, Any]], operator.add]


class SpeculativeAgent:
    """A LangGraph agent whose tool calls are run ahead by an executor.

    Parameters
    ----------
    backend
        The model.
    executor
        With the tools, the predictor and the policy; it must be running (``async with executor``) when the graph is.
        A run without a ``thread_id`` ends its session there; a thread's stays, for the user's next message.
    max_tok
        Longest message of the model.
    agent
        Name of the agent configuration, for the predictor.

    Examples
    --------
    >>> from specbench.llm.backends.scripted import ScriptedBackend
    >>> import anyio
    >>> async def main():
    ...     executor = Executor([])
    ...     graph = SpeculativeAgent(ScriptedBackend(["Hello."]), executor).compile()
    ...     async with executor:
    ...         state = await graph.ainvoke({"messages": [("user", "hi")]})
    ...     return state["messages"][-1].text, [row["decision"] for row in state["log"]]
    >>> anyio.run(main)
    ('Hello.', ['reply'])
    """

    def __init__(self, backend: Backend, executor: Executor, *, max_tok: int = 512, agent: str | None = None) -> None:
        self.executor = executor
        self._model = BackendChatModel(backend=backend, tools=executor.tools.specs, max_tok=max_tok)
        self._agent = agent
        self._steps = WalkingSteps.of(executor)

    def compile(self, checkpointer: Any = None) -> CompiledStateGraph[Any, Any, Any, Any]:
        """Return the graph, ready to run.

        Parameters
        ----------
        checkpointer
            Any of LangGraph's; runs then need a ``thread_id``, which is the id of the conversation.
        """
        graph: StateGraph[Any, Any, Any, Any] = StateGraph(AgentState)
        graph.add_node("entry_point", self._entry_point)
        graph.add_node("execute_tool", self._execute_tool)
        graph.add_node("final_answer", self._final_answer)
        graph.add_edge(START, "entry_point")
        graph.add_conditional_edges("entry_point", _next_node, ["execute_tool", "final_answer"])
        graph.add_edge("execute_tool", "entry_point")
        graph.add_edge("final_answer", END)
        return graph.compile(checkpointer=checkpointer)

    async def _entry_point(self, state: AgentState, config: RunnableConfig) -> AgentState:
        """Start the LLM and the speculation; end with the decision."""
        thread = str(_thread(config) or state.get("conversation"))
        begun = not self._steps.is_untouched(thread)
        repaired = _repaired(state["messages"], lambda call: begun and self.executor.tools.may_write(call))
        messages = [each for each in repaired or state["messages"] if not isinstance(each, RemoveMessage)]
        point = self._point(from_langchain(messages), state, config)
        if not _thread(config) and "conversation" not in state:
            when_run_ends(self._steps.end, point.trace_id)
        try:
            decided = await self._steps.decide(point, self._think)
        except BaseException:
            self._end(point.trace_id, config)
            raise
        calls = decided.calls
        decision = ", ".join(call.key for call in calls) if calls else "reply"
        said = [*repaired, ai_message(decided.text, calls)]
        return {"messages": said, "decision": decision, "conversation": point.trace_id}

    async def _execute_tool(self, state: AgentState, config: RunnableConfig) -> AgentState:
        """Join the calls that were run ahead, or run them.

        Where a write is one of several calls, each of them is a task of LangGraph: a checkpointer keeps its result as
        soon as it is there, and a run that is taken up again amid the calls does not repeat what is done.
        """
        step = await self._open(state, config)
        try:
            told = await _run_as_tasks(step) if len(step.decided.calls) > 1 and step.writes else await _run(step)
            result = await step.finish()
        except BaseException:
            await step.abandon()
            self._end(state["conversation"], config)
            raise
        messages: list[Any] = to_langchain(told)
        return {"messages": messages, "log": [_row(result)]}

    async def _final_answer(self, state: AgentState, config: RunnableConfig) -> AgentState:
        """The reply stands; note what the step took."""
        result = await (await self._open(state, config)).finish()
        self._end(result.point.trace_id, config)
        return {"log": [_row(result)]}

    async def _open(self, state: AgentState, config: RunnableConfig) -> OpenStep:
        """Return the step that is decided; a new one for a decision taken up again from a checkpoint, or edited."""
        messages = from_langchain(state["messages"])
        point, said = self._point(messages[:-1], state, config), messages[-1]
        step = await self._steps.take(point, said.tool_calls)
        if step is not None:
            return step
        return await self.executor.open_step(point, lambda: Decided(said.tool_calls, said.content), learn=False)

    def _end(self, trace_id: str, config: RunnableConfig) -> None:
        """Without a thread nobody can come back to the conversation."""
        if not _thread(config):
            self._steps.end(trace_id)

    def _point(self, messages: Sequence[Message], state: AgentState, config: RunnableConfig) -> DecisionPoint:
        trace_id = str(_thread(config) or state.get("conversation") or uuid.uuid4())
        index = sum(message.role == "assistant" for message in messages)
        return DecisionPoint(trace_id, index, tuple(messages), self.executor.tools.specs, self._agent)

    async def _think(self, point: DecisionPoint) -> AsyncIterator[Partial | Decided]:
        """Ask the model so that its tokens reach whoever streams the graph's messages."""
        first: Partial | None = None
        async with aclosing(events_of(self._model, to_langchain(point.messages))) as events:
            async for event in events:
                if isinstance(event, End):
                    yield decided_of(event, point)
                    return
                part = part_of(event, first)
                if part is not None:
                    first = part if part.tool is not None else first
                    yield part


def _repaired(messages: Sequence[AnyMessage], in_doubt: Callable[[ToolCall], bool]) -> list[Any]:
    """The messages anew, with a result for each call that the user has not waited for; nothing where none is missing.

    A model would refuse the conversation, or take the call for done.
    """
    mended: list[Any] = []
    missing: list[Any] = []
    for message in messages:
        if isinstance(message, ToolMessage):
            missing = [call for call in missing if call["id"] != message.tool_call_id]
        else:
            mended += [_without_result(call, in_doubt(call_of(call))) for call in missing]
            missing = [*message.tool_calls, *message.invalid_tool_calls] if isinstance(message, AIMessage) else []
        mended.append(message)
    return [RemoveMessage(REMOVE_ALL_MESSAGES), *mended] if len(mended) > len(messages) else []


def _without_result(call: Any, in_doubt: bool) -> ToolMessage:
    told = IN_DOUBT if in_doubt else NOT_RUN
    return ToolMessage(told, tool_call_id=call["id"] or "", name=call["name"], status="error", id=str(uuid.uuid4()))


async def _run(step: OpenStep) -> list[Message]:
    return [result.message() for result in (await step.run()).results]


async def _run_as_tasks(step: OpenStep) -> list[Message]:
    async def obtain(call: ToolCall) -> dict[str, Any]:
        return asdict((await step.obtain(call)).message())

    made: Any = task(name="call")
    as_task = made(obtain)
    told: list[Message] = []
    for batch in step.batches:
        running = [as_task(step.decided.calls[at]) for at in batch]
        told += [Message(**each) for each in await asyncio.gather(*running)]
    return told


def _thread(config: RunnableConfig) -> Any:
    return (config.get("configurable") or {}).get("thread_id")


def _next_node(state: AgentState) -> str:
    last = state["messages"][-1]
    calls = isinstance(last, AIMessage) and (last.tool_calls or last.invalid_tool_calls)
    return "execute_tool" if calls else "final_answer"


def _row(result: StepResult) -> dict[str, Any]:
    """The performance of a step: what was decided, its seconds, and what speculation hid of them."""
    row = result.outcome
    return {
        "step": row.index,
        "decision": row.call or "reply",
        "speculated": row.hit,
        "think_s": row.think_s,
        "tool_s": row.tool_s,
        "sequential_s": row.sequential_s,
        "speculative_s": row.speculative_s,
        "saved_s": row.saved_s,
        "why": row.reason,
    }
