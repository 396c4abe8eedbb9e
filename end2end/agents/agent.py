#!/usr/bin/env python3
"""An agent that may not send mail by itself: it parks the call, waits for a person, and reads what came of it.

    export COUNTERSIGN_URL=http://127.0.0.1:3000 COUNTERSIGN_TOKEN=cs_agent_...
    agent.py to=ana@partner.example subject='Quarterly numbers' body='Dear Ana, ...'
    echo '{"to": "ana@partner.example", "subject": "Hello", "body": "..."}' | agent.py

Standard library only. Exit code 0: the mail was sent; 1: it was not; 3: nobody knows.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("COUNTERSIGN_URL", "http://127.0.0.1:3000")
TOKEN = os.environ["COUNTERSIGN_TOKEN"]


def ask(method, path, body=None):
    """One request to Countersign, repeated until it is answered; returns the `data` of the answer."""
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
        # Whoever repeats a request under the same key gets the first one's answer: nothing is parked twice.
        "Idempotency-Key": str(uuid.uuid4()),
    }
    data = None if body is None else json.dumps(body).encode()
    while True:
        try:
            request = urllib.request.Request(f"{URL}/api/approvals{path}", data, headers, method=method)
            with urllib.request.urlopen(request, timeout=90) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as refused:
            if refused.code != 503:
                problem = json.load(refused)
                sys.exit(f"refused: {problem['detail']} ({problem['code']})")
        except OSError as error:
            print(f"no answer, trying again: {error}", file=sys.stderr)
        time.sleep(1)


def main():
    pairs = sys.argv[1:]
    arguments = dict(pair.split("=", 1) for pair in pairs) if pairs else json.load(sys.stdin)
    action = ask("POST", "/actions", {
        "tool_name": "send_email",
        "tool_args": arguments,
        "agent_summary": f"Mail to {arguments.get('to')}: {arguments.get('subject')}",
    })
    print(f"parked: {action['id']}", flush=True)
    while action["status"] == "pending":
        action = ask("GET", f"/actions/{action['id']}?wait=50")
    print(f"{decision(action)}: {action['decision_reason'] or 'no reason given'}", flush=True)
    # Whoever runs it reports; until then an approved call has no outcome.
    while action["status"] == "approved" and action["execution_state"] != "unknown":
        action = ask("GET", f"/actions/{action['id']}?wait=50&until=executed")
    outcome = action["execution_result"]
    if outcome:
        print(f"outcome: {'sent' if outcome['success'] else 'failed'}: {json.dumps(outcome)}")
        sys.exit(0 if outcome["success"] else 1)
    if action["execution_state"] == "unknown":
        print("outcome: unknown: do not send it again")
        sys.exit(3)
    sys.exit(1)


def decision(action):
    """The decision as one word: what was approved may have run before we read it."""
    return "approved" if action["status"] in ("executed", "abandoned") else action["status"]


if __name__ == "__main__":
    main()
