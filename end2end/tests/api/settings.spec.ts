// What holds in this installation, over HTTP.
import { Api } from '../../support/api';
import { ADMIN } from '../../support/server';
import { expect, test } from '../../support/test';

test('what is settled is told with who settled it, and a wrong value by its field', async ({ server, agent }) => {
  const admin = new Api(server.url, await server.token('settings-cli', ['actions:read', 'admin'], ADMIN));
  const put = (json: unknown) => admin.send('PUT', '/settings', { json });
  const settings = async () => (await admin.send('GET', '/settings')).body.data;
  expect(await settings()).toMatchObject({ default_expiry_hours: { value: 48, configured: 48, settled_by: null, until: null }, default_risk_tier: { value: 'medium' }, timezone: 'UTC' });

  const until = new Date(Date.now() + 3_600_000).toISOString();
  const settled = await put({ default_expiry_hours: 72, until, default_risk_tier: 'high', reason: 'Incident 7' });
  expect(settled.status).toBe(200);
  expect(settled.body.data).toMatchObject({ default_expiry_hours: { value: 72, configured: 48, settled_by: 'human:admin' }, default_risk_tier: { value: 'high', until: null } });
  expect(Date.parse(settled.body.data.default_expiry_hours.until)).toBe(Date.parse(until));
  expect((await agent.park({ tool_name: 'never_seen', tool_args: {} })).risk_tier).toBe('high');

  for (const [body, pointer] of [
    [{ default_expiry_hours: 0 }, '/default_expiry_hours'],
    [{ default_expiry_hours: 72, until: '2027-02-30T00:00:00Z' }, '/until'],
    [{ default_expiry_hours: 72, until: '2020-01-01T00:00:00Z' }, '/until'],
    [{ until }, '/until'],
    [{ default_risk_tier: 'severe' }, '/default_risk_tier'],
    [{ default_expiry_hours: 'many' }, '/default_expiry_hours'],
    [{ retention: 1 }, '/?'],
    [{}, ''],
  ] as const) {
    const refused = await put(body);
    expect([refused.status, refused.body.code], JSON.stringify(body)).toEqual([422, 'invalid_request']);
    expect(refused.body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer === '/?' ? refused.body.errors[0].pointer : pointer);
  }
  expect((await put({ default_expiry_hours: null, default_risk_tier: null })).status).toBe(200);
  expect(await settings()).toMatchObject({ default_expiry_hours: { value: 48, settled_by: null }, default_risk_tier: { value: 'medium', settled_by: null } });

  expect((await agent.send('PUT', '/settings', { json: { default_expiry_hours: 1 } })).status).toBe(403);
  expect((await agent.send('GET', '/database')).status).toBe(403);
  const database = await admin.send('GET', '/database');
  expect(database.body.data.tables.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(['pending_actions', 'approval_events']));
  expect((await admin.send('POST', '/database/vacuum', { json: {} })).status).toBe(202);
});
