"""A shell command of any text: its words are those of a shell, and what is known to write is never a read."""

from __future__ import annotations

import re
import shlex

from fuzz.oracle import allowed
from specbench.core.effects import EffectRule
from specbench.core.shell import MOST_LETTERS, as_text, may_write, simple_command

READS = EffectRule.of(
    {"command": r"(ls|cat|rg|find|sort|sed|go (vet|test)|git (status|diff|log|show|branch))( .*)?", "effect": "read"}
)
ANYTHING = EffectRule.of({"command": "(?s).*", "effect": "read"})
WRITERS = (
    "find . -delete", "find . -exec rm {} +", "sort -o out in", "sort -uo out in", "git push", "git branch -D main",
    "git diff --output=x", "sed -i s/a/b/ file", "sed -n -i p file", "xargs rm", "tee out", "fd -x rm", "python3 x.py",
    "date -s 0", "bash -c ls", "tree -o out", "go test -o x", "git tag v1", "git remote add a b", "rg --pre rm x",
    "uniq a b",
)  # fmt: skip
BEHIND = ("; {}", " | {}", " && {}", " > {}", " >> {}", "\n{}", " & {}", " $({})", " `{}`", " <({})", "\r{}")
_OTHERWISE = re.compile(r"\\[$`]")
"""Within double quotes ``shlex`` reads these otherwise than a shell does."""


def check(data: bytes) -> None:
    """Read a command, and put it around commands that write."""
    text = data.decode("utf-8", "replace")
    with allowed(30 * len(data)):
        words = simple_command(text)
        if words is not None:
            assert _OTHERWISE.search(text) or words == shlex.split(text), (text, words)
            assert simple_command(as_text(words)) in (None, words), (text, words)
            may_write(words)
            _check_behind(text)
        for rule in (READS, ANYTHING):
            rule.fits({"command": text})
        if len(text) < MOST_LETTERS // 2:
            for writer in WRITERS:
                longer = f"{writer} {shlex.quote(text)}"
                assert not READS.fits({"command": longer}) and not ANYTHING.fits({"command": longer}), longer


def _check_behind(text: str) -> None:
    """A simple command is whole: all its quotes are closed, and what follows is seen."""
    if text.endswith("\\"):  # escapes what follows
        return
    for joint in BEHIND:
        longer = text + joint.format("rm x")
        assert not ANYTHING.fits({"command": longer}), longer
