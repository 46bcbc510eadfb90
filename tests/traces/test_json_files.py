from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from specbench.core.errors import TraceError
from specbench.traces import json_files as files
from specbench.traces import json_heads as heads
from specbench.traces.json_files import json_lines, json_list
from specbench.traces.json_heads import peek, read_head


def lines(path: Path) -> tuple[list[tuple[int, Any]], list[str]]:
    errors: list[TraceError] = []
    values = list(json_lines(path, errors.append))
    return values, [str(error) for error in errors]


def test_blank_lines_and_a_byte_order_mark_are_passed_over(write: Any) -> None:
    path = write("a.jsonl", b'\xef\xbb\xbf{"a": 1}\r\n\n   \n{"a": 2}')
    assert lines(path) == ([(1, {"a": 1}), (4, {"a": 2})], [])


def test_line_separators_inside_a_text_do_not_split_a_line(write: Any) -> None:
    path = write("a.jsonl", '["\u2028\x85"]\n[2]\n'.encode())
    assert lines(path)[0] == [(1, ["\u2028\x85"]), (2, [2])]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_error(write: Any, content: bytes) -> None:
    values, errors = lines(write("a.jsonl", content))
    assert values == []
    assert len(errors) == 1
    assert "a.jsonl: the file is empty" in errors[0]


def test_a_broken_line_is_named_and_the_others_are_read(write: Any) -> None:
    values, errors = lines(write("a.jsonl", '{"a": 1}\n{"a" 2}\n{"a": 3}\n{"a": [4'))
    assert [number for number, _ in values] == [1, 3]
    assert "a.jsonl, line 2: the text is not JSON (Expecting ':' delimiter, column 6)" in errors[0]
    assert "skip_invalid=True" in errors[0]
    assert "line 4" in errors[1]
    assert "cut off" in errors[1]


def test_a_record_over_several_lines_is_told_how_to_be_one_line(write: Any) -> None:
    _, errors = lines(write("a.jsonl", '{\n "a": 1\n}\n'))
    assert "line 1: the text is not JSON" in errors[0]
    assert "JSON Lines has one record a line; `jq -c . FILE`" in errors[0]


def test_a_key_that_occurs_twice_is_named(write: Any) -> None:
    path = write("a.jsonl", '{"a": 1}\n{"b": {"a": 1, "c": 2, "a": 3}}\n')
    errors: list[TraceError] = []
    assert list(json_lines(path, errors.append, unique_keys=True)) == [(1, {"a": 1})]
    assert "a.jsonl, line 2, field a: a key occurs twice in an object" in str(errors[0])
    assert len(lines(path)[0]) == 2


def test_binary_junk_is_named(write: Any) -> None:
    _, errors = lines(write("a.jsonl", b'{"a": 1}\n\x89PNG\xff\xfe\n'))
    assert "line 2: the text is not UTF-8 (byte 0 of it)" in errors[0]
    assert "save the file as UTF-8" in errors[0]


def test_deep_nesting_and_endless_numbers_are_errors(write: Any) -> None:
    _, errors = lines(write("a.jsonl", "[" * 100_000 + "\n" + "9" * 5000 + "\n"))
    assert "line 1: the JSON is nested too deeply" in errors[0]
    assert "line 2: the text is not usable JSON" in errors[1]


def test_a_huge_line_is_refused_and_the_next_is_read(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_LINE_BYTES", 2**20)
    values, errors = lines(write("a.jsonl", b'"' + b"x" * 3 * 2**20 + b'"\n[2]\n'))
    assert values == [(2, [2])]
    assert "line 1: the line is longer than 1 MiB" in errors[0]


def test_a_whole_file_list_says_the_line_of_a_mistake(write: Any) -> None:
    errors: list[TraceError] = []
    assert json_list(write("a.json", "[\n{},\n{oops}\n]"), errors.append) == []
    assert "a.json, line 3: the text is not JSON" in str(errors[0])


@pytest.mark.parametrize(("content", "words"), [("{}", "not a JSON list; got 'dict'"), ("  ", "the file is empty")])
def test_a_file_that_is_no_list_is_an_error(write: Any, content: str, words: str) -> None:
    errors: list[TraceError] = []
    assert json_list(write("a.json", content), errors.append) == []
    assert words in str(errors[0])


def test_a_file_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    missing = tmp_path / "none.jsonl"
    errors: list[TraceError] = []
    assert json_list(missing, errors.append) == []
    assert list(json_lines(missing, errors.append)) == []
    with pytest.raises(TraceError, match="cannot be opened"):
        read_head(missing)
    assert [error.problem for error in errors] == ["the file cannot be opened (No such file or directory)"] * 2


@pytest.mark.parametrize(
    ("head", "listed", "keys"),
    [
        ("", False, set()),
        ("[", True, set()),
        ("[[1]]", True, set()),
        ("nonsense", False, set()),
        ('{"a": "\\"traj\\": {", "b": {"c": 1}, "d": [{"e"', False, {"a", "b", "d"}),
        ('  [ {"task_id": 1, "info": {"x": "}"}, "traj": []}, {"other": 1}]', True, {"task_id", "info", "traj"}),
    ],
)
def test_peek_sees_the_first_records_own_keys_only(head: str, listed: bool, keys: set[str]) -> None:
    assert peek(head) == heads.Peek(listed, frozenset(keys))


def test_peek_of_a_cut_off_text_full_of_quotes_is_quick_and_right() -> None:
    head = '{"trace_id": 1, "messages": [{"content": "' + '\\"traj\\": {' * 25_000
    assert peek(head).keys == {"trace_id", "messages"}
