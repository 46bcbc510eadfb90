"""Tools over a copy of a repository, as an MCP server over stdio: real files, real ``git``, real ``grep``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from mcp.server.mcpserver import MCPServer

ROOT, DELAY_S = Path(sys.argv[1]), float(sys.argv[2])
server = MCPServer("repository")


async def _output(*command: str) -> str:
    await asyncio.sleep(DELAY_S)
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=-1, stderr=-2)
    said, _ = await process.communicate()
    return said.decode(errors="replace")[:50_000].replace(str(ROOT), "ROOT")


@server.tool()
async def read(path: str, offset: int = 0, limit: int = 2000) -> str:
    """Read lines of a file."""
    await asyncio.sleep(DELAY_S)
    lines = (ROOT / path).read_text("utf-8", errors="replace").splitlines()
    return "\n".join(lines[offset : offset + limit])


@server.tool()
async def grep(pattern: str) -> str:
    """Search all files."""
    return await _output("git", "grep", "-n", "-I", "-E", "-e", pattern)


@server.tool()
async def glob(pattern: str) -> str:
    """Find files."""
    return await _output("git", "ls-files", "--", f":(glob){pattern}")


@server.tool()
async def git(words: list[str]) -> str:
    """Ask git."""
    return await _output("git", *words)


@server.tool()
async def edit(path: str, line: str) -> str:
    """Add a line to a file."""
    await asyncio.sleep(DELAY_S)
    with (ROOT / path).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    return "done"


@server.tool()
async def other(seconds: float) -> str:
    """Stand for a command that is no read, and takes so long."""
    await asyncio.sleep(seconds)
    return "done"


if __name__ == "__main__":
    server.run()
