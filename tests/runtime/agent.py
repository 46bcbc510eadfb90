"""Small tools, predictors and loops for the tests of the executor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import anyio

from specbench.core.types import DecisionPoint, Effect, Message, Prediction, ToolCall, ToolSpec
from specbench.predictors import Predictor
from specbench.predictors.base import Session
from specbench.runtime import Decided, Tool
from specbench.speculation import Traits


class Says(Predictor):
    """Predicts what a function of the conversation says."""

    name = "says"
    fitted = True

    def __init__(self, say: Callable[[Sequence[Message]], list[Prediction]] | list[Prediction]) -> None:
        self.say = say if callable(say) else lambda _: say

    def fit(self, traces: Sequence[Any]) -> Self:
        return self

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        return _Saying(self.say)

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        pass


class _Saying(Session):
    def __init__(self, say: Callable[[Sequence[Message]], list[Prediction]]) -> None:
        self.say = say
        self.messages: list[Message] = []

    def observe(self, message: Message) -> None:
        self.messages.append(message)

    def predict(self, k: int = 1) -> list[Prediction]:
        return self.say(self.messages)[:k]


class Recorder:
    """Tools that sleep, and note when they ran."""

    def __init__(self) -> None:
        self.log: list[tuple[str, float, float | None]] = []

    def tool(
        self, name: str, seconds: float = 1.0, effect: Effect = Effect.READ, traits: Traits | None = None, **more: Any
    ) -> Tool:
        async def run(**arguments: Any) -> str:
            at = len(self.log)
            key = ToolCall(name, arguments).key
            self.log.append((key, anyio.current_time(), None))
            await anyio.sleep(seconds)
            self.log[at] = (key, self.log[at][1], anyio.current_time())
            return f"{key} at {len(self.log)}"

        return Tool(ToolSpec(name, effect=effect), run, traits or Traits(), **more)


def call(name: str, **arguments: Any) -> ToolCall:
    return ToolCall(name, arguments)


def sure(*calls: ToolCall) -> list[Prediction]:
    return [Prediction(each, 0.9 / len(calls)) for each in calls]


def thinks(seconds: float, *calls: ToolCall, text: str = "") -> Callable[[], Any]:
    async def think() -> Decided:
        await anyio.sleep(seconds)
        return Decided(tuple(calls), text)

    return think


def point(executor: Any, *messages: Message, trace_id: str = "t", index: int = 0) -> DecisionPoint:
    return DecisionPoint(trace_id, index, messages or (Message("user", "hello"),), executor.tools.specs)
