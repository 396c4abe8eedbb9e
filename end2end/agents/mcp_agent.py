#!/usr/bin/env python3
"""An agent whose MCP server stands behind Countersign: calls one of its tools, and again while the call waits for approval.

    export COUNTERSIGN_URL=http://127.0.0.1:3000 COUNTERSIGN_TOKEN=cs_agent_...
    mcp_agent.py files                                       the tools of the upstream `files`
    mcp_agent.py files write_file '{"path": "/srv/a", "content": "hello"}'

Nothing in it is about approvals but that it makes the same call again: any MCP client does it so. Needs the package `mcp`.
Exit code 0: done, and the result is printed; 1: the tool refused, and the last line says why.
"""

import argparse
import asyncio
import json
import os
import sys

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

URL = os.environ.get("COUNTERSIGN_URL", "http://127.0.0.1:3000")
ACTION = "countersign.dev/action"


async def call(client, tool, arguments):
    while True:
        result = await client.call_tool(tool, arguments)
        action = (result.meta or {}).get(ACTION, {})
        if action.get("status") not in ("pending", "approved"):
            return result
        print(f"{action['status']}: {action['url']}", flush=True)


async def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("upstream")
    asked.add_argument("tool", nargs="?")
    asked.add_argument("arguments", nargs="?", type=json.loads, default={})
    asked = asked.parse_args()
    headers = {"Authorization": f"Bearer {os.environ['COUNTERSIGN_TOKEN']}"}
    async with httpx2.AsyncClient(headers=headers, timeout=90) as http:
        async with Client(streamable_http_client(f"{URL}/mcp/{asked.upstream}", http_client=http)) as client:
            if asked.tool is None:
                for tool in (await client.list_tools()).tools:
                    print(tool.name)
                return 0
            result = await call(client, asked.tool, asked.arguments)
            for block in result.content:
                print(getattr(block, "text", block))
            return int(bool(result.is_error))


sys.exit(asyncio.run(main()))
