// The operator's tools over MCP, driven by clients that nobody here wrote: the official ones of TypeScript and Python.
import { call, connect, python } from '../../support/operator';
import { expect, test } from '../../support/test';
import { ask, events, park, show, times } from './kit';
import type { Json } from './kit';

const TOOLS = [
  'list_pending_actions',
  'show_pending_action',
  'approve_action',
  'reject_action',
  'pending_action_count',
  'expire_stale_actions',
  'list_executed_actions',
  'create_approval_rule',
  'create_rule_from_action',
  'list_approval_rules',
  'show_approval_rule',
  'revoke_approval_rule',
  'suggest_rule_constraints',
];
const post = (body: unknown) => ({ body, headers: { accept: 'application/json, text/event-stream' } });

test('the thirteen tools are there, whatever revision of the protocol the client speaks', async ({ server, person }) => {
  const client = await connect(server.url, person.token!);
  const { tools } = await client.listTools();
  expect(tools.map((tool) => tool.name)).toEqual(TOOLS);
  for (const tool of tools) expect([tool.inputSchema.type, tool.description!.length > 20], tool.name).toEqual(['object', true]);
  for (const protocol of ['auto', '2026-07-28', '2025-11-25']) {
    expect(await python(server.url, person.token!, '--protocol', protocol), protocol).toEqual({ code: 0, lines: TOOLS });
  }
  await client.close();
});

test('a person works through the queue: lists, shows, approves, rejects, and it is what happened', async ({ server, agent, person }) => {
  const tool = 'mcp_queue';
  const [one, two, three] = await Promise.all(times(3).map((n) => park(server, agent.token!, { tool_name: tool, tool_args: { to: `ana${n}@example.com` } })));
  const client = await connect(server.url, person.token!);
  expect((await call(client, 'pending_action_count', { tool_name: tool })).json.data).toEqual({ count: 3 });
  const first = await call(client, 'list_pending_actions', { tool_name: tool, limit: 2, sort: 'requested_at' });
  expect(first.json.meta).toMatchObject({ total: 3, has_more: true });
  expect(first.structured).toEqual(first.json);
  const rest = await call(client, 'list_pending_actions', { tool_name: tool, limit: 2, cursor: first.json.meta.next_cursor });
  expect([...first.json.data, ...rest.json.data].map((action: Json) => action.id).sort()).toEqual([one!.id, two!.id, three!.id].sort());
  const shown = await call(client, 'show_pending_action', { action_id: one!.id });
  expect(shown.json).toEqual((await show(server, person.token!, one!.id)).json);

  const approved = await call(client, 'approve_action', { action_id: one!.id, args_sha256: one!.args_sha256, note: 'fine' });
  expect(approved.json.data).toMatchObject({ status: 'approved', decided_by: 'human:admin' });
  const rejected = await call(client, 'reject_action', { action_id: two!.id, reason: 'wrong recipient' });
  expect(rejected.json.data).toMatchObject({ status: 'rejected', decision_reason: 'wrong recipient' });
  expect(await events(server, person.token!, one!.id)).toEqual(['action_parked', 'action_approved']);
  const ended = await call(client, 'list_executed_actions', { tool_name: tool, status: ['rejected', 'expired'] });
  expect(ended.json.data.map((action: Json) => action.id)).toEqual([two!.id]);
  await server.sql(`UPDATE pending_actions SET expires_at = now() - interval '1 second' WHERE id = '${three!.id}'`);
  const expired = await call(client, 'expire_stale_actions');
  const swept = (await show(server, person.token!, three!.id)).data.status;
  expect([expired.failed, swept]).toEqual([false, 'expired']);

  const late = await call(client, 'reject_action', { action_id: one!.id, reason: 'too late' });
  expect([late.failed, late.json.status, late.json.current_status], late.text).toEqual([true, 409, 'approved']);
  await client.close();
});

test('the same key again decides nothing twice', async ({ server, agent, person }) => {
  const action = await park(server, agent.token!, { tool_name: 'mcp_key' });
  const client = await connect(server.url, person.token!);
  const once = { action_id: action.id, reason: 'no', idempotency_key: `mcp-${action.id}` };
  const answers = await Promise.all(times(2).map(() => call(client, 'reject_action', once)));
  const settled = answers.find((answer) => !answer.failed)!;
  const again = await call(client, 'reject_action', once);
  expect(again.text).toBe(settled.text);
  expect(await events(server, person.token!, action.id)).toEqual(['action_parked', 'action_rejected']);
  await client.close();
});

