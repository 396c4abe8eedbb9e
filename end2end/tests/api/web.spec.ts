// A browser does what its person does there, never what a link or another site makes it do.
import type { Server } from '../../support/server';
import { expect, test } from '../../support/test';
import { ACTIONS, API, FORM, approve, ask, each, events, open, park, reject, show, signIn, times, type Answer } from './kit';

/** Every local address that a page carries, in links, forms and whatever else it loads. */
function addresses(server: Server, html: string): string[] {
  const found = html.matchAll(/\s(?:href|action|formaction|src)\s*=\s*"([^"]*)"/g);
  return [...found]
    .map(([, text]) => new URL(text!.replaceAll('&amp;', '&'), `${server.url}/approvals`))
    .filter((url) => url.origin === server.url)
    .map((url) => url.pathname + url.search);
}

test('web-51: whoever opens every address of every page three times decides nothing and stays signed in', async ({ server, agent, person }) => {
  const cookie = await signIn(server, 'ana');
  const actions = await each(times(4), 1, () => park(server, agent.token!));
  const pages = ['/', '/approvals', '/approvals?status=all', ...actions.map((action) => `/approvals/${action.id}`)];
  const opened = new Set(pages);
  for (const page of pages) {
    const html = await open(server, page, cookie);
    expect(html.status, page).toBeLessThan(400);
    for (const address of addresses(server, html.text)) opened.add(address);
  }
  expect([...opened].some((address) => address.includes(actions[0]!.id))).toBe(true);
  expect([...opened].some((address) => address.includes('/api/console/actions/'))).toBe(true);

  for (const _ of [1, 2, 3]) {
    for (const address of opened) {
      for (const method of ['GET', 'HEAD']) {
        expect((await open(server, address, cookie, method)).status, `${method} ${address}`).toBeLessThan(500);
      }
    }
  }
  for (const action of actions) {
    expect((await person.get(action.id)).status).toBe('pending');
    expect(await events(server, person.token!, action.id)).toEqual(['action_parked']);
  }
  expect((await ask(server, 'GET', ACTIONS, { cookie })).status).toBe(200);
});

test('web-51: an address that decides does not answer to GET, whatever parameters it gets', async ({ server, agent, person }) => {
  const cookie = await signIn(server, 'bob');
  const action = await park(server, agent.token!);
  const decision = `id=${action.id}&args_sha256=${action.args_sha256}&reason=no&outcome=succeeded&note=x`;
  const addresses = [
    ...['approve', 'reject', 'resolve', 'expire_stale'].map((verb) => `/api/console/actions/${verb}?${decision}`),
    ...['approve', 'reject', 'withdraw', 'resolve'].map((verb) => `${ACTIONS}/${action.id}/${verb}?${decision}`),
  ];
  for (const address of addresses) {
    for (const method of ['GET', 'HEAD']) {
      const headers = { origin: server.url, accept: 'text/html' };
      const answer = await ask(server, method, address, { cookie, headers });
      expect([404, 405], `${method} ${address}`).toContain(answer.status);
    }
  }
  expect((await person.get(action.id)).status).toBe('pending');
});

test('web-51: a sign-in link that was only looked at is still good, once', async ({ server }) => {
  const link = new URL(await server.addPerson('cleo'));
  for (const method of ['GET', 'HEAD', 'GET', 'HEAD', 'GET', 'HEAD']) {
    const looked = await open(server, link.pathname + link.search, undefined, method);
    expect([looked.status, looked.headers['set-cookie']]).toEqual([200, undefined]);
  }
  const redeem = () =>
    ask(server, 'POST', '/api/console/session/redeem_link', {
      body: `link=${encodeURIComponent(link.searchParams.get('link')!)}`,
      headers: { 'content-type': FORM, origin: server.url },
    });
  expect(String((await redeem()).headers['set-cookie'])).toContain('cs_session=');
  expect(String((await redeem()).headers['set-cookie'])).not.toContain('cs_session=');
});

