// Standing rules over REST: made, tried, replayed, applied, ended; and what they must never let pass.
import { ADMIN } from '../../support/server';
import { expect, test } from '../../support/test';
import { ACTIONS, API, ask, claim, each, park, show, times, type Json } from './kit';

type Where = Parameters<typeof ask>[0];

const RULES = `${API}/rules`;
const SCOPES = ['actions:read', 'decisions:write', 'rules:read', 'rules:write', 'tools:write'];

test.use({
  serverOptions: {
    config: `
[tools.send_email]
risk_tier = "high"
executor = "worker"
[tools.notify_channel]
risk_tier = "low"
executor = "worker"
[tools.run_command]
risk_tier = "low"
`,
  },
});

const ruler = (server: Where & { token(name: string, scopes: string[], user?: string): Promise<string> }) => {
  const known = tokens.get(server);
  if (known) return known;
  const token = server.token('ruler', SCOPES, ADMIN);
  tokens.set(server, token);
  return token;
};
const tokens = new WeakMap<object, Promise<string>>();

const make = (server: Where, token: string, body: Json | string) => ask(server, 'POST', RULES, { token, body });
const made = async (server: Where, token: string, body: Json) => {
  const answer = await make(server, token, body);
  expect(answer.status, answer.text).toBe(201);
  return answer.data;
};
const call = (server: Where, token: string, tool_name: string, tool_args: Json | string) =>
  ask(server, 'POST', ACTIONS, {
    token,
    body: typeof tool_args === 'string' ? `{"tool_name": ${JSON.stringify(tool_name)}, "tool_args": ${tool_args}}` : { tool_name, tool_args },
  });

test('a rule with five uses lets exactly five of a hundred calls at once pass', async ({ server, agent }) => {
  const token = await ruler(server);
  const rule = await made(server, token, {
    tool_name: 'notify_channel', description: 'Five to ops', max_uses: 5, arg_constraints: { channel: { type: 'exact', value: '#five' } },
  });
  const answers = await each(times(100), 100, (at) => call(server, agent.token!, 'notify_channel', { channel: '#five', at }));
  expect(answers.map((answer) => answer.status)).toEqual(times(100).map(() => 201));
  const approved = answers.filter((answer) => answer.data.status === 'approved');
  expect(approved).toHaveLength(5);
  expect(approved[0]!.data).toMatchObject({ approval_rule_id: rule.id, decided_by: `rule:${rule.id}`, execution_state: 'queued' });
  expect(answers.filter((answer) => answer.data.status === 'pending')).toHaveLength(95);
  expect((await ask(server, 'GET', `${RULES}/${rule.id}`, { token })).data).toMatchObject({ use_count: 5, state: 'exhausted', active: false });
  const late = await call(server, agent.token!, 'notify_channel', { channel: '#five' });
  expect(late.data.pending_reason.code).toBe('rule_ended');
});

test('a rule never lets an address pass that is not one plain address of its domain', async ({ server, agent }) => {
  const token = await ruler(server);
  const end = { max_uses: 50 };
  await made(server, token, {
    tool_name: 'send_email', description: 'Partner mail', ...end, unlisted_args: 'ignore',
    arg_constraints: { to: { type: 'email', domains: ['company.com'] } },
  });
  await made(server, token, {
    tool_name: 'send_email', description: 'Partner mail by pattern', ...end, unlisted_args: 'ignore',
    arg_constraints: { to: { type: 'pattern', value: '*@company.com' } },
  });
  for (const to of [
    'evil@x.io, b@company.com', ['evil@x.io', 'b@company.com'], '"b@company.com" <evil@x.io>', 'evil@x.io\nBcc: b@company.com',
    'b@company.com ', ' b@company.com', 'b@company.com.evil.io', 'b@company.com\u200b', '', [], null, { address: 'b@company.com' },
  ]) {
    const answer = await call(server, agent.token!, 'send_email', { to });
    expect(answer.data.status, JSON.stringify(to)).toBe('pending');
  }
  const withBcc = await call(server, agent.token!, 'send_email', { to: 'b@company.com', bcc: 'evil@x.io' });
  expect(withBcc.data).toMatchObject({ status: 'pending', pending_reason: { code: 'argument_not_pinned' } });
  expect((await call(server, agent.token!, 'send_email', { to: 'b@company.com' })).data.status).toBe('approved');
});

