"""Options of speculation from the command line."""

from __future__ import annotations

from typing import Any

from specbench.core.errors import ConfigError
from specbench.speculation.breaker import Breaker
from specbench.speculation.limits import Limit
from specbench.speculation.options import Options, RunAhead

__all__ = ["FORMS", "parse_options"]

FORMS = (
    "windows=think+tool+user; carry=SECONDS; ahead=DEPTH[@P]; slots=N; llm=N; limit=TOOL:PER_S/BURST; breaker; "
    "separated by ;"
)


def parse_options(text: str) -> Options:
    """Return the options that ``text`` names: ``plain``, or parts separated by ``;``.

    ``windows=think+tool+user`` · ``carry=SECONDS`` · ``ahead=DEPTH`` or ``ahead=DEPTH@P`` (run-ahead) · ``slots=N``
    (tool calls at once) · ``llm=N`` (LLM invocations at once) · ``limit=TOOL:PER_S/BURST`` (several) · ``breaker``.

    Raises
    ------
    ConfigError
        When a part is not one of these.

    Examples
    --------
    >>> options = parse_options("windows=think+user; carry=60; ahead=2@0.5; limit=search:2/10")
    >>> options.carry_ttl_s, options.run_ahead.depth, options.limits["search"].burst
    (60.0, 2, 10.0)
    """
    settings: dict[str, Any] = {"limits": {}}
    for part in text.split(";"):
        name, _, value = part.strip().partition("=")
        try:
            if name in ("", "plain") and not value:
                continue
            if name == "windows":
                settings["windows"] = {each.strip() for each in value.split("+") if each.strip()}
            elif name == "carry":
                settings["carry_ttl_s"] = float(value)
            elif name == "ahead":
                depth, _, p = value.partition("@")
                settings["run_ahead"] = RunAhead(int(depth), float(p)) if p else RunAhead(int(depth))
            elif name == "slots":
                settings["tool_slots"] = int(value)
            elif name == "llm":
                settings["llm_slots"] = int(value)
            elif name == "limit":
                tool, _, rate = value.rpartition(":")
                per_s, _, burst = rate.partition("/")
                settings["limits"][tool] = Limit(float(per_s), float(burst))
            elif name == "breaker" and not value:
                settings["breaker"] = Breaker()
            else:
                raise ValueError(name)
        except ConfigError:
            raise
        except ValueError:
            raise ConfigError(f"{part.strip()!r} is no option of speculation; use {FORMS}") from None
    return Options(**settings)
