"""Files and folders appear whole or not at all; what was there before stays until then."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from specbench.core.errors import ConfigError
from specbench.core.files import atomic_file, replaced_folder, tell_full_disk


def anything(_: Path) -> None:
    """Let every folder be replaced."""


@pytest.mark.parametrize("failure", [ValueError("a bug"), KeyboardInterrupt()])
def test_an_older_file_stays_when_the_writing_fails(failure: BaseException, tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(type(failure)), atomic_file(target) as temporary:
        temporary.write_text("half of the new")
        raise failure
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_is_on_the_disk_before_it_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.txt"
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(target.exists()))
    seen: list[bool] = []
    with atomic_file(target) as temporary:
        temporary.write_text("whole")
    assert (seen, target.read_text()) == ([False], "whole")


def test_the_reason_of_the_disk_goes_into_the_callers_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with (
        pytest.raises(ConfigError, match="no room for it: File exists"),
        atomic_file(tmp_path / "file" / "a.txt", lambda why: ConfigError(f"no room for it: {why}")) as temporary,
    ):
        temporary.write_text("never")


def test_a_folder_is_replaced_as_a_whole_and_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "old.txt").write_text("old")
    (tmp_path / "link").symlink_to("real")
    with replaced_folder(tmp_path / "link", anything) as folder:
        (folder / "new.txt").write_text("new")
        assert (tmp_path / "real" / "old.txt").exists()
    assert [each.name for each in (tmp_path / "real").iterdir()] == ["new.txt"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link", "real"]


def test_what_came_into_the_folder_meanwhile_is_looked_at_again(tmp_path: Path) -> None:
    def only_empty(folder: Path) -> None:
        if folder.exists() and any(folder.iterdir()):
            raise ConfigError("somebody else's")

    with pytest.raises(ConfigError, match="somebody"), replaced_folder(tmp_path / "out", only_empty):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "thesis.tex").write_text("precious")
    assert (tmp_path / "out" / "thesis.tex").read_text() == "precious"
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


def test_only_a_disk_that_takes_no_more_is_told_as_full() -> None:
    with pytest.raises(ConfigError, match="make room, or choose another --out"), tell_full_disk("runs"):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(FileNotFoundError), tell_full_disk("runs"):
        raise FileNotFoundError(errno.ENOENT, "No such file")
