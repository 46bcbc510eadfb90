"""LangChain's callback records what an agent says and does."""

from __future__ import annotations

from pathlib import Path

from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.tools import tool

import specbench as sb
from specbench.integrations import LangChainRecorder
from specbench.traces.recorder import Recorder


class Model(GenericFakeChatModel):
    def bind_tools(self, tools, **options):  # type: ignore[no-untyped-def]
        return self.bind(tools=tools)


@tool
def look(x: int) -> str:
    """Look."""
    return f"saw {x}"


def test_an_agent_is_recorded(tmp_path: Path) -> None:
    says = [AIMessage("", tool_calls=[{"name": "look", "args": {"x": 1}, "id": "c1"}]), AIMessage("It is blue.")]
    agent = create_agent(Model(messages=iter(says)), [look])
    with Recorder(tmp_path) as recorder:
        callback = LangChainRecorder(recorder)
        agent.invoke({"messages": [{"role": "user", "content": "look at 1"}]}, config={"callbacks": [callback]})
        assert recorder.errors == 0
    (trace,) = sb.read(tmp_path)
    assert [message.role for message in trace.messages] == ["user", "assistant", "tool", "assistant"]
    assert (trace.messages[2].content, trace.messages[2].tool_call_id) == ("saw 1", "c1")
    assert all(message.timing is not None for message in trace.messages[1:])
    assert "look" in trace.tools
