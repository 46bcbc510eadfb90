"""A server over stdio in plain Python: quick to start, and it does what the arguments of a call say."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def answer(method: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a request."""
    if method == "initialize":
        return {
            "protocolVersion": "2025-06-18",
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "plain", "version": "1"},
        }
    if method == "tools/list":
        schema = {"type": "object", "properties": {"id": {"type": "string"}}}
        return {"tools": [{"name": name, "inputSchema": schema} for name in ("look", "die", "environment")]}
    time.sleep(float(params["arguments"].get("takes_s", 0)))
    match params["name"]:
        case "die":
            os._exit(3)
        case "environment":
            text = json.dumps({"SECRET": os.environ.get("SECRET"), "cwd": str(Path.cwd()), "args": sys.argv[1:]})
        case _:
            text = f"saw {params['arguments'].get('id')}; the key is sk-abcdefghijklmnopqrstuvwx"
    return {"content": [{"type": "text", "text": text}]}


if __name__ == "__main__":
    print("a line of log", file=sys.stderr)
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message and "method" in message:
            result = answer(message["method"], message.get("params") or {})
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
