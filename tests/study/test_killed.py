"""Commands that are killed (-9) at any moment: no half file under its final name, and the next run gives the same."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from specbench.testing import make_traces
from specbench.traces.store import write_traces

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
COMMANDS = {
    "train": ["--predictor", "markov"],
    "sweep": [
        "--predictors",
        "markov,ngram",
        "--policies",
        "threshold:0.2:0.8:0.2",
        "--jobs",
        "1",
        "--predict-ms",
        "1",
    ],
    "study": ["--predictors", "markov", "--threshold", "0.5", "--predict-ms", "1"],
}
ENDS = {".json": b"}", ".parquet": b"PAR1", ".html": b"</html>", ".svg": b"</svg>", ".png": b"IEND\xaeB`\x82"}


def start(command: str, home: Path) -> subprocess.Popen[bytes]:
    """Start a command whose results go to ``home / "out"``."""
    traces = home / "traces.jsonl"
    if not traces.exists():
        write_traces(traces, make_traces(12, seed=1))
    line = [sys.executable, "-m", "specbench", command, "--traces", str(traces), "--out", str(home / "out"), "--quiet"]
    return subprocess.Popen(
        [*line, *COMMANDS[command]], env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def finish(command: str, home: Path) -> dict[str, object]:
    """Run it to its end; returns of its results what does not depend on the clock."""
    process = start(command, home)
    _, said = process.communicate(timeout=240)
    assert process.returncode == 0, said.decode()
    check_whole(home / "out")
    assert not [path.name for path in home.iterdir() if path.name.endswith(".unfinished")]
    if command == "train":
        return {"state": json.loads((home / "out" / "predictor.json").read_bytes())["state"]}
    names = ["sweep.parquet"] if command == "sweep" else ["decisions.parquet", "curves.parquet"]
    return {name: (home / "out" / name).read_bytes() for name in names}


def check_whole(folder: Path) -> None:
    """Fail when a file under its final name is none of its kind, or has no end."""
    import pyarrow.parquet as pq
    from safetensors.numpy import load_file

    final = [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
    for path in final:
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        content = path.read_bytes().rstrip()
        assert content.endswith(ENDS.get(path.suffix, b"")) and content, path
        match path.suffix:
            case ".json":
                json.loads(content)
            case ".parquet":
                pq.read_table(path)
            case ".safetensors":
                load_file(path)


def changes(home: Path, process: subprocess.Popen[bytes], wanted: int) -> None:
    """Wait until the folder has changed so often, or the process has ended."""
    seen, count = None, -1
    while process.poll() is None and count < wanted:
        now = sorted((str(path), path.stat().st_size) for path in home.rglob("*") if path.exists())
        count, seen = count + (now != seen), now
        time.sleep(0.0005)


def test_a_training_killed_while_it_writes_leaves_no_half_file_and_is_done_again(tmp_path: Path) -> None:
    process = start("train", tmp_path)
    changes(tmp_path, process, 3)
    process.kill()
    process.communicate()
    check_whole(tmp_path / "out")
    assert finish("train", tmp_path)["state"]


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("command", COMMANDS)
def test_killed_at_random_moments(command: str, tmp_path: Path) -> None:
    draw = random.Random(command)
    began_s = time.monotonic()
    (tmp_path / "whole").mkdir()
    wanted = finish(command, tmp_path / "whole")
    whole_s = time.monotonic() - began_s
    for number in range(6):
        home = tmp_path / f"{number}"
        home.mkdir()
        for _ in range(3):  # it is killed, goes on, and is killed again
            process = start(command, home)
            try:
                process.communicate(timeout=draw.uniform(0.3, 1.0) * whole_s)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
            check_whole(home / "out")
        assert finish(command, home) == wanted