test('numbers are compared by what they are worth, and booleans and texts are none', async ({ server, agent }) => {
  const token = await ruler(server);
  await ask(server, 'PUT', `${API}/tools/order`, { token, body: { risk_tier: 'low', reviewed: true } });
  await made(server, token, { tool_name: 'order', description: 'One', arg_constraints: { count: { type: 'exact', value: 1 } } });
  for (const [count, status] of [
    ['1', 'approved'], ['1.0', 'approved'], ['1e0', 'approved'], ['true', 'pending'], ['"1"', 'pending'], ['null', 'pending'], ['1.0000000000000001', 'pending'],
  ] as const) {
    expect((await call(server, agent.token!, 'order', `{"count": ${count}}`)).data.status, count).toBe(status);
  }
  const exact = '9007199254740993';
  const big = await make(server, token, `{"tool_name": "order", "description": "Big", "arg_constraints": {"count": ${exact}, "factor": 1e400}}`);
  expect(big.text).toContain(`"value":${exact}`);
  expect(big.text).toContain('"value":1e400');
  expect((await call(server, agent.token!, 'order', '{"count": 9007199254740992, "factor": 1e400}')).data.status).toBe('pending');
  expect((await call(server, agent.token!, 'order', `{"count": ${exact}, "factor": 1e400}`)).data.status).toBe('approved');
});

test('a denied call answers 403 and stays to be seen', async ({ server, agent }) => {
  const token = await ruler(server);
  const rule = await made(server, token, {
    tool_name: 'run_command', effect: 'deny', description: 'Nothing is removed', arg_constraints: { command: { type: 'pattern', value: '*rm -rf*' } },
  });
  const denied = await call(server, agent.token!, 'run_command', { command: 'sudo rm -rf /srv' });
  expect([denied.status, denied.code]).toEqual([403, 'denied_by_rule']);
  expect(denied.json.detail).toContain('Nothing is removed');
  const listed = await ask(server, 'GET', `${ACTIONS}?rule_id=${rule.id}`, { token });
  expect(listed.data).toHaveLength(1);
  expect(listed.data[0]).toMatchObject({ status: 'rejected', decided_by: `rule:${rule.id}` });
});

test('a shell line with an open end pins nothing at a high tier', async ({ server }) => {
  const token = await ruler(server);
  await ask(server, 'PUT', `${API}/tools/shell`, { token, body: { risk_tier: 'high', reviewed: true } });
  const refused = await make(server, token, {
    tool_name: 'shell', description: 'Status', max_uses: 5, arg_constraints: { command: { type: 'pattern', value: 'git status*' } },
  });
  expect([refused.status, refused.code]).toEqual([422, 'rule_rejected']);
  expect(refused.json.errors.map((error: Json) => error.pointer)).toContain('/arg_constraints/command');
  const warned = await made(server, token, {
    tool_name: 'run_command', description: 'Status', arg_constraints: { command: { type: 'pattern', value: 'git status*' } },
  });
  expect(warned.warnings.map((note: Json) => note.code)).toContain('shell_prefix');
});

test('bad rules are refused with a pointer to each field, and duplicate keys by their name', async ({ server }) => {
  const token = await ruler(server);
  const refused = await make(server, token, {
    tool_name: 'send_email', max_uses: 0, expires_at: '2020-01-01T00:00:00Z', colour: 'red',
    arg_constraints: { to: { type: 'magic' }, subject: { type: 'pattern', value: '' }, body: { type: 'regex', value: 'a'.repeat(10_000) } },
  });
  expect([refused.status, refused.code], refused.text).toEqual([422, 'rule_rejected']);
  expect(refused.json.errors.map((error: Json) => error.pointer)).toEqual(
    expect.arrayContaining(['/arg_constraints/to/type', '/arg_constraints/subject/value', '/arg_constraints/body/value', '/colour']),
  );
  const twice = await make(server, token, '{"tool_name": "send_email", "description": "x", "arg_constraints": {"to": {"type": "any", "type": "exact", "value": 1}}}');
  expect([twice.status, twice.code]).toEqual([400, 'malformed_json']);
  expect(twice.text).toContain('type');
  const mark = await make(server, token, { tool_name: 'notify_channel', description: 'x', arg_constraints: { password: '[REDACTED]' } });
  expect([mark.status, mark.json.errors[0].pointer]).toEqual([422, '/arg_constraints/password']);
});

test('a program makes no rules, and a token without the scope none either', async ({ server, agent }) => {
  const rule = { tool_name: 'notify_channel', description: 'x', arg_constraints: { channel: 'x' } };
  expect((await make(server, agent.token!, rule)).code).toBe('human_actor_required');
  const reads = await server.token('rules-reader', ['rules:read'], ADMIN);
  expect((await make(server, reads, rule)).code).toBe('forbidden');
  expect((await ask(server, 'GET', RULES, { token: reads })).status).toBe(200);
});

