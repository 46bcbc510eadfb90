"""Every reader, whatever the bytes: traces or a TraceError, nothing else; and what it gives can be written."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from specbench.traces.schema import encode_trace, trace_from_dict
from specbench.traces.sources import detect_source
from specbench.traces.store import load
from tests.traces.sources.samples import SAMPLES, SGD_SCHEMA

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
        for junk in JUNK:
            records = json.loads(json.dumps(SAMPLES[name].records))
            container, key = places(records)[index]
            container[key] = junk
            check(name, tmp_path, SAMPLES[name].encode(records))
        records = json.loads(json.dumps(SAMPLES[name].records))
        container, key = places(records)[index]
        del container[key]
        check(name, tmp_path, SAMPLES[name].encode(records))


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
