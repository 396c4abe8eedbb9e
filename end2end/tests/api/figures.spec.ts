// The figures are what was done: each action counts once, under what became of it; without data there is no rate.
import { expect, test } from '../../support/test';
import { API, ACTIONS, ask, claim, count, each, park, report, times } from './kit';

test('figures of a new server are zero where they count and null where they divide', async ({ person }) => {
  expect(await person.metrics()).toMatchObject({
    total_pending: 0,
    total_approved_today: 0,
    total_rejected_today: 0,
    total_expired_today: 0,
    total_executed_today: 0,
    total_failed_today: 0,
    auto_approval_rate_today: null,
    latency_p50_seconds: null,
    latency_p95_seconds: null,
    failure_rate: null,
    timezone: 'UTC',
  });
});

test('the figures agree with what was done and with the lists', async ({ server, agent, person, worker }) => {
  const call = (at: number) => ({ tool_name: 'counted', tool_args: { at } });
  const actions = await each(times(12), 4, (at) => park(server, agent.token!, call(at)));
  const ids = actions.map((action) => action.id);
  for (const id of ids.slice(0, 5)) await person.approve(id);
  for (const id of ids.slice(0, 5)) await person.approve(id); // A repeat is no second decision.
  for (const id of ids.slice(5, 8)) await person.reject(id, 'not today');
  await agent.withdraw(ids[8]!);
  await server.moveDeadline(ids[9]!, -1);
  expect(await person.expireStale()).toEqual({ expired_count: 1, expired_ids: [ids[9]] });
  expect(await person.expireStale()).toEqual({ expired_count: 0, expired_ids: [] });
  for (const success of [true, false, true]) {
    const { attempt } = (await claim(server, worker.token!, ['counted'])).data;
    const said = success ? { success, result: { error: 'only a word in the result' } } : { success, error: 'no' };
    for (const _ of [1, 2]) expect((await report(server, worker.token!, attempt, said)).status).toBe(200);
  }
  await claim(server, worker.token!, ['counted']); // It runs: neither good nor bad yet.

  const figures = await person.metrics();
  expect(figures).toMatchObject({
    total_pending: 2,
    total_approved_today: 5,
    total_rejected_today: 3,
    total_expired_today: 1,
    total_executed_today: 3,
    total_failed_today: 1,
    auto_approval_rate_today: 0,
  });
  expect(figures.failure_rate).toBeCloseTo(1 / 3, 9);
  expect(figures.latency_p50_seconds).toBeGreaterThan(0);
  expect(figures.latency_p95_seconds).toBeGreaterThanOrEqual(figures.latency_p50_seconds);
  expect(figures.latency_p95_seconds).toBeLessThan(60);

  const token = person.token!;
  const byStatus = { pending: 2, approved: 2, executed: 3, rejected: 3, withdrawn: 1, expired: 1 };
  for (const [status, number] of Object.entries(byStatus)) {
    expect(await count(server, token, `&status=${status}`), status).toBe(number);
  }
  expect(await count(server, token)).toBe(12);
  const ended = await ask(server, 'GET', `${ACTIONS}/executed`, { token });
  expect(ended.json.meta.total).toBe(8);
  const statuses = new Set(ended.data.map((action: { status: string }) => action.status));
  expect([...statuses].sort()).toEqual(['executed', 'expired', 'rejected', 'withdrawn']);
});

test('figures that cannot be read are an error, never zeros', async ({ server, person }) => {
  const before = await person.metrics();
  await server.sql('ALTER TABLE pending_actions RENAME TO pending_actions_away');
  try {
    const answer = await ask(server, 'GET', `${API}/metrics`, { token: person.token });
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(answer.text).not.toContain('total_pending');
    expect(answer.text).not.toContain('pending_actions');
    expect(server.log()).toContain(answer.json.correlation_id);
  } finally {
    await server.sql('ALTER TABLE pending_actions_away RENAME TO pending_actions');
  }
  expect((await person.metrics()).total_pending).toBe(before.total_pending);
});
