"""Which server stands behind the proxy: a command, an address, or an entry of a client's own configuration file."""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.extras import named_extras
from specbench.integrations.mcp.wires import Wire

__all__ = ["Server", "chosen_server", "read_servers", "through_proxy"]

_SECTIONS = ("mcpServers", "servers")
_LAUNCHER = re.compile(r"(uvx?|npx|node|deno|bunx?|run|docker|pipx|python[\d.]*)(\.exe)?")
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


@dataclass(frozen=True)
class Server:
    """One MCP server.

    Parameters
    ----------
    name
        For ledgers, traces and what was learned.
    command
        Starts it; empty for one that is reached by its address.
    env, cwd
        Of the command.
    url, headers
        Its address, and what every request carries.
    sse
        It speaks the older HTTP transport.

    Examples
    --------
    >>> Server.of("git", {"command": "uvx", "args": ["mcp-server-git"]}).command
    ('uvx', 'mcp-server-git')
    """

    name: str
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None
    url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    sse: bool = False

    def __post_init__(self) -> None:
        if bool(self.command) == bool(self.url):
            raise ConfigError(
                f"server {self.name!r} has {'both a command and' if self.url else 'neither a command nor'} a url; give "
                "one of them: a command after --, or --url, or --config with --server"
            )

    @classmethod
    def of(cls, name: str, entry: Any) -> Server:
        """Read an entry of a configuration file; ``${NAME}`` and ``${NAME:-default}`` come from the environment.

        Raises
        ------
        ConfigError
            When it is none.
        """
        if not isinstance(entry, dict):
            raise ConfigError(f"server {name!r} is not an object; give command and args, or url")
        entry = _expanded(entry, name)
        command, args = entry.get("command"), entry.get("args") or []
        env, headers, url = entry.get("env") or {}, entry.get("headers") or {}, entry.get("url")
        texts = [*env.values(), *headers.values()] if isinstance(env, dict) and isinstance(headers, dict) else [None]
        right = (
            all(each is None or isinstance(each, str) for each in (command, url, entry.get("cwd")))
            and isinstance(args, list) and all(isinstance(each, str) for each in [*args, *texts])
        )  # fmt: skip
        if not right:
            raise ConfigError(
                f"server {name!r} cannot be read; command, url and cwd are texts, args a list of texts, env and "
                "headers objects of texts"
            )
        return cls(name, (command, *args) if command else (), env, entry.get("cwd"), url, headers,
                   sse=entry.get("type") == "sse")  # fmt: skip

    @asynccontextmanager
    async def connect(self, left: Callable[[int], None] | None = None) -> AsyncIterator[Wire]:
        """Start it, or connect to it; ``left`` gets the exit code of a command that ends without being told to."""
        with named_extras():
            if self.url is not None:
                from specbench.integrations.mcp.remote import remote_server

                async with remote_server(self.url, self.headers, sse=self.sse) as wire:
                    yield wire
                return
            from specbench.integrations.mcp.stdio import server_process

        async with server_process(self.command, self.env, self.cwd, left) as wire:
            yield wire


def _expanded(value: Any, server: str) -> Any:
    if isinstance(value, dict):
        return {name: _expanded(each, server) for name, each in value.items()}
    if isinstance(value, list):
        return [_expanded(each, server) for each in value]
    if not isinstance(value, str):
        return value

    def filled(match: re.Match[str]) -> str:
        found = os.environ.get(match[1], match[2])
        if found is None:
            raise ConfigError(
                f"server {server!r} needs the environment variable {match[1]}, which is not set; set it, or write "
                f"${{{match[1]}:-default}}"
            )
        return found

    return _VARIABLE.sub(filled, value)


def read_servers(path: str | Path) -> dict[str, Any]:
    """Return the entries of a configuration file (``mcpServers``, as Claude Code and Claude Desktop write it), by name.

    Raises
    ------
    ConfigError
        When it cannot be read, or has none.
    """
    return _section(_document(path), path)[1]


def chosen_server(
    command: Sequence[str] | None, config: Path | None, server: str | None, url: str | None, headers: Sequence[str],
    sse: bool, name: str | None,
) -> Server:  # fmt: skip
    """Return the server that a command line names.

    Raises
    ------
    ConfigError
        When it names none, or several.

    Examples
    --------
    >>> chosen_server(["uvx", "mcp-server-git"], None, None, None, [], False, None).name
    'mcp-server-git'
    """
    if config is not None:
        servers = read_servers(config)
        if server not in servers or command or url:
            raise ConfigError(
                f"--config needs --server, and no other server; {config} has {', '.join(servers)}, got {server!r}"
            )
        return Server.of(name or server, servers[server])
    pairs = [each.partition(":") for each in headers]
    if wrong := [each for each, (_, colon, _) in zip(headers, pairs, strict=True) if not colon]:
        raise ConfigError(f'a header is "NAME: VALUE"; got {wrong[0]!r}')
    given = name or (_program(command) if command else url or "server")
    return Server(
        given, tuple(command or ()), url=url, sse=sse, headers={key: value.strip() for key, _, value in pairs}
    )


def _program(command: Sequence[str]) -> str:
    """Return the name of what a command runs: behind a launcher (``uvx``, ``npx -y``, ``python -m``) its argument."""
    names = [Path(each).name for each in command if not each.startswith("-")]
    return next((each for each in names if not _LAUNCHER.fullmatch(each)), names[0] if names else "server")


def through_proxy(path: str | Path, proxy: Sequence[str]) -> dict[str, Any]:
    """Return a client's configuration in which each server stands behind a proxy of its own.

    Parameters
    ----------
    path
        The configuration as it is.
    proxy
        The command of the proxy, with its options.
    """
    document = _document(path)
    name, servers = _section(document, path)
    return {**document, name: {each: _behind(each, entry, proxy) for each, entry in servers.items()}}


def _behind(name: str, entry: Any, proxy: Sequence[str]) -> Any:
    if not isinstance(entry, dict):
        raise ConfigError(f"server {name!r} is not an object; give command and args, or url")
    program, *options = [*proxy, "--name", name]
    kept = {key: value for key, value in entry.items() if key not in ("command", "args", "url", "headers", "type")}
    if "url" not in entry:
        return {**kept, "command": program, "args": [*options, "--", entry.get("command"), *(entry.get("args") or [])]}
    options += ["--url", entry["url"], *(["--sse"] if entry.get("type") == "sse" else [])]
    for header, value in (entry.get("headers") or {}).items():
        options += ["--header", f"{header}: {value}"]
    return {**kept, "command": program, "args": options}


def _document(path: str | Path) -> dict[str, Any]:
    try:
        document = json.loads(Path(path).read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise ConfigError(f"{path} is not a configuration of MCP servers: it holds no object")
    return document


def _section(document: dict[str, Any], path: str | Path) -> tuple[str, dict[str, Any]]:
    for name in _SECTIONS:
        if isinstance(document.get(name), dict) and document[name]:
            return name, document[name]
    raise ConfigError(f"{path} has no servers; it has to hold {' or '.join(_SECTIONS)}, an object of servers by name")
