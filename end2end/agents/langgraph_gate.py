"""LangChain and LangGraph: the interrupts of `HumanInTheLoopMiddleware`, decided in Countersign.

    gate = Gate(session="support-7")
    tools = [gate.guard(send_email)]
    middleware = [HumanInTheLoopMiddleware(interrupt_on={"send_email": True})]
    agent = create_agent(model, tools, middleware=middleware, checkpointer=checkpointer)
    state = run(agent, gate, {"messages": [("user", "...")]}, {"configurable": {"thread_id": gate.session}})

Approved: the tool runs, with the arguments as a person changed them. Rejected, expired, run before: the model reads why, and
the tool does not run. Needs `gate.py`, and what that says it needs.
"""

from langgraph.types import Command

from gate import Refused


def run(agent, gate, given, config):
    """Invokes the agent until it has nothing more to ask."""
    state = agent.invoke(given, config)
    while interrupts := state.get("__interrupt__"):
        decided = {own.id: {"decisions": [decision(gate, asked) for asked in own.value["action_requests"]]} for own in interrupts}
        state = agent.invoke(Command(resume=decided), config)
    return state


def decision(gate, asked):
    name, arguments = asked["name"], asked["args"]
    try:
        approved = gate.decide(name, arguments)
    except Refused as refused:
        return {"type": "reject", "message": str(refused)}
    if approved == arguments:
        return {"type": "approve"}
    return {"type": "edit", "edited_action": {"name": name, "args": approved}}
