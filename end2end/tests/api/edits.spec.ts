// Edit before approve: the worker gets what the person approved, the agent is told what was changed, and both versions stay.
import { ADMIN } from '../../support/server';
import { expect, test } from '../../support/test';
import { ACTIONS, approve, ask, claim, open, park, show, signIn, type Json, type Where } from './kit';

const config = `
[tools.pay]
executor = "worker"
[tools.pay_agent]
executor = "agent"
`;

test.use({ serverOptions: { config } });

interface Cast {
  agent: string;
  ana: string;
  worker: string;
}

async function cast(server: Where & { token: (name: string, scopes: string[], user?: string) => Promise<string> }, name: string): Promise<Cast> {
  return {
    agent: await server.token(`edits-${name}-agent`, ['actions:submit']),
    ana: await server.token(`edits-${name}-ana`, ['actions:read', 'decisions:write', 'audit:read'], ADMIN),
    worker: await server.token(`edits-${name}-worker`, ['actions:execute']),
  };
}

const call = (args: string, tool = 'pay') => `{"tool_name":"${tool}","tool_args":${args}}`;

/** Approves with edits, as text: digits arrive as they are written. */
const edit = (server: Where, token: string, action: Json, args: string, more = '') =>
  approve(server, token, action.id, `{"args_sha256":"${action.args_sha256}","edited_args":${args}${more}}`);

test('bind-23: the worker gets the edited bytes, null stays null, and the proposed ones are kept beside them', async ({ server }) => {
  const { agent, ana, worker } = await cast(server, 'bytes');
  const parked = await park(server, agent, call('{"z":1e3,"to":"ana@example.com","amount":9007199254740993,"m":-0,"cc":["x"]}'));
  const edited = '{"to":"ana@example.com","z":1e3,"m":-0,"amount":9007199254740994.10,"cc":null}';
  const approved = await edit(server, ana, parked, edited, ',"note":"the invoice says so"');
  expect(approved.status, approved.text).toBe(200);

  const shown = await show(server, ana, parked.id);
  for (const answer of [approved, shown]) {
    expect(answer.text).toContain('"tool_args":{"z":1e3,"to":"ana@example.com","amount":9007199254740993,"m":-0,"cc":["x"]}');
    expect(answer.text).toContain(`"edited_args":${edited}`);
    expect(answer.text).toContain('{"path":"/amount","change":"changed","before":9007199254740993,"after":9007199254740994.10}');
    expect(answer.data).toMatchObject({ edited: true, args_sha256: parked.args_sha256, decision_reason: 'the invoice says so' });
    expect(answer.data.changes[1]).toEqual({ path: '/cc', change: 'changed', before: ['x'], after: null });
    expect(answer.data.effective_args_sha256).not.toBe(parked.args_sha256);
  }
  const claimed = await claim(server, worker, ['pay']);
  expect(claimed.text).toContain(`"tool_args":${edited}`);
  expect(claimed.data).toMatchObject({ action_id: parked.id, edited: true, args_sha256: approved.data.effective_args_sha256 });
  const event = shown.data.events.find((event: Json) => event.event_type === 'action_approved');
  expect(event.event_metadata).toMatchObject({
    args_sha256: parked.args_sha256,
    effective_args_sha256: approved.data.effective_args_sha256,
    edited: ['/amount', '/cc'],
  });
});

test('the agent that waits is told what was changed, and runs the edited call', async ({ server }) => {
  const { agent, ana } = await cast(server, 'told');
  const parked = await park(server, agent, call('{"to":"ana@example.com","amount":1}', 'pay_agent'));
  const waiting = show(server, agent, parked.id, '?wait=30');
  await edit(server, ana, parked, '{"to":"ana@example.com","amount":2,"memo":"late"}');
  expect((await waiting).data).toMatchObject({
    status: 'approved',
    edited: true,
    edited_args: { to: 'ana@example.com', amount: 2, memo: 'late' },
    changes: [
      { path: '/amount', change: 'changed', before: 1, after: 2 },
      { path: '/memo', change: 'added', after: 'late' },
    ],
  });
  const body = { action_id: parked.id, lease_seconds: 60 };
  const claimed = await ask(server, 'POST', '/api/approvals/executions/claim', { token: agent, body });
  expect(claimed.data.tool_args).toEqual({ to: 'ana@example.com', amount: 2, memo: 'late' });
});