test('a rule is made of an action, listed, shown and revoked', async ({ server, agent, person }) => {
  const tool = 'mcp_rules';
  const action = await park(server, agent.token!, { tool_name: tool, tool_args: { to: 'ana@example.com', n: 3 } });
  const client = await connect(server.url, person.token!);
  const suggested = await call(client, 'suggest_rule_constraints', { action_id: action.id });
  expect(suggested.json.data.suggestions.map((own: Json) => own.argument)).toContain('to');
  const made = await call(client, 'create_rule_from_action', { action_id: action.id, max_uses: 2 });
  expect(made.json.data).toMatchObject({ tool_name: tool, max_uses: 2, created_from: action.id, created_by: 'human:admin' });
  const fits = await ask(server, 'POST', '/api/approvals/actions', { token: agent.token, body: { tool_name: tool, tool_args: { to: 'ana@example.com', n: 3 } } });
  expect(fits.data).toMatchObject({ status: 'approved', approval_rule_id: made.json.data.id });
  const own = await call(client, 'create_approval_rule', { tool_name: tool, description: 'to the team', arg_constraints: { to: { type: 'email', domains: ['team.example'] } } });
  expect(own.failed, own.text).toBe(false);
  const listed = await call(client, 'list_approval_rules', { tool_name: tool, active_only: true });
  expect(listed.json.data.map((rule: Json) => rule.id)).toEqual([own.json.data.id, made.json.data.id]);
  const revoked = await call(client, 'revoke_approval_rule', { rule_id: made.json.data.id, reason: 'over' });
  expect(revoked.json.data).toMatchObject({ state: 'revoked', revoked_reason: 'over' });
  expect((await call(client, 'show_approval_rule', { rule_id: made.json.data.id })).json.data.state).toBe('revoked');
  await client.close();
});

test('an agent sees what is its own and decides nothing; nobody says who they are but by their token', async ({ server, agent, person }) => {
  const own = await server.token(`own-${Math.random()}`, ['actions:submit']);
  const mine = await park(server, own, { tool_name: 'mcp_mine' });
  const stranger = agent.token!;
  const theirs = await park(server, stranger, { tool_name: 'mcp_mine', tool_args: { secret_plan: 'not yours' } });
  const client = await connect(server.url, own);
  const seen = await call(client, 'list_pending_actions', { tool_name: 'mcp_mine' });
  expect(seen.json.data.map((action: Json) => action.id)).toEqual([mine.id]);
  expect((await call(client, 'show_pending_action', { action_id: theirs.id })).json.code).toBe('not_found');
  for (const [name, args] of [
    ['approve_action', { action_id: mine.id }],
    ['reject_action', { action_id: mine.id, reason: 'no' }],
    ['create_approval_rule', { tool_name: 'mcp_mine', description: 'all of it' }],
    ['create_rule_from_action', { action_id: mine.id }],
  ] as const) {
    const refused = await call(client, name, args);
    expect([refused.failed, ['human_actor_required', 'forbidden'].includes(refused.json.code)], `${name} ${refused.text}`).toEqual([true, true]);
  }
  const posing = await call(await connect(server.url, person.token!), 'approve_action', { action_id: mine.id, actor: 'human:ana' });
  expect([posing.json.code, posing.json.errors[0].pointer]).toEqual(['invalid_request', '/actor']);
  expect((await show(server, own, mine.id)).data.status).toBe('pending');
  const nobody = await ask(server, 'POST', '/mcp/operator', post({ jsonrpc: '2.0', id: 1, method: 'tools/list' }));
  expect([nobody.status, nobody.code, nobody.headers['www-authenticate']]).toEqual([401, 'unauthenticated', 'Bearer']);
  await client.close();
});

test('what is wrong is told by its place, and a tool that is not there by its name', async ({ server, person }) => {
  const client = await connect(server.url, person.token!);
  const pointers = async (name: string, args: Json, code = 'invalid_request') => {
    const told = await call(client, name, args);
    expect([told.failed, told.json.code], told.text).toEqual([true, code]);
    return told.json.errors.map((error: Json) => error.pointer);
  };
  expect(await pointers('list_pending_actions', { limit: 0 })).toEqual(['limit']);
  expect(await pointers('list_pending_actions', { risk_tier: ['huge'] })).toEqual(['risk_tier']);
  expect(await pointers('approve_action', { action_id: 'x' })).toEqual(['/action_id']);
  expect(await pointers('create_approval_rule', { tool_name: 't', description: 'd', arg_constraints: { to: { type: 'mail' } } }, 'rule_rejected')).toEqual(['/arg_constraints/to/type']);
  await expect(call(client, 'approve_everything')).rejects.toThrow(/approve_everything/);
  await client.close();
});

test('digits pass as they are, and a member that stands twice is refused', async ({ server, agent, person }) => {
  const action = await park(server, agent.token!, '{"tool_name":"mcp_exact","tool_args":{"amount":10.00,"n":123456789012345678901}}');
  const message = (args: string, id = 1) => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"approve_action","arguments":${args}}}`;
  const token = person.token!;
  const twice = await ask(server, 'POST', '/mcp/operator', { token, ...post(message(`{"action_id":"${action.id}","edited_args":{"n":1,"n":2}}`)) });
  expect([twice.status, twice.json.error.code]).toEqual([400, -32700]);
  expect(twice.json.error.message).toContain('"n"');
  const edited = await ask(server, 'POST', '/mcp/operator', { token, ...post(message(`{"action_id":"${action.id}","args_sha256":"${action.args_sha256}","edited_args":{"amount":10.50,"n":123456789012345678902}}`)) });
  expect(edited.status, edited.text).toBe(200);
  expect(edited.json.result.content[0].text).toContain('{"amount":10.50,"n":123456789012345678902}');
  expect(edited.json.result.structuredContent).toBeUndefined();
  expect((await show(server, token, action.id)).text).toContain('"edited_args":{"amount":10.50,"n":123456789012345678902}');
});
