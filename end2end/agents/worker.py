#!/usr/bin/env python3
"""A worker that sends approved mail: claims `send_email`, sends it over SMTP exactly as approved, reports.

    export COUNTERSIGN_URL=http://127.0.0.1:3000 COUNTERSIGN_TOKEN=cs_agent_...   # scope actions:execute
    worker.py --smtp mail.example:25 --sender robot@example.com

A mail is sent at most once. What surely did not go out is reported as failed; where nobody can say, nothing is
reported: the lease ends, the outcome is unknown, and a person looks. Standard library only.
"""

import argparse
import email.message
import email.policy
import json
import os
import signal
import smtplib
import sys
import time
import urllib.error
import urllib.request

URL = os.environ.get("COUNTERSIGN_URL", "http://127.0.0.1:3000")
TOKEN = os.environ["COUNTERSIGN_TOKEN"]


def ask(path, body):
    """One POST to Countersign; answers the `data` of what came back, `None` for no content."""
    request = urllib.request.Request(
        f"{URL}/api/approvals{path}",
        method="POST",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=90) as answer:
        return json.load(answer)["data"] if answer.status != 204 else None


def main():
    options = read_options()
    while True:
        try:
            claim = ask("/executions/claim?wait=50", {"tools": ["send_email"], "lease_seconds": options.lease})
        except urllib.error.HTTPError as refused:
            if refused.code < 500:
                sys.exit(f"refused: {json.load(refused)['detail']}")
            time.sleep(1)
            continue
        except OSError:
            # The console restarts: what was approved waits.
            time.sleep(1)
            continue
        if claim:
            run(claim, options)
            if options.once:
                return


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--smtp", default="127.0.0.1:25", metavar="HOST:PORT")
    parser.add_argument("--sender", default="countersign@localhost", metavar="ADDRESS")
    parser.add_argument("--lease", type=int, default=60, metavar="SECONDS")
    parser.add_argument("--once", action="store_true", help="end after one call")
    parser.add_argument("--die-after-send", action="store_true", help="for tests: die before the report")
    return parser.parse_args()


def run(claim, options):
    try:
        message = compose(claim["tool_args"], claim["idempotency_key"], options.sender)
        send(message, options.smtp)
    except (ValueError, ConnectionRefusedError, smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
        report(claim, {"success": False, "error": f"{type(error).__name__}: {error}"})
        return
    except (OSError, smtplib.SMTPException) as error:
        print(f"nobody knows whether {claim['action_id']} went out: {error}", file=sys.stderr)
        return
    if options.die_after_send:
        os.kill(os.getpid(), signal.SIGKILL)
    report(claim, {"success": True, "result": {"message_id": message["Message-ID"]}})


def compose(arguments, key, sender):
    """The mail as approved; anything it cannot carry exactly is an error."""
    if set(arguments) != {"to", "subject", "body"} or not all(isinstance(value, str) for value in arguments.values()):
        raise ValueError("send_email takes the texts to, subject and body")
    message = email.message.EmailMessage(email.policy.SMTP)
    message["From"] = sender
    # A line break in a header is refused here.
    message["To"] = arguments["to"]
    message["Subject"] = arguments["subject"]
    # The same for every attempt, so that mail servers can drop a second copy.
    message["Message-ID"] = f"<{key}@countersign>"
    # As bytes: as text, line ends would be made uniform.
    message.set_content(arguments["body"].encode(), "text", "plain", params={"charset": "utf-8"})
    return message


def send(message, server):
    host, port = server.rsplit(":", 1)
    with smtplib.SMTP(host, int(port), timeout=30) as smtp:
        smtp.send_message(message)


def report(claim, result):
    """Says what came of it. Saying it twice does no harm, so it is said until it is heard."""
    for pause in (1, 2, 4, 8, 0):
        try:
            ask(f"/executions/{claim['attempt']}/result", result)
            print(f"{claim['action_id']}: {'sent' if result['success'] else result['error']}", flush=True)
            return
        except urllib.error.HTTPError as refused:
            if refused.code < 500:
                print(f"refused: {json.load(refused)['detail']}", file=sys.stderr)
                return
        except OSError:
            pass
        time.sleep(pause)
    print(f"{claim['action_id']}: the outcome could not be reported: {result}", file=sys.stderr)


if __name__ == "__main__":
    main()
