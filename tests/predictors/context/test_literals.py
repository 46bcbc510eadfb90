"""Values of any text: each kind is found, with the template of its line, and anything can be read."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.predictors.context.literals import literals_in, pieces_of, template_of


def found(text: str, *kinds: str) -> list[str]:
    return [each.text for each in literals_in(text) if each.kind in kinds]


@given(text=st.text())
def test_any_text_can_be_read(text: str) -> None:
    for each in literals_in(text):
        assert each.text
        assert each.ordinal >= 0


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("see https://a.b/c-d?e=f.", "url", "https://a.b/c-d?e=f"),
        ("url: https://a.b/c-d", "value", "https://a.b/c-d"),
        ("open ./pvlib/tools.py now", "path", "./pvlib/tools.py"),
        ("open ./pvlib/tools.py now", "base", "tools.py"),
        ("open ./pvlib/tools.py now", "folder", "./pvlib"),
        ("/repo/src/app.py", "tail", "src/app.py"),
        ("src/app.py:107: return", "line", "107"),
        ("Line 485:    def f(self):", "line", "485"),
        ("   260→\tif x", "line", "260"),
        ("a/b.go-150-\t// Skip", "line", "150"),
        ("call get_user_by_id() first", "code", "get_user_by_id"),
        ("call getUser first", "code", "getUser"),
        ("the `max_value` of it", "quoted", "max_value"),
        ("it took 12.5ms", "number", "12.5"),
        ("price: $40", "number", "40"),
        ("| name | size |", "cell", "name"),
        ("from Zoé and Jörg", "word", "Jörg"),
        ("город Москва", "word", "Москва"),
    ],
)
def test_each_kind_is_found(text: str, kind: str, value: str) -> None:
    assert value in found(text, kind)


def test_lines_of_one_kind_are_numbered_in_order() -> None:
    listed = [(each.text, each.ordinal) for each in literals_in("url: a://x\nurl: a://y\n") if each.kind == "url"]
    assert listed == [("a://x", 0), ("a://y", 1)]


def test_a_comment_is_no_path() -> None:
    assert pieces_of("//") == ()


def test_a_key_is_told_from_prose() -> None:
    assert template_of("Title: x")[0] == "title"
    assert template_of("We saw: x, y and then went on to z")[0] in ("we saw", "")
    assert template_of("Nothing to see here")[0] == ""


def test_the_tail_of_a_long_text_matters_as_its_head_does() -> None:
    text = "\n".join(f"src/file_{n}.py:{n}: pass" for n in range(5000))
    assert "src/file_4999.py" in found(text, "path")


@pytest.mark.parametrize(
    "piece", ["/", ":", "a.", "a_", "1:", "- ", "'", "a/b-1", "|", "\t", "=", "http://", "é", "→", "aA"]
)
def test_hostile_texts_cost_no_more(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    started = time.process_time()
    for _ in literals_in(text):
        pass
    for _ in literals_in("\n".join([text[:3000]] * 60)):
        pass
    assert time.process_time() - started < 3


def test_the_tail_of_a_line_without_end_is_read() -> None:
    assert "src/last.py" in found("word " * 50_000 + "src/last.py", "path")


def test_time_is_in_proportion_to_the_text() -> None:
    def seconds(lines: int) -> float:
        text = "\n".join(f"src/part_{n % 97}/file_{n}.py:{n}: x = call_it({n})" for n in range(lines))
        started = time.perf_counter()
        list(literals_in(text))
        return time.perf_counter() - started

    seconds(500)
    small, large = min(seconds(1000) for _ in range(3)), min(seconds(8000) for _ in range(3))
    assert large < 40 * small
