"""What the adapters in this folder share: a tool call is parked in Countersign, waited for, claimed, run and reported.

Copy it beside the adapter. It needs nothing but Python. In the environment: COUNTERSIGN_URL, and COUNTERSIGN_TOKEN with the
scopes actions:submit and actions:read; the tools say `executor = "agent"`, because the agent runs them itself.

Whatever goes wrong, nothing runs: a server that cannot be reached, a call that nobody decided, one that was run before.
"""

import functools
import hashlib
import inspect
import json
import os
import time
import urllib.error
import urllib.request

HELD = 50
TRIES = 8


class Refused(Exception):
    """The call does not run; why, for the model."""


class Gate:
    def __init__(self, session, url=None, token=None):
        self.session = session
        self.base = (url or os.environ["COUNTERSIGN_URL"]).rstrip("/") + "/api/approvals"
        self.token = token or os.environ["COUNTERSIGN_TOKEN"]
        self.claimed = {}

    def decide(self, tool, arguments):
        """Waits for a person or a rule, and claims the call. Returns the arguments that were approved.

        The same call of the same session is the same action for as long as it is open: an agent that was killed while it
        waited comes back to it.
        """
        key = hashlib.sha256(canonical([self.session, tool, arguments]).encode()).hexdigest()
        call = {"tool_name": tool, "tool_args": arguments, "session_id": self.session, "deduplication_key": key}
        action = self.ask("POST", "/actions", call)
        while action["status"] == "pending":
            action = self.ask("GET", f"/actions/{action['id']}?wait={HELD}")
        if action["status"] != "approved":
            raise Refused(f"{action['status'].capitalize()}: {action['decision_reason'] or 'nobody approved it'}")
        claim = self.ask("POST", "/executions/claim", {"action_id": action["id"], "lease_seconds": 600})
        if claim is None:
            raise Refused("Approved, and not to be run here: it runs or has run already, or its executor is not `agent`.")
        approved = action["edited_args"] if action["edited"] else arguments
        self.claimed[tool, canonical(arguments)] = self.claimed[tool, canonical(approved)] = claim["attempt"], approved
        return approved

    def guard(self, function):
        """The same function, which runs a call that was approved, with the arguments that were, and reports what came of it."""

        signature = inspect.signature(function)

        @functools.wraps(function)
        def guarded(*positional, **named):
            attempt, approved = self.take(signature, function.__name__, signature.bind(*positional, **named).arguments)
            try:
                result = function(**approved)
            except Exception as error:
                self.report(attempt, {"success": False, "error": str(error) or type(error).__name__})
                raise
            self.report(attempt, {"success": True, "result": result})
            return result

        return guarded

    def take(self, signature, tool, arguments):
        """The claim under which a call runs. A library fills in what the model left to its default."""
        defaults = {name: own.default for name, own in signature.parameters.items()}
        said = {name: value for name, value in arguments.items() if value != defaults[name]}
        for called in (dict(arguments), said):
            attempt, approved = self.claimed.pop((tool, canonical(called)), (None, None))
            if attempt is not None:
                self.claimed.pop((tool, canonical(approved)), None)
                return attempt, approved
        raise PermissionError(f"{tool} was not approved with these arguments.")

    def report(self, attempt, outcome):
        self.ask("POST", f"/executions/{attempt}/result", outcome)

    def ask(self, method, path, body=None):
        """`data` of the answer; `None` for an empty one. A server that is away for a moment is asked again."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if method == "POST":
            headers["Idempotency-Key"] = hashlib.sha256(os.urandom(32)).hexdigest()
        sent = body and json.dumps(body).encode()
        for tried in range(TRIES):
            try:
                request = urllib.request.Request(self.base + path, sent, headers, method=method)
                with urllib.request.urlopen(request, timeout=HELD + 20) as answer:
                    text = answer.read()
                    return json.loads(text)["data"] if text else None
            except urllib.error.HTTPError as error:
                if error.code not in (429, 503) or tried == TRIES - 1:
                    raise Refused(f"Countersign refuses: {problem(error)}") from error
            except OSError as error:
                if tried == TRIES - 1:
                    raise Refused(f"Countersign cannot be asked: {error}") from error
            time.sleep(min(0.25 * 2**tried, 5))


def problem(error):
    try:
        return json.loads(error.read())["detail"]
    except (ValueError, KeyError):
        return f"status {error.code}"


def canonical(value):
    return json.dumps(value, sort_keys=True)
