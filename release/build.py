"""Builds what a release consists of, into dist/: wheel, sdist, the list of its parts (SBOM) and their checksums.

Everything is built twice, from a clean copy of the last commit, and must be the same byte for byte: whoever has the
commit can check a download. Times in the archives are that of the commit (``SOURCE_DATE_EPOCH``).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"


def built(commit: str, folder: Path) -> None:
    """Build a commit's wheel, sdist and SBOM into a folder."""
    epoch = _git("log", "-1", "--format=%ct", commit)
    source, out = folder / "source", folder / "dist"
    source.mkdir()
    out.mkdir()
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(source)], input=archive, check=True)
    settings = {"SOURCE_DATE_EPOCH": epoch, "PYTHONHASHSEED": "0"}
    _run("build", "--outdir", out, source, **settings)
    (sdist,), (wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
    _with_times_of(sdist, int(epoch))
    sbom = out / "sbom.json"
    _run("cyclonedx_py", "requirements", source / "constraints.txt", "--pyproject", source / "pyproject.toml",
         "--mc-type", "library", "--output-reproducible", "--output-file", sbom)  # fmt: skip
    parts = json.loads(sbom.read_text("utf-8"))
    parts["metadata"]["component"]["version"] = wheel.name.split("-")[1]  # it stands in the package, not in the file
    sbom.write_text(json.dumps(parts, indent=1, sort_keys=True) + "\n", "utf-8")


def _run(module: str, *words: object, **settings: str) -> None:
    done = subprocess.run([sys.executable, "-m", module, *map(str, words)], env=os.environ | settings,
                          capture_output=True, text=True)  # fmt: skip
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\nerror: {module} ended with exit code {done.returncode}")


def _with_times_of(sdist: Path, epoch: int) -> None:
    """Pack an sdist again, with the times of the commit and nobody's name: setuptools writes those of the moment."""
    beside = sdist.with_suffix(".new")
    with (
        tarfile.open(sdist) as old,
        beside.open("wb") as file,
        gzip.GzipFile("", "wb", 9, file, epoch) as packed,
        tarfile.open(mode="w", fileobj=packed) as new,
    ):
        for each in sorted(old.getmembers(), key=lambda each: each.name):
            each.mtime, each.uid, each.gid, each.uname, each.gname, each.pax_headers = epoch, 0, 0, "", "", {}
            new.addfile(each, old.extractfile(each))
    beside.replace(sdist)


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def main() -> int:
    """Build twice, compare, and keep the files."""
    if _git("status", "--porcelain"):
        print("error: there are changes that are not committed; a release is built from a commit", file=sys.stderr)
        return 1
    commit = _git("rev-parse", "HEAD")
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        for folder in (one, two):
            built(commit, Path(folder))
        sums = [
            {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(Path(each, "dist").iterdir())}
            for each in (one, two)
        ]
        if sums[0] != sums[1]:
            differ = ", ".join(name for name in sums[0] if sums[0][name] != sums[1].get(name))
            print(f"error: two builds of {commit[:12]} differ in {differ}", file=sys.stderr)
            return 1
        shutil.rmtree(DIST, ignore_errors=True)
        shutil.copytree(Path(one) / "dist", DIST)
    lines = [f"{digest}  {name}" for name, digest in sums[0].items()]
    (DIST / "SHA256SUMS").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
