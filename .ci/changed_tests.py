"""Print the tests of what has changed since HEAD (or in HEAD, where nothing has), one path a line; for ``make quick``.

For ``specbench/a/b.py`` these are its doctests and ``tests/a/test_b.py``. Where there is no such file: the test files
that name ``specbench.a.b``; where there are none: the nearest folder, ``tests/a``, or ``tests/test_a.py``. For an
``__init__.py``, the tests of what packages export.
"""

import subprocess
from pathlib import Path

TESTS = Path("tests")


def git(*arguments: str) -> list[str]:
    """Lines that git prints."""
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.splitlines()


def tests_of(path: Path) -> list[Path]:
    """The tests of a changed file."""
    if path.parts[0] == "tests":
        if path.name == "conftest.py":
            return [] if path.parent == TESTS else [path.parent]
        return [path] if path.name.startswith("test_") and path.suffix == ".py" else []
    if path.parts[0] != "specbench":
        return []
    doctests = [path] if path.suffix == ".py" else []
    if path.name == "__init__.py":
        return [path, TESTS / "test_api.py"]
    mirror = TESTS.joinpath(*path.parts[1:-1])
    if (own := mirror / f"test_{path.stem}.py").is_file():
        return [*doctests, own]
    module = ".".join(path.with_suffix("").parts)
    if naming := [test for test in TESTS.rglob("test_*.py") if f"{module} " in test.read_text(encoding="utf-8")]:
        return [*doctests, *naming]
    for folder in (mirror, *mirror.parents):
        if folder in (TESTS, Path()):
            break
        for found in (folder, folder.with_name(f"test_{folder.name}.py")):
            if found.exists():
                return [*doctests, found]
    return doctests


changed = git("diff", "--name-only", "HEAD") + git("ls-files", "--others", "--exclude-standard")
changed = changed or git("diff", "--name-only", "HEAD~1", "HEAD")
for each in sorted({test for name in changed if Path(name).is_file() for test in tests_of(Path(name))}):
    print(each)
