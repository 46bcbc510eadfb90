"""The ledger: frames, Parquet there and back, and files that are no ledger."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.errors import ConfigError
from specbench.core.ledger import Ahead, Fate, Ledger, Outcome, Speculation, Window

SECONDS = st.floats(0, 1e6)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
OUTCOMES = st.builds(
    Outcome,
    trace_id=TEXTS, task_id=TEXTS, index=st.integers(0, 10**6), tool=st.none() | TEXTS, effect=st.none() | TEXTS,
    call=st.none() | TEXTS, calls=st.integers(0, 9), hit=st.booleans(), launched=st.integers(0, 9), think_s=SECONDS,
    tool_s=SECONDS, predict_s=SECONDS, sequential_s=SECONDS, speculative_s=SECONDS, saved_s=st.floats(-1e6, 1e6),
    reason=TEXTS, began_s=st.none() | SECONDS, hits=st.integers(0, 9),
)  # fmt: skip
AHEADS = st.builds(
    Ahead,
    trace_id=TEXTS, index=st.integers(0, 10**6), call=TEXTS, p=st.floats(0, 1), depth=st.integers(1, 9),
    launched_s=SECONDS, ended_s=SECONDS, fate=st.sampled_from(Fate).map(str), used_tok=SECONDS,
)  # fmt: skip
SPECULATIONS = st.builds(
    Speculation,
    trace_id=TEXTS, index=st.integers(0, 10**6), tool=TEXTS, call=TEXTS, p=st.floats(0, 1),
    window=st.sampled_from(Window).map(str), launched_s=SECONDS, ended_s=SECONDS, fate=st.sampled_from(Fate).map(str),
    squashed_s=st.none() | SECONDS, committed_at=st.none() | st.integers(0, 99), late=st.booleans(),
    in_doubt=st.booleans(),
)  # fmt: skip


def example() -> Ledger:
    return Ledger(
        [Outcome("t", "a", 0, "look", "read", "look({})", 1, True, 1, 2.0, 1.0, 0.1, 3.0, 2.0, 1.0, "p 0.90", hits=1)],
        [Speculation("t", 0, "look", "look({})", 0.9, Window.THINK, 0.1, 1.1, Fate.COMMIT, None, 0, False)],
        {"predictor": "markov", "seed": 3, "latency": {"think": 2.0}},
    )


@given(
    outcomes=st.lists(OUTCOMES, max_size=4),
    speculations=st.lists(SPECULATIONS, max_size=4),
    aheads=st.lists(AHEADS, max_size=2),
)
def test_parquet_gives_back_every_row(
    outcomes: list[Outcome],
    speculations: list[Speculation],
    aheads: list[Ahead],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("ledger") / "ledger.parquet"
    written = Ledger(outcomes, speculations, {"seed": 1, "nested": {"a": [1, None, "ü"]}}, aheads)
    written.to_parquet(path)
    assert Ledger.from_parquet(path) == written


def test_a_ledger_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ledger.parquet"
    example().to_parquet(path)
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["in_doubt", "hits", "other_calls", "irrelevant"]), path)
    assert Ledger.from_parquet(path) == example()
    pq.write_table(table.drop_columns(["fate"]), path)
    with pytest.raises(ConfigError, match="columns differ"):
        Ledger.from_parquet(path)


def test_a_ledger_shows_how_many_staged_writes_are_in_doubt() -> None:
    ledger = example()
    assert "in doubt" not in ledger._repr_html_()
    ledger.speculations.append(ledger.speculations[0]._replace(fate=Fate.SQUASH, in_doubt=True))
    assert "staged writes in doubt" in ledger._repr_html_()


def test_parquet_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "ledger.parquet"
    example().to_parquet(path)
    before = path.read_bytes()
    broken = example()
    broken.outcomes.append(broken.outcomes[0]._replace(index="not a number"))  # type: ignore[arg-type]
    with pytest.raises(Exception, match="not a number"):
        broken.to_parquet(path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["ledger.parquet"]


def test_pandas_reads_the_file_too(tmp_path: Path) -> None:
    path = tmp_path / "ledger.parquet"
    example().to_parquet(path)
    frame = pd.read_parquet(path)
    assert frame["kind"].tolist() == ["decision", "speculation"]
    assert frame.loc[1, ["fate", "p", "launched_s"]].tolist() == ["commit", 0.9, 0.1]


def test_frames_have_a_row_each_and_all_columns_even_when_empty() -> None:
    assert example().decisions_frame().to_dict("records") == [example().outcomes[0]._asdict()]
    assert example().speculations_frame().to_dict("records") == [example().speculations[0]._asdict()]
    assert list(Ledger().decisions_frame().columns) == list(Outcome._fields)
    assert list(Ledger().speculations_frame().columns) == list(Speculation._fields)
    assert example().to_frame()["kind"].tolist() == ["decision", "speculation"]


def test_ledgers_can_be_joined() -> None:
    whole = example()
    whole.extend([example(), Ledger()])
    assert (len(whole.outcomes), len(whole.speculations)) == (2, 2)


def test_work_that_ended_late_is_its_run_time() -> None:
    row = Speculation("t", 0, "look", "look({})", 0.9, Window.TOOL, 1.0, 4.5, Fate.SQUASH, squashed_s=2.0)
    assert row.run_s == 3.5


@pytest.mark.parametrize("content", [b"", b"PAR1", b'{"a": 1}\n', b"PAR1" + bytes(100) + b"PAR1"])
def test_a_file_that_is_no_parquet_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "ledger.parquet"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"ledger\.parquet is not a ledger that specbench wrote"):
        Ledger.from_parquet(path)


def test_a_foreign_or_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    pd.DataFrame({"kind": ["decision"]}).to_parquet(path)
    with pytest.raises(ConfigError, match=r"is a Parquet file but not a ledger that specbench wrote \(columns differ"):
        Ledger.from_parquet(path)
    with pytest.raises(ConfigError, match=r"nowhere\.parquet is not a ledger"):
        Ledger.from_parquet(tmp_path / "nowhere.parquet")


def test_rows_are_appended_to_a_file_as_if_written_together(tmp_path: Path) -> None:
    path, told = tmp_path / "ledger.parquet", []

    def config(known: dict[str, object]) -> dict[str, object]:
        told.append(known)
        return {**known, "runs": len(told)}

    example().append_to_parquet(path, config)
    example().append_to_parquet(path, config)
    whole = example()
    whole.extend([example()])
    read = Ledger.from_parquet(path)
    assert (read.outcomes, read.speculations) == (whole.outcomes, whole.speculations)
    assert (told, read.config) == ([{}, {"runs": 1}], {"runs": 2})


def test_rows_are_appended_to_a_file_of_an_earlier_version(tmp_path: Path) -> None:
    path = tmp_path / "ledger.parquet"
    example().to_parquet(path)
    pq.write_table(pq.read_table(path).drop_columns(["hits", "in_doubt"]), path)
    example().append_to_parquet(path, dict)
    assert [row.hits for row in Ledger.from_parquet(path).outcomes] == [1, 1]


def test_nothing_is_appended_to_another_file(tmp_path: Path) -> None:
    path = tmp_path / "other.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="not a ledger that specbench wrote"):
        example().append_to_parquet(path, dict)
    assert path.read_bytes() == before
