"""The real files that may lie beside the project, counted again by a few lines that know nothing of the readers."""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from specbench.core.types import Trace
from specbench.traces.store import load

TESTS = pytest.mark.skipif(
    not (Path(__file__).resolve().parents[4] / "shared" / "data" / "raw").is_dir(), reason="no real files"
)


class Count(NamedTuple):
    """What a set of files holds; seconds are those that are measured."""

    invocations: int
    calls: int
    replies: int
    results: int
    think_s: float
    tool_s: float


def read(folder: Path, pattern: str = "*") -> tuple[Count, list[Trace]]:
    """What the readers find in a folder's files."""
    traces = load(sorted(folder.glob(pattern)))[0]
    messages = [message for trace in traces for message in trace.messages]
    asked = [message for message in messages if message.role == "assistant"]
    results = [message for message in messages if message.role == "tool"]
    return Count(
        len(asked),
        sum(len(message.tool_calls) for message in asked),
        sum(not message.tool_calls for message in asked),
        len(results),
        sum(message.timing.duration_s for message in asked if message.timing),
        sum(message.timing.duration_s for message in results if message.timing),
    ), traces


def same(found: Count, expected: Count) -> bool:
    return found[:4] == expected[:4] and all(abs(a - b) < 0.05 for a, b in zip(found[4:], expected[4:], strict=True))


def lines(path: Path) -> Iterator[Any]:
    return (json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip())


