// What Prometheus reads, parsed by its own people's parser: numbers that are what happened, at an address of their own, and
// nothing that could be anybody's secret or grow without end.
import { spawnSync } from 'node:child_process';

import { python } from '../../support/mail';
import type { Server } from '../../support/server';
import { expect, test } from '../../support/test';
import { ADMIN } from '../../support/server';
import { API, approve, ask, claim, leaksOf, park, reject, report, times } from './kit';

test.use({ serverOptions: { config: 'metrics_addr = "127.0.0.1:0"\n' } });

const PARSER = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families
print(json.dumps([[s.name, s.labels, repr(s.value)] for f in text_string_to_metric_families(sys.stdin.read()) for s in f.samples]))`;

/** Port 0 is a free one, told once in the log, which is soon full of other things. */
const addresses = new WeakMap<Server, string>();
const address = (server: Server) => {
  const told = /Prometheus may ask for \/metrics addr=(\S+)/.exec(server.log())?.[1] ?? addresses.get(server);
  addresses.set(server, told!);
  return { url: `http://${told}` };
};

type Sample = [name: string, labels: Record<string, string>, value: string];

async function scrape(server: Server): Promise<{ text: string; samples: Sample[]; value(name: string, labels?: Record<string, string>): number | undefined }> {
  const answer = await ask(address(server), 'GET', '/metrics');
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  const parsed = spawnSync(python(), ['-c', PARSER], { input: answer.text, encoding: 'utf8' });
  expect(parsed.status, parsed.stderr).toBe(0);
  const samples: Sample[] = JSON.parse(parsed.stdout);
  const value = (name: string, labels: Record<string, string> = {}) => {
    const found = samples.filter(([own, has]) => own === name && Object.entries(labels).every(([label, is]) => has[label] === is));
    expect(found.length, `${name} ${JSON.stringify(labels)}`).toBeLessThan(2);
    return found[0] && Number(found[0][2]);
  };
  return { text: answer.text, samples, value };
}

test('counters are what happened, gauges what stands, and a late decision is in its bucket', async ({ server, agent, person, worker }) => {
  const token = person.token!;
  const before = await scrape(server);
  const [one, two, three] = await Promise.all(times(3).map(() => park(server, agent.token!, { tool_name: 'counted' })));
  await server.sql(`UPDATE pending_actions SET requested_at = requested_at - interval '3 hours' WHERE id IN ('${one!.id}', '${three!.id}')`);
  await approve(server, token, one!.id);
  await reject(server, token, two!.id);
  const taken = await claim(server, worker.token!, ['counted']);
  await report(server, worker.token!, taken.data.attempt, { success: true });
  const rule = { tool_name: 'counted', description: 'by itself', effect: 'allow', arg_constraints: { to: 'ben@example.com' } };
  const ruler = await server.token('prometheus-ruler', ['rules:write'], ADMIN);
  expect((await ask(server, 'POST', `${API}/rules`, { token: ruler, body: rule })).status).toBe(201);
  await park(server, agent.token!, { tool_name: 'counted', tool_args: { to: 'ben@example.com' } });
  await server.command('audit', 'verify');

  let after = before;
  const more = (name: string, labels?: Record<string, string>) => (after.value(name, labels) ?? 0) - (before.value(name, labels) ?? 0);
  // The trail is sealed once a second, and counted along its seals.
  await expect.poll(async () => {
    after = await scrape(server);
    return more('countersign_rule_matches_total', { effect: 'allow' });
  }, { timeout: 10_000 }).toBe(1);
  expect(more('countersign_parked_total')).toBe(3);
  expect(more('countersign_decisions_total', { decision: 'approved', by: 'human' })).toBe(1);
  expect(more('countersign_decisions_total', { decision: 'rejected', by: 'human' })).toBe(1);
  expect(more('countersign_decisions_total', { decision: 'approved', by: 'rule' })).toBe(1);
  expect(more('countersign_executions_total', { outcome: 'succeeded' })).toBe(1);
  const bucket = (le: string) => more('countersign_decision_latency_seconds_bucket', { le });
  expect([bucket('60'), bucket('7200'), bucket('14400'), bucket('+Inf')]).toEqual([1, 1, 2, 2]);
  expect(after.value('countersign_pending', { risk_tier: 'medium' })).toBe(1);
  expect(after.value('countersign_pending', { risk_tier: 'critical' })).toBe(0);
  expect(after.value('countersign_pending_oldest_seconds')).toBeGreaterThan(3 * 3_600 - 60);
  expect(after.value('countersign_trail_faults')).toBe(0);
  expect(after.value('countersign_trail_verified_timestamp_seconds')).toBeGreaterThan(Date.now() / 1_000 - 60);
  expect(after.value('countersign_database_up')).toBe(1);
  expect(after.value('countersign_database_connections', { state: 'all' })).toBeGreaterThan(0);
  expect(after.value('countersign_work_last_success_timestamp_seconds', { work: 'expire' })).toBeGreaterThan(Date.now() / 1_000 - 120);
  const route = { method: 'POST', route: '/api/approvals/actions/{id}/approve', status: '200' };
  expect(more('countersign_http_request_duration_seconds_count', route)).toBe(1);
  // Asking again counts nothing again.
  const again = await scrape(server);
  expect(again.value('countersign_parked_total')).toBe(after.value('countersign_parked_total'));
});

