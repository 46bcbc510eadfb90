"""Effects by argument: rules that say which calls of a writing tool are harmless."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.effects import CAREFUL, EffectRule
from specbench.core.errors import ConfigError
from specbench.core.types import Effect, ToolCall, ToolSpec


def spec(*rules: Any, effect: Effect = Effect.WRITE, **more: Any) -> ToolSpec:
    return ToolSpec("act", effect=effect, where=rules, **more)


def effect(tool: ToolSpec, **arguments: Any) -> Effect:
    return tool.effect_of(ToolCall("act", arguments))


def test_a_choice_and_a_flag_say_what_a_call_does() -> None:
    star = spec({"RequestType": "Check", "effect": "read"})
    assert (effect(star, RequestType="Check"), effect(star, RequestType="Book")) == (Effect.READ, Effect.WRITE)
    assert (effect(star), effect(star, RequestType=["Check"])) == (Effect.WRITE, Effect.WRITE)
    dry = spec({"dry_run": True, "mode": ["plan", "show"], "effect": "read"})
    assert effect(dry, dry_run=True, mode="show", x=1) is Effect.READ
    for other in ({"dry_run": 1, "mode": "show"}, {"dry_run": True}, {"dry_run": True, "mode": "apply"}):
        assert effect(dry, **other) is Effect.WRITE
    assert effect(spec({"level": 2, "effect": "local"}), level=2.0) is Effect.LOCAL


def test_a_text_that_is_no_command_has_a_pattern_of_its_own() -> None:
    sql = spec({"query": {"text": "(?i)select [^;]*"}, "effect": "read"})
    assert effect(sql, query="SELECT a FROM b WHERE c > 1") is Effect.READ
    assert effect(sql, query="select 1; drop table x") is Effect.WRITE
    assert effect(sql, query="select 1\n") is Effect.READ  # [^;] takes a line end; it is the pattern that decides
    assert effect(spec({"query": {"text": "select .*"}, "effect": "read"}), query="select 1\n; drop") is Effect.WRITE


def test_the_most_careful_rule_that_fits_counts_in_any_order() -> None:
    rules = [{"command": "git .*", "effect": "read"}, {"command": "git (gc|push).*", "effect": "write"}]
    for order in (rules, rules[::-1]):
        assert effect(spec(*order), command="git gc") is Effect.WRITE
        assert effect(spec(*order), command="git log") is Effect.READ


def test_arguments_that_are_no_object_fit_nothing() -> None:
    call = ToolCall("act", {}, invalid_arguments='{"RequestType": "Check"')
    assert spec({"RequestType": "Check", "effect": "read"}).effect_of(call) is Effect.WRITE


@given(
    st.dictionaries(st.text(max_size=3), st.recursive(st.none() | st.booleans() | st.text() | st.floats(), st.lists))
)
def test_whatever_comes_is_no_read_unless_a_rule_says_so(arguments: dict[str, Any]) -> None:
    assert effect(
        spec({"kind": "read-only", "effect": "read"}), **{f"_{name}": each for name, each in arguments.items()}
    )
    assert ToolSpec("act").effect_of(ToolCall("act", arguments)) is Effect.UNKNOWN


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"command": "("}, r"a rule is .*PARAMETER.*; got"),
        ({"command": "(", "effect": "read"}, "pattern of 'command' is no regular expression .*; got '.'"),
        ({"command": "(?:" * 3000, "effect": "read"}, "pattern of 'command' is no regular expression .*recursion"),
        ({"command": "a{99999999999}", "effect": "read"}, "is no regular expression .the repetition number is too"),
        (
            {"command": "x", "effect": "staged"},
            "the effect of a rule is one of write, unknown, read, local; got 'staged'",
        ),
        ({"effect": "read"}, "a rule names a parameter at least"),
        ({"command": {"regex": "x"}, "effect": "read"}, "the pattern of 'command' is a text"),
        ("read", "a rule is"),
    ],
)
def test_a_rule_that_is_none_is_told(rule: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=f"tool 'act', where: .*{words}"):
        spec(rule)


def test_a_tool_with_rules_is_a_write() -> None:
    for harmless in (Effect.READ, Effect.LOCAL, Effect.STAGED):
        with pytest.raises(ConfigError, match=f"so its own effect is write or unknown; got {harmless}"):
            spec({"x": 1, "effect": "read"}, effect=harmless)
    with pytest.raises(ConfigError, match="are a list of objects"):
        ToolSpec("act", effect=Effect.WRITE, where={"x": 1})  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="'x' of tool 'act' is irrelevant, so no rule can depend on it"):
        spec({"x": 1, "effect": "read"}, irrelevant=("x",))


def test_a_rule_is_an_object_again() -> None:
    rule = {"command": ["ls", "cat .*"], "effect": "read"}
    assert EffectRule.of(rule).to_dict() == rule and EffectRule.of(EffectRule.of(rule)) == EffectRule.of(rule)
    assert set(CAREFUL) == set(Effect) - {Effect.STAGED}