def when(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def claude_code(folder: Path) -> Count:
    replies = calls = results = invocations = 0
    think_s = tool_s = 0.0
    for path in sorted(folder.glob("*.jsonl")):
        blocks: dict[str, list[tuple[float, Any]]] = {}
        asked: dict[str, float] = {}
        began: dict[str, list[float]] = {}
        before: dict[str, float] = {}
        last = None
        for row in lines(path):
            progress = row.get("data", {}) if row["type"] == "progress" else {}
            if "elapsedTimeSeconds" in progress:
                began.setdefault(row["parentToolUseID"], []).append(
                    when(row["timestamp"]) - progress["elapsedTimeSeconds"]
                )
            if row["type"] not in ("user", "assistant") or row.get("isMeta") or row.get("isSidechain"):
                continue
            at, content = when(row["timestamp"]), row["message"]["content"]
            if row["message"].get("model") == "<synthetic>":  # Claude Code's own words, where the LLM failed
                continue
            if row["type"] == "assistant":
                before.setdefault(row["message"]["id"], last or at)
                for block in content:
                    blocks.setdefault(row["message"]["id"], []).append((at, block))
                    if block["type"] == "tool_use":
                        asked[block["id"]] = at
            for block in content if isinstance(content, list) and row["type"] == "user" else []:
                if block["type"] == "tool_result":
                    results += 1
                    told, start = row.get("toolUseResult"), asked[block["tool_use_id"]]
                    if isinstance(told, str) and "doesn't want to proceed" in told:
                        continue
                    shown = min(began.get(block["tool_use_id"], [start]))
                    start = shown if shown - start > 1 else start
                    for key, unit in (("durationMs", 1e3), ("totalDurationMs", 1e3), ("durationSeconds", 1)):
                        if (
                            isinstance(told, dict)
                            and key in told
                            and told[key] / unit <= at - asked[block["tool_use_id"]]
                        ):
                            start = at - told[key] / unit
                    tool_s += at - start
            last = at
        for name, parts in blocks.items():
            uses = sum(block["type"] == "tool_use" for _, block in parts)
            invocations += 1
            calls += uses
            replies += not uses
            think_s += parts[-1][0] - before[name]
    return Count(invocations, calls, replies, results, think_s, tool_s)


def tau2(folder: Path) -> Count:
    count: Counter[str] = Counter()
    think_s = tool_s = 0.0
    for path in folder.glob("*.json"):
        for simulation in json.loads(path.read_text("utf-8"))["simulations"]:
            last = when(simulation["start_time"])
            asked = last
            for message in simulation["messages"]:
                at = when(message["timestamp"])
                if message["role"] == "assistant":
                    count["n"] += 1
                    count["calls"] += len(message["tool_calls"] or [])
                    count["replies"] += not message["tool_calls"]
                    think_s += at - last
                    asked = at
                elif message["role"] == "tool":
                    count["results"] += 1
                    tool_s += at - asked
                last = at
    return Count(count["n"], count["calls"], count["replies"], count["results"], think_s, tool_s)


def mini_swe_agent(folder: Path) -> Count:
    count: Counter[str] = Counter()
    think_s = tool_s = 0.0
    for path in folder.glob("*.json"):
        last = asked = None
        for message in json.loads(path.read_text("utf-8"))["messages"]:
            at = message.get("extra", {}).get("timestamp")
            if message["role"] == "assistant":
                count["n"] += 1
                count["calls"] += len(message["tool_calls"])
                think_s += at - last if last else 0
                asked = at
            elif message["role"] == "tool":
                count["results"] += 1
                tool_s += max(at - asked, 0) if at else 0  # a clock that was put back measures nothing
            last = at or last
    return Count(count["n"], count["calls"], 0, count["results"], think_s, tool_s)


def swe_agent(folder: Path) -> Count:
    steps = 0
    for path in folder.glob("*.traj"):
        record = json.loads(path.read_text("utf-8"))
        called = sum(len(message.get("tool_calls", [])) for message in record["history"])
        steps += called or len(record["trajectory"])
    return Count(steps, steps, 0, steps, 0, 0)


def inspect_ai(folder: Path) -> Count:
    count: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for path in folder.glob("*.eval"):
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            for name in archive.namelist():
                if not name.startswith("samples/"):
                    continue
                sample = json.loads(archive.read(name))
                said = {message.get("id") for message in sample["messages"]}
                for message in sample["messages"]:
                    count[message["role"]] += 1
                    count["calls"] += len(message.get("tool_calls") or [])
                    count["replies"] += message["role"] == "assistant" and not message.get("tool_calls")
                for event in sample["events"]:
                    output = event.get("output", {}).get("choices", []) if event["event"] == "model" else []
                    mine = event["event"] == "tool" or any(choice["message"].get("id") in said for choice in output)
                    if mine and "completed" in event:
                        seconds[event["event"]] += when(event["completed"]) - when(event["timestamp"])
    return Count(count["assistant"], count["calls"], count["replies"], count["tool"], seconds["model"], seconds["tool"])


def google_adk(folder: Path) -> Count:
    calls = replies = results = steps = 0
    for path in folder.glob("*.json"):
        record = json.loads(path.read_text("utf-8"))
        for event in record.get("events", []) if isinstance(record, dict) else []:
            parts = event.get("content", {}).get("parts", [])
            called = sum("function_call" in part for part in parts)
            calls += called
            results += sum("function_response" in part for part in parts)
            spoken = (
                event["author"] != "user" and bool(parts) and not any("function_response" in part for part in parts)
            )
            replies += spoken and not called
            steps += spoken
        for case in record.get("eval_cases", []) if isinstance(record, dict) else []:
            for turn in case["conversation"]:
                used = len(turn["intermediate_data"]["tool_uses"])
                calls, replies, steps = calls + used, replies + 1, steps + used + 1
        for turn in record if isinstance(record, list) else []:
            used = len(turn["expected_tool_use"])
            calls, replies, steps = calls + used, replies + 1, steps + used + 1
    return Count(steps, calls, replies, results, 0, 0)


def sharegpt(folder: Path) -> Count:
    turns: Counter[str] = Counter()
    for path in folder.glob("*.json"):
        for record in json.loads(path.read_text("utf-8")):
            turns.update(turn["from"] for turn in record["conversations"])
    calls = turns["function_call"]
    return Count(calls + turns["gpt"], calls, turns["gpt"], turns["observation"], 0, 0)


def invariant(folder: Path) -> Count:
    count: Counter[str] = Counter()
    for path in folder.glob("*.jsonl"):
        for record in lines(path):
            for message in record if isinstance(record, list) else record.get("messages", []):
                count[message["role"]] += 1
                count["calls"] += len(message.get("tool_calls") or [])
                count["replies"] += message["role"] == "assistant" and not message.get("tool_calls")
    return Count(count["assistant"], count["calls"], count["replies"], count["tool"], 0, 0)


@TESTS
@pytest.mark.parametrize(
    ("name", "recount", "traces"),
    [
        ("claude_code", claude_code, 38),
        ("tau2", tau2, 60),
        ("mini_swe_agent", mini_swe_agent, 31),
        ("swe_agent", swe_agent, 8),
        ("inspect_ai", inspect_ai, 5),
        ("google_adk", google_adk, 5),
        ("sharegpt", sharegpt, 300),
        ("invariant", invariant, 5),
    ],
)
def test_real_files_are_read_whole(shared_data: Path, name: str, recount: Callable[[Path], Count], traces: int) -> None:
    folder = shared_data / "raw" / name
    expected = recount(folder)
    found, read_traces = read(folder)
    assert len(read_traces) == traces
    assert same(found, expected), (found, expected)


LANGFUSE = {
    "agno-2025-06-11.trace": (2, 1, 1, 5.76, 0.72),
    "csharp-agent-with-gemini-2026-03-09.trace": (3, 2, 2, 12.47, 2.36),
    "google-adk-2025-08-28": (2, 1, 1, 1.83, 0.001),
    "koog-2025-08-26": (3, 2, 2, 4.78, 2.03),
    "langgraph-2025-08-22": (2, 1, 1, 2.59, 0.0),
    "openai-agents-2025-09-30.trace": (2, 1, 1, 2.19, 0.0),
    "pydantic-ai-tools-2025-12-04.trace": (4, 4, 3, 7.40, 0.02),
    "vercel-aisdk-2025-11-17.trace": (1, 1, 1, 3.04, 0.0),
}
"""LLM invocations, calls, results and seconds, read off the files' observations by hand."""


@TESTS
@pytest.mark.parametrize("name", LANGFUSE)
def test_real_langfuse_exports_of_many_frameworks(shared_data: Path, name: str) -> None:
    found, _ = read(shared_data / "raw" / "langfuse", f"{name}.json")
    invocations, calls, results, think_s, tool_s = LANGFUSE[name]
    assert (found.invocations, found.calls, found.results) == (invocations, calls, results)
    assert found.think_s == pytest.approx(think_s, abs=0.02)
    assert found.tool_s == pytest.approx(tool_s, abs=0.02)


@TESTS
@pytest.mark.parametrize(
    ("folder", "pattern", "calls"),
    [
        ("codex", "*.jsonl", 9),
        ("claude_fixtures", "*.jsonl", 4),
        ("copilot_fixtures", "*.jsonl", 4),
        ("gemini_fixtures", "*", 3),
    ],
)
def test_real_fixtures_with_drifting_schemas(shared_data: Path, folder: str, pattern: str, calls: int) -> None:
    found, _ = read(shared_data / "raw" / folder, pattern)
    assert found.calls == calls
