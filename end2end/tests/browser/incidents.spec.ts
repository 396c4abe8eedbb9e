// Each of the runbook's incidents, from red to green by its playbook: what is done, is done from the page of figures.
import type { Page } from '@playwright/test';

import { expect, signIn, signInByLink, submit, test } from '../../support/browser';

const config = `
[tools.deploy_site]
risk_tier = "low"
executor = "worker"
[tools.post_note]
risk_tier = "low"
executor = "worker"
`;

test.use({ serverOptions: { config } });

const METRICS = '/approvals/metrics';
const incidents = (page: Page) => page.locator('section', { has: page.getByRole('heading', { level: 2, name: 'Incidents' }) });
const health = (page: Page, name: string) => page.getByRole('list', { name: 'Health' }).getByRole('listitem').filter({ hasText: name });

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('runs fail: the tool is paused, what failed is tried again by hand, and once it runs the tool is resumed', async ({ page, agent, person, worker }) => {
      const deploy = (n: number) => agent.park({ tool_name: 'deploy_site', tool_args: { n }, agent_summary: `Deploy ${n}` });
      const run = async (report: { success: boolean; error?: string }) => worker.report((await worker.claim(['deploy_site']))!.attempt, report);
      const failed = [];
      for (let n = 1; n <= 3; n++) {
        const { id } = await deploy(n);
        await person.approve(id);
        await run({ success: false, error: n < 3 ? 'connection refused' : '403 Forbidden' });
        failed.push(id);
      }
      await signIn(page, METRICS);
      await expect(incidents(page)).toContainText('Runs fail');
      await expect(incidents(page)).toContainText('3 failed');
      const pause = incidents(page).getByRole('listitem').filter({ has: page.getByRole('link', { name: 'deploy_site', exact: true }) }).locator('details').filter({ hasText: 'Pause' }).first();
      await pause.locator('summary').click();
      await pause.getByLabel('Reason').fill('it cannot reach its host');
      await pause.getByRole('button', { name: 'Pause' }).click();
      await expect(page).toHaveURL('/tools/deploy_site');
      const meanwhile = await deploy(4);
      expect(meanwhile.pending_reason!.code).toBe('tool_paused');
      await page.goto(METRICS);
      await expect(incidents(page)).toContainText('3 failed, paused');
      await expect(incidents(page).getByRole('link', { name: '1 of its calls wait' })).toHaveAttribute('href', '/approvals?tool_name=deploy_site');

      // By error: as many as the table says.
      const cause = page.getByRole('row', { name: /connection refused/ });
      await expect(cause).toContainText('transient');
      await expect(cause.getByRole('link', { name: '2', exact: true })).toBeVisible();
      await cause.getByRole('link', { name: '2', exact: true }).click();
      await expect(page.locator('main .lead')).toHaveText('Runs of deploy_site that failed with: connection refused');
      await expect(page.getByRole('checkbox')).toHaveCount(2);
      await expect(page.getByRole('checkbox', { checked: true })).toHaveCount(2);

      await page.goto(METRICS);
      await incidents(page).getByRole('link', { name: 'Retry what failed in the last hour' }).click();
      await expect(page.getByRole('checkbox')).toHaveCount(3);
      await page.getByRole('checkbox').first().uncheck();
      await page.getByLabel('Note for the trail').fill('the host is back');
      await page.getByRole('button', { name: 'Try again what is ticked' }).click();
      await expect(page.locator('.toast')).toContainText('2 runs are queued once more.');
      await expect(page.getByRole('checkbox')).toHaveCount(1);
      expect((await agent.get(failed[2]!)).execution_state).toBe('failed');
      for (const id of failed.slice(0, 2)) {
        expect((await agent.get(id)).execution_state).toBe('queued');
        const { body } = await person.send('GET', `/actions/${id}`);
        expect(body.data.events.at(-1)).toMatchObject({ event_type: 'execution_retried', reason: 'the host is back' });
        await run({ success: true });
      }
      await page.getByRole('button', { name: 'Try again what is ticked' }).click();
      await expect(page.locator('main')).toContainText('None of these runs stands as failed');
      await run({ success: true });
      await person.approve(meanwhile.id);
      await run({ success: true });
      await page.goto('/tools/deploy_site');
      const resume = page.locator('details').filter({ hasText: 'Resume' }).first();
      await resume.locator('summary').click();
      await submit(page, resume.getByRole('button', { name: 'Resume' }));
      await page.goto(METRICS);
      await expect(incidents(page)).toHaveCount(0);
    });
  });
}

