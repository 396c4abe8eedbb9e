// A small client of the REST interface. Each method throws when the answer is a problem; `send` never does.

export type Status = 'pending' | 'approved' | 'rejected' | 'expired' | 'executed' | 'abandoned' | 'withdrawn';

export interface Call {
  tool_name: string;
  tool_args: Record<string, unknown>;
  agent_summary?: string;
  session_id?: string;
  why?: string;
  evidence?: unknown;
  expires_in_hours?: number;
  deduplication_key?: string;
}

export interface Event {
  seq: number;
  event_type: string;
  actor: string;
  reason: string | null;
  event_metadata: Record<string, unknown>;
  occurred_at: string;
}

export interface Action extends Required<Omit<Call, 'expires_in_hours'>> {
  id: string;
  args_sha256: string;
  edited: boolean;
  edited_args: Record<string, unknown> | null;
  effective_args_sha256: string;
  changes: { path: string; change: 'changed' | 'added' | 'removed'; before?: unknown; after?: unknown }[];
  agent_id: string;
  status: Status;
  execution_state: 'queued' | 'running' | 'succeeded' | 'failed' | 'unknown' | null;
  waits_for_executor: boolean;
  executor: string | null;
  risk_tier: 'low' | 'medium' | 'high' | 'critical';
  pending_reason: { code: string; text: string } | null;
  requested_at: string;
  expires_at: string | null;
  decided_by: string | null;
  decided_at: string | null;
  decision_reason: string | null;
  executed_at: string | null;
  execution_result: { success: boolean; result?: unknown; error?: string; executed_at: string } | null;
  url: string;
  attempts?: { number: number; state: string; worker: string }[];
  events?: Event[];
}

export interface Claim {
  attempt: string;
  number: number;
  lease_until: string;
  action_id: string;
  tool_name: string;
  tool_args: Record<string, unknown>;
  args_sha256: string;
  edited: boolean;
  idempotency_key: string;
}

export interface Reported {
  action_id: string;
  status: Status;
  execution_state: string | null;
  late: boolean;
}

export interface RuleDraft {
  tool_name: string;
  description: string;
  arg_constraints: Record<string, unknown>;
  effect?: 'allow' | 'deny' | 'hold';
  unlisted_args?: 'ignore' | 'forbid';
  notes?: string;
  max_uses?: number;
  expires_at?: string;
  confirm_broad?: boolean;
}

export interface Rule extends Required<RuleDraft> {
  id: string;
  state: 'active' | 'expired' | 'exhausted' | 'suspended' | 'revoked';
  words: string;
  use_count: number;
  created_from: string | null;
  replaced_by_rule_id: string | null;
  revoked_reason: string | null;
}

export interface Page {
  data: Action[];
  meta: { total: number | null; limit: number; has_more: boolean; next_cursor: string | null };
}

export interface SendOptions {
  /** Sent as JSON. */
  json?: unknown;
  /** Sent byte for byte instead, as application/json unless a header says otherwise. */
  raw?: string;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  /** The body as it came: numbers in it still have all their digits. */
  text: string;
  /** The body read as JSON; `undefined` when it is none. */
  body: any;
}

/** What a server that refuses says. */
export class Refused extends Error {
  constructor(
    readonly answer: Answer,
    what: string,
  ) {
    super(`${what}: ${answer.status} ${answer.text}`);
  }

  get code(): string {
    return this.answer.body?.code;
  }
}

export class Api {
  constructor(
    /** The server's address, without a slash at the end. */
    readonly url: string,
    readonly token?: string,
  ) {}

  /** Any request; `path` is relative to /api/approvals. */
  async send(method: string, path: string, options: SendOptions = {}): Promise<Answer> {
    const body = options.raw ?? (options.json === undefined ? undefined : JSON.stringify(options.json));
    const headers: Record<string, string> = {
      ...(this.token ? { authorization: `Bearer ${this.token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    };
    const response = await fetch(`${this.url}/api/approvals${path}`, { method, headers, body, redirect: 'manual' });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: readJson(text) };
  }

  private async data<T>(method: string, path: string, options?: SendOptions): Promise<T> {
    const answer = await this.send(method, path, options);
    if (answer.status >= 400) throw new Refused(answer, `${method} ${path}`);
    return answer.body?.data as T;
  }

  park(call: Call, headers?: Record<string, string>): Promise<Action> {
    return this.data('POST', '/actions', { json: call, headers });
  }

  get(id: string): Promise<Action> {
    return this.data('GET', `/actions/${id}`);
  }

  /** Holds until the action is decided, or has an outcome, at most `seconds`. */
  wait(id: string, seconds = 30, until: 'decided' | 'executed' = 'decided'): Promise<Action> {
    return this.data('GET', `/actions/${id}?wait=${seconds}&until=${until}`);
  }

  async list(query = ''): Promise<Page> {
    const answer = await this.send('GET', `/actions${query}`);
    if (answer.status >= 400) throw new Refused(answer, `GET /actions${query}`);
    return answer.body;
  }

  approve(id: string, body: { args_sha256?: string; edited_args?: unknown; note?: string } = {}): Promise<Action> {
    return this.data('POST', `/actions/${id}/approve`, { json: body });
  }

  reject(id: string, reason: string): Promise<Action> {
    return this.data('POST', `/actions/${id}/reject`, { json: { reason } });
  }

  withdraw(id: string, reason?: string): Promise<Action> {
    return this.data('POST', `/actions/${id}/withdraw`, { json: { reason } });
  }

  resolve(id: string, outcome: 'succeeded' | 'failed', note: string): Promise<Action> {
    return this.data('POST', `/actions/${id}/resolve`, { json: { outcome, note } });
  }

  expireStale(): Promise<{ expired_count: number; expired_ids: string[] }> {
    return this.data('POST', '/actions/expire-stale');
  }

  /** `undefined`: there was nothing to claim. */
  claim(tools: string[], leaseSeconds = 60, wait = 0): Promise<Claim | undefined> {
    return this.data('POST', `/executions/claim?wait=${wait}`, { json: { tools, lease_seconds: leaseSeconds } });
  }

  heartbeat(attempt: string): Promise<{ lease_until: string }> {
    return this.data('POST', `/executions/${attempt}/heartbeat`);
  }

  report(attempt: string, report: { success: boolean; result?: unknown; error?: string }): Promise<Reported> {
    return this.data('POST', `/executions/${attempt}/result`, { json: report });
  }

  /** `pause`, `block`, `bypass`, `resume`. */
  tool(name: string, verb: string, body: object = {}): Promise<Record<string, any>> {
    return this.data('POST', `/tools/${encodeURIComponent(name)}/${verb}`, { json: body });
  }

  settleTool(name: string, settings: object): Promise<Record<string, any>> {
    return this.data('PUT', `/tools/${encodeURIComponent(name)}`, { json: settings });
  }

  makeRule(draft: RuleDraft): Promise<Rule> {
    return this.data('POST', '/rules', { json: draft });
  }

  rule(id: string): Promise<Rule> {
    return this.data('GET', `/rules/${id}`);
  }

  revokeRule(id: string, reason: string): Promise<Rule> {
    return this.data('POST', `/rules/${id}/revoke`, { json: { reason } });
  }

  metrics(): Promise<Record<string, any>> {
    return this.data('GET', '/metrics');
  }
}

function readJson(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
