"""One's own agent loop with the executor: no framework, any LLM. Here the "LLM" is a function that takes 0.2 s."""

import asyncio

import specbench as sb

ORDERS = {"W7": "sent on Monday"}
SPEC = sb.ToolSpec("get_order", "Look an order up", {"type": "object"}, sb.Effect.READ)


async def get_order(order: str) -> str:
    await asyncio.sleep(0.15)  # a slow database
    return ORDERS[order]


async def think(point: sb.DecisionPoint) -> sb.ToolCall | str:
    """Ask your LLM here: it returns a call, several calls, or the text of its answer."""
    await asyncio.sleep(0.2)
    last = point.messages[-1]
    return sb.ToolCall("get_order", {"order": "W7"}) if last.role == "user" else f"It was {last.content}."


async def main() -> None:
    call = sb.ToolCall("get_order", {"order": "W7"})
    past = (sb.Message("user", "where is W7?"), sb.Message("assistant", "", (call,)))
    predictor = sb.Markov().fit([sb.Trace(str(n), str(n), "mine", past, {"get_order": SPEC}) for n in range(20)])
    async with sb.Executor([sb.Tool(SPEC, get_order)], predictor, sb.Threshold(0.2)) as executor:
        conversation = executor.conversation("talk-1")
        turn = await conversation.user("where is W7?", think)
        for step in turn.steps:
            if step.decided.calls:
                print(f"{step.outcome.saved_s:z.2f} s saved: {step.outcome.reason}")
        print(turn.text)
        print(sb.simulate("oracle", [conversation.trace()], "always", latency="measured").report())


if __name__ == "__main__":
    asyncio.run(main())
