"""The LangGraph agent on the demo desk: a real SQLite database, slow tools, and the micro-Llama as its LLM."""

import asyncio
from pathlib import Path

import specbench as sb
from specbench.desk import SupportDesk, desk_tools
from specbench.integrations import SpeculativeAgent
from specbench.llm import make_backend

CHECKPOINT = Path(__file__).resolve().parents[1] / "models" / "support-desk"


async def main() -> None:
    executor = sb.Executor(desk_tools(SupportDesk()), sb.load(CHECKPOINT), sb.Threshold(0.4))
    graph = SpeculativeAgent(make_backend("micro", pace_tokens_per_s=60), executor).compile()
    async with executor:
        state = await graph.ainvoke(
            {"messages": [("user", "Hi, where is my order D71110? My email is rlangwood@example.org.")]}
        )
    for step in state["log"]:
        print(f"{step['saved_s']:z.1f} s saved: {step['decision']} ({step['why']})")
    print(state["messages"][-1].content)


if __name__ == "__main__":
    asyncio.run(main())
