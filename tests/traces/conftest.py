"""Small handwritten files of each format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file under the test's folder: text as it is, a list of records as JSON Lines, ``whole=`` as one JSON."""

    def write_file(name: str, content: Any = None, *, whole: Any = None) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if whole is not None:
            path.write_text(json.dumps(whole), "utf-8")
        elif isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content, "utf-8")
        else:
            path.write_text("".join(json.dumps(record) + "\n" for record in content), "utf-8")
        return path

    return write_file
