// The registry: who may change a tool, how its calls are gated, and what its schema keeps out.
import { ADMIN } from '../../support/server';
import { expect, test } from '../../support/test';
import { ACTIONS, API, ask, claim, park, type Json } from './kit';

type Where = Parameters<typeof ask>[0];

const TOOLS = `${API}/tools`;
const at = (name: string, verb = '') => `${TOOLS}/${encodeURIComponent(name)}${verb && `/${verb}`}`;
const read = (server: Where, token: string, name: string) => ask(server, 'GET', at(name), { token });
const put = (server: Where, token: string, name: string, body: Json) => ask(server, 'PUT', at(name), { token, body });
const verb = (server: Where, token: string, name: string, what: string, body: Json = {}) =>
  ask(server, 'POST', at(name, what), { token, body });
const call = (server: Where, token: string, tool_name: string, tool_args: string | Json = {}) =>
  ask(server, 'POST', ACTIONS, {
    token,
    body: typeof tool_args === 'string' ? `{"tool_name": ${JSON.stringify(tool_name)}, "tool_args": ${tool_args}}` : { tool_name, tool_args },
  });

test('only the given members change, and every change is told with both sides and its reason', async ({ server, agent, person }) => {
  await park(server, agent.token!, { tool_name: 'settle_me' });
  const before = (await read(server, person.token!, 'settle_me')).data;
  expect(before).toMatchObject({ risk_tier: 'medium', reviewed: false, executor: null, input_schema: null, pending: 1, configured: false });
  const settled = await put(server, person.token!, 'settle_me', {
    revision: before.revision, risk_tier: 'high', expiry_hours: 4, reviewed: true, executor: 'worker', sensitive_args: ['audience'], reason: 'looked at',
  });
  expect(settled.status, settled.text).toBe(200);
  expect(settled.data).toMatchObject({ risk_tier: 'high', expiry_hours: 4, reviewed: true, executor: 'worker', idempotent: false, revision: before.revision + 1 });
  expect(settled.data.events[0]).toMatchObject({ event_type: 'tool_changed', actor: 'human:admin', reason: 'looked at' });
  expect(settled.data.events[0].event_metadata.before.risk_tier).toBe('medium');
  expect(settled.data.events[0].event_metadata.after.risk_tier).toBe('high');
  const away = await put(server, person.token!, 'settle_me', { expiry_hours: null, executor: null });
  expect(away.data).toMatchObject({ expiry_hours: null, executor: null, risk_tier: 'high', sensitive_args: ['audience'] });
  const stale = await put(server, person.token!, 'settle_me', { revision: before.revision, risk_tier: 'low' });
  expect([stale.status, stale.code]).toEqual([409, 'revision_changed']);
  expect((await call(server, agent.token!, 'settle_me')).data.risk_tier).toBe('high');
});

test('what is wrong in a request is named, and nothing changes', async ({ server, person }) => {
  for (const [body, pointer] of [
    [{ risk_tier: 'severe' }, '/risk_tier'],
    [{ expiry_hours: 0 }, '/expiry_hours'],
    [{ colour: 'red' }, ''],
    [{ executor: 'http' }, '/executor'],
    [{ executor: 'mcp' }, '/executor'],
    [{ secret_args: ['--'] }, '/secret_args/0'],
    [{ input_schema: { properties: { to: { pattern: '(' } } } }, '/input_schema/properties/to/pattern'],
    [{ input_schema: { $ref: 'http://127.0.0.1:1/schema.json' } }, '/input_schema'],
    [{ input_schema: [] }, '/input_schema'],
  ] as const) {
    const refused = await put(server, person.token!, 'nobody_met', body);
    expect([refused.status, refused.code], refused.text).toEqual([422, 'invalid_request']);
    expect(refused.json.errors[0].pointer, refused.text).toContain(pointer);
  }
  expect((await read(server, person.token!, 'nobody_met')).status).toBe(404);
  for (const [name, body] of [
    ['pause', {}], ['pause', { reason: ' ' }], ['block', {}], ['bypass', { hours: 1 }], ['bypass', { reason: 'x' }],
    ['bypass', { hours: 25, reason: 'x' }], ['bypass', { until: '2020-01-01T00:00:00Z', reason: 'x' }], ['bypass', { until: 'soon', reason: 'x' }],
    ['bypass', { hours: 1, until: '2030-01-01T00:00:00Z', reason: 'x' }], ['pause', { reason: 'x', hours: 1 }],
  ] as const) {
    await put(server, person.token!, 'met', { reviewed: true });
    const refused = await verb(server, person.token!, 'met', name, body);
    expect([refused.status, refused.code], `${name} ${JSON.stringify(body)}: ${refused.text}`).toEqual([422, 'invalid_request']);
  }
  expect((await verb(server, person.token!, 'nobody_met', 'bypass', { hours: 1, reason: 'x' })).status).toBe(404);
  expect((await ask(server, 'GET', `${TOOLS}?gating=closed`, { token: person.token! })).code).toBe('invalid_request');
});

