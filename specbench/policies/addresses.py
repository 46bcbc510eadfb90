r"""Addresses of the network in texts that a model or a page has written: what is one, whose it is, where it ends."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from unicodedata import normalize
from urllib.parse import unquote, urlsplit

__all__ = ["goes_on", "is_address", "is_allowed_host"]

ADDRESS = re.compile(
    r"\b(?!file:)[a-z][a-z0-9+.-]*:[/\\]{1,2}"  # https://, also with one slash, or the wrong ones
    r"|\b(https?|ftps?|wss?|mailto|ssh|git|ldap|javascript):\S"
    r"|^\s*([/\\]{2}|www\.)"
    r"|\b[\w.+-]+@[\w.-]+:\S"  # user@host:path
    r"|^\s*[\w-]+(\.[\w-]+)+(:\d+)?/\S*\?\S*="  # host/path?name=value
    r"|^\s*([\w-]+\.)+[a-z]{2,}(:\d+)?/\S"  # host/path, and a folder whose name ends like a host's
)
"""What makes a text, made plain and in small letters, an address."""
NAMES = frozenset(
    {
        "url", "urls", "uri", "uris", "link", "links", "href", "host", "hosts", "hostname", "domain", "website",
        "endpoint", "webhook", "callback", "redirect", "proxy", "ip",
    }
)  # fmt: skip
"""Words in the names of parameters that hold addresses, whatever these look like."""
NAME_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
DISGUISE = re.compile(r"[%&\\]|[^\x00-\x7f]")
ON = re.compile(r"""[.,;:!?)\]}'"]*[\w/?#&=%~+@$*-]""")


def is_address(name: str | None, text: str) -> bool:
    r"""Whether a text is an address, by itself or because of the parameter that it stands under.

    Examples
    --------
    >>> is_address(None, "see HTTPS://a.example"), is_address("imageUrl", "a.example"), is_address("q", "a.example")
    (True, True, False)
    >>> is_address("q", "evil.example:443/SECRET"), is_address("path", "src/tools.py"), is_address("path", ".github/x")
    (True, False, False)
    >>> is_address(None, "%68ttps:&sol;/a.example")
    True
    """
    if not text:
        return False
    if name is not None and not NAMES.isdisjoint(word.lower() for word in NAME_WORD.findall(name)):
        return True
    if ADDRESS.search(text.lower()) is not None:
        return True
    return DISGUISE.search(text) is not None and ADDRESS.search(_plain(text)) is not None


def _plain(text: str) -> str:
    """Return a text without the disguises that a browser or a parser takes off: escapes, entities, wide letters."""
    for _ in range(3):
        text = unescape(unquote(normalize("NFKC", ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), text))))
    return text.lower()


def goes_on(content: str, end: int) -> bool:
    """Whether an address that stands in a text goes on at ``end``; marks at the end of a sentence are none of it.

    Examples
    --------
    >>> goes_on("https://a.example/x", 17), goes_on("(https://a.example).", 18)
    (True, False)
    """
    return ON.match(content, end) is not None


def is_allowed_host(text: str, hosts: Iterable[str]) -> bool:
    r"""Whether a text is an address of an allowed host, ``*.a.example`` for all below it, and nothing else.

    Examples
    --------
    >>> is_allowed_host("https://docs.a.example/x", ["*.a.example"])
    True
    >>> [is_allowed_host(each, ["a.example"]) for each in ("https://a.example@evil.example/", "https://evil.a.example")]
    [False, False]
    """
    if not hosts or not text.isascii() or "\\" in text or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return False
    return any(host == each.lower() or (each.startswith("*.") and host.endswith(each[1:].lower())) for each in hosts)
