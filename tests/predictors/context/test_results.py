"""Texts and documents of tools as values with their places; relative paths behind the folder where they begin."""

from __future__ import annotations

from specbench.core.types import Message, ToolCall
from specbench.predictors.context.index import ContextIndex
from specbench.predictors.context.values import LAST, LAST_TOOL, ORDINAL


def shown(text: str, tool: str = "grep") -> ContextIndex:
    call = Message("assistant", "", (ToolCall(tool, {}),))
    return ContextIndex().extend([call, Message("tool", text, name=tool)])


def texts(index: ContextIndex, path: str) -> list[str]:
    return [index.texts[row] for row in index.rows(path)]


def test_a_python_literal_is_read_like_json() -> None:
    index = shown("[{'event_id': '00000034', 'open': True}]", "search")
    assert texts(index, "search[].event_id") == ["00000034"]


def test_records_are_read_like_json() -> None:
    index = shown("- rank: 1\n  url: https://a.b/c\n- rank: 2\n  url: https://a.b/d", "web")
    assert texts(index, "web[].url") == ["https://a.b/c", "https://a.b/d"]


def test_values_of_texts_have_places() -> None:
    index = shown("src/a.py:12: x\nsrc/b.py:40: y")
    rows = index.rows("grep:path@:")
    assert [index.texts[row] for row in rows] == ["src/a.py", "src/b.py"]
    assert [int(index.table[row, ORDINAL]) for row in rows] == [0, 1]
    assert all(index.table[row, LAST_TOOL] == 1 for row in rows)


def test_a_long_string_in_a_document_is_read_as_text() -> None:
    index = shown('{"content": "' + "word " * 40 + 'https://a.b/c"}', "web")
    assert texts(index, "web.content:url") == ["https://a.b/c"]


def test_nothing_is_cut_from_a_long_result() -> None:
    index = shown("\n".join(f"src/file_{n}.py" for n in range(3000)))
    assert index.row("src/file_2999.py") is not None


def test_a_relative_path_is_put_behind_the_folder_where_others_begin() -> None:
    index = shown("cmd/run.go:12: x\ncmd/stop.go:3: y")
    assert index.row("/home/me/work/cmd/stop.go") is None
    index.append(Message("assistant", "", (ToolCall("read", {"path": "/home/me/work/cmd/run.go"}),)))
    assert "/home/me/work/cmd/stop.go" in texts(index, "joined:path")
    assert index.row("/home/me/work/cmd/stop.go") is not None


def test_a_path_that_is_shown_again_is_new_again_behind_its_folder() -> None:
    index = ContextIndex(folders=["/work"]).extend([Message("user", "Look at cmd/run.go"), Message("user", "Well?")])
    row = index.row("/work/cmd/run.go")
    assert index.table[row, LAST] == 0
    index.extend([Message("assistant", "", (ToolCall("grep", {}),)), Message("tool", "cmd/run.go:12: x", name="grep")])
    assert index.table[row, LAST] == index.table[row, LAST_TOOL] == 3


def test_folders_of_other_conversations_are_tried_until_one_is_seen() -> None:
    index = ContextIndex(folders=["/home/me/work"]).extend([Message("user", "Look at cmd/run.go")])
    assert index.row("/home/me/work/cmd/run.go") is not None


def test_the_rest_of_a_long_message_of_the_user_is_read() -> None:
    index = ContextIndex().extend([Message("user", "word " * 2000 + "in src/late.py")])
    assert index.row("src/late.py") is not None
