// What was answered is kept, whatever is killed afterwards; and nothing runs twice because of it.
import { ADMIN } from '../../support/server';
import { expect, test } from '../../support/test';
import { approve, ask, ACTIONS, claim, count, each, events, everything, park, pause, report, show, times } from './kit';

test('crash-6: a server killed right after it answered an approval has the action claimed exactly once after its start', async ({ server }) => {
  const agent = await server.token('crash6-agent', ['actions:submit']);
  const ana = await server.token('crash6-ana', ['actions:read', 'decisions:write'], ADMIN);
  const worker = await server.token('crash6-worker', ['actions:execute']);
  const action = await park(server, agent, { tool_name: 'crash_six' });

  const approved = await approve(server, ana, action.id);
  await server.kill();
  expect(approved.status, approved.text).toBe(200);
  await server.begin();

  const claims = await each(times(10), 10, () => claim(server, worker, ['crash_six']));
  const taken = claims.filter((answer) => answer.status === 200);
  expect(claims.map((answer) => answer.status).sort()).toEqual([200, ...times(9).map(() => 204)]);
  expect(taken[0]!.data).toMatchObject({ action_id: action.id, number: 1, args_sha256: action.args_sha256 });
  const reported = await report(server, worker, taken[0]!.data.attempt, { success: true, result: { sent: 1 } });
  expect(reported.data).toMatchObject({ status: 'executed', execution_state: 'succeeded' });
  expect((await claim(server, worker, ['crash_six'])).status).toBe(204);
  expect(await events(server, ana, action.id)).toEqual([
    'action_parked',
    'action_approved',
    'execution_claimed',
    'execution_succeeded',
  ]);
});

test('crash-7: a thousand parked actions are there after a kill, with the same ids, deadlines and arguments', async ({ server }) => {
  const agent = await server.token('crash7-agent', ['actions:submit']);
  const parked = await each(times(1_000), 40, (at) =>
    park(server, agent, { tool_name: 'crash_seven', tool_args: { at }, expires_in_hours: 1 + (at % 48) }),
  );
  await server.kill();
  await server.begin();

  const found = await everything(server, agent, '&status=pending');
  const facts = (action: (typeof parked)[number]) =>
    [action.id, action.requested_at, action.expires_at, action.args_sha256, action.tool_args.at].join(' ');
  expect(found.map(facts).sort()).toEqual(parked.map(facts).sort());
});

test('every park that was answered before the kill is kept, and no other park is there twice', async ({ server }) => {
  const agent = await server.token('crash-midway', ['actions:submit']);
  const answered: string[] = [];
  let killed = false;
  const lanes = times(8).map(async (lane) => {
    for (let at = 0; !killed; at += 1) {
      const body = { tool_name: 'crash_midway', tool_args: { lane, at } };
      const answer = await ask(server, 'POST', ACTIONS, { token: agent, body }).catch(() => undefined);
      if (answer?.status === 201) answered.push(answer.data.id);
    }
  });
  await expect.poll(() => answered.length, { intervals: [5] }).toBeGreaterThan(50);
  await server.kill();
  killed = true;
  await Promise.all(lanes);
  await server.begin();

  const found = (await everything(server, agent)).filter((action) => action.tool_name === 'crash_midway');
  expect(new Set(found.map((action) => action.id)).size).toBe(found.length);
  expect(found.map((action) => action.id)).toEqual(expect.arrayContaining(answered));
  // At most the one request of each lane that was under way when the server went.
  expect(found.length).toBeLessThanOrEqual(answered.length + lanes.length);
});

test('a keyed park that a kill left unanswered is made again under its key, and is there once', async ({ server }) => {
  const token = await server.token('crash-keyed', ['actions:submit']);
  const send = (at: number) =>
    ask(server, 'POST', ACTIONS, {
      token,
      body: { tool_name: 'crash_keyed', tool_args: { at } },
      headers: { 'idempotency-key': `keyed-${at}` },
    }).catch(() => undefined);
  let sent = 0;
  let killed = false;
  const answers = new Map<number, string>();
  const lanes = times(16).map(async () => {
    while (!killed) {
      const at = sent++;
      const answer = await send(at);
      if (answer?.status === 201) answers.set(at, answer.data.id);
    }
  });
  await expect.poll(() => answers.size, { intervals: [5] }).toBeGreaterThan(40);
  await server.kill();
  killed = true;
  await Promise.all(lanes);
  await server.begin();

  // Those that were under way are held for half a minute, in case somebody still works on them.
  await server.sql(`UPDATE idempotency_keys SET created_at = created_at - interval '1 minute'`);
  const again = await each(times(sent), 8, send);
  for (const [at, answer] of again.entries()) {
    expect(answer?.status, answer?.text).toBeLessThan(300);
    if (answers.has(at)) expect(answer?.data.id).toBe(answers.get(at));
  }
  expect(await count(server, token)).toBe(sent);
});

