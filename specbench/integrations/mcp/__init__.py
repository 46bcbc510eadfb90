"""A proxy between any MCP client and any MCP server: records, counts, and makes the next calls ahead.

``specbench mcp-proxy`` is its command line. See ``docs/mcp_proxy.md``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from specbench.core.lazy import lazy

if TYPE_CHECKING:
    from specbench.integrations.mcp.governor import Budget, Mode
    from specbench.integrations.mcp.proxy import Proxy, ProxySettings
    from specbench.integrations.mcp.report import proxy_report
    from specbench.integrations.mcp.servers import Server

__all__ = ["Budget", "Mode", "Proxy", "ProxySettings", "Server", "proxy_report"]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Budget": "specbench.integrations.mcp.governor",
        "Mode": "specbench.integrations.mcp.governor",
        "Proxy": "specbench.integrations.mcp.proxy",
        "ProxySettings": "specbench.integrations.mcp.proxy",
        "Server": "specbench.integrations.mcp.servers",
        "proxy_report": "specbench.integrations.mcp.report",
    },
)
