"""A trace file of any content: traces that can be written and read again, or errors that name the file."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from fuzz.oracle import allowed, check_error
from specbench.core.errors import TraceError
from specbench.traces.schema import encode_trace, trace_from_dict
from specbench.traces.store import SUFFIXES, load, read_traces


def check(data: bytes) -> None:
    """Read a file; the first byte says which ending its name has."""
    suffix, content = SUFFIXES[data[0] % len(SUFFIXES)] if data else ".json", data[1:]
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / f"traces{suffix}"
        path.write_bytes(content)
        with allowed(len(data), TraceError):
            for _ in read_traces(path):
                pass
        with allowed(len(data)):
            traces, report = load(path, skip_invalid=True)
            for error in report.skipped:
                check_error(error)
                assert "traces" in error and "mend the reader" not in error, error
            for trace in traces:
                line = encode_trace(trace)
                assert encode_trace(trace_from_dict(json.loads(line))) == line
        assert [each.name for each in Path(folder).iterdir()] == [path.name]
