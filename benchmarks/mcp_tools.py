"""A server over stdio, built with the official SDK: one tool that takes as long as it is told."""

from __future__ import annotations

import asyncio

from mcp.server.mcpserver import MCPServer

server = MCPServer("tools")


@server.tool()
async def look(id: int, takes_s: float = 0.0) -> str:
    """Look at a thing."""
    if takes_s:
        await asyncio.sleep(takes_s)
    return f"saw {id}"


if __name__ == "__main__":
    server.run()
