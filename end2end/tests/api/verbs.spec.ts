// What a person does beside approving and rejecting: more time, another try, giving up, many at once.
import { ADMIN } from '../../support/server';
import { expect, test } from '../../support/test';
import { ACTIONS, approve, ask, claim, each, events, park, reject, report, show, times, type Json } from './kit';

const verb = (server: Parameters<typeof ask>[0], token: string, id: string, name: string, body: Json) =>
  ask(server, 'POST', `${ACTIONS}/${id}/${name}`, { token, body });
const bulk = (server: Parameters<typeof ask>[0], token: string, body: Json) =>
  ask(server, 'POST', `${ACTIONS}/bulk`, { token, body });

test('a deadline is moved on by a person, and the trail says from when to when', async ({ server, agent, person }) => {
  const action = await park(server, agent.token!, { expires_in_hours: 2 });
  const extended = await verb(server, person.token!, action.id, 'extend', { hours: 24 });
  expect(extended.status, extended.text).toBe(200);
  expect(Date.parse(extended.data.expires_at) - Date.parse(action.expires_at)).toBe(24 * 3_600_000);
  const entry = (await show(server, person.token!, action.id)).data.events.at(-1);
  expect(entry).toMatchObject({ event_type: 'action_extended', event_metadata: { hours: 24 } });
  expect(Date.parse(entry.event_metadata.to)).toBe(Date.parse(extended.data.expires_at));
  for (const hours of [0, -4, 9000, 1.5, '4']) {
    expect((await verb(server, person.token!, action.id, 'extend', { hours })).status, String(hours)).toBe(422);
  }
  expect((await verb(server, agent.token!, action.id, 'extend', { hours: 4 })).code).toBe('human_actor_required');
  await server.moveDeadline(action.id, -1);
  expect((await verb(server, person.token!, action.id, 'extend', { hours: 4 })).code).toBe('action_expired');
  expect((await show(server, person.token!, action.id)).data.status).toBe('expired');
});

test('a failed call is tried again with its next number, or given up with a reason', async ({ server }) => {
  const agent = await server.token('retry-agent', ['actions:submit']);
  const ana = await server.token('retry-ana', ['actions:read', 'decisions:write'], ADMIN);
  const worker = await server.token('retry-worker', ['actions:execute']);
  const action = await park(server, agent, { tool_name: 'retry_me' });
  await approve(server, ana, action.id);
  for (const number of [1, 2]) {
    const claimed = (await claim(server, worker, ['retry_me'])).data;
    expect(claimed.number).toBe(number);
    expect(claimed.idempotency_key).toBe(action.id);
    await report(server, worker, claimed.attempt, { success: false, error: `mailbox full ${number}` });
    if (number === 1) {
      const again = await verb(server, ana, action.id, 'retry', { note: 'it has room now' });
      expect(again.data).toMatchObject({ status: 'approved', execution_state: 'queued', execution_result: null });
    }
  }
  expect((await verb(server, worker, action.id, 'abandon', { reason: 'no' })).code).toBe('human_actor_required');
  expect((await verb(server, ana, action.id, 'abandon', { reason: ' ' })).code).toBe('invalid_request');
  const given = await verb(server, ana, action.id, 'abandon', { reason: 'told her by phone' });
  expect(given.data).toMatchObject({ status: 'abandoned', decided_by: expect.stringMatching(/^human:/) });
  for (const [name, body] of [['retry', {}], ['abandon', { reason: 'x' }], ['extend', { hours: 4 }]] as const) {
    const late = await verb(server, ana, action.id, name, body);
    expect([late.status, late.json.current_status], `${name}: ${late.text}`).toEqual([409, 'abandoned']);
  }
  const shown = (await show(server, ana, action.id)).data;
  expect(shown.attempts.map((attempt: Json) => attempt.result.error)).toEqual(['mailbox full 1', 'mailbox full 2']);
  expect((await events(server, ana, action.id)).slice(-4)).toEqual([
    'execution_retried',
    'execution_claimed',
    'execution_failed',
    'action_abandoned',
  ]);
});

