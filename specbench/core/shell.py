"""One simple shell command as its words, and whether it may write in spite of its name. Anything else is refused.

Read as POSIX shells read it (sh, bash, zsh), as far as that is plain: words, quotes, escapes. A ``~`` stays what it is,
and so does a ``*`` where it can become nothing but paths. Whatever runs, joins, redirects or computes (``;``, ``|``,
``&``, ``>``, ``<``, ``$``, back-ticks, brackets, braces, comments, assignments, line ends) is refused: nobody has to
prove that it is harmless.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from shlex import quote

__all__ = ["as_text", "may_write", "simple_command"]

MOST_LETTERS = 10_000
SPECIAL = frozenset(";&|<>()`$!{}")
"""Outside quotes they begin another command, a redirection, a substitution, a group, a history or brace expansion."""
GLOB = frozenset("*?[")
"""At the beginning of a word, or behind a dash, they may stand for a file that is called like an option."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")

RUNNERS = frozenset({
    "eval", "exec", "source", "command", "builtin", "env", "xargs", "sudo", "doas", "su", "nohup", "nice", "ionice",
    "time", "timeout", "stdbuf", "setsid", "watch", "parallel", "ssh", "chroot", "flock", "script", "sh", "bash",
    "dash", "zsh", "ksh", "fish", "busybox", "awk", "gawk", "mawk", "nawk", "perl", "ruby", "node", "deno", "tee",
    "strace", "ltrace", "valgrind", "taskset", "unshare", "nsenter", "npx", "npm", "yarn", "pnpm", "uv", "uvx", "pipx",
    "poetry", "cargo", "rsync", "scp", "sftp", "wget", "curl", "openssl", "tar", "cpio", "zip", "unzip", "man", "make",
    "docker", "kubectl", "aws", "gcloud", "terraform", "ansible", "mypy",
    "trap", "alias", "export", "set", "unset", "declare", "typeset", "local", "readonly", "cd", "pushd", "popd", "if",
    "for", "while", "until", "case", "function", "select", "then", "do", "coproc", "vi", "vim", "ed", "ex", "emacs",
})  # fmt: skip
"""They run or change what their arguments say."""

LONG = {
    "find": ("delete", "exec", "execdir", "ok", "okdir", "fprint", "fprint0", "fprintf", "fls"),
    "fd": ("exec", "exec-batch"),
    "git": ("output", "ext-diff", "open-files-in-pager", "exec", "upload-pack", "receive-pack", "delete", "edit"),
    "rg": ("pre", "hostname-bin"),
    "sort": ("output", "compress-program"),
    "tree": ("output",),
    "date": ("set",),
    "go": (
        "exec", "toolexec", "vettool", "o", "c", "outputdir", "coverprofile", "cpuprofile", "memprofile",
        "blockprofile", "mutexprofile", "trace", "fix", "w", "u", "mod", "modfile", "overlay", "fuzz", "artifacts",
        "compiler", "pkgdir", "ldflags", "gcflags", "asmflags", "gccgoflags", "work",
    ),
    "shuf": ("output", "random-source"),
    "iconv": ("output",),
    "xmllint": ("output", "shell"),
    "ruff": ("fix", "fix-only", "add-noqa", "output-file", "unsafe-fixes"),
    "eslint": ("fix", "fix-dry-run", "output-file", "init"),
    "prettier": ("write",),
    "gofmt": ("w",),
    "ag": ("pager",),
    "ack": ("pager",),
    "bat": ("pager", "paging"),
    "less": ("log-file", "LOG-FILE"),
    "stat": (),
    "yq": ("inplace", "in-place"),
    "file": ("compile",),
}  # fmt: skip
"""Options that write or run something, of commands that are known to read without them."""
SHORT = {
    "fd": "xX", "git": "oO", "sort": "oT", "tree": "o", "date": "s", "yq": "i", "file": "C", "shuf": "o", "iconv": "o",
    "eslint": "o", "gofmt": "w", "less": "oO",
}  # fmt: skip
SAME = {"fdfind": "fd", "batcat": "bat", "gsort": "sort", "gfind": "find"}
"""Other names of these."""
GIT_READS = frozenset({
    "status", "diff", "log", "show", "blame", "annotate", "shortlog", "describe", "grep", "rev-parse", "rev-list",
    "ls-files", "ls-tree", "cat-file", "name-rev", "merge-base", "for-each-ref", "show-ref", "diff-tree", "diff-index",
    "diff-files", "count-objects", "check-ignore", "cherry", "range-diff", "whatchanged", "version", "show-branch",
})  # fmt: skip
"""Subcommands that write no more than git's own index and caches; an alias may stand behind any other word."""
GIT_LISTS = {
    "branch": frozenset({"-a", "-r", "-v", "-vv", "-av", "--list", "--all", "--remotes", "--show-current"}),
    "tag": frozenset({"-l", "-n", "--list"}),
    "remote": frozenset({"-v", "--verbose"}),
}
"""Subcommands that read with nothing but these options."""
ONE_FILE = frozenset({"uniq", "xxd"})
"""Their second file is written."""
_PRINTS = re.compile(r"[0-9,$;p ]*p")


