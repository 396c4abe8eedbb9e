"""OpenAI Agents SDK: tools with `needs_approval`, decided in Countersign.

    gate = Gate(session="support-7")
    send_email = function_tool(gate.guard(send_email), needs_approval=True)
    result = await run(Agent(name="support", tools=[send_email]), gate, "...")

Approved: the tool runs, with the arguments as a person changed them (the SDK knows no such change, so the model sees its own
arguments in what it called, and the result of the approved ones). Rejected, expired, run before: the model reads why, and the tool
does not run. Needs `gate.py`, and what that says it needs.
"""

import asyncio
import json

from agents import Runner

from gate import Refused


async def run(agent, gate, given, **options):
    """Runs the agent until it has nothing more to ask."""
    result = await Runner.run(agent, given, **options)
    while result.interruptions:
        state = result.to_state()
        for asked in result.interruptions:
            try:
                await asyncio.to_thread(gate.decide, asked.name, json.loads(asked.arguments))
                state.approve(asked)
            except Refused as refused:
                state.reject(asked, rejection_message=str(refused))
        result = await Runner.run(agent, state, **options)
    return result