test('what an edit may not be is refused by its place, and the call goes on waiting', async ({ server }) => {
  const { agent, ana } = await cast(server, 'refused');
  const parked = await park(server, agent, call('{"to":"a","password":"canary-first"}'));
  const wrong: [string, number, string, string][] = [
    [`{"edited_args":{"to":"b"}}`, 422, 'invalid_request', '/args_sha256'],
    [`{"args_sha256":"${parked.args_sha256}","edited_args":null}`, 422, 'invalid_request', '/edited_args'],
    [`{"args_sha256":"${parked.args_sha256}","edited_args":[1]}`, 422, 'invalid_request', '/edited_args'],
    [`{"args_sha256":"${parked.args_sha256}","edited_args":{"to":"[REDACTED]"}}`, 422, 'invalid_request', '/edited_args/to'],
    [`{"args_sha256":"${parked.args_sha256}","edited_args":{"pin":"[REDACTED]"}}`, 422, 'invalid_request', '/edited_args/pin'],
    [`{"args_sha256":"${parked.args_sha256}","edited_args":{"to":"a","to":"b"}}`, 400, 'malformed_json', '/edited_args/to'],
    [`{"args_sha256":"${'0'.repeat(64)}","edited_args":{"to":"b"}}`, 409, 'arguments_changed', ''],
    [`{"args_sha256":"${parked.args_sha256}","edited_args":{},"edits":[]}`, 422, 'invalid_request', 'edits'],
  ];
  for (const [body, status, code, place] of wrong) {
    const refused = await approve(server, ana, parked.id, body);
    expect([refused.status, refused.code], body).toEqual([status, code]);
    expect(refused.text, body).toContain(place);
    expect(refused.text).not.toContain('canary');
  }
  const bulk = { decision: 'approve', ids: [parked.id], edited_args: {} };
  expect((await ask(server, 'POST', `${ACTIONS}/bulk`, { token: ana, body: bulk })).status).toBe(422);
  expect((await show(server, ana, parked.id)).data).toMatchObject({ status: 'pending', edited: false, edited_args: null, changes: [] });
});

test('a secret that nobody saw reaches the worker of an edited call, and a new one is shown to nobody', async ({ server }) => {
  const { agent, ana, worker } = await cast(server, 'secret');
  const cookie = await signIn(server, 'edna');
  const parked = await park(server, agent, call('{"to":"a","config":{"password":"canary-old1","token":"canary-keep2"}}'));
  const page = await open(server, `/approvals/${parked.id}/edit`, cookie);
  expect(page.status).toBe(200);
  expect(page.text).toContain(`/approvals/${parked.id}`);
  const approved = await edit(server, ana, parked, '{"to":"b","config":{"password":"canary-new3","token":"[REDACTED]"}}');
  expect(approved.status, approved.text).toBe(200);
  const claimed = await claim(server, worker, ['pay']);
  expect(claimed.text).toContain('"tool_args":{"to":"b","config":{"password":"canary-new3","token":"canary-keep2"}}');
  const card = await open(server, `/approvals/${parked.id}`, cookie);
  expect(card.text).toContain('Edited while approving');
  const seen = [page.text, approved.text, card.text, (await show(server, ana, parked.id)).text];
  seen.push((await ask(server, 'GET', `${ACTIONS}?status=approved`, { token: ana })).text);
  seen.push(await server.sql('SELECT to_jsonb(e) FROM approval_events e'));
  seen.push(await server.sql('SELECT edited_args, tool_args, words FROM pending_actions'));
  seen.push(server.lines.join('\n'));
  for (const text of seen) expect(text).not.toContain('canary');
});

test('the same edit again is the same decision, another one comes too late, and a blocked tool passes none', async ({ server, person }) => {
  const { agent, ana } = await cast(server, 'again');
  const parked = await park(server, agent, call('{"to":"a"}'));
  expect((await edit(server, ana, parked, '{"to":"b"}')).status).toBe(200);
  expect((await edit(server, ana, parked, '{"to":"b"}')).status).toBe(200);
  for (const again of [await edit(server, ana, parked, '{"to":"c"}'), await approve(server, ana, parked.id)]) {
    expect([again.status, again.code]).toEqual([409, 'already_decided']);
  }
  const keyed = await park(server, agent, call('{"to":"a"}'));
  const body = `{"args_sha256":"${keyed.args_sha256}","edited_args":{"to":"b"}}`;
  const key = { token: ana, body, headers: { 'idempotency-key': 'edit-1' } };
  const first = await ask(server, 'POST', `${ACTIONS}/${keyed.id}/approve`, key);
  const second = await ask(server, 'POST', `${ACTIONS}/${keyed.id}/approve`, key);
  expect([first.text, second.headers['idempotent-replayed']]).toEqual([second.text, 'true']);

  const waits = await park(server, agent, call('{"to":"a"}', 'drop_table'));
  await server.sql(`UPDATE tools SET gating = 'blocked', revision = revision + 1 WHERE name = 'drop_table'`);
  const blocked = await edit(server, person.token!, waits, '{"to":"b"}');
  expect([blocked.status, blocked.code]).toEqual([403, 'tool_blocked']);
  expect((await show(server, ana, waits.id)).data.status).toBe('pending');
});

test('the console’s function takes changes by path, and no others', async ({ server }) => {
  const { agent, ana } = await cast(server, 'console');
  const cookie = await signIn(server, 'edgar');
  const parked = await park(server, agent, call('{"to":"a","n":1e3}'));
  const send = (edits: string) => {
    const body = new URLSearchParams({ id: parked.id, args_sha256: parked.args_sha256, edits }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: server.url, accept: 'application/json' };
    return ask(server, 'POST', '/api/console/actions/approve_edited', { cookie, body, headers });
  };
  for (const wrong of ['nonsense', '{}', '[{"path":"/to"}]', '[{"path":"/none/x","value":1}]', '[{"path":"/to","value":"[REDACTED]"}]']) {
    const refused = await send(wrong);
    expect(refused.status, wrong).toBeGreaterThanOrEqual(400);
    expect(refused.status, wrong).toBeLessThan(500);
  }
  expect((await send('[{"path":"/to","value":"b"},{"path":"/cc","value":null}]')).json).toMatchObject({ status: 'approved' });
  expect((await show(server, ana, parked.id)).text).toContain('"edited_args":{"to":"b","n":1e3,"cc":null}');
});
