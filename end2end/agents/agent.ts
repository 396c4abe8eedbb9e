#!/usr/bin/env node
// An agent that may not call its tools by itself: it parks the call, waits for a person, and reads what came of it.
//
//   export COUNTERSIGN_URL=http://127.0.0.1:3000 COUNTERSIGN_TOKEN=cs_agent_...
//   node agent.ts send_email '{"to": "ana@partner.example", "subject": "Hello", "body": "..."}'
//
// Nothing but Node (22.18 or later runs TypeScript as it is). Exit code 0: it was done; 1: it was not; 3: nobody knows.
import { randomUUID } from 'node:crypto';

const { COUNTERSIGN_URL = 'http://127.0.0.1:3000', COUNTERSIGN_TOKEN } = process.env;

/** What this program reads of an action; `ActionRecord` in openapi.json is all of it. */
interface Action {
  id: string;
  status: 'pending' | 'approved' | 'rejected' | 'expired' | 'executed' | 'abandoned' | 'withdrawn';
  execution_state: 'queued' | 'running' | 'succeeded' | 'failed' | 'unknown' | null;
  decision_reason: string | null;
  execution_result: { success: boolean; result?: unknown; error?: string } | null;
}

interface Problem {
  code: string;
  detail: string;
}

class Refused extends Error {}

/** One request to Countersign, repeated until it is answered; resolves to the `data` of the answer. */
async function ask<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
  const request: RequestInit = {
    method,
    headers: {
      Authorization: `Bearer ${COUNTERSIGN_TOKEN}`,
      'Content-Type': 'application/json',
      // Whoever repeats a request under the same key gets the first one's answer: nothing is parked twice.
      ...(method === 'POST' ? { 'Idempotency-Key': randomUUID() } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  for (;;) {
    try {
      const answer = await fetch(`${COUNTERSIGN_URL}/api/approvals${path}`, { ...request, signal: AbortSignal.timeout(90_000) });
      if (answer.ok) return ((await answer.json()) as { data: T }).data;
      const problem = (await answer.json()) as Problem;
      if (answer.status !== 503) throw new Refused(`refused: ${problem.detail} (${problem.code})`);
    } catch (error) {
      if (error instanceof Refused) throw error;
      console.error(`no answer, trying again: ${error}`);
    }
    await new Promise((later) => setTimeout(later, 1_000));
  }
}

async function call(tool: string, args: Record<string, unknown>): Promise<number> {
  let action = await ask<Action>('POST', '/actions', { tool_name: tool, tool_args: args });
  console.log(`parked: ${action.id}`);
  while (action.status === 'pending') action = await ask<Action>('GET', `/actions/${action.id}?wait=50`);
  // What was approved may have run before we read it.
  const decision = ['executed', 'abandoned'].includes(action.status) ? 'approved' : action.status;
  console.log(`${decision}: ${action.decision_reason ?? 'no reason given'}`);
  // Whoever runs it reports; until then an approved call has no outcome.
  while (action.status === 'approved' && action.execution_state !== 'unknown') {
    action = await ask<Action>('GET', `/actions/${action.id}?wait=50&until=executed`);
  }
  if (action.execution_result) {
    console.log(`outcome: ${JSON.stringify(action.execution_result)}`);
    return action.execution_result.success ? 0 : 1;
  }
  if (action.execution_state !== 'unknown') return 1;
  console.log('outcome: unknown: do not call it again');
  return 3;
}

const [tool, args] = process.argv.slice(2);
if (!COUNTERSIGN_TOKEN || !tool || !args) {
  console.error("usage: COUNTERSIGN_TOKEN=... node agent.ts TOOL '{\"its\": \"arguments\"}'");
  process.exit(2);
}
try {
  process.exitCode = await call(tool, JSON.parse(args));
} catch (error) {
  console.error(error instanceof Refused ? error.message : error);
  process.exitCode = 1;
}
