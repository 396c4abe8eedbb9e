#!/usr/bin/env python3
"""An operator at a terminal: calls one tool of Countersign's MCP endpoint and prints what it answers.

    export COUNTERSIGN_URL=http://127.0.0.1:3000 COUNTERSIGN_TOKEN=cs_human_...
    mcp_operator.py                                          the tools there are
    mcp_operator.py list_pending_actions '{"limit": 5}'
    mcp_operator.py approve_action '{"action_id": "..."}'
    mcp_operator.py --protocol 2025-11-25 ...                as an older client

Needs the package `mcp`. Exit code 0: done; 1: the tool refused, and the last line says why.
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


async def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("--protocol", default="auto")
    asked.add_argument("tool", nargs="?")
    asked.add_argument("arguments", nargs="?", type=json.loads, default={})
    asked = asked.parse_args()
    older = asked.protocol < "2026"
    headers = {"Authorization": f"Bearer {os.environ['COUNTERSIGN_TOKEN']}"}
    async with httpx2.AsyncClient(headers=headers, timeout=90) as http:
        endpoint = streamable_http_client(f"{URL}/mcp/operator", http_client=http)
        async with Client(endpoint, mode="legacy" if older else asked.protocol) as client:
            if asked.tool is None:
                for tool in (await client.list_tools()).tools:
                    print(tool.name)
                return 0
            result = await client.call_tool(asked.tool, asked.arguments)
            print(result.content[0].text)
            return 1 if result.is_error else 0


sys.exit(asyncio.run(main()))