// leak-55
test('no path, no tool, no word of a call is in it, and a thousand of them are no thousand lines', async ({ server, agent }) => {
  const secret = 'Canary7MetricsX9q';
  const lines = async () => (await scrape(server)).samples.length;
  await park(server, agent.token!, { tool_name: `tool_${secret}`, session_id: secret, agent_summary: secret });
  await ask(server, 'GET', `/nothing/${secret}`);
  await ask(server, 'GET', `${API}/actions/${secret}?q=${secret}`, { token: agent.token });
  const before = await lines();
  await Promise.all(times(50).map((n) => ask(server, 'GET', `/nothing/${n}`)));
  await Promise.all(times(50).map((n) => ask(server, 'GET', `${API}/tools/tool_${n}`, { token: agent.token })));
  await Promise.all(times(10).map((n) => ask(server, `X${n}`, '/healthz')));
  expect(await lines()).toBeLessThan(before + 60);
  const { text, samples } = await scrape(server);
  expect(leaksOf([secret], new Map([['the scrape', text]]))).toEqual([]);
  const names = new Set(samples.flatMap(([, labels]) => Object.keys(labels)));
  expect([...names].sort()).toEqual(['by', 'decision', 'effect', 'le', 'method', 'outcome', 'risk_tier', 'route', 'state', 'status', 'work'].filter((name) => names.has(name)).sort());
  const methods = new Set(samples.map(([, labels]) => labels.method).filter(Boolean));
  expect([...methods].filter((method) => !['GET', 'POST', 'PUT', 'HEAD', 'other'].includes(method!))).toEqual([]);
});

test('what cannot be read is left out, never zero; nothing else is there, and nothing of it is on the console’s address', async ({ server, person }) => {
  await server.sql('ALTER TABLE trail_checks RENAME TO trail_checks_away');
  try {
    const without = await scrape(server);
    expect(without.value('countersign_database_up')).toBe(0);
    for (const gone of ['countersign_pending', 'countersign_pending_oldest_seconds', 'countersign_trail_faults']) {
      expect(without.samples.filter(([name]) => name === gone), gone).toEqual([]);
    }
    expect(without.samples.some(([name]) => name === 'countersign_http_request_duration_seconds_count')).toBe(true);
  } finally {
    await server.sql('ALTER TABLE trail_checks_away RENAME TO trail_checks');
  }
  expect((await scrape(server)).value('countersign_database_up')).toBe(1);
  expect((await ask(address(server), 'GET', `${API}/actions`, { token: person.token })).status).toBe(404);
  expect((await ask(server, 'GET', '/metrics', { token: person.token })).status).toBe(404);
});
