"""What is on offer, what is declared of it, and where servers are found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from specbench.core.errors import ConfigError
from specbench.core.types import Effect
from specbench.integrations.mcp.listed import ListedTools
from specbench.integrations.mcp.servers import Server, chosen_server, read_servers
from specbench.traces.effects import read_effects

HINTED = {"name": "show", "annotations": {"readOnlyHint": True, "openWorldHint": False}}


def effects_of(listed: ListedTools) -> dict[str, Effect]:
    return {name: spec.effect for name, spec in listed.specs.items()}


def test_a_declaration_may_have_the_name_that_claude_code_gives_the_tool() -> None:
    listed = ListedTools("git", read_effects({"mcp__git__log": "read", "mcp__other__show": "read"}))
    assert listed.take({"tools": [{"name": "log"}, {"name": "show"}]}, first=True)
    assert effects_of(listed) == {"log": Effect.READ, "show": Effect.UNKNOWN}


@pytest.mark.parametrize(
    ("hints", "trusted", "effect"),
    [
        ({"readOnlyHint": True}, True, Effect.READ),
        ({"readOnlyHint": True}, False, Effect.UNKNOWN),
        ({"readOnlyHint": True, "destructiveHint": True}, True, Effect.UNKNOWN),
        ({"readOnlyHint": "yes"}, True, Effect.UNKNOWN),
        ("nonsense", True, Effect.UNKNOWN),
        ({}, True, Effect.UNKNOWN),
    ],
)
def test_hints_count_where_the_server_is_trusted(hints: Any, trusted: bool, effect: Effect) -> None:
    listed = ListedTools("s", {}, trusted=trusted)
    listed.take({"tools": [{"name": "show", "annotations": hints, "x-effect": "read"}]}, first=True)
    assert effects_of(listed) == {"show": effect}


def test_a_declaration_goes_before_a_hint_and_a_promise_to_stay_inside_needs_trust() -> None:
    listed = ListedTools("s", read_effects({"show": "write"}), trusted=True)
    listed.take({"tools": [HINTED]}, first=True)
    assert listed.specs["show"].effect is Effect.WRITE and listed.specs["show"].open_world is False
    strange = ListedTools("s", {})
    strange.take({"tools": [HINTED]}, first=True)
    assert strange.specs["show"].open_world is None


def test_pages_make_one_list_and_a_new_first_page_replaces_it() -> None:
    listed = ListedTools("s", {})
    listed.take({"tools": [{"name": "a"}], "nextCursor": "2"}, first=True)
    listed.take({"tools": [{"name": "b"}]}, first=False)
    assert set(listed.specs) == {"a", "b"}
    assert not listed.take({"tools": [{"name": "a"}, {"name": "b"}]}, first=True)
    assert listed.take({"tools": [{"name": "b"}]}, first=True)
    assert set(listed.specs) == {"b"}


@pytest.mark.parametrize("page", [None, [], {"tools": 3}, {"tools": [5, {"name": 7}, {"name": "a"}]}])
def test_what_cannot_be_read_is_left_out(page: Any) -> None:
    listed = ListedTools("s", {})
    listed.take(page, first=True)
    assert set(listed.specs) <= {"a"}


def test_values_of_a_configuration_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOKEN", "t0")
    entry = {"type": "sse", "url": "https://${HOST:-example.com}/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}}
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({"servers": {"web": entry}}))
    server = chosen_server(None, path, "web", None, [], False, None)
    assert (server.url, server.headers, server.sse) == ("https://example.com/mcp", {"Authorization": "Bearer t0"}, True)
    assert "t0" not in path.read_text()


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("text", "server 'a' is not an object"),
        ({"command": 5}, "server 'a' cannot be read; command, url and cwd are texts"),
        ({"command": "x", "args": "y"}, "args a list of texts"),
        ({"command": "x", "env": {"A": 1}}, "env and headers objects of texts"),
        ({"command": "${NOT_SET_ANYWHERE}"}, "needs the environment variable NOT_SET_ANYWHERE"),
        ({}, "has neither a command nor a url"),
        ({"command": "x", "url": "y"}, "has both a command and a url"),
    ],
)
def test_an_entry_that_cannot_be_used_is_named(entry: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Server.of("a", entry)


@pytest.mark.parametrize(("text", "words"), [("[", "is not JSON"), ("[]", "holds no object"), ("{}", "has no servers")])
def test_a_file_that_is_no_configuration_is_named(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words):
        read_servers(path)


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["uvx", "mcp-server-git"], "mcp-server-git"),
        (["npx", "-y", "@scope/server", "folder"], "server"),
        (["/usr/bin/python3", "tools/serve.py"], "serve.py"),
        (["docker", "run", "-i", "image"], "image"),
    ],
)
def test_a_server_is_called_after_its_program(command: list[str], name: str) -> None:
    assert chosen_server(command, None, None, None, [], False, None).name == name
