// Who may do what: every route with every kind of token, and what is left of a token that was taken away.
import { ADMIN, type Server } from '../../support/server';
import { expect, test } from '../../support/test';
import { ACTIONS, API, Stream, approve, ask, count, park, reject, show, signIn, type Json } from './kit';

const NOBODYS = '00000000-0000-4000-8000-000000000000';

interface Route {
  method: string;
  path: string;
  body?: Json;
  /** The scopes that open it. */
  opens: string[];
  /** What an agent's token is told where a person is wanted. */
  persons?: boolean;
}

// `{id}` is an action that somebody else parked: a token that may only submit does not see it.
const ROUTES: Route[] = [
  { method: 'POST', path: '/actions', body: { tool_name: 'pay', tool_args: {} }, opens: ['actions:submit'] },
  { method: 'GET', path: '/actions', opens: ['actions:read', 'actions:submit'] },
  { method: 'GET', path: '/actions/executed', opens: ['actions:read', 'actions:submit'] },
  { method: 'GET', path: '/actions/{id}', opens: ['actions:read', 'actions:submit'] },
  { method: 'GET', path: '/actions/{id}?wait=0', opens: ['actions:read', 'actions:submit'] },
  { method: 'POST', path: '/actions/{id}/approve', body: {}, opens: ['decisions:write'], persons: true },
  { method: 'POST', path: '/actions/{id}/reject', body: { reason: 'no' }, opens: ['decisions:write'], persons: true },
  {
    method: 'POST',
    path: '/actions/{id}/resolve',
    body: { outcome: 'failed', note: 'no' },
    opens: ['decisions:write'],
    persons: true,
  },
  { method: 'POST', path: '/actions/{id}/withdraw', body: {}, opens: ['actions:submit'] },
  { method: 'POST', path: '/actions/expire-stale', opens: ['actions:expire', 'decisions:write'] },
  { method: 'POST', path: '/executions/claim', body: { tools: ['nothing'] }, opens: ['actions:execute'] },
  { method: 'GET', path: '/metrics', opens: ['metrics:read'] },
];
const AGENTS = ['submit', 'read', 'execute', 'expire']
  .map((what) => `actions:${what}`)
  .concat('metrics:read', 'rules:read', 'audit:read');
const PEOPLES = ['decisions:write', 'rules:write', 'tools:write', 'admin'];

const send = (server: Server, route: Route, id: string, token?: string) =>
  ask(server, route.method, API + route.path.replace('{id}', id), { token, body: route.body });

test('without a token no route says more than 401, not even whether the action exists', async ({ server, agent }) => {
  const action = await park(server, agent.token!);
  for (const route of ROUTES) {
    for (const id of [action.id, NOBODYS, 'nonsense']) {
      for (const token of [undefined, 'nonsense', 'cs_user_00000000000040008000000000000000_AAAAAAAAAAAAAAAA']) {
        const refused = await send(server, route, id, token);
        const what = `${route.method} ${route.path} ${token}`;
        expect([refused.status, refused.code], what).toEqual([401, 'unauthenticated']);
        expect(refused.headers['www-authenticate']).toBe('Bearer');
      }
    }
  }
  const unread = await ask(server, 'POST', ACTIONS, { body: '{"a":1,"a":2' });
  expect(unread.status).toBe(401);
});

test("a token's one scope opens the routes that it names and no other", async ({ server, agent }) => {
  for (const [kind, scopes] of [['agent', AGENTS], ['person', PEOPLES]] as const) {
    for (const scope of scopes) {
      const name = `one ${scope.replace(':', ' ')}`;
      const token = await server.token(name, [scope], kind === 'person' ? ADMIN : undefined);
      for (const route of ROUTES) {
        // A fresh one each time: whether it is still pending must not decide what is answered.
        const action = await park(server, agent.token!);
        const answer = await send(server, route, action.id, token);
        const what = `${scope}: ${route.method} ${route.path}: ${answer.text}`;
        if (route.opens.includes(scope)) {
          expect([401, 403], what).not.toContain(answer.status);
          const anothers = scope === 'actions:submit' && route.path.includes('{id}');
          if (anothers) expect([answer.status, answer.code], what).toEqual([404, 'not_found']);
        } else {
          expect(answer.status, what).toBe(403);
          expect(answer.code, what).toBe(route.persons && kind === 'agent' ? 'human_actor_required' : 'forbidden');
          expect((await show(server, agent.token!, action.id)).data.status, what).toBe('pending');
        }
      }
      const stream = await Stream.open(server, { token });
      expect(stream.status, `${scope}: stream`).toBe(scope === 'actions:read' ? 200 : 403);
      stream.close();
    }
  }
});

test("web-54: an agent's token decides nothing, whatever else it may do, and nothing changes", async ({ server, person }) => {
  const token = await server.token('all-of-an-agents', AGENTS);
  const action = await park(server, token);
  for (const answer of [
    await approve(server, token, action.id),
    await approve(server, token, action.id, { args_sha256: action.args_sha256, note: 'I am a person' }),
    await reject(server, token, action.id),
    await approve(server, token, NOBODYS),
  ]) {
    expect([answer.status, answer.code]).toEqual([403, 'human_actor_required']);
  }
  expect((await show(server, person.token!, action.id)).data).toMatchObject({ status: 'pending', decided_by: null });
});