test("web-52: another site's form, or one without Origin, is refused with 403 even with the session; the console's own is taken", async ({ server, agent, person }) => {
  const cookie = await signIn(server, 'dora');
  const action = await park(server, agent.token!);
  const body = `id=${action.id}&args_sha256=${action.args_sha256}`;
  const post = (headers: Record<string, string>, path = '/api/console/actions/approve'): Promise<Answer> =>
    ask(server, 'POST', path, { cookie, body, headers: { 'content-type': FORM, accept: 'text/html', ...headers } });
  const port = new URL(server.url).port;
  const foreign: Record<string, string>[] = [
    {},
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: '' },
    { origin: `${server.url}.evil.example` },
    { origin: `http://evil.example:${port}` },
    { origin: `http://127.0.0.1:${Number(port) + 1}` },
    { origin: 'http://127.0.0.1' },
    { origin: `http://127.0.0.1:${port}@evil.example` },
    { origin: `http://evil.example/127.0.0.1:${port}` },
    { referer: `${server.url}/approvals` },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', origin: server.url },
    { authorization: 'Bearer nonsense' },
  ];
  for (const headers of foreign) {
    const refused = await post(headers);
    expect(refused.status, JSON.stringify(headers)).toBe(403);
    expect((await person.get(action.id)).status, JSON.stringify(headers)).toBe('pending');
  }
  for (const what of ['actions/reject', 'actions/resolve', 'actions/expire_stale', 'session/sign_out']) {
    expect((await post({ origin: 'https://evil.example' }, `/api/console/${what}`)).status, what).toBe(403);
  }
  expect((await ask(server, 'GET', ACTIONS, { cookie })).status).toBe(200);

  const own = await post({ origin: server.url, 'sec-fetch-site': 'same-origin' });
  expect(own.status).toBe(303);
  expect((await person.get(action.id)).status).toBe('approved');
});

test('web-52: JSON that is sent as text decides nothing, wherever it comes from', async ({ server, agent, person }) => {
  const cookie = await signIn(server, 'eve');
  const action = await park(server, agent.token!);
  const document = JSON.stringify({ id: action.id, args_sha256: action.args_sha256 });
  const text = ['text/plain', 'text/plain;charset=UTF-8', 'application/json, text/plain'];
  for (const kind of [...text, 'multipart/form-data; boundary=x']) {
    for (const origin of [server.url, 'https://evil.example']) {
      const headers = { 'content-type': kind, origin };
      const console = await ask(server, 'POST', '/api/console/actions/approve', { cookie, body: document, headers });
      const rest = await ask(server, 'POST', `${ACTIONS}/${action.id}/approve`, { cookie, body: '{}', headers });
      for (const refused of [console, rest]) {
        expect(refused.status, `${kind} from ${origin}: ${refused.text}`).toBeGreaterThanOrEqual(400);
        expect(refused.status, `${kind} from ${origin}: ${refused.text}`).toBeLessThan(500);
        if (origin !== server.url) expect(refused.status).toBe(403);
      }
      expect(rest.status).toBe(origin === server.url ? 415 : 403);
    }
  }
  expect((await person.get(action.id)).status).toBe('pending');
  expect(await events(server, person.token!, action.id)).toEqual(['action_parked']);
});

test("a browser's session cannot claim what a worker runs, and a stranger's page is the sign-in", async ({ server, agent }) => {
  const cookie = await signIn(server, 'finn');
  const claimed = await ask(server, 'POST', '/api/approvals/executions/claim', {
    cookie,
    body: { tools: ['send_email'] },
    headers: { origin: server.url },
  });
  expect([claimed.status, claimed.code]).toEqual([403, 'forbidden']);
  const action = await park(server, agent.token!);
  const stranger = await open(server, `/approvals/${action.id}`);
  expect(stranger.status).toBe(302);
  expect(stranger.headers.location).toMatch(/^\/login/);
  expect(stranger.text).not.toContain('ana@example.com');
  expect((await show(server, agent.token!, action.id)).data.status).toBe('pending');
});

test('every refusal is a problem document with all its members, whoever refuses', async ({ server, agent, person }) => {
  const action = await park(server, agent.token!);
  await approve(server, person.token!, action.id);
  const token = person.token!;
  const refusals: [Answer, number, string][] = [
    [await ask(server, 'GET', `${ACTIONS}/${action.id}`), 401, 'unauthenticated'],
    [await ask(server, 'GET', `${ACTIONS}/no-such-id`, { token }), 404, 'not_found'],
    [await ask(server, 'GET', `${API}/no/such/route`, { token }), 404, 'not_found'],
    [await ask(server, 'DELETE', `${ACTIONS}/${action.id}`, { token }), 405, 'method_not_allowed'],
    [await ask(server, 'GET', `${ACTIONS}?status=maybe`, { token }), 422, 'invalid_request'],
    [await ask(server, 'POST', ACTIONS, { token: agent.token, body: '{"a": 1, "a": 2}' }), 400, 'malformed_json'],
    [await reject(server, token, action.id), 409, 'already_decided'],
  ];
  for (const [answer, status, code] of refusals) {
    expect(answer.headers['content-type'], code).toBe('application/problem+json');
    expect(answer.json, code).toMatchObject({ type: `/problems/${code}`, status, code });
    for (const member of ['title', 'detail', 'instance']) expect(answer.json[member], `${code}: ${member}`).toMatch(/./);
  }
  const late = refusals.at(-1)![0].json;
  expect(late).toMatchObject({ current_status: 'approved', decided_by: expect.stringMatching(/^human:/) });
  expect(Date.parse(late.decided_at)).toBeGreaterThan(Date.parse(action.requested_at));
});
