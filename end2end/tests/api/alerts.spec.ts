// Alerts: what is wrong reaches whoever is to hear of it, signed, until it has arrived; and nothing of a call goes with it.
import { Receiver, json, verified, type Answer } from '../../support/receiver';
import { ADMIN, type Server } from '../../support/server';
import { expect, test } from '../../support/test';
import { API, ask, leaksOf, park, pause, type Json } from './kit';

test.use({ serverOptions: { config: 'outbound_allow = ["127.0.0.0/8"]\n' } });

const ALERTS = `${API}/alerts`;
const administrator = (server: Server) => server.token(`alerts-${Math.random()}`, ['admin'], ADMIN);

const receivers: Receiver[] = [];
test.afterAll(async () => {
  await Promise.all(receivers.map((receiver) => receiver.stop()));
});

async function receive(answer: Answer): Promise<Receiver> {
  const receiver = await Receiver.start(answer);
  receivers.push(receiver);
  return receiver;
}

async function place(server: Server, token: string, name: string, url: string, format = 'standard') {
  const added = await ask(server, 'POST', `${ALERTS}/endpoints`, { token, body: { name, url, format } });
  expect(added.status, added.text).toBe(201);
  return added.data;
}

const shown = async (server: Server, token: string): Promise<Json> => (await ask(server, 'GET', ALERTS, { token })).data;

test('a backlog is told to every place, again where it did not arrive, and so is its end', async ({ server, agent }) => {
  test.slow();
  const token = await administrator(server);
  const secret = 'Canary7AlertX9q';
  let refusals = 1;
  const ops = await receive((call, response) => (refusals-- > 0 ? response.writeHead(503).end('later') : json({})(call, response)));
  const chat = await receive(json({}));
  const { signing_secret, endpoint } = await place(server, token, 'ops', ops.url);
  expect(signing_secret).toMatch(/^whsec_/);
  await place(server, token, 'chat', `${chat.url}/services/T0/B0/canarypath9q`, 'slack');
  const one = await park(server, agent.token!, { tool_name: `tool_${secret}`, tool_args: { config: { password: secret }, to: 'ana@example.com' }, agent_summary: `with ${secret}` });
  await server.sql(`INSERT INTO pending_actions (id, tool_name, tool_args, tool_args_text, args_sha256, agent_id, agent_summary, status, risk_tier, expires_at)
    SELECT gen_random_uuid(), tool_name, tool_args, tool_args_text, args_sha256, agent_id, agent_summary, status, risk_tier, now() + interval '1 hour'
    FROM pending_actions, generate_series(1, 110) WHERE id = '${one.id}'`);
  await expect.poll(() => ops.calls.length, { timeout: 40_000 }).toBe(2);
  expect(chat.calls).toHaveLength(1);
  const [refused, arrived] = ops.calls;
  expect(arrived!.headers['webhook-id']).toBe(refused!.headers['webhook-id']);
  expect(arrived!.raw).toEqual(refused!.raw);
  const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  expect(verified(arrived!, [signing_secret, other])).toEqual([true, false]);
  expect(arrived!.body).toMatchObject({
    type: 'alert.opened',
    data: { kind: 'backlog', severity: 'critical', title: 'Backlog: 111 actions wait, more than 100', closed_at: null, url: `${server.url}/approvals/metrics` },
  });
  expect(chat.calls[0]!.body).toEqual({ text: expect.stringContaining(`<${server.url}/approvals/metrics|Open the console>`) });
  const log = await shown(server, token);
  const opened = log.deliveries.find((own: Json) => own.endpoint === 'ops');
  expect(opened).toMatchObject({ says: 'opened', attempts: 2, last_status: 200, last_error: null, next_at: null });
  expect(log.alerts.map((own: Json) => [own.kind, own.closed_at])).toEqual([['backlog', null]]);

  await server.sql(`UPDATE pending_actions SET expires_at = now() - interval '1 second' WHERE tool_name LIKE 'tool_%'`);
  await ask(server, 'POST', `${API}/actions/expire-stale`, { token: await server.token('expirer', ['decisions:write'], ADMIN) });
  await expect.poll(() => ops.calls.length, { timeout: 40_000 }).toBe(3);
  expect(ops.calls[2]!.body).toMatchObject({ type: 'alert.closed', data: { alert_id: arrived!.body.data.alert_id } });

  const again = await ask(server, 'POST', `${ALERTS}/deliveries/${opened.id}/replay`, { token, body: {} });
  expect(again.status).toBe(202);
  await expect.poll(() => ops.calls.length, { timeout: 10_000 }).toBe(4);
  expect(ops.calls[3]!.headers['webhook-id']).toBe(arrived!.headers['webhook-id']);

  // leak-55
  const seen = new Map<string, string>();
  [...ops.calls, ...chat.calls].forEach((call, at) => seen.set(`message ${at}`, call.raw.toString('utf8')));
  const reader = await server.token('alert-reader', ['audit:read'], ADMIN);
  seen.set('the trail', (await ask(server, 'GET', `${API}/events/export`, { token: reader })).text);
  seen.set('the alerts', (await ask(server, 'GET', ALERTS, { token })).text);
  seen.set('the log', await server.log());
  expect(leaksOf([signing_secret, 'canarypath9q'], seen)).toEqual([]);
  expect(leaksOf([secret], new Map([...seen].filter(([name]) => name.startsWith('message') || name === 'the alerts')))).toEqual([]);

  const events = (await ask(server, 'GET', `${API}/events?event_type=alert_opened,alert_closed&sort=seq`, { token: reader })).data;
  expect(events.map((event: Json) => [event.event_type, event.actor])).toEqual([['alert_opened', 'system:alerts'], ['alert_closed', 'system:alerts']]);

  const removed = await ask(server, 'POST', `${ALERTS}/endpoints/${endpoint.id}/remove`, { token, body: {} });
  expect(removed.status).toBe(200);
  expect((await ask(server, 'POST', `${ALERTS}/endpoints/${endpoint.id}/test`, { token, body: {} })).code).toBe('not_found');
  await pause(1_500);
  expect(ops.calls).toHaveLength(4);
});

test('a redirect is not followed, and an address that nobody allowed is not called', async ({ server }) => {
  const token = await administrator(server);
  const elsewhere = await receive(json({}));
  const astray = await receive((_, response) => response.writeHead(307, { location: elsewhere.url }).end());
  const { endpoint } = await place(server, token, 'astray', astray.url);
  await ask(server, 'POST', `${ALERTS}/endpoints/${endpoint.id}/test`, { token, body: {} });
  await expect.poll(async () => (await shown(server, token)).deliveries.find((own: Json) => own.endpoint === 'astray')?.last_status, { timeout: 10_000 }).toBe(307);
  expect(elsewhere.calls).toHaveLength(0);
  for (const url of ['http://10.0.0.1/', 'http://169.254.169.254/latest', 'https://127.0.0.1.nip.invalid:99999/', 'ftp://a.example/']) {
    const refused = await ask(server, 'POST', `${ALERTS}/endpoints`, { token, body: { name: 'no', url } });
    expect([refused.status, refused.code, refused.json.errors[0].pointer], url).toEqual([422, 'invalid_request', '/url']);
  }
  const operator = await server.token('no-admin', ['decisions:write'], ADMIN);
  expect((await ask(server, 'GET', ALERTS, { token: operator })).code).toBe('forbidden');
  await ask(server, 'POST', `${ALERTS}/endpoints/${endpoint.id}/remove`, { token, body: {} });
});
