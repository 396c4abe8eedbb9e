// time-14: an instant is the same whatever zone the server's machine keeps, and nonsense is refused, never bent.
import { Server } from '../../support/server';
import { expect, test } from '../../support/test';
import { ACTIONS, ask, count, park, show, type Json } from './kit';

const HOUR = 3_600_000;

test('time-14: a server in Asia/Kolkata and one in Pacific/Marquesas answer the same instants, in UTC, with their deadlines', async () => {
  test.setTimeout(90_000);
  const zones = ['UTC', 'Asia/Kolkata', 'Pacific/Marquesas'];
  const servers = await Promise.all(zones.map((TZ) => Server.start({ env: { TZ, PGTZ: TZ } })));
  try {
    for (const [at, server] of servers.entries()) {
      const token = await server.token('clock', ['actions:submit', 'metrics:read']);
      const before = Date.now();
      const parked = await park(server, token, { expires_in_hours: 24 });
      const after = Date.now();
      const [requested, expires] = [Date.parse(parked.requested_at), Date.parse(parked.expires_at)];
      expect(requested, zones[at]).toBeGreaterThanOrEqual(before - 50);
      expect(requested, zones[at]).toBeLessThanOrEqual(after + 50);
      expect(expires - requested, zones[at]).toBe(24 * HOUR);
      const shown = (await show(server, token, parked.id)).text;
      const instants = shown.match(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d[^"]*/g) ?? [];
      expect(instants.length).toBeGreaterThanOrEqual(3);
      for (const instant of instants) expect(instant).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
      const figures = (await ask(server, 'GET', '/api/approvals/metrics', { token })).data;
      expect(figures.timezone).toBe('UTC');
      expect(figures.day).toBe(figures.generated_at.slice(0, 10));
    }
  } finally {
    await Promise.all(servers.map((server) => server.remove()));
  }
});

test('expires_in_hours that is no whole number of hours from 1 to 8760 is refused by its place', async ({ server }) => {
  const token = await server.token('hours', ['actions:submit']);
  const numbers = ['0', '-1', '1.5', '8761', '1e3', '1e400', '9223372036854775807', '9223372036854775808'];
  for (const hours of [...numbers, '"24"', '"tomorrow"', 'true', '[24]', '{}']) {
    const body = `{"tool_name":"pay","tool_args":{},"expires_in_hours":${hours}}`;
    const refused = await ask(server, 'POST', ACTIONS, { token, body });
    expect(refused.status, hours).toBe(422);
    expect(refused.json.errors[0].pointer, hours).toBe('/expires_in_hours');
  }
  expect(await count(server, token)).toBe(0);
});

test('a deadline is as wished or the default of 48 hours, and never later than that', async ({ server }) => {
  const token = await server.token('deadline', ['actions:submit']);
  for (const [wished, given] of [[1, 1], [47, 47], [48, 48], [8760, 48], [null, 48], [undefined, 48]] as const) {
    const parked = await park(server, token, { expires_in_hours: wished });
    expect(Date.parse(parked.expires_at) - Date.parse(parked.requested_at), String(wished)).toBe(given * HOUR);
  }
});

test('time-14: an agent cannot set the deadline itself: expires_at is an unknown member, whatever it holds', async ({ server }) => {
  const token = await server.token('expires-at', ['actions:submit']);
  const values: Json[] = [
    '2027-01-01T00:00:00Z',
    '2027-01-01T00:00:00',
    '2027-02-30T00:00:00Z',
    '9999-12-31T23:59:60Z',
    '+292277-01-01T00:00:00Z',
    '2027-01-01T00:00:00+05:30',
    1,
    null,
  ];
  for (const expires_at of values) {
    const body = { tool_name: 'pay', tool_args: {}, expires_at };
    const refused = await ask(server, 'POST', ACTIONS, { token, body });
    expect([refused.status, refused.code], String(expires_at)).toEqual([422, 'invalid_request']);
    expect(refused.json.detail).toContain('expires_at');
  }
  expect(await count(server, token)).toBe(0);
});

test('time-11: an action past its deadline cannot be approved before the sweep has come, and is expired from then on', async ({ server, agent, person }) => {
  const action = await agent.park({ tool_name: 'pay_late', tool_args: {} });
  await server.moveDeadline(action.id, -1);
  const refused = await person.send('POST', `/actions/${action.id}/approve`, { json: {} });
  expect([refused.status, refused.body.code]).toEqual([409, 'action_expired']);
  const shown = await person.get(action.id);
  expect(shown.status).toBe('expired');
  expect(shown.events!.map((event) => event.event_type)).toEqual(['action_parked', 'action_expired']);
});
