"""Planted secrets are gone, pseudonyms are consistent, and what is copied is still copied."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from specbench.cli import app
from specbench.core.types import Message, ToolCall, Trace
from specbench.traces.redact import Redactor
from specbench.traces.store import load, write_traces

PLANTED = {
    "OpenAI key": "sk-proj-Ab12Cd34Ef56Gh78Ij90Kl12",
    "GitHub token": "ghp_0123456789abcdefghijABCDEFGHIJ012345",
    "AWS key": "AKIAIOSFODNN7EXAMPLE",
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
    "bearer": "Authorization: Bearer abcDEF123456ghiJKL",
    "password": 'password = "correct-horse-battery"',
    "database": "postgres://jane:hunter2hunter2@db/prod",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----",
    "e-mail": "jane.doe+work@corp.example.org",
    "telephone": "555-123-2002",
    "card": "4111 1111 1111 1111",
    "social security": "123-45-6789",
    "IBAN": "DE89 3704 0044 0532 0130 00",
    "address": "10.20.30.40",
}
GONE = [
    "Ab12Cd34", "ghp_0123", "AKIAIOSF", "dozjgNry", "abcDEF123456", "correct-horse", "hunter2", "MIIEpAIB", "jane",
    "Jane", "Doe", "corp", "555-123-2002", "4111 1111", "123-45-6789", "3704 0044", "10.20.30.40", "jdoe77",
    "W8123456", "C1001",
]  # fmt: skip


def trace() -> Trace:
    names = {"first_name": "Jane", "last_name": "Doe"}
    found = {"user_id": "jane_doe_6136", **names, "orders": [{"order_id": "#W8123456"}]}
    asked = {"order_id": "#W8123456", "user": "jane_doe_6136"}
    messages = (
        Message("user", "I am Jane Doe. " + " | ".join(PLANTED.values())),
        Message("assistant", tool_calls=(ToolCall("find_user", {"first": "Jane", "customer_id": "C1001"}, "c1"),)),
        Message("tool", json.dumps(found), tool_call_id="c1", name="find_user"),
        Message("assistant", tool_calls=(ToolCall("get_order", asked, "c2"),)),
        Message("tool", "cat: /home/jdoe77/notes.txt: JDOE77 wrote it", tool_call_id="c2", name="get_order"),
        Message("assistant", "Read C:\\Users\\jdoe77\\x for order W8123456, jane."),
    )
    return Trace("talk-jane_doe_6136", "task", "s", messages, metadata={"owner": "jane.doe@corp.org"})


def test_nothing_that_was_planted_is_left(tmp_path: Path) -> None:
    redactor = Redactor(key="k")
    (redacted,) = redactor.redact([trace()])
    write_traces(tmp_path / "out.jsonl", [redacted])
    text = (tmp_path / "out.jsonl").read_text()
    assert [word for word in GONE if word in text] == []
    assert redactor.found["secret"] >= 8


def test_the_same_value_has_one_pseudonym_of_its_shape() -> None:
    (redacted,) = Redactor(key="k").redact([trace()])
    order = redacted.messages[3].tool_calls[0].arguments["order_id"]
    user = redacted.messages[3].tool_calls[0].arguments["user"]
    found = json.loads(redacted.messages[2].content)
    assert found["orders"][0]["order_id"] == order
    assert order[1:] in redacted.messages[5].content
    assert len(order) == len("#W8123456")
    assert order[0] == "#"
    assert found["user_id"] == user
    first, last, number = user.split("_")
    assert (first.capitalize(), last.capitalize(), len(number)) == (found["first_name"], found["last_name"], 4)
    assert f"I am {found['first_name']} {found['last_name']}" in redacted.messages[0].content


def test_a_key_makes_the_same_pseudonyms_and_no_key_makes_others() -> None:
    def names(key: str | None) -> str:
        (redacted,) = Redactor(key=key).redact([trace()])
        return redacted.messages[2].content

    assert names("k") == names("k") != names("other")
    assert names(None) != names(None)


def test_names_that_are_told_are_replaced_and_tools_and_commands_are_not() -> None:
    said = Message("user", "Acme ships; write git@github.com or run git status. See acme/tools.py")
    call = Message("assistant", tool_calls=(ToolCall("Bash", {"command": "git log"}),))
    (redacted,) = Redactor(["Acme"], key="k").redact([Trace("t", "t", "s", (said, call))])
    assert "cme" not in redacted.messages[0].content
    assert "git status" in redacted.messages[0].content
    assert redacted.messages[1].tool_calls[0].key == 'Bash({"command":"git log"})'


def test_what_is_copied_from_the_conversation_is_still_copied(toy_traces: list[Trace]) -> None:
    def copied(traces: list[Trace]) -> list[bool]:
        found = []
        for each in traces:
            for decision in each.decisions():
                before = " ".join(message.content for message in decision.point.messages)
                found += [str(value) in before for call in decision.calls for value in call.arguments.values()]
        return found

    assert copied(list(Redactor(key="k").redact(toy_traces))) == copied(toy_traces)


def test_the_command_says_what_it_cannot_know(tmp_path: Path) -> None:
    write_traces(tmp_path / "in.jsonl", [trace()])
    out = tmp_path / "out.jsonl"
    result = CliRunner().invoke(app, ["traces", "redact", str(tmp_path / "in.jsonl"), "--out", str(out), "--key", "k"])
    assert result.exit_code == 0
    assert "1 trace written; replaced: " in result.stdout
    assert "look before you publish" in result.stderr
    assert [each.task_id for each in load(out)[0]] == ["task"]


@pytest.mark.parametrize(
    "text", ["a", "1", "a@", "_id: '", "/home/", "-", "sk-", "password", "://a:", "first_name: ", "eyJ", "Bearer a."]
)
def test_time_is_bounded(text: str) -> None:
    began_s = time.process_time()
    list(Redactor().redact([Trace("t", "t", "s", (Message("user", text * (100_000 // len(text))),))]))
    assert time.process_time() - began_s < 5.0


@pytest.mark.parametrize(
    "text",
    [
        "npm_abcdefghij0123456789ABCD", "pypi-AgEIcHlwaS5vcmcCJDEyMzQ1", "Authorization: Basic Ym9iOnB3MTIz",
        "DB_PASS=hunter22x",
        '{"token": "plainvalue1"}', '{"pwd": "plainvalue1"}', "Cookie: sid=abcdef0123", "sshpass -p hunter22 ssh x",
        "curl -u bob:hunter22 http://x", "https://hooks.slack.com/services/T00/B00/abcdefghijklmnop",
        "glsa_abcdefghij0123456789ABCD",
        "SG.abcdefghijklmnop.abcdefghijklmnop",
    ],
)  # fmt: skip
def test_more_secrets_of_known_shape(text: str) -> None:
    [trace] = Redactor(key="k", secrets_only=True).redact(
        [Trace("t", "a", "doc", (Message("user", f"see {text} there"),))]
    )
    said = trace.messages[0].content
    for secret in ("abcdef", "hunter22", "plainvalue1", "Ym9iOnB3MTIz", "AgEIcHlwaS5vcmcCJDEyMzQ1"):
        assert secret not in said


@pytest.mark.parametrize("text", ["max_tokens: 5000", "completion_tokens=1234", "run it with -u root"])
def test_what_only_looks_like_one_stays(text: str) -> None:
    [trace] = Redactor(key="k", secrets_only=True).redact([Trace("t", "a", "doc", (Message("user", text),))])
    assert trace.messages[0].content == text