test('crash-5: a worker that claims and goes silent leaves an unknown outcome: no second run, a late report kept, a person settles', async ({ server }) => {
  const agent = await server.token('crash5-agent', ['actions:submit']);
  const ana = await server.token('crash5-ana', ['actions:read', 'decisions:write'], ADMIN);
  const [worker, other] = [
    await server.token('crash5-worker', ['actions:execute']),
    await server.token('crash5-other-worker', ['actions:execute']),
  ];
  const action = await park(server, agent, { tool_name: 'crash_five' });
  await approve(server, ana, action.id);
  const { attempt } = (await claim(server, worker, ['crash_five'], { lease_seconds: 5 })).data;

  const unknown = await show(server, ana, action.id, '?wait=20&until=executed');
  expect(unknown.data).toMatchObject({ status: 'approved', execution_state: 'unknown', execution_result: null });
  for (const token of [worker, other]) expect((await claim(server, token, ['crash_five'])).status).toBe(204);
  const heartbeat = await ask(server, 'POST', `/api/approvals/executions/${attempt}/heartbeat`, { token: worker });
  expect([heartbeat.status, heartbeat.code]).toEqual([409, 'lease_lost']);

  const late = await report(server, worker, attempt, { success: true, result: { sent: 1 } });
  expect(late.data).toMatchObject({ action_id: action.id, status: 'approved', execution_state: 'unknown', late: true });
  expect((await report(server, worker, attempt, { success: true, result: { sent: 1 } })).data.late).toBe(true);
  expect((await report(server, worker, attempt, { success: false, error: 'no' })).code).toBe('lease_lost');
  expect((await report(server, other, attempt, { success: true })).code).toBe('not_found');
  const kept = (await show(server, ana, action.id)).data;
  expect(kept.execution_state).toBe('unknown');
  expect(kept.attempts).toHaveLength(1);
  const lateReport = { success: true, result: { sent: 1 } };
  expect(kept.attempts[0]).toMatchObject({ number: 1, state: 'unknown', late_report: lateReport });

  const resolve = (token: string, body: unknown) =>
    ask(server, 'POST', `${ACTIONS}/${action.id}/resolve`, { token, body });
  expect((await resolve(worker, { outcome: 'succeeded', note: 'I did it' })).code).toBe('human_actor_required');
  expect((await resolve(ana, { outcome: 'succeeded', note: ' ' })).code).toBe('invalid_request');
  const settled = await resolve(ana, { outcome: 'succeeded', note: 'The mail is in the sent folder.' });
  expect(settled.data).toMatchObject({ status: 'executed', execution_state: 'succeeded' });
  expect((await resolve(ana, { outcome: 'failed', note: 'No.' })).code).toBe('wrong_state');
  expect(await events(server, ana, action.id)).toEqual([
    'action_parked',
    'action_approved',
    'execution_claimed',
    'execution_unknown',
    'execution_reported_late',
    'execution_resolved',
  ]);
});

test('a worker that reports in keeps its lease: long after the first one ended the call is still its own', async ({ server }) => {
  const agent = await server.token('beat-agent', ['actions:submit']);
  const ana = await server.token('beat-ana', ['actions:read', 'decisions:write'], ADMIN);
  const worker = await server.token('beat-worker', ['actions:execute']);
  const action = await park(server, agent, { tool_name: 'long_work' });
  await approve(server, ana, action.id);
  const claimed = (await claim(server, worker, ['long_work'], { lease_seconds: 5 })).data;
  let until = Date.parse(claimed.lease_until);
  for (const _ of times(4)) {
    await pause(2_000);
    const beat = await ask(server, 'POST', `/api/approvals/executions/${claimed.attempt}/heartbeat`, { token: worker });
    expect(beat.status, beat.text).toBe(200);
    expect(Date.parse(beat.data.lease_until)).toBeGreaterThan(until);
    until = Date.parse(beat.data.lease_until);
  }
  const told = await report(server, worker, claimed.attempt, { success: true });
  expect(told.data).toMatchObject({ status: 'executed', execution_state: 'succeeded', late: false });
});

test('crash-5: a server killed while a worker runs takes the report after its start; the call is not given out again', async ({ server }) => {
  const agent = await server.token('crash5b-agent', ['actions:submit']);
  const ana = await server.token('crash5b-ana', ['actions:read', 'decisions:write'], ADMIN);
  const worker = await server.token('crash5b-worker', ['actions:execute']);
  const [reported, silent] = [
    await park(server, agent, { tool_name: 'crash_five_b' }),
    await park(server, agent, { tool_name: 'crash_five_c' }),
  ];
  for (const action of [reported, silent]) await approve(server, ana, action.id);
  const first = (await claim(server, worker, ['crash_five_b'])).data;
  await claim(server, worker, ['crash_five_c'], { lease_seconds: 5 });
  await server.kill();
  await server.begin();

  expect((await claim(server, worker, ['crash_five_b', 'crash_five_c'])).status).toBe(204);
  const taken = await report(server, worker, first.attempt, { success: true });
  expect(taken.data).toMatchObject({ status: 'executed', late: false });
  const lost = await show(server, ana, silent.id, '?wait=20&until=executed');
  expect(lost.data.execution_state).toBe('unknown');
  expect((await claim(server, worker, ['crash_five_b', 'crash_five_c'])).status).toBe(204);
});

test('a database that was restarted costs no request afterwards: no connection of before is used again', async ({ server }) => {
  const token = await server.token('restarted', ['actions:submit', 'actions:read']);
  const list = () => ask(server, 'GET', `${ACTIONS}?limit=200`, { token });
  await each(times(60), 30, (number) => park(server, token, { tool_name: 'restarted', tool_args: { number } }));
  await each(times(120), 40, list);
  await server.stopPostgres();
  await expect.poll(() => server.sql('SELECT 1').catch(() => undefined)).toBe('1');
  const answers = await each(times(40), 8, list);
  expect(answers.map((answer) => answer.status)).toEqual(times(40).map(() => 200));
});