test('approving with a rule makes both in one step, and the secret of the call is in no answer', async ({ server, agent, worker }) => {
  const token = await ruler(server);
  const canary = 'canary-9f8e7d6c5b';
  const args = { to: 'ana@partner.example', subject: 'Q3', smtp_password: canary };
  const action = (await call(server, agent.token!, 'send_email', args)).data;
  const suggested = await ask(server, 'GET', `${RULES}/suggestions/${action.id}`, { token });
  expect(suggested.data.suggestions.map((own: Json) => [own.argument, own.constraint.type])).toEqual([
    ['to', 'exact'], ['subject', 'any'], ['smtp_password', 'exact'],
  ]);
  const broad = await ask(server, 'POST', `${ACTIONS}/${action.id}/approve`, {
    token, body: { create_rule: { description: 'All', arg_constraints: { to: { type: 'any' } } } },
  });
  expect([broad.status, broad.code]).toEqual([422, 'rule_rejected']);
  expect(broad.json.errors.every((error: Json) => error.pointer.startsWith('/create_rule/'))).toBe(true);
  expect((await show(server, agent.token!, action.id)).data.status).toBe('pending');

  const approved = await ask(server, 'POST', `${ACTIONS}/${action.id}/approve`, { token, body: { create_rule: true } });
  expect(approved.status, approved.text).toBe(200);
  const rule = approved.data.created_rule;
  expect(rule).toMatchObject({ created_from: action.id, max_uses: 1, unlisted_args: 'forbid', state: 'active' });
  const again = (await call(server, agent.token!, 'send_email', args)).data;
  expect(again).toMatchObject({ status: 'approved', approval_rule_id: rule.id });
  const runs = await each(times(4), 1, () => claim(server, worker.token!, ['send_email']));
  expect(runs.map((run) => run.data?.action_id)).toContain(again.id);
  expect(runs.find((run) => run.data?.action_id === again.id)!.text, 'the executor gets it').toContain(canary);
  const texts = [
    suggested.text, approved.text, broad.text,
    (await ask(server, 'GET', `${RULES}/${rule.id}`, { token })).text,
    (await ask(server, 'GET', `${RULES}/export?format=csv`, { token })).text,
    (await ask(server, 'POST', `${RULES}/test`, { token, body: { rule_id: rule.id, action_id: action.id } })).text,
    (await ask(server, 'POST', `${RULES}/replay`, { token, body: { rule_id: rule.id } })).text,
    await server.sql('SELECT coalesce(string_agg(r::text, chr(10)), $$$$) FROM approval_rules r'),
    await server.sql('SELECT string_agg(e::text, chr(10)) FROM approval_events e'),
  ];
  for (const text of texts) expect(text).not.toContain(canary);
});

test('the suggestions as they are fit the call they were made from, whatever it holds', async ({ server, agent }) => {
  const token = await ruler(server);
  for (const value of [{ type: 'any' }, '*', '?[x]*', ['a', { b: 1 }], null, 1e3, true, '']) {
    const action = (await call(server, agent.token!, 'notify_channel', { 'odd.name[0]': value, channel: { type: 'any' } })).data;
    const rule = await ask(server, 'POST', `${RULES}/from-action`, { token, body: { action_id: action.id, max_uses: 2 } });
    expect(rule.status, rule.text).toBe(201);
    const again = (await call(server, agent.token!, 'notify_channel', { 'odd.name[0]': value, channel: { type: 'any' } })).data;
    expect(again, JSON.stringify(value)).toMatchObject({ status: 'approved', approval_rule_id: rule.data.id });
    expect((await call(server, agent.token!, 'notify_channel', { 'odd.name[0]': value, channel: 'another' })).data.status).toBe('pending');
    await ask(server, 'POST', `${RULES}/${rule.data.id}/revoke`, { token, body: { reason: 'tried' } });
  }
});

test('a replay tells how far it is, and applying lets each waiting call pass the rules again', async ({ server, agent }) => {
  const token = await ruler(server);
  await ask(server, 'PUT', `${API}/tools/replayed`, { token, body: { risk_tier: 'low', reviewed: true } });
  const calls = await each(times(12), 4, (at) => park(server, agent.token!, { tool_name: 'replayed', tool_args: { to: at % 2 ? 'a@p.example' : 'b@q.example' } }));
  await ask(server, 'POST', `${ACTIONS}/${calls[1]!.id}/reject`, { token, body: { reason: 'no' } });
  await ask(server, 'POST', `${ACTIONS}/${calls[3]!.id}/approve`, { token, body: {} });
  const draft = { tool_name: 'replayed', description: 'To p', arg_constraints: { to: { type: 'email', domains: ['p.example'] } } };
  const streamed = await ask(server, 'POST', `${RULES}/replay`, { token, body: { draft }, headers: { accept: 'application/x-ndjson' } });
  const lines = streamed.text.trim().split('\n').map((line) => JSON.parse(line));
  expect(lines.length).toBeGreaterThan(1);
  expect(lines[0].progress.looked_at).toBe(2);
  expect(lines.at(-1).data).toMatchObject({ looked_at: 2, matched: 2, approved_by_people: 1, rejected_by_people: 1, waiting: 10, waiting_matched: 4 });
  const rule = await made(server, token, draft);
  const ids = [...lines.at(-1).data.waiting_ids, calls[0]!.id, calls[1]!.id];
  const applied = await ask(server, 'POST', `${RULES}/${rule.id}/apply`, { token, body: { ids } });
  expect(applied.data.map((item: Json) => item.status ?? item.error.code)).toEqual([
    'approved', 'approved', 'approved', 'approved', 'wrong_state', 'already_decided',
  ]);
  expect((await show(server, agent.token!, ids[0])).data.decided_by).toBe(`rule:${rule.id}`);
  expect((await ask(server, 'GET', `${RULES}/${rule.id}`, { token })).data.use_count).toBe(4);
});

