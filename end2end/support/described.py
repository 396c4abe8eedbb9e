"""What schemathesis must know to send what the description allows, and to reach what is there.

PERSON_TOKEN and AGENT_TOKEN say who asks; ACTIONS, RULES and TOOLS name what is there, separated by commas.
"""

import hashlib
import json
import os
import uuid

import schemathesis

AGENTS = r"/api/approvals/(actions$|actions/[^/]+/withdraw$|executions/)"
OWN = {uuid.UUID(os.environ[name].split("_")[2]) for name in ("PERSON_TOKEN", "AGENT_TOKEN")}
NOBODY = str(uuid.UUID(int=0))
THERE = {
    name: os.environ[variable].split(",") for name, variable in (("actions", "ACTIONS"), ("rules", "RULES"), ("tools", "TOOLS"))
}


def token_of(name: str) -> type:
    class Token:
        def get(self, case, context):
            return os.environ[name]

        def set(self, case, data, context):
            case.headers["Authorization"] = f"Bearer {data}"

    return Token


schemathesis.auth().apply_to(method="POST", path_regex=AGENTS)(token_of("AGENT_TOKEN"))
schemathesis.auth().skip_for(method="POST", path_regex=AGENTS)(token_of("PERSON_TOKEN"))


@schemathesis.hook
def before_call(context, case, kwargs):
    meet_what_is_there(case)
    use_each_key_for_one_request(case)
    spare_oneself(case)


def meet_what_is_there(case):
    """Every second name is that of something that is there."""
    named = case.path_parameters or {}
    kind = case.operation.path.split("/")[3]
    for name, text in named.items():
        digits = hashlib.sha256(str(text).encode()).digest()
        if kind in THERE and digits[0] % 2 == 0:
            there = THERE[kind]
            named[name] = there[digits[1] % len(there)]


def use_each_key_for_one_request(case):
    """A generated key is short, and was used before for something else."""
    headers = case.headers or {}
    key = headers.get("Idempotency-Key")
    if key and str(key).isprintable() and str(key).isascii() and " " not in str(key):
        request = json.dumps([case.operation.path, case.path_parameters, case.body], default=str)
        case.headers["Idempotency-Key"] = hashlib.sha256(f"{key}{request}".encode()).hexdigest()


def spare_oneself(case):
    """Nobody takes their own rights away, and nothing is waited for."""
    path, named = case.operation.path, case.path_parameters or {}
    if path.endswith("/tokens/{id}/revoke") and is_own(named.get("id")):
        named["id"] = NOBODY
    if path.endswith(("/users/{name}/disable", "/users/{name}/role")) and named.get("name") == "admin":
        named["name"] = "nobody"
    wait = (case.query or {}).get("wait")
    if str(wait).isdecimal() and 0 < int(wait) <= 60:
        case.query["wait"] = 0


def is_own(text) -> bool:
    try:
        return uuid.UUID(str(text)) in OWN
    except ValueError:
        return False
