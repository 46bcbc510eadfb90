"""Shell commands: what is one simple command is read as bash reads it; everything else is refused."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from specbench.core.effects import EffectRule
from specbench.core.shell import as_text, may_write, simple_command

READS = EffectRule.of(
    {"command": r"^(git (status|diff|log|show)|ls|cat|rg|find|sort|sed|go (vet|test))\b[^;&|>]*$", "effect": "read"}
)
ANYTHING = EffectRule.of({"command": ".*", "effect": "read"})

WRITES = Path(__file__).with_name("shell_that_writes.txt").read_text("utf-8").splitlines()
"""A command a line; none of them is a simple one that only reads."""
ODD = ["git diff\nrm x", "git diff\rrm x", "ls\0", "\x1bls", "", "  ", "l" * 20_000, "ls " + "\\"]


@pytest.mark.parametrize("text", [*WRITES, *ODD])
def test_what_may_do_more_is_no_read_whatever_the_rule_says(text: str) -> None:
    assert not READS.fits({"command": text}) and not ANYTHING.fits({"command": text})


@pytest.mark.parametrize(
    "text",
    [
        "git status", "git  diff   HEAD~1 -- 'a file.py'", "git log --oneline -n 5 --format='%h %s'", "ls",
        "git show HEAD:a.py", "ls -la src/*.py", "ls ~/x", "cat a\\ b", 'rg -n "def \\(" src', "rg 'x' -g '*.py'",
        "find . -name '*.py'",
        "sort -k2 -n x", "sed -n '1,20p' x", "sed -n 5p x y", "go vet ./...", "go test -run X -count=1 ./a", '"ls" x',
    ],
)  # fmt: skip
def test_what_only_reads_is_a_read(text: str) -> None:
    assert READS.fits({"command": text}) and ANYTHING.fits({"command": text})


def test_an_expression_has_to_match_all_of_the_words() -> None:
    rule = EffectRule.of({"command": "git (diff|log)", "effect": "read"})
    assert rule.fits({"command": "git 'diff'"}) and rule.fits({"command": " git\tlog "})
    assert not rule.fits({"command": "git diff --stat"}) and not rule.fits({"command": "sgit diff"})
    assert not READS.fits({"command": "gitdiff"}) and not READS.fits({"command": "lsof"})
    assert not READS.fits({"command": "git push"}) and not READS.fits({"command": 3}) and not READS.fits({})


LETTERS = st.text(st.sampled_from("lsxg -'\"\\;&|<>()`$!{}*?[]=#,.^%@:+\t/é\u00a0"), max_size=14)


@settings(max_examples=150)
@given(text=LETTERS)
@example(text="x'a'\"b\"\\ c")
@example(text='x "a\\b\\"c"')
@example(text="x ''")
def test_words_are_those_of_bash(text: str) -> None:
    """Bash itself says which words it would run: of no command that we take to be simple does it think otherwise."""
    words = simple_command(f"x{text}")
    bash = shutil.which("bash")
    if words is None or bash is None:
        return
    script = f"set -f; x() {{ printf '%s\\0' \"$@\"; }}; printf '%s\\0' x{text}"
    told = subprocess.run([bash, "--norc", "-c", script], capture_output=True, env={"LC_ALL": "C.UTF-8"}, check=True)
    assert told.stdout.decode().split("\0")[:-1] == words


@given(words=st.lists(st.text(max_size=6), min_size=1, max_size=4))
def test_words_joined_are_the_same_words_only_for_the_same_words(words: list[str]) -> None:
    other = [*words[:-1], words[-1] + " x"]
    assert as_text(words) != as_text([*other[:-1], *other[-1].split(" ")]) or other[-1].split(" ") == [other[-1]]


@given(
    command=st.sampled_from(["find", "fd", "git log", "rg", "sort", "go test", "sed -n 1p", "tree", "yq"]), tail=LETTERS
)
def test_nothing_that_is_added_makes_a_writer_a_reader(command: str, tail: str) -> None:
    writing = {
        "find": "-delete",
        "fd": "-x",
        "git log": "--output=x",
        "rg": "--pre=x",
        "sort": "-ox",
        "go test": "-o=x",
    }
    option = writing.get(command, "-i" if command != "tree" else "-o")
    for text in (f"{command} {option} {tail}", f"{command} {tail} {option}"):
        words = simple_command(text)
        if words is not None and option in words and words[: len(command.split())] == command.split():
            assert may_write(words)
