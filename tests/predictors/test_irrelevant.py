"""A parameter that does not count changes nothing for any predictor."""

from __future__ import annotations

from dataclasses import replace

import pytest

from specbench.core.types import Message, ToolSpec, Trace
from specbench.metrics import predict_traces, rates
from specbench.predictors import competitor_names, make_predictor
from specbench.testing import make_traces


def with_reasons(trace: Trace) -> Trace:
    """Every call says why it is made, each time in other words; the tools require it."""

    def told(message: Message, at: int) -> Message:
        calls = tuple(
            replace(call, arguments={"why": f"because {trace.trace_id} {at}", **call.arguments})
            for call in message.tool_calls
        )
        return replace(message, tool_calls=calls)

    def asks(spec: ToolSpec) -> ToolSpec:
        parameters = {
            **spec.parameters,
            "properties": {"why": {"type": "string"}, **spec.properties},
            "required": ["why", *spec.required],
        }
        return replace(spec, parameters=parameters, irrelevant=("why",))

    messages = tuple(told(message, at) for at, message in enumerate(trace.messages))
    return replace(trace, tools={name: asks(spec) for name, spec in trace.tools.items()}, messages=messages)


@pytest.mark.parametrize("name", [name for name in competitor_names() if name != "llm"])
def test_a_reason_changes_no_prediction(name: str) -> None:
    train, test = make_traces(12), make_traces(16)[12:]
    plain = predict_traces(make_predictor(name).fit(train), test, k=3)
    told = predict_traces(make_predictor(name).fit(list(map(with_reasons, train))), list(map(with_reasons, test)), k=3)

    def keys(table: object) -> list[list[tuple[str, float]]]:
        return [[(str(call), round(p, 6)) for call, p in row] for row in table.predictions]  # type: ignore[attr-defined]

    assert keys(told) == keys(plain)
    assert rates(told)["call_top1"] == rates(plain)["call_top1"]
    assert rates(plain)["call_top1"] > 0 or name == "cached"  # no call comes again in these conversations
    guesses = [call for row in told.predictions for call, _ in row if call is not None]
    assert guesses and all("why" in call.arguments for call in guesses if call.name in test[0].tools)
