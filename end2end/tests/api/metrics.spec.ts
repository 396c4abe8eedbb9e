// Figures of days, weeks and months: each is what the list that holds it counts, in the zone that is configured, and a source
// that fails makes no calm answer.
import { expect, test } from '../../support/test';
import { makeHistory } from '../../support/history';
import { API, ask, count, park } from './kit';

test.use({ serverOptions: { config: 'timezone = "Europe/Berlin"\n' } });

test.beforeAll(async ({ server }) => makeHistory(server));

const APPROVED = 'status=approved,executed,abandoned';

test('every window agrees with the lists, and stands beside the one before it', async ({ server, person }) => {
  const figures = await person.metrics();
  expect(figures.timezone).toBe('Europe/Berlin');
  for (const [name, days] of [['daily', 1], ['weekly', 7], ['monthly', 30]] as const) {
    const window = figures.windows[name];
    expect(window.previous.end, name).toBe(window.start);
    for (const shown of [window, window.previous]) {
      const length = (Date.parse(shown.end) - Date.parse(shown.start)) / 3_600_000;
      expect(Math.abs(length - days * 24), name).toBeLessThanOrEqual(1);
      const midnight = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Berlin', timeStyle: 'medium' }).format(new Date(shown.start));
      expect(midnight).toBe('00:00:00');
      const decided = `decided_since=${shown.start}&decided_until=${shown.end}`;
      const ran = `executed_since=${shown.start}&executed_until=${shown.end}`;
      const lists: [string, number][] = [
        [`${APPROVED}&${decided}`, shown.approved],
        [`status=rejected&${decided}`, shown.rejected],
        [`status=expired&${decided}`, shown.expired],
        [`decided_by=human&${decided}`, shown.decided_by_people],
        [`decided_by=rule&${decided}`, shown.decided_by_rule],
        [ran, shown.executed],
        [`execution_state=failed&${ran}`, shown.failed],
      ];
      for (const [list, number] of lists) expect(await count(server, person.token!, `&${list}`), list).toBe(number);
      const judged = shown.decided_by_people + (await count(server, person.token!, `&${APPROVED}&decided_by=rule&${decided}`));
      if (judged > 0) expect(shown.auto_approval_rate).toBeCloseTo(1 - shown.decided_by_people / judged, 9);
    }
  }
  const month = figures.windows.monthly;
  expect(month.auto_approval_trend).toHaveLength(30);
  expect(month.most_used_rules[0]).toMatchObject({ description: 'Team mail', use_count: 212, active: true });
  expect(month.operator_figures.map((person: { name: string }) => person.name).sort()).toEqual(['ana', 'ben']);
  for (const tool of month.most_gated_tools) {
    const list = `&gated=true&tool_name=${tool.tool_name}&since=${month.start}&until=${month.end}`;
    expect(await count(server, person.token!, list), tool.tool_name).toBe(tool.gated);
  }
  expect(figures.total_approved_today).toBe(figures.windows.daily.approved);
  expect(figures.failure_rate).toBe(figures.windows.weekly.failure_rate);
  expect(figures.health.failure_rate).toMatchObject({ value: figures.failure_rate, bounds: { green: 0.02, red: 0.05 } });
});

test('what was counted and kept says the same as what is counted now', async ({ server, person }) => {
  const { generated_at: _, ...before } = await person.metrics();
  await expect.poll(() => server.sql('SELECT count(*) >= 95 FROM metric_spans'), { timeout: 90_000, intervals: [1_000] }).toBe('t');
  const { generated_at: __, ...after } = await person.metrics();
  expect(after.windows).toEqual(before.windows);
});

test('a program needs the scope, and a wrong filter is named', async ({ server, agent, person }) => {
  expect((await ask(server, 'GET', `${API}/metrics`, { token: agent.token })).status).toBe(403);
  const reader = await server.token('reader', ['metrics:read']);
  expect((await ask(server, 'GET', `${API}/metrics`, { token: reader })).status).toBe(200);
  for (const [wrong, pointer] of [['decided_by=humans', 'decided_by'], ['execution_state=done', 'execution_state'], ['gated=1', 'gated'], ['executed_since=today', 'executed_since']]) {
    const answer = await ask(server, 'GET', `${API}/actions?${wrong}`, { token: person.token });
    expect(answer.status).toBe(422);
    expect(answer.json.errors).toEqual([expect.objectContaining({ pointer })]);
  }
});

test('incidents are told while they are on', async ({ server, agent, person }) => {
  const kinds = async () => (await person.metrics()).incidents.map((incident: { kind: string }) => incident.kind);
  expect(await kinds()).toEqual([]);
  const one = await park(server, agent.token!, { tool_name: 'waiting', tool_args: {} });
  await server.sql(`INSERT INTO pending_actions (id, tool_name, tool_args, tool_args_text, args_sha256, agent_id, status, risk_tier)
    SELECT gen_random_uuid(), tool_name, tool_args, tool_args_text, args_sha256, agent_id, status, risk_tier FROM pending_actions, generate_series(1, 100) WHERE id = '${one.id}'`);
  expect(await kinds()).toEqual(['backlog']);
  expect((await person.metrics()).incidents[0]).toEqual({ kind: 'backlog', severity: 'critical', value: 101, bound: 100 });
  await server.sql(`UPDATE pending_actions SET status = 'expired', decided_by = 'system:expiry', decided_at = now() WHERE tool_name = 'waiting'`);
  expect(await kinds()).toEqual([]);
});

for (const table of ['approval_rules', 'metric_spans', 'execution_attempts']) {
  test(`without ${table} there is no answer, and no calm one`, async ({ server, person }) => {
    await server.sql(`ALTER TABLE ${table} RENAME TO ${table}_away`);
    try {
      const answer = await ask(server, 'GET', `${API}/metrics`, { token: person.token });
      expect(answer.status).toBeGreaterThanOrEqual(500);
      expect(answer.text).not.toContain('total_pending');
    } finally {
      await server.sql(`ALTER TABLE ${table}_away RENAME TO ${table}`);
    }
    expect((await person.metrics()).total_pending).toBe(0);
  });
}
