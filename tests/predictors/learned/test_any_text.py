"""A predictor for any agent: arguments out of texts, shapes of calls, calls that go on, texts of a megabyte."""

from __future__ import annotations

import time

from specbench.core.types import DecisionPoint, Effect, Message, ToolCall, ToolSpec, Trace
from specbench.predictors.learned.predictor import LearnedPredictor

TOOLS = {
    "grep": ToolSpec("grep", "Search the files", effect=Effect.READ),
    "read": ToolSpec("read", "Read a file", effect=Effect.READ),
    "search": ToolSpec("search", "Search the web", effect=Effect.READ),
    "open": ToolSpec("open", "Open a page", effect=Effect.READ),
}


def step(tool: str, arguments: dict[str, object], result: str) -> list[Message]:
    call = ToolCall(tool, arguments)
    return [Message("assistant", tool_calls=(call,)), Message("tool", result, name=tool)]


def coding(n: int, *, bare: bool) -> Trace:
    path, line = f"src/part_{n}/file_{n}.py", 10 * n + 7
    read = {"path": path} if bare else {"path": path, "offset": line, "limit": 30}
    talk = [Message("user", f"Where is thing_{n} {'defined' if bare else 'used'}?")]
    talk += step("grep", {"pattern": f"thing_{n}"}, f"{path}" if bare else f"{path}:{line}: thing_{n}()")
    talk += step("read", read, f"{line}: thing_{n}()")
    return Trace(f"c{n}", f"c{n}", "doc", tuple(talk), TOOLS)


def browsing(n: int) -> Trace:
    found = "\n".join(f"- rank: {k}\n  title: Page {n}{k}\n  url: https://site{n}.org/p{k}" for k in range(1, 4))
    talk = [Message("user", f"Find topic {n}"), *step("search", {"query": f"topic {n}"}, found)]
    for k in range(1, 4):
        talk += step("open", {"url": f"https://site{n}.org/p{k}"}, f"Text of page {n}{k}")
    return Trace(f"b{n}", f"b{n}", "doc", tuple(talk), TOOLS)


def best_at(predictor: LearnedPredictor, trace: Trace, before: int) -> ToolCall | None:
    point = DecisionPoint("u", 0, trace.messages[:before], TOOLS)
    return next(each.call for each in predictor.predict(point, 5) if each.call is not None)


def test_paths_lines_and_the_shape_of_the_call_come_from_the_text() -> None:
    traces = [coding(n, bare=bool(n % 2)) for n in range(1, 40)]
    predictor = LearnedPredictor().fit(traces)
    for bare in (True, False):
        new = coding(77, bare=bare)
        assert best_at(predictor, new, 3) == new.messages[3].tool_calls[0]


def test_pages_of_a_list_are_opened_in_turn() -> None:
    predictor = LearnedPredictor().fit([browsing(n) for n in range(1, 24)])
    new = browsing(99)
    assert best_at(predictor, new, 3) == new.messages[3].tool_calls[0]
    assert best_at(predictor, new, 5) == new.messages[5].tool_calls[0]


def test_a_result_of_a_megabyte_is_read_to_its_end_and_costs_time_once() -> None:
    predictor = LearnedPredictor().fit([coding(n, bare=False) for n in range(1, 24)])
    session = predictor.session(TOOLS)
    session.observe(Message("user", "Where is thing_5 used?"))
    session.observe(Message("assistant", tool_calls=(ToolCall("grep", {"pattern": "thing_5"}),)))
    text = "\n".join(f"src/part_{n}/file_{n}.py:{n}: thing_{n}()" for n in range(25_000))
    assert len(text) > 1_000_000
    session.observe(Message("tool", text, name="grep"))
    assert session.index.row("src/part_24999/file_24999.py") is not None  # type: ignore[attr-defined]
    started = time.process_time()
    for _ in range(3):
        session.observe(Message("user", "And?"))
        session.predict(3)
    assert time.process_time() - started < 3
