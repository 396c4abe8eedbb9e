"""An agent of LangChain whose model is scripted: it sends the mail it was given, and repeats what it read about it."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../agents"))

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.memory import InMemorySaver

from gate import Gate
from langgraph_gate import run

MAIL, OUTBOX = json.loads(sys.argv[1]), sys.argv[2]


class Scripted(BaseChatModel):
    @property
    def _llm_type(self):
        return "scripted"

    def bind_tools(self, tools, **options):
        return self

    def _generate(self, messages, stop=None, run_manager=None, **options):
        last = messages[-1]
        if isinstance(last, ToolMessage):
            said = AIMessage(content=f"I read: {last.content}")
        else:
            said = AIMessage(content="", tool_calls=[{"name": "send_email", "args": MAIL, "id": "call-1", "type": "tool_call"}])
        return ChatResult(generations=[ChatGeneration(message=said)])


def send_email(to: str, subject: str) -> str:
    """Sends a mail."""
    with open(OUTBOX, "a") as outbox:
        outbox.write(json.dumps({"to": to, "subject": subject}) + "\n")
    return "sent"


gate = Gate(session="langgraph-1")
middleware = [HumanInTheLoopMiddleware(interrupt_on={"send_email": True})]
agent = create_agent(Scripted(), [gate.guard(send_email)], middleware=middleware, checkpointer=InMemorySaver())
state = run(agent, gate, {"messages": [("user", "send it")]}, {"configurable": {"thread_id": gate.session}})
print(state["messages"][-1].content)
