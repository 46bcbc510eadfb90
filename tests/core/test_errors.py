"""Errors: one tree, and messages that say where, what came and what to do."""

from __future__ import annotations

import pytest

from specbench.core import errors
from specbench.core.errors import (
    CheckpointError,
    ClusterError,
    ConfigError,
    MissingExtraError,
    NotFittedError,
    PredictorError,
    SpecbenchError,
    TraceError,
    TraceFormatError,
    in_words,
)


def test_everything_raised_on_purpose_can_be_caught_at_once() -> None:
    for made in (getattr(errors, name) for name in errors.__all__):
        assert not isinstance(made, type) or issubclass(made, SpecbenchError | Warning)


@pytest.mark.parametrize(
    ("error", "parents"),
    [
        (TraceError, (ValueError,)),
        (TraceFormatError, (TraceError, ValueError)),
        (ConfigError, (ValueError,)),
        (NotFittedError, (PredictorError,)),
        (CheckpointError, (PredictorError,)),
        (MissingExtraError, (ImportError,)),
    ],
)
def test_errors_are_also_what_python_calls_them(error: type[Exception], parents: tuple[type[Exception], ...]) -> None:
    assert all(issubclass(error, parent) for parent in parents)


def test_a_trace_error_names_file_line_field_value_and_remedy() -> None:
    error = TraceError("not a role", path="a.jsonl", line=7, field="messages[2].role", got="bot", remedy="use user")
    assert str(error) == "a.jsonl, line 7, field messages[2].role: not a role; got 'bot'. What to do: use user."


def test_a_trace_error_says_only_what_it_knows() -> None:
    assert str(TraceError("empty file")) == "empty file."
    assert str(TraceError("bad", line=3)) == "line 3: bad."
    assert str(TraceError("missing", got=None)) == "missing; got None."


def test_a_long_value_is_shortened_and_keeps_its_beginning() -> None:
    text = str(TraceError("too long", got="x" * 5000))
    assert len(text) < 120
    assert text.startswith("too long; got 'xxx")
    assert text.endswith("....")


def test_a_place_that_is_known_is_not_overwritten() -> None:
    error = TraceError("bad", line=3)
    assert error.at(path="a.jsonl", line=9) is error
    assert str(error) == "a.jsonl, line 3: bad."


def test_a_missing_extra_names_the_command() -> None:
    assert "pip install 'specbench[agent]'" in str(MissingExtraError("langgraph", extra="agent"))


def test_a_trace_error_is_short_and_steers_no_terminal() -> None:
    long = "\x1b[31m" + "x" * 5_000
    told = str(TraceError(long, path=long, line=3, field=long, got=long, remedy=long))
    assert len(told.encode()) < 1_000 and "\x1b" not in told and "\\u001b[31m" in told
    steers = "\x7f" * 5_000
    assert len(str(TraceError(steers, path=steers, line=3, field=steers, got=steers, remedy=steers)).encode()) < 1_024


@pytest.mark.parametrize("kind", [ConfigError, CheckpointError, ClusterError])
def test_any_error_loses_the_middle_of_a_long_value(kind: type[SpecbenchError]) -> None:
    for value in ("x" * 5_000, "é\ud800𝄞" * 3_000):
        said = str(kind(f"the effect is one of read, write; got {value}; choose another"))
        assert said.startswith("the effect is one of read, write; got ") and said.endswith("; choose another")
        assert len(said.encode("utf-8", "surrogatepass")) < 1_024
    assert str(kind("short")) == "short"


def test_a_group_is_told_by_its_members_and_nothing_is_told_without_words() -> None:
    group = ExceptionGroup("unhandled errors in a TaskGroup", [ConnectionError("refused"), TimeoutError()])
    assert in_words(group) == "ConnectionError: refused; TimeoutError"
    assert in_words(ExceptionGroup("outer", [group, ValueError("no")])).endswith("ValueError: no")
