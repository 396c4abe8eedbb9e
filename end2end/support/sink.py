"""A real SMTP server that delivers nothing: every message becomes one line of JSON in a file.

    sink.py FILE        prints the port it listens on, serves until SIGTERM
"""

import asyncio
import base64
import email
import email.policy
import json
import signal
import sys

from aiosmtpd.smtp import SMTP


class Store:
    def __init__(self, path):
        self.path = path

    async def handle_DATA(self, _server, _session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        line = {
            "from": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "to": str(message["To"]),
            "subject": str(message["Subject"]),
            "message_id": str(message["Message-ID"]),
            "body": message.get_payload(decode=True).decode(),
            "raw": base64.b64encode(envelope.original_content).decode(),
        }
        # One write: whoever reads the file sees whole lines.
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        return "250 stored"


async def main():
    open(sys.argv[1], "a", encoding="utf-8").close()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Store(sys.argv[1])), "127.0.0.1", 0)
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end.set)
    print(server.sockets[0].getsockname()[1], flush=True)
    await end.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