test('bulk-48: of two hundred exactly the named ones are decided, each with its own outcome', async ({ server }) => {
  const agent = await server.token('bulk-agent', ['actions:submit']);
  const ana = await server.token('bulk-ana', ['actions:read', 'decisions:write'], ADMIN);
  await server.addPerson('bulk-ben');
  const ben = await server.token('bulk-ben', ['actions:read', 'decisions:write'], 'bulk-ben');
  const named = await each(times(200), 20, (at) => park(server, agent, { tool_name: 'bulk_note', tool_args: { at } }));
  for (const taken of named.slice(0, 3)) await reject(server, ben, taken.id);
  const later = await each(times(5), 5, () => park(server, agent, { tool_name: 'bulk_note' }));

  const ids = named.map((action) => action.id);
  const answer = await bulk(server, ana, { decision: 'approve', ids });

  expect(answer.status, answer.text).toBe(200);
  expect(answer.data.map((item: Json) => item.id)).toEqual(ids);
  expect(answer.data.filter((item: Json) => item.ok)).toHaveLength(197);
  for (const item of answer.data.slice(0, 3)) {
    expect(item).toMatchObject({ ok: false, status: 'rejected', problem: { code: 'already_decided' } });
    expect(item.problem.standing.decided_by).toBe('human:bulk-ben');
  }
  for (const action of later) expect((await show(server, ana, action.id)).data.status).toBe('pending');
});

test('in bulk nothing risky is approved, and a request that is none changes nothing', async ({ server, agent, person }) => {
  const token = person.token!;
  const pay = await park(server, agent.token!, { tool_name: 'send_payment', tool_args: { amount: 1 } });
  const note = await park(server, agent.token!, { tool_name: 'bulk_plain' });
  await server.sql(`UPDATE pending_actions SET risk_tier = 'critical' WHERE id = '${pay.id}'`);
  const mixed = await bulk(server, token, { decision: 'approve', ids: [pay.id, note.id] });
  expect(mixed.data.map((item: Json) => item.problem?.code)).toEqual(['not_in_bulk', undefined]);
  expect((await show(server, token, pay.id)).data.status).toBe('pending');
  for (const body of [
    { decision: 'approve', ids: [] },
    { decision: 'approve', ids: [pay.id, pay.id] },
    { decision: 'approve', ids: [pay.id], reason: 'x' },
    { decision: 'reject', ids: [pay.id] },
    { decision: 'reject', ids: [pay.id], reason: '' },
    { decision: 'burn', ids: [pay.id] },
    { decision: 'extend', hours: 1 },
    { decision: 'extend', ids: [pay.id], filter: 'tool_name=bulk_plain', hours: 1 },
    { decision: 'extend', filter: 'colour=red', hours: 1 },
    { decision: 'approve', ids: [note.id], filter: 'tool_name=bulk_plain' },
    { decision: 'retry', filter: 'tool_name=bulk_plain' },
    { decision: 'extend', ids: times(201).map(() => crypto.randomUUID()), hours: 1 },
  ]) {
    const refused = await bulk(server, token, body);
    expect([refused.status, refused.code], JSON.stringify(body).slice(0, 80)).toEqual([422, 'invalid_request']);
  }
  expect((await bulk(server, agent.token!, { decision: 'approve', ids: [note.id] })).code).toBe('human_actor_required');
  expect((await show(server, token, pay.id)).data.status).toBe('pending');
});

test('a whole list is extended, and failed runs of one error are queued once more, as one decision each', async ({ server, agent, worker, person }) => {
  const token = person.token!;
  const tool = 'bulk_list';
  const calls = await Promise.all(times(3).map((n) => park(server, agent.token!, { tool_name: tool, tool_args: { n } })));
  const other = await park(server, agent.token!, { tool_name: 'bulk_other' });
  const extended = await bulk(server, token, { decision: 'extend', filter: `tool_name=${tool}`, hours: 5 });
  expect(extended.data.map((item: Json) => item.id).sort()).toEqual(calls.map((call) => call.id).sort());
  for (const call of calls) {
    const now = (await show(server, token, call.id)).data.expires_at;
    expect(Date.parse(now) - Date.parse(call.expires_at)).toBe(5 * 3_600_000);
  }
  expect((await show(server, token, other.id)).data.expires_at).toBe(other.expires_at);

  for (const [n, call] of calls.entries()) {
    await approve(server, token, call.id);
    const { attempt } = (await claim(server, worker.token!, [tool])).data;
    await report(server, worker.token!, attempt, n < 2 ? { success: false, error: 'time-out: 30 s' } : { success: true });
  }
  const query = `?tool_name=${tool}&execution_state=failed&error=${encodeURIComponent('time-out: 30 s')}`;
  const failed = (await ask(server, 'GET', `${ACTIONS}${query}`, { token })).data.map((action: Json) => action.id);
  expect(failed.sort()).toEqual([calls[0]!.id, calls[1]!.id].sort());
  const retried = await bulk(server, token, { decision: 'retry', ids: calls.map((call) => call.id), note: 'it is back' });
  expect(retried.data.map((item: Json) => item.problem?.code)).toEqual([undefined, undefined, 'wrong_state']);
  expect((await events(server, token, calls[0]!.id)).at(-1)).toBe('execution_retried');
});
