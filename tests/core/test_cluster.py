"""A real cluster of two processes: its results are those of one machine, whatever dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from specbench.cli import app
from specbench.core.cluster import Cluster, cluster
from specbench.core.errors import ClusterError, ConfigError, MissingExtraError, TraceError
from specbench.core.types import Trace
from specbench.core.workers import Workers
from specbench.predictors.counting.markov import MarkovPredictor
from specbench.study.comparison import Parts, run_compare
from specbench.study.evaluation import Settings, seeded
from specbench.study.evaluations import Asked, evaluate_all
from specbench.study.finished_fits import FinishedFits
from specbench.study.grid_sweep import run_sweep
from specbench.study.interface import evaluate
from specbench.traces.collection import sample
from specbench.traces.store import read_traces, write_traces
from tests.study.test_main import without_timings

pytestmark = pytest.mark.xdist_group("cluster")


@pytest.fixture(scope="module")
def two() -> Iterator[Cluster]:
    """Two processes of this machine."""
    with cluster("local:2") as made:
        yield made


def kill_once(mark: Path, number: int) -> int:
    """Return the number's square; the first time that somebody is at 3, the process is killed."""
    if number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number


def kill(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail(kind: str) -> None:
    if kind == "extra":
        raise MissingExtraError("torch", extra="study")
    raise TraceError("a broken record", path="a.jsonl", line=3, got={"no": "role"}, remedy="mend it")


class KilledWhileFitting(MarkovPredictor):
    """The Markov chain; the first process that fits it is killed."""

    name = "killed"

    def __init__(self, mark: str) -> None:
        super().__init__()
        self.mark = mark

    def fit(self, traces: Sequence[Trace]) -> KilledWhileFitting:
        kill_once(Path(self.mark), 3)
        super().fit(traces)
        return self


@pytest.mark.slow
def test_a_killed_worker_costs_its_own_items(two: Cluster, tmp_path: Path) -> None:
    before = set(two.client.run(os.getpid).values())
    items = [(tmp_path / "killed", number) for number in range(8)]
    assert list(two.in_order(kill_once, items)) == [number * number for number in range(8)]
    assert (tmp_path / "killed").exists()
    two.client.wait_for_workers(2, timeout=30)
    assert len(before - set(two.client.run(os.getpid).values())) == 1


def test_an_evaluation_survives_a_killed_worker(two: Cluster, toy_traces: list[Trace], tmp_path: Path) -> None:
    train, test = toy_traces[:30], toy_traces[30:]
    names = ["markov", "ngram", "frequent"]
    there = evaluate([*names, KilledWhileFitting(str(tmp_path / "killed"))], train, test, predict_ms=1, cluster=two)
    assert (tmp_path / "killed").exists()
    here = evaluate(names, train, test, predict_ms=1)
    for name in names:
        assert without_timings(there.metrics[name]) == without_timings(here.metrics[name])
        assert there.results[name].table.predictions == here.results[name].table.predictions
        assert there[name].fitted
    assert there.results["killed"].table.predictions == here.results["markov"].table.predictions


@pytest.mark.parametrize("kind", [MissingExtraError, TraceError])
def test_errors_arrive_as_they_were_raised(two: Cluster, kind: type[Exception]) -> None:
    with pytest.raises(kind) as here:
        fail("extra" if kind is MissingExtraError else "record")
    with pytest.raises(kind) as there:
        list(two.in_order(fail, [("extra" if kind is MissingExtraError else "record",)]))
    assert str(there.value) == str(here.value)


def test_a_sweep_writes_the_same_file(two: Cluster, toy_file: Path, tmp_path: Path) -> None:
    def swept(out: str, **where: object) -> bytes:
        run_sweep(
            toy_file, tmp_path / out, predictors=["markov", "ngram"], policies=["threshold:0:0.9:0.05", "topk:1"],
            latencies=["constant:2,1", "lognormal"], predict_ms=1, **where,
        )  # type: ignore[arg-type]  # fmt: skip
        return (tmp_path / out / "sweep.parquet").read_bytes()

    assert swept("there", cluster=two) == swept("here", jobs=1)


def test_a_comparison_is_the_same(two: Cluster, toy_file: Path, tmp_path: Path) -> None:
    def compared(out: str, **where: object) -> list[object]:
        found = run_compare(
            toy_file, tmp_path / out, predictors="ngram,frequent,oracle", settings=Settings(predict_ms=1.0),
            parts=Parts(learning_curve=True), **where,
        )  # type: ignore[arg-type]  # fmt: skip
        timed = ["latency_p50_ms", "latency_p99_ms", "fit_s"]
        return [table.drop(columns=timed, errors="ignore").to_csv() for table in found.tables.values()]

    assert compared("there", cluster=two) == compared("here")


def test_files_are_read_as_here(two: Cluster, toy_traces: list[Trace], tmp_path: Path) -> None:
    folder = tmp_path / "traces"
    for number in range(4):
        write_traces(folder / f"part{number % 2}" / f"{number}.jsonl", toy_traces[10 * number : 10 * number + 12])
    (folder / "part0" / "broken.jsonl").write_text('{"specbench": 1}\n')

    def converted(workers: Workers | None) -> tuple[bytes, list[str]]:
        from specbench.traces.reports import ReadReport

        report, out = ReadReport(), tmp_path / "out.jsonl"
        write_traces(out, read_traces(folder, skip_invalid=True, report=report, workers=workers))
        return out.read_bytes(), report.skipped

    assert converted(two) == converted(None)
    with pytest.raises(TraceError) as here:
        list(read_traces(folder))
    with pytest.raises(TraceError) as there:
        list(read_traces(folder, workers=two))
    assert str(there.value) == str(here.value)


def test_what_has_been_fitted_is_kept_here(
    two: Cluster, toy_traces: list[Trace], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("specbench.study.finished_fits.WORTH_KEEPING_S", 0.0)
    fits = FinishedFits(tmp_path / "fits")
    asked = [Asked(name, seeded(name, 0), toy_traces[:30], toy_traces[30:]) for name in ("markov", "ngram")]
    stopped = evaluate_all(asked, Settings(), fits=fits, cluster=two)
    first = next(stopped)
    stopped.close()  # type: ignore[attr-defined]
    again = next(evaluate_all(asked, Settings(), fits=fits, cluster=two))
    assert again.metrics["fit_s"] == first.metrics["fit_s"]
    assert again.table.predictions == first.table.predictions


@pytest.mark.slow
def test_a_training_in_a_cluster_is_the_same(two: Cluster) -> None:
    train, test = sample(tasks=24).split(test=0.25, seed=0)
    there, here = (evaluate("learned", train, test, predict_ms=1, cluster=where) for where in (two, None))
    assert there.results["learned"].table.predictions == here.results["learned"].table.predictions
    assert without_timings(there.metrics["learned"]) == without_timings(here.metrics["learned"])


@pytest.mark.slow
def test_the_command_line_starts_a_cluster(toy_file: Path, tmp_path: Path) -> None:
    names = {"there": ["--cluster", "local:1"], "here": []}
    for name, words in names.items():
        out = str(tmp_path / name)
        assert CliRunner().invoke(app, ["traces", "convert", str(toy_file), "--out", out, *words]).exit_code == 0
    assert (tmp_path / "there").read_bytes() == (tmp_path / "here").read_bytes()


@pytest.mark.slow
def test_what_kills_every_worker_is_told(two: Cluster) -> None:
    with pytest.raises(ClusterError, match=r"the same part of the work \(kill\) has ended 4 workers.*memory-limit"):
        list(two.in_order(kill, [(1,)]))


@pytest.mark.parametrize("where", ["remote", "local:0", "local:many", "ftp://here:1", "tcp://", 7])
def test_what_is_no_cluster(where: object) -> None:
    with pytest.raises(ConfigError, match="is no cluster; use local, local:PROCESSES, or the address"):
        cluster(where)


def test_where_no_scheduler_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("specbench.core.cluster.WAIT_S", 0.2)
    with pytest.raises(ClusterError, match=r"no scheduler answers at tcp://127.0.0.1:9 .*start `dask scheduler`"):
        cluster("tcp://127.0.0.1:9")