def simple_command(text: str) -> list[str] | None:
    """Return the words of a simple command; ``None`` where a shell may do anything else than run it with these.

    Examples
    --------
    >>> simple_command("git log --format='%h %s' -- \\"a file\\"")
    ['git', 'log', '--format=%h %s', '--', 'a file']
    >>> [simple_command(text) for text in ("git diff; rm -rf .", "ls > x", "cat $(ls)", "A=1 ls", "ls &", "'")]
    [None, None, None, None, None, None]
    """
    if len(text) > MOST_LETTERS or any(ord(letter) < 32 and letter != "\t" for letter in text) or "\x7f" in text:
        return None
    words: list[str] = []
    word: str | None = None
    quoted, at = "", 0
    while at < len(text):
        letter = text[at]
        at += 1
        if quoted == "'":
            if letter == "'":
                quoted = ""
            else:
                word = f"{word or ''}{letter}"
        elif quoted:
            if letter == '"':
                quoted = ""
            elif letter in "$`!":
                return None
            elif letter == "\\" and text[at : at + 1] in ("$", "`", '"', "\\"):
                word, at = f"{word or ''}{text[at]}", at + 1
            else:
                word = f"{word or ''}{letter}"
        elif letter in "'\"":
            quoted, word = letter, word or ""
        elif letter in " \t":
            if word is not None:
                words.append(word)
            word = None
        elif letter in SPECIAL or (letter == "#" and word is None) or (letter in GLOB and (word or "-")[0] == "-"):
            return None
        elif letter == "\\":
            if at == len(text):
                return None
            word, at = f"{word or ''}{text[at]}", at + 1
        else:
            word = f"{word or ''}{letter}"
    if quoted:
        return None
    if word is not None:
        words.append(word)
    return words if words and _NAME.fullmatch(words[0]) else None


def as_text(words: Sequence[str]) -> str:
    """Return words as one text, those with spaces, quotes or special signs in quotes.

    Examples
    --------
    >>> as_text(["git", "show", "HEAD~1", "a file"])
    "git show HEAD~1 'a file'"
    """
    return " ".join(quote(word) if not word or set(word) & _QUOTED else word for word in words)


_QUOTED = SPECIAL | frozenset(" \t'\"\\")


def may_write(words: Sequence[str]) -> bool:
    """Whether a command runs others, or has an option that is known to write, whatever a rule says of it.

    Examples
    --------
    >>> [may_write(each.split()) for each in ("find . -name x", "find . -delete", "sort -uo x y", "xargs rm", "sh x")]
    [False, True, True, True, True]
    """
    name, arguments = SAME.get(words[0], words[0]), words[1:]
    if name in RUNNERS or name.startswith("python"):
        return True
    if name == "sed":
        return not (len(arguments) > 1 and arguments[0] == "-n" and _prints(arguments[1:]))
    if name == "git" and not _git_reads(arguments):
        return True
    if name == "date" and any(each[:1] not in ("-", "+") for each in arguments):
        return True
    if name in ONE_FILE and (sum(not each.startswith("-") for each in arguments) > 1 or GLOB & set("".join(arguments))):
        return True
    long, short = LONG.get(name, ()), SHORT.get(name, "")
    for each in arguments:
        if not each.startswith("-"):
            continue
        option = each.lstrip("-").partition("=")[0].removeprefix("test." if name == "go" else "")
        # Most programs take an option by the beginning of its name.
        if option and any(known.startswith(option) if each.startswith("--") else known == option for known in long):
            return True
        if not each.startswith("--") and any(letter in each for letter in short):
            return True
    return False


def _git_reads(arguments: Sequence[str]) -> bool:
    if not arguments or arguments[0] in GIT_READS:
        return bool(arguments)
    return arguments[0] in GIT_LISTS and set(arguments[1:]) <= GIT_LISTS[arguments[0]]


def _prints(arguments: Sequence[str]) -> bool:
    """Whether a script of ``sed -n`` does nothing but print lines, and no option follows."""
    return bool(_PRINTS.fullmatch(arguments[0])) and not any(each.startswith("-") for each in arguments[1:])
