"""Lakes: what goes in comes out, only what is asked for is read, and little is held."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from specbench.cli import app
from specbench.core.errors import ConfigError, TraceError
from specbench.core.types import Message, ToolCall, Trace
from specbench.metrics import predict_traces
from specbench.predictors import make_predictor
from specbench.sim import DecisionColumns, decision_columns, sweep
from specbench.testing import make_traces, odd_trace
from specbench.traces.describe import describe
from specbench.traces.lake import Lake, write_lake, writing
from specbench.traces.lake.rows import day_of
from specbench.traces.splitting import split
from specbench.traces.store import read_traces, write_traces

COUNTING = ("markov", "ngram", "patterns", "suffix", "nearest", "cached", "frequent")


def several() -> list[Trace]:
    """Traces of two sources and three days, one after the other."""
    made = [*make_traces(24), odd_trace()]
    days = ("2026-11-01", "2026-11-02", None)
    return [
        replace(trace, source=("one:a.json", "two")[at % 2], metadata={"day": day} if day else {})
        for at, trace in enumerate(made)
        for day in [days[at % 3]]
    ]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    write_lake(tmp_path / "lake", several())
    return Lake(tmp_path / "lake")


def ids(traces: Any) -> list[str]:
    return sorted(trace.trace_id for trace in traces)


def test_what_goes_in_comes_out(lake: Lake) -> None:
    expected = sorted(several(), key=lambda trace: trace.trace_id)
    assert sorted(lake, key=lambda trace: trace.trace_id) == expected
    assert len(lake) == len(expected)
    assert expected[0] in lake and replace(expected[0], trace_id="another") not in lake
    # All that reads traces reads a lake.
    assert sorted(read_traces(lake.folder), key=lambda trace: trace.trace_id) == expected
    assert lake.describe().to_dict() == describe(lake).to_dict()
    facts = json.loads((lake.folder / "_lake.json").read_text())
    assert sum(each["traces"] for each in facts["shards"]) == len(expected)
    assert sum(each["decisions"] for each in facts["shards"]) == sum(len(list(each.decisions())) for each in expected)


def test_a_question_names_what_it_reads(lake: Lake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    everything = lake.plan()
    assert everything.shards == len(list(lake.folder.rglob("*.parquet"))) == 6
    one = lake.where(source="one")
    assert (one.plan().shards, len(one)) == (3, 13)
    day = one.where(days=("2026-11-01", "2026-11-01"))
    assert day.plan().shards == 1 and day.plan().bytes < everything.bytes
    assert {trace.metadata["day"] for trace in day} == {"2026-11-01"}
    assert len(lake.where(days=("2026-11-01", "2026-11-02"))) < len(lake)
    tool = min(usual := [c.name for each in several() for m in each.messages for c in m.tool_calls], key=usual.count)
    called = {each.trace_id for each in several() if any(c.name == tool for m in each.messages for c in m.tool_calls)}
    assert ids(lake.where(tool=tool)) == sorted(called) and len(called) < len(lake)
    assert not list(lake.where(source="three")) and lake.where(source="three").plan() == (0, 0, 0)
    # Row groups whose numbers rule them out are not read, either.
    monkeypatch.setattr(writing, "GROUP_BYTES", 1)
    quiet = [replace(each, messages=each.messages[:1]) for each in make_traces(12)]
    loud = [replace(each, trace_id=f"{each.trace_id} loud") for each in make_traces(12)]
    write_lake(tmp_path / "groups", [*quiet, *loud])
    groups = Lake(tmp_path / "groups")
    assert groups.plan().row_groups == 24
    assert groups.where(min_calls=1).plan().row_groups == 12 == len(groups.where(min_calls=1))


def test_little_is_held(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(writing, "GROUP_BYTES", 20_000)
    seen: list[weakref.ref[Trace]] = []
    most = [0]

    def watched(traces: Any) -> Any:
        for trace in traces:
            seen.append(weakref.ref(trace))
            most[0] = max(most[0], sum(each() is not None for each in seen))
            yield trace

    many = (replace(each, trace_id=f"{at} {each.trace_id}") for at in range(30) for each in make_traces(8))
    assert write_lake(tmp_path / "lake", watched(many)) == 240
    assert most[0] < 20
    for _ in watched(Lake(tmp_path / "lake")):
        pass
    assert most[0] < 20


def test_shards_are_parts_of_the_work(lake: Lake) -> None:
    shards = lake.shards()
    assert sorted(one for each in shards for one in ids(each)) == ids(lake)
    markov = make_predictor("markov").fit(lake)
    parts = DecisionColumns.joined(decision_columns(predict_traces(markov, list(each))) for each in shards)
    whole = sweep(predict_traces(markov, list(lake)), [0.0, 0.3, 0.6])
    assert sweep(parts, [0.0, 0.3, 0.6])["net_s"].tolist() == pytest.approx(whole["net_s"].tolist())
    assert len(lake.where(source="one").shards()) == 3


@pytest.mark.parametrize("name", COUNTING)
def test_counting_predictors_learn_the_same_from_a_lake(name: str, lake: Lake) -> None:
    of_list, of_lake = make_predictor(name).fit(list(lake)), make_predictor(name).fit(lake)
    trace = several()[0]
    for one, other in zip(of_list.replay(trace), of_lake.replay(trace), strict=True):
        assert one.predict(3) == other.predict(3)


def test_it_is_split_by_task_as_a_list_is(lake: Lake) -> None:
    traces, parts = list(lake), lake.split(seed=3)
    expected = split(traces, seed=3)
    assert [ids(part) for part in parts] == [ids(expected.train), ids(expected.validation), ids(expected.test)]
    with pytest.raises(ConfigError, match="leave nothing to train on"):
        lake.split(test=0.6, validation=0.4)
    with pytest.raises(ConfigError, match="at least 3 tasks"):
        lake.where(source="three").split()


def test_copies_under_other_tasks_fall_together(tmp_path: Path) -> None:
    words = [" ".join(f"{letter}{other}" for other in "abcdefghij") for letter in "klmnopqrstuvwxyzabcdefgh"]
    traces = []
    for at, text in enumerate(words):
        for copy in range(2):
            said = Message("user", f"{text}, my number is {at}{copy}")
            call = Message("assistant", "", (ToolCall("look", {"id": f"W{at}{copy}"}),))
            traces.append(Trace(f"{at}-{copy}", f"task {at}-{copy}", "doc", (said, call)))
    write_lake(tmp_path / "lake", traces)
    for part in Lake(tmp_path / "lake").split():
        assert {f"{at}-{copy}" for at in {each.trace_id[:-2] for each in part} for copy in range(2)} == set(ids(part))


def test_a_sample_is_of_tasks_and_seeded(lake: Lake) -> None:
    some = lake.sample(3, seed=1)
    assert len({trace.task_id for trace in some}) == 3
    assert ids(some) == ids(lake.sample(3, seed=1)) != ids(lake.sample(3, seed=2))
    with pytest.raises(ConfigError, match="at least 1 task; got 0"):
        lake.sample(0)


def test_a_lake_appears_whole_or_not_at_all(lake: Lake) -> None:
    before = ids(lake)

    def broken() -> Any:
        yield from several()[:5]
        raise RuntimeError("the source ends")

    with pytest.raises(RuntimeError, match="the source ends"):
        write_lake(lake.folder, broken())
    assert ids(Lake(lake.folder)) == before
    assert [each.name for each in lake.folder.parent.iterdir()] == ["lake"]
    with pytest.raises(TraceError, match="two traces have the same id"):
        write_lake(lake.folder, several()[:1] * 2)
    write_lake(lake.folder, several()[:5])
    assert len(Lake(lake.folder)) == 5


def test_nothing_else_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for place in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(ConfigError, match="holds something else than a lake; choose another --out"):
            write_lake(place, several())
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_what_is_broken_is_named(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is no lake .*--lake --out FOLDER"):
        Lake(tmp_path)
    shard = next(iter(sorted(lake.folder.rglob("*.parquet"))))
    whole = shard.read_bytes()
    shard.write_bytes(whole[: len(whole) // 2])
    for use in (list, len, ids, Lake.plan):
        with pytest.raises(TraceError, match=r"part-00000\.parquet: the shard cannot be read .*write the lake again"):
            use(Lake(lake.folder))
    shard.unlink()
    with pytest.raises(ConfigError, match="lacks 1 shard "):
        Lake(lake.folder)


def test_a_row_that_is_no_trace_is_named(lake: Lake) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    shard = next(iter(sorted(lake.folder.rglob("*.parquet"))))
    with pq.ParquetFile(shard) as file:
        rows, columns = file.read().to_pylist(), file.schema_arrow
    for text, why in (("{", "holds no JSON"), ('{"specbench": 1}', "the field is missing")):
        changed = [*rows[:-1], {**rows[-1], "specbench_trace": text}]
        pq.write_table(pa.Table.from_pylist(changed, columns), shard)
        with pytest.raises(TraceError, match=rf"part-00000\.parquet.*{rows[-1]['trace_id']}.*{why}"):
            list(Lake(lake.folder))


@pytest.mark.parametrize(
    ("value", "day"),
    [("2026-11-30", "2026-11-30"), ("2026-11-30T23:30:00-05:00", "2026-12-01"), ("2026-11-30T10:00:00Z", "2026-11-30"),
     (1764460800, "2025-11-30"), (1764460800000, "2025-11-30"), ("yesterday", "unknown"), (True, "unknown"),
     (1e300, "unknown"), ("", "unknown")],
)  # fmt: skip
def test_the_day_is_that_of_the_metadata(value: Any, day: str) -> None:
    trace = Trace("t", "task", "doc", (), metadata={"started": value, "when": "2020-01-01"})
    assert day_of(trace) == day
    assert day_of(trace, "when") == "2020-01-01"
    assert day_of(trace, "elsewhere") == "unknown"


def test_the_command_line_writes_and_reads_lakes(tmp_path: Path) -> None:
    run = CliRunner()
    write_traces(tmp_path / "in.jsonl", several())
    done = run.invoke(app, ["traces", "convert", str(tmp_path / "in.jsonl"), "--lake", "--out", str(tmp_path / "lake")])
    assert (done.exit_code, done.stdout) == (0, f"{tmp_path / 'lake'}: 25 traces written\n")
    shown = [run.invoke(app, ["traces", "inspect", str(tmp_path / name)]).stdout for name in ("in.jsonl", "lake")]
    assert shown[0] == shown[1] and "25 of" in shown[0]
    day = run.invoke(app, ["traces", "inspect", str(tmp_path / "lake" / "source=two" / "day=2026-11-01")])
    assert day.exit_code == 0 and "25 of" not in day.stdout
    refused = run.invoke(app, ["traces", "convert", str(tmp_path / "in.jsonl"), "--day-key", "day", "--out", "x.jsonl"])
    assert refused.exit_code != 0


HELD = """
import sys
from specbench.predictors import make_predictor
from specbench.traces.lake import Lake
lake = Lake(sys.argv[1])
train = lake.split().train
lake.describe()
for name in ("markov", "ngram"):
    make_predictor(name).fit(train)
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_memory_does_not_grow_with_the_lake(tmp_path: Path) -> None:
    peaks = []
    for copies in (20, 200):
        many = (
            replace(each, trace_id=f"{at} {each.trace_id}", task_id=f"{at} {each.task_id}")
            for at in range(copies)
            for each in make_traces(60)
        )
        write_lake(tmp_path / str(copies), many)
        subprocess.run([sys.executable, "-c", HELD, str(tmp_path / str(copies))], check=True)
        peaks.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    assert peaks[1] < 1.5 * peaks[0]