test('people decide nearly everything: an emergency rule of a hundred uses takes over', async ({ page, agent, server }) => {
  const note = (n: number) => agent.park({ tool_name: 'post_note', tool_args: { channel: '#ops', text: `note ${n}` } });
  await server.sql(`INSERT INTO pending_actions (id, tool_name, tool_args, tool_args_text, args_sha256, agent_id, status, risk_tier, requested_at, decided_by, decided_at, decision_reason)
    SELECT gen_random_uuid(), 'post_note', '{}', '{}', repeat('0', 64), 'agent', 'rejected', 'low', now() - interval '2 minutes', 'human:ana', now() - interval '1 minute', 'no' FROM generate_series(1, 20);
    INSERT INTO approval_rules (id, tool_name, effect, arg_constraints, arg_constraints_text, broad, unlisted_args, description, created_by, max_uses, use_count, active)
    VALUES (gen_random_uuid(), 'post_note', 'allow', '{"channel": {"kind": "exact", "value": "#dev"}}', '{"channel": {"kind": "exact", "value": "#dev"}}', false, 'ignore', 'Notes to #dev', 'human:admin', 1, 1, false)`);
  await signIn(page, METRICS);
  await expect(incidents(page)).toContainText('Auto-approval dropped');
  await expect(incidents(page).getByRole('link', { name: 'Rules that ended' })).toHaveAttribute('href', '/approvals/rules?active=false');
  const waits = await note(0);
  await page.reload();
  await incidents(page).getByRole('link', { name: 'Make a rule for post_note' }).click();
  await expect(page.getByLabel('100', { exact: true })).toBeChecked();
  await page.getByLabel('Description').fill('Notes to #ops, for the incident');
  await page.locator('[name="path.0"]').fill('channel');
  await page.locator('[name="value.0"]').fill('#ops');
  await page.getByRole('button', { name: 'Create rule' }).click();
  await expect(page.locator('.toast')).toContainText('is made');
  const rule = await agent.get(waits.id);
  expect(rule.status).toBe('pending');
  for (let n = 1; n <= 15; n++) expect((await note(n)).status).toBe('approved');
  await page.goto(METRICS);
  await expect(incidents(page)).toHaveCount(0);
  await expect(health(page, 'Auto-approved')).toContainText(/4[0-9] %/);
});

test('a backlog near its deadline is given more time in one step, and a viewer is offered none', async ({ page, another, agent, server }) => {
  const one = await agent.park({ tool_name: 'archive_file', tool_args: {} });
  await server.sql(`INSERT INTO pending_actions (id, tool_name, tool_args, tool_args_text, args_sha256, agent_id, status, risk_tier, expires_at)
    SELECT gen_random_uuid(), tool_name, tool_args, tool_args_text, args_sha256, agent_id, status, risk_tier, now() + interval '2 hours' FROM pending_actions, generate_series(1, 110) WHERE id = '${one.id}'`);
  const viewer = await another();
  await signInByLink(viewer, await server.addPerson('vera', 'viewer'));
  await viewer.goto(METRICS);
  await expect(incidents(viewer)).toContainText('Backlog');
  await expect(incidents(viewer).getByRole('button')).toHaveCount(0);

  await signIn(page, METRICS);
  await incidents(page).getByLabel('By how long').selectOption('24');
  await incidents(page).getByRole('button', { name: 'Extend all that is due within 4 hours' }).click();
  await expect(page).toHaveURL(METRICS);
  await expect(page.locator('.toast')).toContainText('110 deadlines were moved on.');
  const left = await server.sql(`SELECT min(expires_at) > now() + interval '25 hours' AND max(expires_at) < now() + interval '49 hours' FROM pending_actions WHERE tool_name = 'archive_file'`);
  expect(left).toMatch(/t/);
  await incidents(page).getByRole('button', { name: 'Extend all that is due within 4 hours' }).click();
  await expect(page.locator('.toast')).toContainText('Nothing is due within 4 hours.');
});
