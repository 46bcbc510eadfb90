"""What speculation may do, beyond the policy: windows, carried results, run-ahead, caps, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from specbench.core.batches import PARALLEL
from specbench.core.errors import ConfigError
from specbench.core.ledger import Window
from specbench.speculation.breaker import Breaker
from specbench.speculation.limits import Limit

__all__ = ["Options", "RunAhead"]

FORMS = (
    "windows=think+tool+user; carry_ttl_s=SECONDS; run_ahead=DEPTH[@P]; tool_slots=N; llm_slots=N; "
    "limit=TOOL:PER_S/BURST; breaker; parallel=reads|all|off"
)


@dataclass(frozen=True)
class RunAhead:
    """Start the next LLM invocation on a speculated result, before the current one has ended.

    Parameters
    ----------
    depth
        Most LLM invocations that run on results which are not confirmed.
    p
        Least probability of the call whose result is run ahead on.
    budget_tok
        Tokens of run-ahead that may be lost in a session; ``None`` for no limit.
    tok_per_s
        Tokens charged for a second of an invocation that was cancelled before it told its own count.
    """

    depth: int = 1
    p: float = 0.5
    budget_tok: float | None = None
    tok_per_s: float = 30.0

    def __post_init__(self) -> None:
        if not isinstance(self.depth, int) or self.depth < 1:
            raise ConfigError(f"run-ahead depth is a count, 1 or more (none: no run_ahead); got {self.depth!r}")
        if not 0 <= self.p <= 1:
            raise ConfigError(f"run-ahead p is a probability in [0, 1]; got {self.p!r}")
        if self.budget_tok is not None and not self.budget_tok >= 0:
            raise ConfigError(f"run-ahead budget_tok is a number of tokens, 0 or more; got {self.budget_tok!r}")
        if not self.tok_per_s >= 0:
            raise ConfigError(f"run-ahead tok_per_s is tokens a second, 0 or more; got {self.tok_per_s!r}")

    @classmethod
    def from_text(cls, text: str) -> RunAhead:
        """Read ``DEPTH`` or ``DEPTH@P``.

        Examples
        --------
        >>> RunAhead.from_text("2@0.6").p, str(RunAhead())
        (0.6, '1')
        """
        depth, _, p = text.partition("@")
        return cls(int(depth), float(p)) if p else cls(int(depth))

    def __str__(self) -> str:
        return f"{self.depth}@{self.p:g}" if self.p != RunAhead.p else str(self.depth)


@dataclass(frozen=True, repr=False)
class Options:
    """Settings that simulator and executor share. The defaults are the plainest speculation: think window only.

    Parameters
    ----------
    windows
        ``think``, ``tool`` (also chains: predict the call after next on an arriving result), ``user``.
    carry_ttl_s
        Seconds that an unused result stays for later decision points; 0 gives it up at its own.
    max_entries, max_bytes
        Of the speculation cache of a session; the oldest goes first.
    run_ahead
        See :class:`RunAhead`.
    tool_slots, llm_slots
        Calls, and LLM invocations, that may run at once over all sessions; ``None`` for no cap. Real ones come first
        and preempt speculations.
    limits
        Rate limits by tool or group.
    breaker
        See :class:`Breaker`.
    parallel
        Which calls of one decision run at the same time: ``reads`` (writes keep their place in the model's order),
        ``all``, or none (``off``). What speculation saves is measured against a run that does the same.
    retry_failed
        A speculation that failed is run once more when the agent really asks for it; without, its error is what the
        agent gets. One whose ``timeout_s`` ends while the agent waits for it is not run once more.

    Examples
    --------
    >>> Options(windows={"think", "user"}, carry_ttl_s=60).describe()["windows"]
    ['think', 'user']
    """

    windows: frozenset[Window] | set[str] | str = frozenset({Window.THINK})
    carry_ttl_s: float = 0.0
    max_entries: int = 256
    max_bytes: int = 64 * 2**20
    run_ahead: RunAhead | None = None
    tool_slots: int | None = None
    llm_slots: int | None = None
    limits: Mapping[str, Limit] = field(default_factory=dict)
    breaker: Breaker | None = None
    retry_failed: bool = True
    parallel: str = "reads"

    def __post_init__(self) -> None:
        if isinstance(self.windows, str):
            object.__setattr__(self, "windows", set(self.windows.replace("+", ",").split(",")))
        for name, kind in (("run_ahead", RunAhead), ("breaker", Breaker)):
            value = getattr(self, name)
            if value is not None and not isinstance(value, kind):
                raise ConfigError(f"{name} is specbench.{kind.__name__}(...), or None for none; got {value!r}")
        for name, limit in self.limits.items():
            if not isinstance(limit, Limit):
                raise ConfigError(f"the rate limit of {name!r} is specbench.Limit(per_s, burst); got {limit!r}")
        try:
            object.__setattr__(self, "windows", frozenset(Window(each) for each in self.windows))
        except ValueError:
            raise ConfigError(
                f"windows are some of {', '.join(Window)}; got {', '.join(map(str, self.windows))}"
            ) from None
        if self.parallel not in PARALLEL:
            raise ConfigError(f"parallel is one of {', '.join(PARALLEL)}; got {self.parallel!r}")
        if not self.carry_ttl_s >= 0:
            raise ConfigError(f"carry_ttl_s is seconds, 0 or more; got {self.carry_ttl_s!r}")
        for name in ("tool_slots", "llm_slots", "max_entries", "max_bytes"):
            value = getattr(self, name)
            if value is not None and not value >= 1:
                raise ConfigError(f"{name} is a count, 1 or more; got {value!r}")

    @classmethod
    def from_text(cls, text: str | Options) -> Options:
        """Return the options that ``text`` names: ``plain``, or the parts that ``str(options)`` writes.

        Parts are separated by ``;``: ``windows=think+tool+user``, ``carry_ttl_s=60``, ``run_ahead=DEPTH`` or
        ``run_ahead=DEPTH@P``, ``tool_slots=4``, ``llm_slots=2``, ``limit=TOOL:PER_S/BURST`` (several), ``breaker``,
        ``parallel=all``.

        Raises
        ------
        ConfigError
            When a part is not one of these.

        Examples
        --------
        >>> options = Options.from_text("windows=think+user; carry_ttl_s=60; run_ahead=2@0.5; limit=search:2/10")
        >>> options.carry_ttl_s, options.run_ahead.depth, options.limits["search"].burst
        (60.0, 2, 10.0)
        >>> str(options)
        'windows=think+user; carry_ttl_s=60; run_ahead=2; limit=search:2/10'
        """
        if isinstance(text, Options):
            return text
        settings: dict[str, Any] = {"limits": {}}
        for part in text.split(";"):
            name, _, value = part.strip().partition("=")
            try:
                if name == "windows":
                    settings[name] = {each.strip() for each in value.split("+") if each.strip()}
                elif name == "carry_ttl_s":
                    settings[name] = float(value)
                elif name == "run_ahead":
                    settings[name] = RunAhead.from_text(value)
                elif name in ("tool_slots", "llm_slots"):
                    settings[name] = int(value)
                elif name == "limit":
                    tool, limit = Limit.from_text(value)
                    settings["limits"][tool] = limit
                elif name == "parallel":
                    settings[name] = value
                elif name == "breaker" and not value:
                    settings[name] = Breaker()
                elif name not in ("", "plain") or value:
                    raise ValueError(name)
            except ConfigError:
                raise
            except ValueError:
                raise ConfigError(f"{part.strip()!r} is no option of speculation; use {FORMS}") from None
        return cls(**settings)

    def __repr__(self) -> str:
        return f"<Options: {self}>"

    def __str__(self) -> str:
        parts = []
        if self.windows != frozenset({Window.THINK}):
            parts.append(f"windows={'+'.join(each for each in Window if each in self.windows)}")
        parts += [f"carry_ttl_s={self.carry_ttl_s:g}"] if self.carry_ttl_s else []
        parts += [f"run_ahead={self.run_ahead}"] if self.run_ahead is not None else []
        parts += [f"tool_slots={self.tool_slots}"] if self.tool_slots is not None else []
        parts += [f"llm_slots={self.llm_slots}"] if self.llm_slots is not None else []
        parts += [f"limit={tool}:{limit}" for tool, limit in self.limits.items()]
        parts += ["breaker"] if self.breaker is not None else []
        parts += [f"parallel={self.parallel}"] if self.parallel != "reads" else []
        return "; ".join(parts) or "plain"

    def describe(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return {
            "windows": sorted(str(each) for each in self.windows),
            "carry_ttl_s": self.carry_ttl_s,
            "max_entries": self.max_entries,
            "max_bytes": self.max_bytes,
            "run_ahead": None if self.run_ahead is None else vars(self.run_ahead),
            "tool_slots": self.tool_slots,
            "llm_slots": self.llm_slots,
            "limits": {name: vars(limit) for name, limit in self.limits.items()},
            "breaker": None if self.breaker is None else vars(self.breaker),
            "retry_failed": self.retry_failed,
            "parallel": self.parallel,
        }
