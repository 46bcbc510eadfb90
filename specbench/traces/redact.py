"""Traces without what they give away: secrets, e-mails, names, ids and paths become pseudonyms, the same everywhere.

A pseudonym depends on the value and on a key, and has the value's shape (``james_lee_6136`` → ``kovim_tad_8204``), so
that what copies, what composes and what counts still finds the same patterns. Two passes: the first collects what the
traces tell to be a name or an id, the second replaces it wherever it stands.

What is found: keys and tokens of known shape, values of fields such as ``password``; e-mail addresses; IP addresses;
phone, card and bank account numbers; the user of ``/home/NAME`` and ``C:\\Users\\NAME``; the values of fields such as
``first_name`` and ``user_id``, and of every field that ends in ``_id``. What nobody can find in a text: names of
people, companies and places that no such field names. Give those as ``names``, and look before you publish.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from specbench.core.types import Message, ToolSpec, Trace

__all__ = ["UNKNOWABLE", "Redactor"]

UNKNOWABLE = (
    "names of people, companies and places in free text are found only where a field, an address or a path names them; "
    "look before you publish, and name what is left (--name)"
)

_SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bxox[a-z]-[\w-]{10,}|\bhf_[A-Za-z0-9]{20,}"
    r"|\bnpm_[A-Za-z0-9]{20,}|\bpypi-[\w-]{20,}|\bdop_v1_[a-f0-9]{20,}|\bSG\.[\w-]{10,}\.[\w-]{10,}|\bglsa_\w{20,}"
    r"|hooks\.slack\.com/services/[\w/]{10,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{30,}|\bya29\.[\w-]{20,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{4,}"
    r"|(?<=[Bb]earer )[A-Za-z0-9._~+/-]{12,}=*"
    r"|(?<=[Bb]asic )[A-Za-z0-9+/]{8,}=*"
    r"|(?<=sshpass -p )\S+|(?<=\s-u )[^\s:'\"]+:[^\s'\"]+|(?<=--user )[^\s:'\"]+:[^\s'\"]+"
    r"|(?<=://)[^\s/:@\"']+:[^\s/@\"']+(?=@)"
)
_SECRET_FIELD = re.compile(
    r"(?i)((?<![\w-])[\w-]{0,40}?(?:password|passwd|passphrase|(?<![a-z])pwd|(?<![a-z])pass(?![a-z])|secret|cookie|(?<![a-z])token(?![a-z])|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token"
    r"|refresh[_-]?token|private[_-]?key|client[_-]?secret)[\w-]{0,40}[\"']?\s{0,9}[:=]\s{0,9}[\"']?)([^\s\"',;&}{]{4,})"
)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_NUMBERS = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])"  # an IP address
    r"|(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?(?!\w)"  # an IBAN
    r"|(?<![\w.-])(?:\d{4}[ -]?){3}\d{3,4}(?![\w-])"  # a card
    r"|(?<![\w.+-])\d{3}-\d{2}-\d{4}(?![\w-])"  # a social security number
    r"|(?<![\w.])\+?\(?\d{2,4}\)?[ -]\d{3,4}[ -]\d{3,4}(?![\w-])"  # a telephone number
)
_HOME = re.compile(r"(?:/(?:home|Users)/|[A-Za-z]:\\{1,2}Users\\{1,2})([\w.-]+)")
_NAME_FIELD = re.compile(
    r"(?i)(?:first|last|full|given|family|sur|middle|customer|passenger|contact|user|owner|author)[_ -]?name"
    r"[\"']?\s*[:=]\s*[\"']([^\"'\n]{2,60})[\"']"
)
_AUTHOR = re.compile(r"(?m)^(?:Author|Committer|Co-authored-by):[ \t]*([^<\n]{2,60})<")
_ID_FIELD = re.compile(
    r"(?<!\w)(?:\w{0,40}(?:_id|Id|_number|_no)|ID|id)[\"']?\s{0,9}[:=]\s{0,9}[\"']([^\"'\n]{3,80})[\"']"
)
_TOKEN = re.compile(r"#?[^\W_](?:[\w.-]*\w)?")
_PART = re.compile(r"[^\W\d_]+|\d+")
_KEPT = frozenset({
    "admin", "bot", "contact", "default", "dev", "git", "hello", "help", "home", "info", "mail", "none", "noreply",
    "public", "reply", "root", "runner", "sales", "shared", "support", "team", "test", "ubuntu", "unknown", "user",
    "users",
})  # fmt: skip
"""Of mailboxes and home folders: names of nobody."""


class Redactor:
    """Replaces what gives people away by pseudonyms.

    Parameters
    ----------
    names
        Further names and words to replace, wherever they stand.
    key
        Makes pseudonyms that are the same in several runs; keep it secret: who has it can try guesses. A random one by
        default.
    secrets_only
        Replace keys, tokens and passwords (and ``names``), and nothing else.

    Examples
    --------
    >>> redactor = Redactor(key="k")
    >>> hello = Message("user", "I am Ann, ann.lee@mail.com, my key is sk-abcdefghijklmnop1")
    >>> [redacted] = redactor.redact([Trace("t", "task", "doc", (hello,))])
    >>> [word in redacted.messages[0].content for word in ("Ann", "ann", "mail.com", "sk-")]
    [False, False, False, False]
    """

    def __init__(self, names: Iterable[str] = (), key: str | None = None, *, secrets_only: bool = False) -> None:
        self._secrets_only = secrets_only
        self._key = (key if key is not None else secrets.token_hex(16)).encode()
        self._names: set[str] = set()
        self._ids: set[str] = set()
        self.found: Counter[str] = Counter()
        for name in names:
            self._learn_name(name, told=True)

    def redact(self, traces: Iterable[Trace]) -> Iterator[Trace]:
        """Yield the traces with pseudonyms; all of them are looked at before the first is given."""
        every = list(traces)
        for trace in every:
            self.learn(trace)
        return (self.replace(trace) for trace in every)

    def learn(self, trace: Trace) -> None:
        """Collect the names and ids that a trace tells."""
        if self._secrets_only:
            return
        for text in _texts(trace):
            for match in _EMAIL.finditer(text):
                for part in re.split(r"[._+\d-]+", match[0].partition("@")[0]):
                    self._learn_name(part)
            for pattern in (_HOME, _NAME_FIELD, _AUTHOR):
                for match in pattern.finditer(text):
                    self._learn_name(match[1])
            for match in _ID_FIELD.finditer(text):
                if any(letter.isdigit() for letter in match[1]):
                    self._ids.add(match[1].lstrip("#"))

    def _learn_name(self, name: str, told: bool = False) -> None:
        for word in _PART.findall(name):
            if word.isalpha() and (told or len(word) >= 3) and word.lower() not in _KEPT:
                self._names.add(word.lower())

    def replace(self, trace: Trace) -> Trace:
        """Return a trace with pseudonyms, by what has been learnt so far."""
        return replace(
            trace,
            trace_id=self.text(trace.trace_id),
            task_id=self.text(trace.task_id),
            source=self.text(trace.source),
            messages=tuple(self._message(message) for message in trace.messages),
            tools={name: self._tool(spec) for name, spec in trace.tools.items()},
            metadata={key: self.value(value, key) for key, value in trace.metadata.items()},
        )

    def _message(self, message: Message) -> Message:
        calls = tuple(
            replace(
                call,
                arguments={key: self.value(value, key) for key, value in call.arguments.items()},
                invalid_arguments=None if call.invalid_arguments is None else self.text(call.invalid_arguments),
            )
            for call in message.tool_calls
        )
        return replace(message, content=self.text(message.content), tool_calls=calls)

    def _tool(self, spec: ToolSpec) -> ToolSpec:
        return replace(spec, description=self.text(spec.description))

    def value(self, value: Any, key: str = "") -> Any:
        """Return a JSON value with pseudonyms in its texts, and in numbers under keys that name an id."""
        if isinstance(value, str):
            if _SECRET_FIELD.match(f"{key}={value}"):
                return self._told("secret", value)
            if self._secrets_only:
                return self.text(value)
            if (key.endswith(("_id", "Id")) or key == "id") and any(letter.isdigit() for letter in value):
                return self._told("id", value)
            return self.text(value)
        if (
            isinstance(value, int)
            and not isinstance(value, bool)
            and not self._secrets_only
            and key.endswith(("_id", "Id"))
            and value > 999
        ):
            return int("1" + self._shaped(str(value))[1:])
        if isinstance(value, Mapping):
            return {name: self.value(each, name) for name, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(each, key) for each in value]
        return value

    def text(self, text: str) -> str:
        """Return a text with pseudonyms."""
        text = _SECRETS.sub(lambda match: self._told("secret", match[0]), text)
        text = _SECRET_FIELD.sub(lambda match: match[1] + self._told("secret", match[2]), text)
        if self._secrets_only:
            return _TOKEN.sub(self._token, text) if self._names else text
        text = _EMAIL.sub(lambda match: self._told("e-mail", match[0]), text)
        text = _NUMBERS.sub(lambda match: self._told("number", match[0]), text)
        return _TOKEN.sub(self._token, text)

    def _told(self, kind: str, value: str) -> str:
        self.found[kind] += 1
        if kind == "secret":
            return f"REDACTED{self._digest(value).hex()[:8]}"
        if kind == "e-mail":
            return (
                f"{self._shaped(value.partition('@')[0])}@{self._shaped(value.partition('@')[2].split('.')[0])}.example"
            )
        return self._shaped(value)

    def _token(self, match: re.Match[str]) -> str:
        token = match[0]
        if token.lstrip("#") in self._ids:
            return self._told("id", token)
        return _PART.sub(lambda part: self._word(part[0]), token)

    def _word(self, word: str) -> str:
        if word.lower() not in self._names:
            return word
        self.found["name"] += 1
        return self._shaped(word)

    def _shaped(self, value: str) -> str:
        """Return a pseudonym of the value's shape: each run of letters or digits becomes another one as long."""
        return _PART.sub(lambda match: self._run(match[0]), value)

    def _run(self, run: str) -> str:
        digest = self._digest(run.lower())
        if run.isdigit():
            return "".join(str(digest[index % 32] % 10) for index in range(len(run)))
        made = "".join(
            ("bdfgklmnprstvz" if index % 2 == 0 else "aeiou")[digest[index % 32] % (14 if index % 2 == 0 else 5)]
            for index in range(len(run))
        )
        return made.upper() if run.isupper() and len(run) > 1 else made.capitalize() if run[0].isupper() else made

    def _digest(self, value: str) -> bytes:
        return hmac.new(self._key, value.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _texts(trace: Trace) -> Iterator[str]:
    """Yield every text of a trace; arguments as ``key: "value"``, so that their keys tell what they are."""
    for message in trace.messages:
        yield message.content
        for call in message.tool_calls:
            yield from _leaves(call.arguments, "")
            yield call.invalid_arguments or ""
    yield from _leaves(trace.metadata, "")


def _leaves(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _leaves(each, str(name))
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _leaves(each, key)
    elif isinstance(value, str):
        yield f'"{key}": "{value}"'
