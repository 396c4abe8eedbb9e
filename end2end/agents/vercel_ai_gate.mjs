// Vercel AI SDK (package `ai`, version 7): `toolApproval`, decided in Countersign. Copy this file; it needs nothing else.
//
//   const gate = new Gate('support-7');
//   const tools = gate.guard({ send_email: tool({ inputSchema, execute }) });
//   await generateText({ model, tools, toolApproval: gate.approval, stopWhen: isStepCount(9), prompt });
//
// In the environment: COUNTERSIGN_URL, and COUNTERSIGN_TOKEN with the scopes actions:submit and actions:read; the tools say
// `executor = "agent"`. Approved: the tool runs, with the arguments as a person changed them, and what came of it is reported.
// Rejected, expired, run before, a server that cannot be reached: the model reads why, and the tool does not run.
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const HELD = 50;
const TRIES = 8;

class Refused extends Error {}

export class Gate {
  #claimed = new Map();

  constructor(session, { url = process.env.COUNTERSIGN_URL, token = process.env.COUNTERSIGN_TOKEN } = {}) {
    this.session = session;
    this.base = `${url.replace(/\/$/, '')}/api/approvals`;
    this.token = token;
  }

  /** For `toolApproval`: waits for a person or a rule, and claims the call. */
  approval = async ({ toolCall: { toolName, toolCallId, input } }) => {
    try {
      this.#claimed.set(toolCallId, await this.#decide(toolName, input));
      return { type: 'approved' };
    } catch (refused) {
      return { type: 'denied', reason: refused.message };
    }
  };

  /** The same tools; each runs a call that was approved, with the arguments that were, and reports what came of it. */
  guard(tools) {
    return Object.fromEntries(Object.entries(tools).map(([name, tool]) => [name, { ...tool, execute: this.#guarded(name, tool.execute) }]));
  }

  #guarded = (name, execute) => async (_input, options) => {
    const claim = this.#claimed.get(options.toolCallId);
    if (!claim || !this.#claimed.delete(options.toolCallId)) throw new Error(`${name} was not approved.`);
    let result;
    try {
      result = await execute(claim.approved, options);
    } catch (error) {
      await this.#report(claim.attempt, { success: false, error: String(error?.message ?? error) });
      throw error;
    }
    await this.#report(claim.attempt, { success: true, result: result ?? null });
    return result;
  };

  async #decide(tool_name, tool_args) {
    const deduplication_key = createHash('sha256').update(JSON.stringify([this.session, tool_name, sorted(tool_args)])).digest('hex');
    let action = await this.#ask('POST', '/actions', { tool_name, tool_args, session_id: this.session, deduplication_key });
    while (action.status === 'pending') action = await this.#ask('GET', `/actions/${action.id}?wait=${HELD}`);
    if (action.status !== 'approved') {
      const status = action.status[0].toUpperCase() + action.status.slice(1);
      throw new Refused(`${status}: ${action.decision_reason ?? 'nobody approved it'}`);
    }
    const claim = await this.#ask('POST', '/executions/claim', { action_id: action.id, lease_seconds: 600 });
    if (!claim) throw new Refused('Approved, and not to be run here: it runs or has run already, or its executor is not `agent`.');
    return { attempt: claim.attempt, approved: action.edited ? action.edited_args : tool_args };
  }

  #report = (attempt, outcome) => this.#ask('POST', `/executions/${attempt}/result`, outcome);

  /** `data` of the answer; a server that is away for a moment is asked again. */
  async #ask(method, path, body) {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
    if (method === 'POST') headers['idempotency-key'] = randomUUID();
    for (let tried = 1; ; tried += 1) {
      let why;
      try {
        const answer = await fetch(this.base + path, { method, headers, body: body && JSON.stringify(body) });
        const text = await answer.text();
        if (answer.ok) return text ? JSON.parse(text).data : undefined;
        why = new Refused(`Countersign refuses: ${text ? JSON.parse(text).detail : answer.status}`);
        if (![429, 503].includes(answer.status)) throw why;
      } catch (error) {
        if (error === why) throw error;
        why = new Refused(`Countersign cannot be asked: ${error.message}`);
      }
      if (tried === TRIES) throw why;
      await sleep(Math.min(250 * 2 ** tried, 5_000));
    }
  }
}

/** The same value with its members in order, so that equal arguments have an equal key. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));
}
