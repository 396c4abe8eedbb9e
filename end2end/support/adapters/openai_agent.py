"""An agent of the OpenAI Agents SDK whose model is scripted: it sends the mail it was given, and repeats what it read about it."""

import asyncio
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../agents"))

from agents import Agent, Model, ModelResponse, Usage, function_tool
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

from gate import Gate
from openai_agents_gate import run

MAIL, OUTBOX = json.loads(sys.argv[1]), sys.argv[2]


class Scripted(Model):
    async def get_response(self, system_instructions, input, *rest, **named):
        last = input[-1] if isinstance(input, list) else {}
        if last.get("type") == "function_call_output":
            text = ResponseOutputText(annotations=[], text=f"I read: {last['output']}", type="output_text")
            said = ResponseOutputMessage(id="said", content=[text], role="assistant", status="completed", type="message")
        else:
            said = ResponseFunctionToolCall(call_id="call-1", name="send_email", arguments=json.dumps(MAIL), type="function_call")
        return ModelResponse(output=[said], usage=Usage(), response_id=None)

    def stream_response(self, *rest, **named):
        raise NotImplementedError("nobody streams here")


def send_email(to: str, subject: str) -> str:
    """Sends a mail."""
    with open(OUTBOX, "a") as outbox:
        outbox.write(json.dumps({"to": to, "subject": subject}) + "\n")
    return "sent"


gate = Gate(session="openai-1")
tool = function_tool(gate.guard(send_email), needs_approval=True)
agent = Agent(name="mailer", model=Scripted(), tools=[tool])
print(asyncio.run(run(agent, gate, "send it")).final_output)
