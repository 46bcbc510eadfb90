"""Where a server is: its base URL, without what must not be shown."""

from __future__ import annotations

import logging
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from specbench.core.errors import ConfigError

__all__ = ["Address", "hidden", "keep_from_logs"]

_HERE = ("localhost", "127.0.0.1", "[::1]", "0.0.0.0")
_SHORTEST_SECRET = 4


@dataclass(frozen=True)
class Address:
    """A base URL in parts.

    Parameters
    ----------
    url
        Without user, password and query; ``None`` for the hosted service.
    headers, query
        What tells the server of them.
    secrets
        Texts that are never shown or logged.
    """

    url: str | None
    headers: dict[str, str]
    query: dict[str, str]
    secrets: tuple[str, ...]

    @classmethod
    def of(cls, url: str | None) -> Address:
        """Take a base URL apart; a server on this machine may be written without ``http://``.

        Raises
        ------
        ConfigError
            When it is no URL of a web server.

        Examples
        --------
        >>> address = Address.of("localhost:8000/v1?key=secret")
        >>> address.url, address.query, address.secrets
        ('http://localhost:8000/v1', {'key': 'secret'}, ('secret',))
        """
        if url is None:
            return cls(None, {}, {}, ())
        if "://" not in url and url.startswith(_HERE):
            url = f"http://{url}"
        try:
            parts = urlsplit(url)
            known = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            known = False
        if not known:
            shown = url.rpartition("@")[2].partition("?")[0]
            raise ConfigError(
                f"{shown!r} is no base URL of a server; write it with http:// or https://, as in http://gpu-box:8000/v1"
            )
        path = parts.path.rstrip("/").removesuffix("/chat/completions")  # the client adds it
        user, at, host = parts.netloc.rpartition("@")
        name, _, password = user.partition(":")
        told = b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode()
        query = dict(parse_qsl(parts.query))
        raw = [each.partition("=")[2] for each in parts.query.split("&")]
        secrets = [password, unquote(password), told if at else "", *query.values(), *raw]
        return cls(
            urlunsplit(parts._replace(netloc=host, path=path, query="", fragment="")),
            {"Authorization": f"Basic {told}"} if at else {},
            query,
            tuple(dict.fromkeys(each for each in secrets if each)),
        )


class _Hiding(logging.Filter):
    """Takes secrets out of a logger's lines."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if any(secret in text for secret in self.secrets):
            record.msg, record.args = hidden(text, self.secrets), ()
        if record.exc_info:  # an error's own words name the URL, too
            trace = logging.Formatter().formatException(record.exc_info)
            if any(secret in trace for secret in self.secrets):
                record.exc_info, record.exc_text = None, hidden(trace, self.secrets)
        return True


_HIDING = _Hiding()


def keep_from_logs(secrets: tuple[str, ...]) -> None:
    """Take texts out of what the HTTP libraries log: they log whole URLs."""
    _HIDING.secrets |= {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
    for name in ("httpx", "httpx2", "httpcore", "httpcore.http11", "openai", "openai._base_client"):
        logger = logging.getLogger(name)
        if _HIDING not in logger.filters:
            logger.addFilter(_HIDING)


def hidden(text: str, secrets: set[str] | tuple[str, ...]) -> str:
    """A text without its secrets.

    Examples
    --------
    >>> hidden("key=secret", ("secret",))
    'key=[key]'
    """
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "[key]")
    return text
