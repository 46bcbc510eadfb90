from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from specbench.cli import app
from specbench.core.extras import EXTRAS
from specbench.core.version import __version__

GOOD = '{"messages": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "yes?"}]}\n'
BROKEN = '{"messages": [{"role": "clown"}]}\n'
runner = CliRunner()


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    path = tmp_path / "chat.jsonl"
    path.write_text(GOOD + BROKEN)
    return path


def test_validate_lists_every_problem_and_exits_with_two(chat: Path) -> None:
    chat.write_text((GOOD + BROKEN) * 12 + BROKEN * 13)
    result = runner.invoke(app, ["traces", "validate", str(chat)])
    assert result.exit_code == 2
    assert f"{chat}: 12 traces (openai_chat), 25 problems" in result.stdout
    assert f"invalid: {chat}, line 2, field messages[0].role: the role is not known; got 'clown'" in result.stderr
    assert "invalid: 5 more" in result.stderr
    assert runner.invoke(app, ["traces", "validate", str(chat), "--skip-invalid"]).exit_code == 0


def test_validate_of_sound_files_exits_with_zero(chat: Path) -> None:
    chat.write_text(GOOD)
    result = runner.invoke(app, ["traces", "validate", str(chat)])
    assert (result.exit_code, result.stderr) == (0, "")


def test_convert_writes_schema_v1(chat: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    failed = runner.invoke(app, ["traces", "convert", str(chat), "--out", str(out)])
    assert (failed.exit_code, out.exists()) == (2, False)
    assert failed.stderr.startswith(f"error: {chat}, line 2")
    options = ["--out", str(out), "--from", "openai_chat", "--skip-invalid"]
    result = runner.invoke(app, ["traces", "convert", str(chat), *options])
    assert result.exit_code == 0
    assert f"{out}: 1 trace written" in result.stdout
    assert json.loads(out.read_text())["specbench"] == 1
    assert runner.invoke(app, ["traces", "validate", str(out), "--format", "specbench_jsonl"]).exit_code == 0


def test_inspect_prints_text_or_json(chat: Path, tmp_path: Path) -> None:
    effects = tmp_path / "effects.json"
    effects.write_text('{"get_order": "read"}')
    options = [str(chat), "--skip-invalid", "--effects", str(effects)]
    text = runner.invoke(app, ["traces", "inspect", *options])
    assert text.exit_code == 0
    assert "decision points       1; 1 replies" in text.stdout
    assert "skipped: " in text.stderr
    record = json.loads(runner.invoke(app, ["traces", "inspect", *options, "--json"]).stdout)
    assert record["decision_points"] == 1
    assert len(record["files"][0]["sha256"]) == 64
    assert "line 2" in record["files"][0]["skipped"][0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["inspect", "/no/such/file"], "error: /no/such/file: there is no such file or folder"),
        (["inspect", "CHAT", "--format", "csv"], "error: no trace format is called 'csv'; use one of"),
        (["inspect", "CHAT", "--effects", "CHAT"], "the effects file is not JSON"),
    ],
)
def test_a_mistake_is_one_message_without_a_traceback(chat: Path, arguments: list[str], words: str) -> None:
    command = [sys.executable, "-m", "specbench", "traces", *(str(chat) if a == "CHAT" else a for a in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_what_the_terminal_cannot_show_is_escaped(chat: Path) -> None:
    chat.write_text(GOOD.replace('"yes?"', '"", "tool_calls": [{"function": {"name": "\\ud800x", "arguments": "{}"}}]'))
    command = [sys.executable, "-c", "from specbench.cli import main; main()", "traces", "inspect", str(chat)]
    done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "PYTHONIOENCODING": "utf-8"})
    assert done.returncode == 0, done.stderr
    assert b"\\ud800x" in done.stdout