test("no agent's token can be made with a person's scope", async ({ server }) => {
  for (const scope of PEOPLES) {
    await expect(server.token(`agent with ${scope.replace(':', ' ')}`, ['actions:submit', scope])).rejects.toThrow();
  }
});

test('a submit-only token reads what it parked and knows nothing of the rest', async ({ server, agent }) => {
  const token = await server.token('submit-only', ['actions:submit']);
  const [own, anothers] = [await park(server, token), await park(server, agent.token!)];
  expect((await show(server, token, own.id)).data.id).toBe(own.id);
  for (const id of [anothers.id, NOBODYS, 'nonsense']) {
    const missing = await show(server, token, id);
    expect([missing.status, missing.json.detail]).toEqual([404, (await show(server, token, NOBODYS)).json.detail]);
    const withdrawn = await ask(server, 'POST', `${ACTIONS}/${id}/withdraw`, { token, body: {} });
    expect(withdrawn.status).toBe(404);
  }
  const listed = await ask(server, 'GET', ACTIONS, { token });
  expect(listed.data.map((action: Json) => action.id)).toEqual([own.id]);
  expect(listed.json.meta.total).toBe(1);
  expect((await show(server, agent.token!, anothers.id)).data.status).toBe('pending');
});

test("a worker's attempt is its own: another worker can neither keep nor report it", async ({ server, agent, person, worker }) => {
  const other = await server.token('other-worker', ['actions:execute']);
  const action = await park(server, agent.token!, { tool_name: 'own_attempt' });
  await person.approve(action.id);
  const claimed = (await worker.claim(['own_attempt']))!;
  for (const [verb, body] of [['heartbeat', undefined], ['result', { success: true }]] as const) {
    for (const token of [other, person.token!]) {
      const refused = await ask(server, 'POST', `${API}/executions/${claimed.attempt}/${verb}`, { token, body });
      expect([refused.status, refused.code], verb).toEqual([404, 'not_found']);
    }
  }
  expect((await worker.report(claimed.attempt, { success: true })).status).toBe('executed');
});

test('an expire-only token expires what is past its deadline and nothing else', async ({ server, agent, person }) => {
  const cron = await server.token('cron', ['actions:expire']);
  const [late, live] = [await park(server, agent.token!), await park(server, agent.token!)];
  await server.moveDeadline(late.id, -1);
  const expired = await ask(server, 'POST', `${ACTIONS}/expire-stale`, { token: cron });
  expect(expired.data).toEqual({ expired_count: 1, expired_ids: [late.id] });
  expect((await show(server, cron, late.id)).status).toBe(403);
  const shown = await person.get(late.id);
  expect(shown).toMatchObject({ status: 'expired', decided_by: 'system:expiry' });
  expect(shown.events!.map((event) => event.event_type)).toEqual(['action_parked', 'action_expired']);
  expect((await person.get(live.id)).status).toBe('pending');
});

test('a sign-in link leads to the address that the server was started with', async ({ server }) => {
  const links = [await server.addPerson('cleo'), await server.command('user', 'link', 'cleo')];
  for (const link of links) expect(link).toMatch(new RegExp(`^${server.url}/login\\?link=`));
  expect(links[1]).not.toBe(links[0]);
});

test('a revoked token is refused at its next request, and a new one of its name does not bring it back', async ({ server }) => {
  const token = await server.token('to be revoked', ['actions:submit', 'actions:read']);
  const action = await park(server, token);
  await server.command('token', 'revoke', 'to be revoked');
  const parking = ask(server, 'POST', ACTIONS, { token, body: { tool_name: 'pay', tool_args: {} } });
  for (const answer of [await show(server, token, action.id), await parking]) {
    expect([answer.status, answer.code]).toEqual([401, 'unauthenticated']);
  }
  const next = await server.token('to be revoked', ['actions:submit']);
  expect((await show(server, token, action.id)).status).toBe(401);
  expect(await count(server, next)).toBe(0);
  expect(await server.command('token', 'list')).not.toContain(token);
});

test("a person who is shut out loses their session and their tokens at once; a viewer's token never decides", async ({ server, agent }) => {
  const cookie = await signIn(server, 'bea');
  const token = await server.token('bea-cli', ['actions:read', 'decisions:write'], 'bea');
  const action = await park(server, agent.token!);
  expect((await ask(server, 'GET', ACTIONS, { cookie })).status).toBe(200);
  await server.command('user', 'disable', 'bea');
  for (const asked of [{ cookie }, { token }]) {
    expect((await ask(server, 'GET', ACTIONS, asked)).status).toBe(401);
    const deciding = { ...asked, body: {}, headers: { origin: server.url } };
    expect((await ask(server, 'POST', `${ACTIONS}/${action.id}/approve`, deciding)).status).toBe(401);
  }
  await server.addPerson('vic', 'viewer');
  const viewer = await server.token('vic-cli', ['actions:read', 'decisions:write'], 'vic').catch(() => undefined);
  if (viewer !== undefined) {
    const refused = await approve(server, viewer, action.id);
    expect([refused.status, refused.code]).toEqual([403, 'forbidden']);
  }
  expect((await show(server, agent.token!, action.id)).data.status).toBe('pending');
});
