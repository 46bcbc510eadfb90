"""A predictor of one's own: the tool that most often comes first, called with the arguments of the last call.

With the entry point in ``pyproject.toml`` every list of predictors has it: help, menus, tables, colours.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Self

from specbench.core.types import Message, Prediction, ToolCall, ToolSpec, Trace
from specbench.predictors import Predictor, Session


class LastRead(Predictor):
    """Repeats the last call's arguments with the tool that followed it most often in training."""

    name = "last_read"
    about = "the usual next tool, with the last call's arguments"

    def __init__(self) -> None:
        self.follows: dict[str, Counter[str]] = {}

    def fit(self, traces: Sequence[Trace]) -> Self:
        self.follows = {}  # fitting again forgets what was learned before
        for trace in traces:
            names = [call.name for message in trace.messages for call in message.tool_calls]
            for before, after in pairwise(names):
                self.follows.setdefault(before, Counter())[after] += 1
        self.fitted = True
        return self

    def session(self, tools: Mapping[str, ToolSpec], agent: str | None = None) -> Session:
        return LastReadSession(self, tools)

    def state(self) -> dict[str, Any]:
        return {"follows": {name: dict(counts) for name, counts in self.follows.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.follows = {name: Counter(counts) for name, counts in state["follows"].items()}
        self.fitted = True


class LastReadSession(Session):
    """One conversation."""

    def __init__(self, predictor: LastRead, tools: Mapping[str, ToolSpec]) -> None:
        self.predictor, self.tools = predictor, tools
        self.last: ToolCall | None = None

    def observe(self, message: Message) -> None:
        self.last = message.tool_calls[-1] if message.tool_calls else self.last

    def predict(self, k: int = 1) -> list[Prediction]:
        counts = self.predictor.follows.get(self.last.name, Counter()) if self.last is not None else Counter()
        known = [(name, n) for name, n in sorted(counts.items(), key=lambda each: (-each[1], each[0]))]
        total = sum(counts.values()) + 1
        arguments = self.last.arguments if self.last is not None else {}
        return [Prediction(ToolCall(name, arguments), n / total) for name, n in known if name in self.tools][:k]


if __name__ == "__main__":
    import specbench as sb

    sb.check_predictor(LastRead)
    train, test = sb.sample(tasks=40).split(test=0.25, seed=0)
    print(sb.evaluate(["markov", LastRead()], train, test).table.round(3))
