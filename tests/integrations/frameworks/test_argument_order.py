"""A tool of a framework takes its arguments by name: a guess is a hit in whatever order the model writes them."""

from __future__ import annotations

from typing import Any

import pytest
from agents import Agent as OpenAIAgent
from agents import Runner, function_tool
from pydantic_ai import Agent as PydanticAgent
from pydantic_ai import Tool

from specbench.core.types import ToolCall
from specbench.integrations.openai_agents.agent import speculative
from specbench.integrations.openai_agents.agent import tools_of as openai_tools
from specbench.integrations.pydantic_ai.capability import Speculation
from specbench.integrations.pydantic_ai.capability import tools_of as pydantic_tools
from specbench.policies import TopK
from specbench.runtime import Executor
from tests.integrations.frameworks.agents_world import drafts, virtually
from tests.integrations.frameworks.test_openai_agents import QUIET, Scripted
from tests.integrations.frameworks.test_pydantic_ai import asking

WRITTEN = ToolCall("fly", {"origin": "BER", "destination": "OSL", "day": 3}, "c")
GUESSED = ToolCall("fly", {"day": 3, "destination": "OSL", "origin": "BER"})


@pytest.mark.parametrize("framework", ["pydantic_ai", "openai_agents"])
def test_the_order_in_which_arguments_are_written_does_not_count(framework: str) -> None:
    ran: list[tuple[str, str, int]] = []

    async def fly(origin: str, destination: str, day: int) -> str:
        """Look a flight up."""
        ran.append((origin, destination, day))
        return "LH 1"

    async def main() -> Any:
        if framework == "pydantic_ai":
            tools: list[Any] = [Tool(fly)]
            executor = Executor(pydantic_tools(tools, {"fly": "read"}), drafts(GUESSED), TopK(1))
            agent: Any = PydanticAgent(asking(WRITTEN), tools=tools, capabilities=[Speculation(executor)])
            async with executor:
                await agent.run("go")
        else:
            tools = [function_tool(fly)]
            executor = Executor(openai_tools(tools, {"fly": "read"}), drafts(GUESSED), TopK(1))
            plain: OpenAIAgent[Any] = OpenAIAgent("clerk", model=Scripted(calls=[WRITTEN]), tools=tools)
            async with executor:
                await Runner.run(speculative(plain, executor), "go", run_config=QUIET)
        return executor.ledger()

    ledger = virtually(main)
    assert [str(row.fate) for row in ledger.speculations] == ["commit"]
    assert ran == [("BER", "OSL", 3)]