@pytest.mark.parametrize("seed", [-1, 2**32])
@pytest.mark.parametrize(
    "command",
    [
        ["train", "--out", "X"], ["evaluate", "--train", "X", "--test", "X", "--out", "X"], ["study"],
        ["compare", "--traces", "X"], ["progressive", "--traces", "X"], ["simulate", "--traces", "X", "--out", "X"],
        ["sweep", "--traces", "X", "--out", "X"], ["tune", "--traces", "X", "--waste", "1"], ["run", "--out", "X"],
        ["train-llm", "--out", "X"], ["desk", "generate", "--out", "X"],
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_a_seed_out_of_range_is_told_by_every_command(command: list[str], seed: int) -> None:
    result = runner.invoke(app, [*command, "--seed", str(seed)])
    assert result.exit_code == 2
    assert f"error: --seed is a whole number from 0 to 4294967295; got {seed}" in result.stderr


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from typer.testing import CliRunner; from specbench.cli import app; "
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0; "
        "print([name for name in ('numpy', 'pandas', 'sklearn', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_reading_traces_loads_nothing_heavy() -> None:
    code = (
        "import sys, specbench.traces.store, specbench.traces.describe; "
        "print([name for name in ('numpy', 'pandas', 'sklearn', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_option_that_would_do_nothing_is_refused(tmp_path: Path) -> None:
    options = ["--traces", "no.jsonl", "--spans", str(tmp_path / "s.jsonl"), "--out", str(tmp_path / "run")]
    result = runner.invoke(app, ["run", *options])
    assert result.exit_code == 2
    assert "--spans is of the desk's conversations; recorded decisions (--traces) have none" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_stands_in_traces_steers_no_terminal(tmp_path: Path) -> None:
    path = tmp_path / "chat.jsonl"
    call = {"id": "c", "function": {"name": "\x1b]0;gone\x07look\x9b2J", "arguments": "{}"}}
    said = {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "tool_calls": [call]}]}
    path.write_text(json.dumps(said) + "\n" + json.dumps({"messages": [{"role": "\x1b[2J"}]}) + "\n")
    for more in ([], ["--json"]):
        result = runner.invoke(app, ["traces", "inspect", str(path), "--skip-invalid", *more])
        assert result.exit_code == 0
        for text in (result.stdout, result.stderr):
            assert not any(char in text for char in "\x1b\x07\x9b")
    assert json.loads(result.stdout)
    failed = runner.invoke(app, ["traces", "inspect", str(path)])
    assert failed.exit_code == 2 and "\x1b" not in failed.stderr and "the role is not known" in failed.stderr


def test_the_version_is_told() -> None:
    assert runner.invoke(app, ["--version"]).stdout == f"specbench {__version__}\n"


def test_help_groups_the_commands_and_each_has_an_example() -> None:
    text = runner.invoke(app, ["--help"]).stdout
    assert (
        text.index("Traces:") < text.index("Does it pay:") < text.index("  study") < text.index("Beside a real model:")
    )
    for command in ("study", "sweep", "run", "doctor", "train"):
        assert f"Example: specbench {command} " in runner.invoke(app, [command, "--help"]).stdout
    assert "Example: specbench traces effects " in runner.invoke(app, ["traces", "effects", "--help"]).stdout


def test_a_dash_is_stdout_and_words_go_to_stderr(chat: Path) -> None:
    chat.write_text(GOOD)
    result = runner.invoke(app, ["traces", "convert", str(chat), "--out", "-"])
    assert json.loads(result.stdout)["specbench"] == 1
    assert result.stderr == "stdout: 1 trace written\n"
    assert not Path("-").exists()


def test_the_doctor_names_what_is_missing_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    found = json.loads(runner.invoke(app, ["doctor", "--json"]).stdout)
    assert found["extras"]["study"]["scikit-learn"]
    monkeypatch.setitem(EXTRAS, "agent", ("langchain", "no_such_module"))
    text = runner.invoke(app, ["doctor"]).stdout
    assert "agent:      missing: no-such-module (langchain " in text
    assert "For no-such-module: pip install 'specbench[agent]'" in text


def test_inspect_offers_the_template_where_no_tool_is_declared(tmp_path: Path, toy_file: Path) -> None:
    undeclared = tmp_path / "undeclared.jsonl"
    undeclared.write_text(toy_file.read_text().replace('"effect":"read"', '"effect":"unknown"'))
    assert "specbench traces effects" in runner.invoke(app, ["traces", "inspect", str(undeclared)]).stdout
    assert "specbench traces effects" not in runner.invoke(app, ["traces", "inspect", str(toy_file)]).stdout


def test_a_misspelt_tool_in_an_effects_file_is_told(tmp_path: Path, toy_file: Path) -> None:
    effects = tmp_path / "effects.json"
    effects.write_text('{"get_ordr": "read", "refund": "write"}')  # refund: a tool that no trace happens to have
    done = runner.invoke(app, ["traces", "inspect", str(toy_file), "--effects", str(effects)])
    told = "warning: an effect is declared for 'get_ordr', which no trace has; is it 'get_order'?\n"
    assert (done.exit_code, done.stderr) == (0, told)
