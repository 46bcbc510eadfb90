"""Values in free text, spelt the way tools spell them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.predictors.context.extraction import extract
from specbench.predictors.context.language.english_dates import MONTHS, find_today, moved

FRIDAY = date(2019, 3, 1)


def found(text: str, *kinds: str) -> set[str]:
    return {each.text for each in extract(text, FRIDAY) if not kinds or each.kind in kinds}


@given(text=st.text(), today=st.none() | st.dates())
def test_any_text_can_be_read(text: str, today: date | None) -> None:
    for each in extract(text, today):
        assert each.text
        assert 0 <= each.start <= len(text)


PIECES = [
    "tomorrow",
    "next",
    "friday",
    "31st",
    "feb",
    "february 30",
    "99:99",
    "half past",
    "25",
    "pm",
    "in 20 weeks",
    "noon",
]


@given(
    words=st.lists(st.sampled_from([*PIECES, "#W1", "a@b.co", "Ann", "of", "O'Hara", '"x y"', "²", "٣"]), max_size=12)
)
def test_words_of_dates_and_times_in_any_order_are_no_trouble(words: list[str]) -> None:
    for day in (FRIDAY, date(1, 1, 1), date(9999, 12, 31)):
        extract(" ".join(words), day)


DAYS = st.one_of(
    st.sampled_from(["tomorrow", "today", "tonight", "this morning", "day after tomorrow", "2019-03-02"]),
    st.sampled_from(["monday", "next friday", "in 2 weeks", "a day later", "three days from now", "on the 4th"]),
    st.builds("{} {}".format, st.sampled_from([*MONTHS]), st.sampled_from(["9", "9th", "the 3rd", "21, 2020"])),
    st.builds("{} {}".format, st.sampled_from(["9", "9th of", "3rd"]), st.sampled_from([*MONTHS])),
)
TIMES = st.one_of(
    st.sampled_from(["18:30", "noon", "midnight", "half past six", "quarter to 5", "evening 6:15", "at 7:05 am"]),
    st.builds(
        "{} {}".format,
        st.sampled_from(["6", "six", "12"]),
        st.sampled_from(["o'clock", "oclock", "pm", "a.m.", "p.m.", "in the morning", "at night", "evening"]),
    ),
)
CASES = st.sampled_from([str, str.upper, str.title])


@given(text=DAYS, case=CASES)
def test_a_day_is_found_whatever_stands_beside_it(text: str, case: Callable[[str], str]) -> None:
    assert {each.kind for each in extract(f"so {case(text)}?", FRIDAY)} & {"date", "ahead"}


@given(text=TIMES, case=CASES)
def test_a_time_is_found_whatever_stands_beside_it(text: str, case: Callable[[str], str]) -> None:
    assert found(f"so {case(text)}?", "time")


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("mail ann.lee+x@mail.example.com.", "email", {"ann.lee+x@mail.example.com"}),
        ("order #W2378156 and user yusuf_rossi_9620", "id", {"#W2378156", "yusuf_rossi_9620"}),
        ("two bags, 3 seats and twenty people", "number", {"2", "3", "20"}),
        ("a one way flight, this one or that one", "number", set()),
        ("one room and one of those", "number", {"1"}),
        ('play "Bohemian Rhapsody" now', "quoted", {"Bohemian Rhapsody"}),
        ("March 3rd", "date", {"2019-03-03"}),
        ("the 3rd of March, 2021", "date", {"2021-03-03"}),
        ("on 2024-02-29", "date", {"2024-02-29"}),
        ("on 2023-02-29", "date", set()),
        ("day after tomorrow", "date", {"2019-03-03"}),
        ("this Tuesday", "date", {"2019-03-05"}),
        ("in two weeks", "date", {"2019-03-15"}),
        ("the 13th", "date", {"2019-03-13"}),
        ("18:45", "time", {"18:45"}),
        ("6:45 pm", "time", {"18:45"}),
        ("12 am", "time", {"00:00"}),
        ("half past six in the evening", "time", {"18:30"}),
        ("quarter to 5 pm", "time", {"16:45"}),
        ("5 o'clock", "time", {"05:00"}),
        ("evening 7", "time", {"19:00"}),
        ("at noon", "time", {"12:00"}),
        ("44:99", "time", set()),
    ],
)
def test_what_is_written_is_found(text: str, kind: str, values: set[str]) -> None:
    assert found(text, kind) == values


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("a nonstop flight the next day, please", {"2024-06-01"}),
        ("the same route a day later", {"2024-06-01"}),
        ("move my return back by two days", {"2024-06-02"}),
        ("one week earlier or the day before", {"2024-05-24", "2024-05-30"}),
        ("the day after tomorrow", set()),
        ("in three days", set()),
        ("a stay of two days", set()),
    ],
)
def test_a_day_may_be_meant_from_another(text: str, days: set[str]) -> None:
    assert {each.text for each in extract(text, known=["2024-05-31"]) if each.kind == "moved"} == days
    assert not [each for each in extract(text) if each.kind == "moved"]


def test_days_are_counted_from_today_when_the_text_says_so() -> None:
    assert found("in three days", "date") == found("three days from now", "date") == {"2019-03-04"}
    assert found("three days later", "ahead") == {"2019-03-04"}
    assert found("three days later", "date") == set()


@given(text=st.text() | st.lists(st.sampled_from(["9999", "days", "later", "by", "a", "week", "the"])).map(" ".join))
def test_moved_days_stay_in_the_calendar(text: str) -> None:
    for day, start in moved(text, ["9999-12-31", "0001-01-01"]):
        assert date.min <= day <= date.max
        assert 0 <= start < len(text)


def test_names_come_whole_and_in_parts() -> None:
    names = found("I want Ann Lee at Sino", "name", "word")
    assert {"Ann Lee", "Sino"} <= names


def test_a_value_knows_the_words_before_it_and_its_place() -> None:
    (origin,) = (each for each in extract("fly from Oslo", FRIDAY) if each.text == "Oslo")
    assert (origin.before, origin.start, origin.kind) == (("from", "~fly"), 9, "word")


def test_a_number_knows_the_words_behind_it_too() -> None:
    stars, rooms = (each.before for each in extract("3 star hotel, with 2 rooms.", FRIDAY) if each.kind == "number")
    assert stars == ("", ">star", ">hotel")
    assert rooms == ("with", "~hotel", "~star", ">rooms")


@pytest.mark.parametrize("text", ["Look in Washington D.C.", "in Washington D.C., please", "Washington D.C. When?"])
def test_the_full_stop_of_initials_belongs_to_them(text: str) -> None:
    assert "Washington D.C." in found(text, "name")


def test_a_name_ends_with_its_sentence_but_not_at_an_initial() -> None:
    names = found("Directed by Iain Softley. Or one that stars Taraji P. Henson, set near St. Louis.", "name")
    assert {"Iain Softley", "Taraji P. Henson", "St. Louis"} <= names
    assert not {name for name in names if "Or" in name}


def test_without_a_day_only_dates_with_a_year_are_found() -> None:
    assert {each.text for each in extract("tomorrow, March 3rd, May 4 2020", None) if each.kind == "date"} == {
        "2020-05-04"
    }


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("The current time is 2024-05-15 15:00:00 EST.", date(2024, 5, 15)),
        ("Today's date: 2024-05-15", date(2024, 5, 15)),
        ("today is 2024-13-45", None),
        ("it is late", None),
    ],
)
def test_the_day_that_a_system_prompt_states(text: str, day: date | None) -> None:
    assert find_today(text) == day


def test_a_day_is_no_name() -> None:
    names = found(
        "On March 9th at Century Vallejo, or Next Tuesday, with May Lane. Redwood City on the 4th", "name", "word"
    )
    assert {"Century Vallejo", "May Lane", "Redwood City"} <= names
    assert not {name for name in names if "March" in name or "Next Tuesday" in name or "4th" in name}
