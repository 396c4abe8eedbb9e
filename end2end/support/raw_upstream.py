#!/usr/bin/env python3
"""An MCP server over stdio that keeps what it was sent, to the letter: each line that calls a tool goes into a file.

    raw_upstream.py LOG

Its tools: `keep` (answers with digits that no machine number holds), `slow` (sleeps for `seconds`, tells progress), `refuse`
(an error of the tool), `fail` (an error of the protocol), `environment` (the names of its variables), `die` (ends in the
middle of the call). The file `LOG.schema`, where there is one, is the input schema of `keep`.
"""

import json
import os
import sys
import time

LOG = sys.argv[1]
TOOLS = ["keep", "slow", "refuse", "fail", "environment", "die"]


def say(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def schema(name):
    if name == "keep" and os.path.exists(f"{LOG}.schema"):
        with open(f"{LOG}.schema") as file:
            return json.load(file)
    return {"type": "object"}


def tools():
    return [
        {"name": name, "description": name, "inputSchema": schema(name), "annotations": {"destructiveHint": name == "die"}}
        for name in TOOLS
    ]


def called(line, message):
    with open(LOG, "a") as log:
        log.write(line)
    params, name = message["params"], message["params"]["name"]
    text = lambda words: {"content": [{"type": "text", "text": words}]}
    if name == "keep":
        sys.stdout.write(
            '{"jsonrpc":"2.0","id":%s,"result":{"content":[{"type":"text","text":"kept"}],'
            '"structuredContent":{"amount":12345678901234567890.10},"own":{"kept":true}}}\n' % json.dumps(message["id"])
        )
        sys.stdout.flush()
        return
    if name == "slow":
        token = params.get("_meta", {}).get("progressToken")
        for second in range(int(params["arguments"].get("seconds", 1))):
            if token is not None:
                say({"method": "notifications/progress", "params": {"progressToken": token, "progress": second, "message": "working"}})
            time.sleep(1)
        return say({"id": message["id"], "result": text("done")})
    if name == "refuse":
        return say({"id": message["id"], "result": {**text("the disk is full"), "isError": True}})
    if name == "environment":
        return say({"id": message["id"], "result": text(" ".join(sorted(os.environ)))})
    if name == "die":
        os._exit(3)
    say({"id": message["id"], "error": {"code": -32602, "message": "no such thing", "data": {"name": name}}})


for line in sys.stdin:
    message = json.loads(line)
    method = message.get("method")
    if method == "initialize":
        say({"id": message["id"], "result": {"protocolVersion": "2025-11-25", "capabilities": {"tools": {"listChanged": True}}, "serverInfo": {"name": "raw", "version": "1"}}})
    elif method == "tools/list":
        say({"id": message["id"], "result": {"tools": tools()}})
    elif method == "tools/call":
        called(line, message)
    elif "id" in message:
        say({"id": message["id"], "error": {"code": -32601, "message": "Method not found"}})
