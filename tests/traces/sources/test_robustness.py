"""Every reader, whatever the bytes: traces or a TraceError, nothing else; and what it gives can be written."""

from __future__ import annotations

import copy
import gc
import json
import random
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from specbench.traces.schema import encode_trace, trace_from_dict
from specbench.traces.sources import detect_source
from specbench.traces.store import load
from tests.traces.sources.samples import SAMPLES, SGD_SCHEMA

KEYS = ["role", "content", "type", "id", "name", "messages", "tool_calls", "parts", "timestamp", "input", "", "x.y"]
JUNK = [None, True, 0, -1.5, "", "x", [], {}, [None], {"role": 1}, float("nan")]


def check(name: str, folder: Path, content: bytes) -> int:
    """Read the content as that format; returns the number of traces. Nothing is half read: a trace can be written."""
    path = folder / "traces.json"
    path.write_bytes(content)
    (folder / "schema.json").write_text(json.dumps(SGD_SCHEMA))
    traces, report = load(path, name, skip_invalid=True)
    for error in report.skipped:
        assert "traces.json" in error or "schema.json" in error
        assert "mend the reader" not in error, error
        assert len(error.encode("utf-8", "surrogatepass")) < 1024
        assert error.isprintable()
    for trace in traces:
        assert trace_from_dict(json.loads(encode_trace(trace))) == trace or "NaN" in content.decode(errors="replace")
    assert traces or report.skipped
    return len(traces)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) inside a JSON value."""
    found: list[tuple[Any, Any]] = []
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        found.append((value, key))
        found.extend(places(value[key]))
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_the_sound_file_is_detected_and_read(name: str, tmp_path: Path) -> None:
    content = SAMPLES[name].encode()
    assert check(name, tmp_path, content) == SAMPLES[name].counts[0]
    assert detect_source(tmp_path, content.decode()).name == name


@pytest.mark.parametrize("name", SAMPLES)
def test_junk_in_any_place_of_a_record(name: str, tmp_path: Path) -> None:
    for index in range(len(places(SAMPLES[name].records))):
        records = json.loads(json.dumps(SAMPLES[name].records))
        container, key = places(records)[index]
        container[key] = JUNK[index % len(JUNK)]
        check(name, tmp_path, SAMPLES[name].encode(records))
        records = json.loads(json.dumps(SAMPLES[name].records))
        container, key = places(records)[index]
        del container[key]
        check(name, tmp_path, SAMPLES[name].encode(records))


def mutated(name: str, random: random.Random) -> bytes:
    """The sample with a few things changed: values junked, moved, doubled, deleted, keys renamed, bytes flipped."""
    records = json.loads(json.dumps(SAMPLES[name].records))
    for _ in range(random.randint(1, 4)):
        found = places(records)
        if not found:
            break
        (container, key), (other, name_there) = random.choice(found), random.choice(found)
        kind = random.randrange(6)
        if kind == 0:
            container[key] = copy.deepcopy(random.choice(JUNK))
        elif kind == 1:
            container[key] = (
                json.loads(json.dumps(other[name_there])) if name_there in other or isinstance(other, list) else 0
            )
        elif kind == 2:
            del container[key]
        elif kind == 3 and isinstance(container, dict):
            container[random.choice(KEYS)] = container.pop(key)
        elif kind == 4 and isinstance(container, list):
            container.append(json.loads(json.dumps(container[key])))
        elif isinstance(container[key], str):
            container[key] = json.dumps(container[key]) if random.random() < 0.5 else container[key][::-1]
    content = bytearray(SAMPLES[name].encode(records))
    if content and random.random() < 0.2:
        content[random.randrange(len(content))] = random.randrange(256)
    if random.random() < 0.1:
        del content[random.randrange(len(content) + 1) :]
    return bytes(content)


def check_mutated(name: str, folder: Path, seed: int) -> None:
    content = mutated(name, random.Random(seed))
    gc.disable()  # going through what all other tests have left takes a second, and is not the reader's time
    try:
        began_s = time.process_time()
        check(name, folder, content)
        took_s = time.process_time() - began_s
    finally:
        gc.enable()
    assert took_s < 1.0


@pytest.mark.parametrize("name", SAMPLES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(seed=st.integers(0, 2**32))
def test_mutated_files(name: str, tmp_path: Path, seed: int) -> None:
    check_mutated(name, tmp_path, seed)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_million_mutated_files(name: str, tmp_path: Path) -> None:
    for seed in range(10**6 // len(SAMPLES) + 1):
        check_mutated(name, tmp_path, seed)


LARGE = {
    "brackets": b"[" * 300_000,
    "objects": b'{"messages":' * 100_000,
    "quotes": b'"' * 50_000,
    "backslashes": b'{"a": "' + b"\\\\" * 300_000,
    "digits": b'{"messages": ' + b"9" * 300_000 + b"}",
    "tags": json.dumps({"messages": [{"role": "assistant", "content": "<tool_call>{" * 50_000}]}).encode(),
    "closed tags": json.dumps(
        {"messages": [{"role": "assistant", "content": "<tool_call></tool_call>" * 30_000}]}
    ).encode(),
    "spaces": b" " * 500_000 + b"{",
    "lines": b"{}\n" * 20_000,
    "parts": json.dumps({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}] * 50_000}]}).encode(),
    "results": json.dumps({"messages": [{"role": "tool", "content": "x"}] * 5_000}).encode(),
    "calls": json.dumps(
        {
            "messages": [
                {"role": "assistant", "tool_calls": [{"id": "c", "name": "f"}] * 5_000},
                *[{"role": "tool"}] * 5_000,
            ]
        }
    ).encode(),
    "dots": json.dumps({"traceId": "t", "attributes": {"llm.input_messages" + ".0" * 50_000: 1}}).encode(),
}


@pytest.mark.parametrize("kind", LARGE)
def test_time_and_memory_are_bounded(kind: str, tmp_path: Path) -> None:
    """Whatever the reader: time in proportion to the file, and memory to some multiple of it."""
    path = tmp_path / "large.json"
    path.write_bytes(LARGE[kind])
    for name in (None, *SAMPLES):
        began_s = time.process_time()
        load(path, name, skip_invalid=True)
        assert time.process_time() - began_s < 10.0, name
    tracemalloc.start()
    load(path, skip_invalid=True)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 100 * 2**20


@pytest.mark.parametrize("name", SAMPLES)
def test_bytes_that_were_cut_off_or_flipped(name: str, tmp_path: Path) -> None:
    content = SAMPLES[name].encode()
    for length in range(1, len(content), 7):
        check(name, tmp_path, content[:length])
    generator = random.Random(0)
    for _ in range(100):
        flipped = bytearray(content)
        flipped[generator.randrange(len(content))] = generator.randrange(256)
        check(name, tmp_path, bytes(flipped))


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("depth", [50, 150, 900, 960, 990])
def test_deep_nesting_in_any_place(name: str, depth: int, tmp_path: Path) -> None:
    nested = "[" * depth + "]" * depth
    for index in range(len(places(SAMPLES[name].records))):
        records = json.loads(json.dumps(SAMPLES[name].records))
        container, key = places(records)[index]
        container[key] = "DEEP"
        check(name, tmp_path, SAMPLES[name].encode(records).replace(b'"DEEP"', nested.encode()))


@pytest.mark.parametrize("name", SAMPLES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(content=st.binary())
def test_any_bytes(name: str, tmp_path: Path, content: bytes) -> None:
    check(name, tmp_path, content)
