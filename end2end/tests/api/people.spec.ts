// People, their sessions and tokens through the interface for programs: who may, what is seen once, what ends at once.
import { ADMIN } from '../../support/server';
import { expect, test } from '../../support/test';
import { ACTIONS, API, ask, leaksOf } from './kit';

const USERS = `${API}/users`;
const TOKENS = `${API}/tokens`;

test('an administrator adds a person, and the link is in the first answer alone', async ({ server }) => {
  const admin = await server.token('people-admin', ['admin'], ADMIN);
  const body = { name: 'nora', role: 'operator' };
  const headers = { 'idempotency-key': 'add-nora' };
  const first = await ask(server, 'POST', USERS, { token: admin, body, headers });
  expect([first.status, first.data.person.role], first.text).toEqual([201, 'operator']);
  const link: string = first.data.sign_in_link;
  const secret = new URL(link).searchParams.get('link')!;
  expect(secret.length).toBeGreaterThan(20);
  const again = await ask(server, 'POST', USERS, { token: admin, body, headers });
  expect([again.status, again.data.sign_in_link]).toEqual([201, null]);
  const seen = new Map<string, string>();
  for (const path of [USERS, `${USERS}/nora`, `${USERS}/nora/sessions`]) seen.set(path, (await ask(server, 'GET', path, { token: admin })).text);
  seen.set('the stored answers', await server.sql(`SELECT encode(response, 'escape') FROM idempotency_keys`));
  seen.set('the links', await server.sql('SELECT * FROM sign_in_links'));
  seen.set('the trail', await server.sql('SELECT to_jsonb(e) FROM approval_events e'));
  seen.set('the log', server.lines.join('\n'));
  expect(leaksOf([secret], seen)).toEqual([]);
  expect(seen.get(`${USERS}/nora`)).toContain('"name":"nora"');
  const taken = await ask(server, 'POST', USERS, { token: admin, body });
  expect([taken.status, taken.json.errors[0].pointer]).toEqual([422, '/name']);
});

test('a token is shown once, works, and is refused from the moment it is revoked', async ({ server }) => {
  const admin = await server.token('tokens-admin', ['admin'], ADMIN);
  const made = await ask(server, 'POST', TOKENS, { token: admin, body: { name: 'fresh-agent', scopes: ['actions:submit'] } });
  expect(made.status, made.text).toBe(201);
  const { secret, token } = made.data;
  const parks = () => ask(server, 'POST', ACTIONS, { token: secret, body: { tool_name: 'pay', tool_args: {} } });
  expect((await parks()).status).toBe(201);
  const listed = await ask(server, 'GET', TOKENS, { token: admin });
  expect(listed.text).toContain('fresh-agent');
  expect(leaksOf([secret.split('_').pop()], new Map([['the list', listed.text]]))).toEqual([]);
  expect(listed.text).not.toContain('hash');
  const revoked = await ask(server, 'POST', `${TOKENS}/${token.id}/revoke`, { token: admin, body: {} });
  expect([revoked.status, revoked.data.state]).toEqual([200, 'revoked']);
  expect((await parks()).status).toBe(401);
});

test('whoever does not administer makes no people, no programs’ tokens and nothing wider than the role', async ({ server, agent }) => {
  await server.addPerson('olga', 'operator');
  const olga = await server.token('olga-script', ['actions:read', 'decisions:write'], 'olga');
  for (const token of [agent.token!, olga]) {
    for (const [path, body] of [
      [USERS, { name: 'mallory', role: 'admin' }],
      [`${USERS}/admin/role`, { role: 'viewer' }],
      [`${USERS}/admin/disable`, {}],
      [`${USERS}/admin/link`, {}],
      [TOKENS, { name: 'mine', scopes: ['admin'], user: 'olga' }],
      [TOKENS, { name: 'mine', scopes: ['actions:submit'] }],
    ] as const) {
      const refused = await ask(server, 'POST', path, { token, body });
      expect([403, 422], `${path} ${refused.text}`).toContain(refused.status);
    }
    expect((await ask(server, 'GET', USERS, { token })).status).toBe(403);
  }
  const admin = await server.token('wide-admin', ['admin'], ADMIN);
  const wide = await ask(server, 'POST', TOKENS, { token: admin, body: { name: 'wide', scopes: ['admin'], user: 'olga' } });
  expect(wide.status, wide.text).toBe(422);
});

test('a disabled person’s tokens are refused at once, and somebody always administers', async ({ server }) => {
  const admin = await server.token('standing-admin', ['admin'], ADMIN);
  await server.addPerson('pia', 'operator');
  const pia = await server.token('pia-script', ['actions:read'], 'pia');
  expect((await ask(server, 'GET', ACTIONS, { token: pia })).status).toBe(200);
  const out = await ask(server, 'POST', `${USERS}/pia/disable`, { token: admin, body: {} });
  expect(out.status, out.text).toBe(200);
  expect((await ask(server, 'GET', ACTIONS, { token: pia })).status).toBe(401);
  for (const [verb, body] of [['disable', {}], ['role', { role: 'viewer' }]] as const) {
    const last = await ask(server, 'POST', `${USERS}/${ADMIN}/${verb}`, { token: admin, body });
    expect([last.status, last.code], last.text).toEqual([409, 'last_administrator']);
  }
  expect((await ask(server, 'GET', `${USERS}/${ADMIN}`, { token: admin })).data.role).toBe('admin');
});
