"""Options of speculation: text forms that come back, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.errors import ConfigError
from specbench.core.ledger import Window
from specbench.speculation import Breaker, Limit, Options, RunAhead
from specbench.study.job import options_words

NUMBERS = st.floats(0, 1000).map(lambda value: float(f"{value:g}"))
OPTIONS = st.builds(
    Options,
    windows=st.sets(st.sampled_from(list(Window))),
    carry_ttl_s=NUMBERS,
    run_ahead=st.none() | st.builds(RunAhead, st.integers(1, 4), st.floats(0, 1).map(lambda p: float(f"{p:g}"))),
    tool_slots=st.none() | st.integers(1, 9),
    llm_slots=st.none() | st.integers(1, 9),
    limits=st.dictionaries(
        st.sampled_from(["search", "get:order", "a b"]), st.builds(Limit, st.just(2.5), st.sampled_from([1.0, 20.0]))
    ),
    breaker=st.none() | st.just(Breaker()),
)


@given(options=OPTIONS)
def test_options_come_back_from_their_text(options: Options) -> None:
    assert Options.from_text(str(options)) == options
    assert Options.from_text(options) is options


@given(options=OPTIONS)
def test_options_become_words_of_the_command_line(options: Options) -> None:
    words = options_words(options)
    assert ("--carry-ttl-s" in words) == (options.carry_ttl_s > 0)
    assert words.count("--limit") == len(options.limits)
    assert all(not word.startswith("--") or word.replace("-", "").isalpha() for word in words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("carry=60", "'carry=60' is no option of speculation; use windows="),
        ("run_ahead=far", "'run_ahead=far' is no option"),
        ("run_ahead=0", "run-ahead depth is a count, 1 or more"),
        ("limit=5/20", "'5/20' is no rate limit; write TOOL:PER_S/BURST"),
        ("windows=think+sleep", "windows are some of think, tool, user"),
        ("carry_ttl_s=-1", "carry_ttl_s is seconds, 0 or more"),
    ],
)
def test_what_is_no_option_is_refused(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Options.from_text(text)
