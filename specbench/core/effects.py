"""What a tool does to the world, and what a call of it does where that depends on the arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from specbench.core.canonical import canonical
from specbench.core.errors import ConfigError
from specbench.core.shell import as_text, may_write, simple_command

__all__ = ["CAREFUL", "Effect", "EffectRule"]


class Effect(StrEnum):
    """What a tool does to the world. Declared by whoever brings the tool, never guessed silently.

    ``READ`` has no side effect and may be speculated. ``WRITE`` changes something. ``LOCAL`` computes or takes a note
    without I/O (calculate, think): harmless, but there is no latency to hide, so it is never speculated and not
    counted as READ. ``STAGED`` is a write with a staging pair: it can be prepared, and then committed or rolled back,
    so an executor that has the pair may speculate it. ``UNKNOWN`` is treated as ``WRITE``.
    """

    READ = "read"
    WRITE = "write"
    LOCAL = "local"
    STAGED = "staged"
    UNKNOWN = "unknown"


CAREFUL = (Effect.WRITE, Effect.UNKNOWN, Effect.READ, Effect.LOCAL)
"""Effects of a call, the most careful one first."""


@dataclass(frozen=True)
class EffectRule:
    """Calls of a tool, by their arguments, and the effect that they have.

    Parameters
    ----------
    effect
        ``read``, ``local``, or ``write`` and ``unknown`` for exceptions from other rules.
    arguments
        What each parameter has to be; all of them have to fit. A text is a regular expression for a whole **command
        line**: the value is read as one simple shell command, and the expression has to match its words, joined by
        single spaces (``git status`` is one). A value that a shell could take for anything more (``git status; rm``,
        ``$(…)``, ``>``), and a command that is known to write or run others (``find -delete``, ``xargs``), is no read
        whatever the expression says. ``{"text": "…"}`` is a regular expression for a whole text that is no command.
        Any other value (a number, a flag) has to be equal; a list holds alternatives.

    Examples
    --------
    >>> rule = EffectRule.of({"command": "git (status|diff)( .*)?", "effect": "read"})
    >>> [rule.fits({"command": each}) for each in ("git diff HEAD", "git  'status'", "git diff; rm -rf .", "git push")]
    [True, True, False, False]
    >>> EffectRule.of({"RequestType": "Check", "effect": "read"}).fits({"RequestType": "Book"})
    False
    """

    effect: Effect
    arguments: Mapping[str, Any]

    @classmethod
    def of(cls, rule: EffectRule | Mapping[str, Any]) -> EffectRule:
        """Return a rule from an object: ``effect``, and a pattern by parameter.

        Raises
        ------
        ConfigError
            When it is none; says what is wrong.
        """
        if isinstance(rule, EffectRule):
            return rule
        if not isinstance(rule, Mapping) or "effect" not in rule:
            raise ConfigError(f'a rule is {{"PARAMETER": "pattern", "effect": "read"}}; got {rule!r}')
        return cls(rule["effect"], {name: each for name, each in rule.items() if name != "effect"})

    def __post_init__(self) -> None:
        if self.effect not in CAREFUL:
            raise ConfigError(f"the effect of a rule is one of {', '.join(CAREFUL)}; got {self.effect!r}")
        object.__setattr__(self, "effect", Effect(self.effect))
        if not self.arguments:
            raise ConfigError(f"a rule names a parameter at least; got {self.to_dict()!r}")
        for name, wanted in self.arguments.items():
            for each in _alternatives(wanted):
                _check(name, each)

    def fits(self, arguments: Mapping[str, Any]) -> bool:
        """Whether a call with these arguments is one that the rule is about."""
        harmless = self.effect in (Effect.READ, Effect.LOCAL)
        return all(
            name in arguments and any(_fits(arguments[name], each, harmless) for each in _alternatives(wanted))
            for name, wanted in self.arguments.items()
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as an object."""
        return {**self.arguments, "effect": str(self.effect)}


def _alternatives(wanted: Any) -> Sequence[Any]:
    return wanted if isinstance(wanted, (list, tuple)) else (wanted,)


def _check(name: str, wanted: Any) -> None:
    pattern = wanted.get("text") if isinstance(wanted, Mapping) else wanted
    if isinstance(wanted, Mapping) and (set(wanted) != {"text"} or not isinstance(pattern, str)):
        raise ConfigError(
            f'the pattern of {name!r} is a text, {{"text": "…"}}, a number, a flag, or a list of these; got {wanted!r}'
        )
    if isinstance(pattern, str):
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise ConfigError(f"the pattern of {name!r} is no regular expression ({error}); got {pattern!r}") from None


def _named(command: str, pattern: str) -> bool:
    """Whether a pattern means this command: ``ls\\b`` means ``ls``, and not ``ls-remote`` or ``ls.sh``."""
    return command.replace("_", "").isalnum() or command in pattern.replace("\\", "")


def _fits(value: Any, wanted: Any, harmless: bool) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(value, str) and re.fullmatch(wanted["text"], value) is not None
    if not isinstance(wanted, str):
        try:
            return canonical(value) == canonical(wanted)
        except (TypeError, RecursionError):
            return False
    words = simple_command(value) if isinstance(value, str) else None
    if words is None or (harmless and not _named(words[0], wanted)):
        return False
    return not (harmless and may_write(words)) and re.fullmatch(wanted, as_text(words)) is not None
