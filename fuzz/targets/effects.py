"""Effects declared in a file of any content, and the arguments of any call that they are asked about."""

from __future__ import annotations

import tempfile
from pathlib import Path

from fuzz.json_values import value_of
from fuzz.oracle import allowed
from specbench.core.effects import CAREFUL, EffectRule
from specbench.core.errors import ConfigError, TraceError
from specbench.core.types import Effect, Message, ToolCall, Trace
from specbench.traces.effects import apply_effects, read_effects

TRACE = Trace("t", "task", "fuzz", (Message("user", "hi"),))


def check(data: bytes) -> None:
    """Read a file of effects, and a rule."""
    value = value_of(data)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / "effects.json"
        path.write_bytes(data)
        with allowed(len(data), TraceError):
            declared = read_effects(path)
            trace = apply_effects(TRACE, declared)
            for name in declared:
                arguments = value if isinstance(value, dict) else {"command": "ls"}
                assert trace.effect_of(ToolCall(name, arguments)) in Effect
    with allowed(len(data), ConfigError):
        rule = EffectRule.of(value)
        assert rule.effect in CAREFUL and EffectRule.of(rule.to_dict()) == rule
        rule.fits(value)
        rule.fits(dict.fromkeys(rule.arguments, "ls -l"))
