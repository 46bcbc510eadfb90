"""Composed values: the part is copied from the conversation, the frame is learned and kept only where it recurs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.types import DecisionPoint, Effect, Message, ToolCall, ToolSpec, Trace
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.learned.counts.frames import LOWER, PART, frame_of, framed, usual_frames
from specbench.predictors.learned.predictor import LearnedPredictor

SAID = ContextIndex().extend([Message("user", "Meetings with Luis Ortiz on 2023-11-30 in the South?")])


@given(text=st.text(max_size=60))
def test_a_frame_gives_its_value_back(text: str) -> None:
    found = frame_of(text, SAID)
    if found is not None:
        row, frame = found
        assert framed(frame, SAID.texts[row]) == text


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("luis@example.com", f"{LOWER}@example.com"),
        ("2023-11-30 00:00:00", f"{PART} 00:00:00"),
        ('is_equal_to("South")', f'is_equal_to("{PART}")'),
    ],
)
def test_what_stands_around_a_known_value_is_its_frame(text: str, frame: str) -> None:
    found = frame_of(text, SAID)
    assert found is not None
    assert found[1] == frame


def test_what_does_not_stand_there_and_what_is_too_long_has_no_frame() -> None:
    assert frame_of("anna@example.org", ContextIndex()) is None
    assert frame_of("Luis " * 40, SAID) is None


def test_frames_that_are_rare_are_not_used() -> None:
    assert usual_frames({f"{PART}!": 2.0}, 10) == []
    assert usual_frames({f"{PART}!": 4.0, f"{PART}?": 6.0}, 10) == [(f"{PART}?", 0.6), (f"{PART}!", 0.4)]


NAMES = ("Ann", "Bob", "Eva", "Kim", "Lee", "Max", "Nia", "Ola", "Pia", "Rex", "Sue", "Tom", "Uma", "Vic", "Wes", "Zoe")


def mail(name: str) -> Trace:
    tools = {"inbox": ToolSpec("inbox", "Mails of a person", effect=Effect.READ)}
    call = ToolCall("inbox", {"owner": f"{name.lower()}@example.com"})
    talk = (Message("user", f"What did {name} write?"), Message("assistant", tool_calls=(call,)))
    return Trace(name, name, "doc", talk, tools)


def test_the_learned_predictor_composes_values_that_were_never_said() -> None:
    predictor = LearnedPredictor().fit([mail(name) for name in NAMES[:-1]])
    last = mail(NAMES[-1])
    best = predictor.predict(DecisionPoint("u", 0, last.messages[:1], last.tools))[0].call
    assert best == ToolCall("inbox", {"owner": "zoe@example.com"})