test('tools are changed by an administrator alone, and read by whoever reads actions', async ({ server, agent, worker }) => {
  await server.addPerson('tools-ben', 'admin');
  const ben = await server.token('tools-ben', ['actions:read', 'tools:write'], 'tools-ben');
  // A token holds no more than its owner's role does now.
  const root = await server.token('tools-root', ['admin'], ADMIN);
  expect((await ask(server, 'POST', `${API}/users/tools-ben/role`, { token: root, body: { role: 'operator' } })).status).toBe(200);
  const blind = await server.token('tools-blind', ['tools:write'], ADMIN);
  const submits = await server.token('tools-submits', ['actions:submit']);
  await park(server, agent.token!, { tool_name: 'guarded' });
  expect((await verb(server, ben, 'guarded', 'pause', { reason: 'x' })).code).toBe('forbidden');
  expect((await verb(server, worker.token!, 'guarded', 'pause', { reason: 'x' })).code).toBe('human_actor_required');
  expect((await read(server, submits, 'guarded')).code).toBe('forbidden');
  expect((await read(server, ben, 'guarded')).status).toBe(200);
  const changed = await verb(server, blind, 'guarded', 'pause', { reason: 'x' });
  expect(Object.keys(changed.data).sort(), 'who may not read is told no more than that it is done').toEqual(['name', 'revision']);
});

test('a tool is paused, blocked, opened and resumed, and each next call is treated so', async ({ server, agent, person }) => {
  const [token, name] = [person.token!, 'moving'];
  await park(server, agent.token!, { tool_name: name });
  const paused = await verb(server, token, name, 'pause', { reason: 'incident 7' });
  expect(paused.data.gating).toMatchObject({ state: 'paused', reason: 'incident 7', until: null });
  const waits = (await call(server, agent.token!, name)).data;
  expect(waits.pending_reason).toMatchObject({ code: 'tool_paused', text: expect.stringContaining('incident 7') });
  await verb(server, token, name, 'block', { reason: 'it is worse' });
  const blocked = await call(server, agent.token!, name);
  expect([blocked.status, blocked.code]).toEqual([403, 'tool_blocked']);
  expect(blocked.json.detail).toContain('it is worse');
  const opened = await verb(server, token, name, 'bypass', { hours: 2, reason: 'load test' });
  expect(opened.data.gating.state).toBe('open');
  expect(Date.parse(opened.data.gating.until) - Date.now()).toBeLessThanOrEqual(2 * 3_600_000);
  expect((await call(server, agent.token!, name)).data).toMatchObject({ status: 'approved', decided_by: 'system:bypass' });
  await server.sql(`UPDATE tools SET open_until = now() - interval '1 minute' WHERE name = '${name}'`);
  expect((await call(server, agent.token!, name)).data.status).toBe('pending');
  const ended = (await read(server, token, name)).data.gating;
  expect(ended).toMatchObject({ state: 'gated', reason: null });
  expect(Date.parse(ended.bypass_ended)).toBeLessThan(Date.now());
  const resumed = await verb(server, token, name, 'resume');
  expect(resumed.data.gating).toEqual({ state: 'gated', until: null, reason: null, bypass_ended: null });
  expect(resumed.data.events.slice(0, 4).map((event: Json) => event.reason)).toEqual([null, 'load test', 'it is worse', 'incident 7']);
});

test('the same bypass asked for twice under one key opens the tool once', async ({ server, person }) => {
  await put(server, person.token!, 'keyed', { reviewed: true });
  const asked = { token: person.token!, body: { hours: 1, reason: 'once' }, headers: { 'idempotency-key': 'bypass-1' } };
  const first = await ask(server, 'POST', at('keyed', 'bypass'), asked);
  const again = await ask(server, 'POST', at('keyed', 'bypass'), asked);
  expect(again.headers['idempotent-replayed']).toBe('true');
  expect(again.data.gating.until).toBe(first.data.gating.until);
});

test('a tool may be called anything', async ({ server, agent, person }) => {
  for (const name of ['files/read', 'Zoë ☃', 'a%2Fb', 'q?x=1&y#z', 'two\nlines', '..%', "'; DROP TABLE tools; --", '\u202egnp']) {
    await park(server, agent.token!, { tool_name: name });
    const shown = await read(server, person.token!, name);
    expect(shown.status, `${name}: ${shown.text}`).toBe(200);
    expect(shown.data).toMatchObject({ name, pending: 1 });
    expect((await verb(server, person.token!, name, 'pause', { reason: 'odd' })).data.gating.state, name).toBe('paused');
  }
  expect((await ask(server, 'GET', `${TOOLS}/%FF`, { token: person.token! })).status).toBe(404);
});

