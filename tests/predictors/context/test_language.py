"""One seam for what is known of a language: English, German, none; scripts of all kinds are words everywhere."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.errors import ConfigError
from specbench.core.text import letter_words, name_words, tokens, words
from specbench.core.types import Message
from specbench.predictors.context.extraction import extract
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.context.language import LANGUAGES, make_language

MONDAY = date(2024, 5, 20)


def days(language: str, text: str) -> set[str]:
    return {each.text for each in extract(text, MONDAY, (), make_language(language)) if each.kind in ("date", "ago")}


@pytest.mark.parametrize("name", sorted(LANGUAGES))
@given(text=st.text())
def test_any_text_can_be_read_in_any_language(name: str, text: str) -> None:
    extract(text, MONDAY, ("2024-05-20",), make_language(name))


def test_each_language_knows_its_own_words() -> None:
    assert days("en", "tomorrow") == {"2024-05-21"} == days("de", "morgen")
    assert days("en", "morgen") == set() == days("base", "tomorrow")
    assert days("en", "in the last six days") == {"2024-05-14"} == days("de", "vor sechs Tagen")


def test_without_a_language_iso_days_and_clock_times_are_known() -> None:
    found = {each.text for each in extract("2024-05-20 18:30", None, (), make_language("base"))}
    assert {"2024-05-20", "18:30"} <= found


def test_an_unknown_language_says_which_are_known() -> None:
    with pytest.raises(ConfigError, match="use one of base, en, de"):
        make_language("tlh")


def test_the_index_is_read_in_its_language() -> None:
    index = ContextIndex(MONDAY, language=make_language("de")).extend(
        [Message("user", "Bitte übermorgen um 18 Uhr 30")]
    )
    assert index.row("2024-05-22") is not None
    assert index.row("18:30") is not None


@pytest.mark.parametrize("name", ["Jörg", "Zoé Müller", "Анна Иванова", "Ελένη Παππά"])
def test_names_are_names_in_any_script_with_capitals(name: str) -> None:
    assert name in {each.text for each in extract(f"Hello, {name} here", None)}


def test_words_of_scripts_without_capitals_are_values() -> None:
    assert "上海" in {each.text for each in extract("我想订上海的酒店", None)}
    assert "दिल्ली" in {each.text for each in extract("मुझे दिल्ली जाना है", None)}


def test_words_are_words_in_any_script() -> None:
    assert words("Где заказ W12?") == ["где", "заказ", "w12"]
    assert letter_words("हिन्दी में", 3) == ["हिन्दी", "में"]
    assert tokens("東京タワー")[:2] == ["東京", "京タ"]
    assert name_words("Größe") == {"größe"}
    assert words("Jo\u0308rg") == words("Jörg")  # the accent apart, or in one sign