test('a revoked rule is told of with who and why, and revoking it again says so', async ({ server, agent }) => {
  const token = await ruler(server);
  const rule = await made(server, token, { tool_name: 'notify_channel', description: 'Short', arg_constraints: { channel: '#short' } });
  const none = await ask(server, 'POST', `${RULES}/${rule.id}/revoke`, { token, body: {} });
  expect([none.status, none.code]).toEqual([422, 'invalid_request']);
  const revoked = await ask(server, 'POST', `${RULES}/${rule.id}/revoke`, { token, body: { reason: 'No longer needed' } });
  expect(revoked.data).toMatchObject({ state: 'revoked', active: false, revoked_by: 'human:admin', revoked_reason: 'No longer needed' });
  const again = await ask(server, 'POST', `${RULES}/${rule.id}/revoke`, { token, body: { reason: 'x' } });
  expect([again.status, again.code]).toEqual([409, 'already_revoked']);
  expect((await call(server, agent.token!, 'notify_channel', { channel: '#short' })).data.status).toBe('pending');
  const active = await ask(server, 'GET', `${RULES}?active_only=true&tool_name=notify_channel&limit=500`, { token });
  expect(active.data.map((row: Json) => row.id)).not.toContain(rule.id);
});

test('a changed schema suspends the rules of its tool, and resuming takes them up', async ({ server, agent }) => {
  const token = await ruler(server);
  const tool = `${API}/tools/schemed`;
  await ask(server, 'PUT', tool, { token, body: { risk_tier: 'low', reviewed: true } });
  const rule = await made(server, token, { tool_name: 'schemed', description: 'Sevens', arg_constraints: { n: 7 } });
  expect((await call(server, agent.token!, 'schemed', { n: 7 })).data.status).toBe('approved');
  await ask(server, 'PUT', tool, { token, body: { input_schema: { type: 'object', properties: { n: { type: 'number' } } } } });
  const waits = (await call(server, agent.token!, 'schemed', { n: 7 })).data;
  expect(waits).toMatchObject({ status: 'pending', pending_rule_id: rule.id, pending_reason: { code: 'rule_suspended' } });
  expect((await ask(server, 'POST', `${RULES}/${rule.id}/resume`, { token, body: {} })).data.state).toBe('active');
  expect((await call(server, agent.token!, 'schemed', { n: 7 })).data.status).toBe('approved');
});

test('the same key makes a rule once', async ({ server }) => {
  const token = await ruler(server);
  const body = { tool_name: 'notify_channel', description: 'Once', arg_constraints: { channel: '#once' } };
  const headers = { 'idempotency-key': 'one-rule' };
  const answers = await each(times(5), 5, () => ask(server, 'POST', RULES, { token, body, headers }));
  const ids = new Set(answers.filter((answer) => answer.status === 201).map((answer) => answer.data.id));
  expect(ids.size).toBe(1);
  const other = await ask(server, 'POST', RULES, { token, body: { ...body, description: 'Twice' }, headers });
  expect([other.status, other.code]).toEqual([422, 'idempotency_mismatch']);
});

test('the command line lists, tries and exports rules', async ({ server, agent }) => {
  const token = await ruler(server);
  const rule = await made(server, token, { tool_name: 'notify_channel', description: '=cmd()', arg_constraints: { channel: '#cli' } });
  const action = (await call(server, agent.token!, 'notify_channel', { channel: '#elsewhere' })).data;
  const cli = (...words: string[]) => server.remotely(token, 'rules', ...words);
  expect(JSON.parse(await cli('list', '--json', '--tool', 'notify_channel')).data.map((row: Json) => row.id)).toContain(rule.id);
  expect(await cli('export')).toContain(",'=cmd(),");
  const tried = JSON.parse(await cli('test', '--rule', rule.id, '--action', action.id)).data;
  expect(tried.verdict).toMatchObject({ matches: false, checks: [{ argument: 'channel', holds: false, code: 'differs' }] });
});