test('the list is narrowed and paged, and every tool stands in it once', async ({ server, agent, person }) => {
  for (const n of [1, 2, 3, 4, 5]) await park(server, agent.token!, { tool_name: `paged_${n}` });
  await verb(server, person.token!, 'paged_3', 'block', { reason: 'x' });
  const names: string[] = [];
  let cursor = '';
  do {
    const page = await ask(server, 'GET', `${TOOLS}?name=PAGED&limit=2${cursor}`, { token: person.token! });
    expect(page.json.meta).toMatchObject({ total: 5, limit: 2 });
    names.push(...page.data.map((tool: Json) => tool.name));
    cursor = page.json.meta.has_more ? `&cursor=${page.json.meta.next_cursor}` : '';
  } while (cursor);
  expect(names).toEqual(['paged_1', 'paged_2', 'paged_3', 'paged_4', 'paged_5']);
  const blocked = await ask(server, 'GET', `${TOOLS}?name=paged&gating=blocked`, { token: person.token! });
  expect(blocked.data.map((tool: Json) => tool.name)).toEqual(['paged_3']);
  const unreviewed = await ask(server, 'GET', `${TOOLS}?name=paged&reviewed=true`, { token: person.token! });
  expect(unreviewed.data).toEqual([]);
});

test('approved calls of a tool that nobody runs are counted, until a worker takes it over', async ({ server, agent, person, worker }) => {
  const action = await agent.park({ tool_name: 'orphan', tool_args: {} });
  await person.approve(action.id);
  expect((await read(server, person.token!, 'orphan')).data).toMatchObject({ waiting_for_executor: 1, queued: 1, last_hour: { succeeded: 0, failed: 0, unknown: 0 } });
  const taken = (await claim(server, worker.token!, ['orphan'])).data;
  await worker.report(taken.attempt, { success: false, error: 'no luck' });
  expect((await read(server, person.token!, 'orphan')).data).toMatchObject({
    waiting_for_executor: 0, executor: 'worker', last_hour: { succeeded: 0, failed: 1, unknown: 0 },
  });
});

test('arguments that do not fit the schema are refused before parking, by place, and no value is echoed', async ({ server, agent, person }) => {
  const schema = `{"type": "object", "required": ["to"], "additionalProperties": false, "properties": {"to": {"type": "string", "pattern": "^(a+)+$"},
    "amount": {"type": "number", "minimum": 0.10, "maximum": 9007199254740992, "multipleOf": 0.01}, "api_key": {"type": "integer"}}}`;
  const set = await ask(server, 'PUT', at('checked'), { token: person.token!, body: `{"input_schema": ${schema}}` });
  expect(set.status, set.text).toBe(200);
  expect(set.text, 'digit for digit').toContain('"minimum":0.10,');
  expect(set.data.schema_sha256).toMatch(/^[0-9a-f]{64}$/);
  for (const [args, pointers] of [
    ['{}', ['/tool_args/to']],
    ['{"to": "a", "amount": 9007199254740993}', ['/tool_args/amount']],
    ['{"to": "a", "amount": 1e400}', ['/tool_args/amount']],
    ['{"to": "a", "amount": 0.1000000000000000000000000001}', ['/tool_args/amount']],
    ['{"to": "a", "amount": -0}', ['/tool_args/amount']],
    ['{"to": 7, "api_key": "canary-4471", "b/c": 1}', ['/tool_args/api_key', '/tool_args/b~1c', '/tool_args/to']],
    [`{"to": "${'a'.repeat(100_000)}!"}`, ['/tool_args/to']],
  ] as const) {
    const since = Date.now();
    const refused = await call(server, agent.token!, 'checked', args);
    expect([refused.status, refused.code], args.slice(0, 80)).toEqual([422, 'invalid_request']);
    expect(refused.json.errors.map((error: Json) => error.pointer).sort()).toEqual([...pointers].sort());
    expect(refused.text).not.toContain('canary');
    expect(Date.now() - since).toBeLessThan(5_000);
  }
  for (const args of ['{"to": "aaaa", "amount": 9007199254740992.00}', '{"to": "a", "amount": 1070468.14}', '{"to": "a", "api_key": 99999999999999999999}']) {
    expect((await call(server, agent.token!, 'checked', args)).status, args).toBe(201);
  }
  expect((await read(server, person.token!, 'checked')).data.pending).toBe(3);
  await put(server, person.token!, 'checked', { input_schema: null });
  expect((await call(server, agent.token!, 'checked', '{"to": 7}')).status).toBe(201);
});
