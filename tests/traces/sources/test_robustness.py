"""Every reader, whatever the bytes: traces or a TraceError, nothing else; and what it gives can be written."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from specbench.core.errors import TraceError
from specbench.traces.schema import encode_trace, trace_from_dict
from specbench.traces.sources import get_source, sources

GOOD: dict[str, list[dict[str, Any]]] = {
    "specbench_jsonl": [
        {
            "specbench": 1, "trace_id": "t", "task_id": "a", "source": "s", "agent": "x", "metadata": {"n": 1},
            "tools": [{"name": "f", "description": "d", "parameters": {"type": "object"}, "effect": "read"}],
            "messages": [
                {"role": "assistant", "tool_calls": [{"id": "c", "name": "f", "arguments": {"x": 1}}]},
                {"role": "tool", "content": "r", "tool_call_id": "c", "name": "f", "error": True, "timing": [0, 1]},
            ],
        }
    ],
    "tau_bench": [
        {
            "task_id": 1, "reward": 1.0, "trial": 0,
            "traj": [
                {"role": "system", "content": "# Retail agent policy"},
                {"role": "assistant", "content": None, "tool_calls": [
                    {"id": "c", "function": {"name": "get_order_details", "arguments": "{'a': 1}"}}]},
                {"role": "tool", "tool_call_id": "c", "name": "get_order_details", "content": "{}"},
            ],
        }
    ],
    "sgd": [
        {
            "dialogue_id": "1", "services": ["S"],
            "turns": [
                {"speaker": "USER", "utterance": "u", "frames": []},
                {"speaker": "SYSTEM", "utterance": "s", "frames": [
                    {"service": "S", "service_call": {"method": "M", "parameters": {"a": "1"}},
                     "service_results": [{}]}]},
            ],
        }
    ],
    "openai_chat": [
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "hi"}]},
                {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {"x": 1}}}]},
                {"role": "function", "name": "f", "content": "r"},
            ],
            "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}, "effect": "read"}],
            "metadata": {"task_id": 1},
        }
    ],
}  # fmt: skip
SCHEMA = [
    {
        "service_name": "S",
        "slots": [{"name": "a", "description": "", "is_categorical": False, "possible_values": []}],
        "intents": [{"name": "M", "is_transactional": False, "required_slots": ["a"], "optional_slots": {}}],
    }
]
JUNK = [None, True, 0, -1.5, "", "x", [], {}, [None], {"role": 1}, float("nan")]


def encode(name: str, records: Any) -> bytes:
    if name in ("tau_bench", "sgd"):
        return json.dumps(records).encode()
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def check(name: str, folder: Path, content: bytes) -> int:
    """Read the content as that format; returns the number of traces."""
    path = folder / "traces.json"
    path.write_bytes(content)
    (folder / "schema.json").write_text(json.dumps(SCHEMA))
    errors: list[TraceError] = []
    traces = list(get_source(name).read(path, errors.append))
    for error in errors:
        assert "traces.json" in str(error) or "schema.json" in str(error)
    for trace in traces:
        assert trace_from_dict(json.loads(encode_trace(trace))) == trace or "NaN" in content.decode(errors="replace")
    assert traces or errors or content.strip() in (b"[]", b"")
    return len(traces)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) inside a JSON value."""
    found: list[tuple[Any, Any]] = []
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        found.append((value, key))
        found.extend(places(value[key]))
    return found


@pytest.mark.parametrize("name", GOOD)
def test_the_sound_record_is_detected_by_its_reader_only(name: str, tmp_path: Path) -> None:
    content = encode(name, GOOD[name])
    assert check(name, tmp_path, content) == 1
    assert [other for other, source in sources().items() if source.detect(tmp_path, content.decode())] == [name]


@pytest.mark.parametrize("name", GOOD)
def test_junk_in_any_place_of_a_record(name: str, tmp_path: Path) -> None:
    for index in range(len(places(GOOD[name]))):
        for junk in JUNK:
            records = json.loads(json.dumps(GOOD[name]))
            container, key = places(records)[index]
            container[key] = junk
            check(name, tmp_path, encode(name, records))
        records = json.loads(json.dumps(GOOD[name]))
        container, key = places(records)[index]
        del container[key]
        check(name, tmp_path, encode(name, records))


@pytest.mark.parametrize("name", GOOD)
def test_bytes_that_were_cut_off_or_flipped(name: str, tmp_path: Path) -> None:
    content = encode(name, GOOD[name])
    for length in range(1, len(content), 7):
        check(name, tmp_path, content[:length])
    generator = random.Random(0)
    for _ in range(100):
        flipped = bytearray(content)
        flipped[generator.randrange(len(content))] = generator.randrange(256)
        check(name, tmp_path, bytes(flipped))


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("depth", [50, 150, 900, 960, 990])
def test_deep_nesting_in_any_place(name: str, depth: int, tmp_path: Path) -> None:
    nested = "[" * depth + "]" * depth
    for index in range(len(places(GOOD[name]))):
        records = json.loads(json.dumps(GOOD[name]))
        container, key = places(records)[index]
        container[key] = "DEEP"
        check(name, tmp_path, encode(name, records).replace(b'"DEEP"', nested.encode()))


@pytest.mark.parametrize("name", GOOD)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(content=st.binary())
def test_any_bytes(name: str, tmp_path: Path, content: bytes) -> None:
    check(name, tmp_path, content)
