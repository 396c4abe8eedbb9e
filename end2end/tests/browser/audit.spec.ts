// The trail in the console: narrowed by a form, one entry with its proof, verified by a button; and the retention, from
// counting what would go to the archive in one's hands.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { expect, signIn, signInByLink, test } from '../../support/browser';

const call = (tool_name: string) => ({ tool_name, tool_args: { to: 'ana@example.com' }, agent_summary: `call ${tool_name}` });

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });
    const tool = (name: string) => `${name}_${javaScriptEnabled ? 'js' : 'plain'}`;

    test('the trail is narrowed by its form, and leads to the action and the entry', async ({ page, agent, person }) => {
      const name = tool('send_mail');
      const action = await agent.park(call(name));
      await person.reject(action.id, '<img src=x onerror=alert(1)> wrong recipient');
      await signIn(page, '/audit');
      await page.getByRole('textbox', { name: 'Tool' }).fill(name);
      await page.getByRole('combobox', { name: 'What' }).selectOption('Rejected');
      await page.getByRole('button', { name: 'Show', exact: true }).click();
      await expect(page).toHaveURL(`/audit?event_type=action_rejected&tool_name=${name}`);
      const rows = page.locator('tbody tr');
      await expect(rows).toHaveCount(1);
      await expect(rows).toContainText('<img src=x onerror=alert(1)> wrong recipient');
      const csv = await page.getByRole('link', { name: 'CSV', exact: true }).getAttribute('href');
      expect(csv).toBe(`/api/approvals/events/export?format=csv&event_type=action_rejected&tool_name=${name}`);
      await rows.getByRole('link', { name: 'Rejected' }).click();
      await expect(page).toHaveURL(/\/audit\/\d+$/);
      await expect(page.getByRole('heading', { level: 1 })).toContainText('Rejected');
      await expect(page.locator('main')).toContainText('is that of what it says');
      await page.getByRole('link', { name: 'its entries' }).click();
      await expect(page.locator('tbody tr')).toHaveCount(2);
      await page.locator('tbody tr').first().getByRole('link', { name: 'action', exact: true }).click();
      await expect(page).toHaveURL(`/approvals/${action.id}`);
    });

    test('a change shows what it changed', async ({ page, agent, person }) => {
      const name = tool('changed');
      await agent.park(call(name));
      await person.tool(name, 'pause', { reason: 'incident 7' });
      await signIn(page, `/audit?event_type=tool_changed&tool_name=${name}`);
      await page.locator('tbody tr').first().getByRole('link', { name: 'Tool changed' }).click();
      const changed = page.locator('section', { hasText: 'What changed' });
      await expect(changed.locator('tr', { hasText: 'gating' })).toContainText('paused');
    });

    test('the chain is verified by a button, and what is wrong with it stays in sight', async ({ page, server }) => {
      const first = await server.sql('SELECT min(seq) FROM approval_events');
      await signIn(page, '/audit');
      await page.getByRole('button', { name: 'Verify now' }).click();
      const chain = page.locator('section', { hasText: 'The chain' });
      await expect(chain.locator('.word')).toContainText(/Verified to #\d/);
      await server.sql(`ALTER TABLE approval_events DISABLE TRIGGER USER; UPDATE approval_events SET reason = 'never said' WHERE seq = ${first}`);
      await page.getByRole('button', { name: 'Verify now' }).click();
      await expect(page.locator('.toast')).toContainText('The trail is NOT whole');
      await expect(chain.locator('.word')).toContainText('Not whole');
      await page.reload();
      await expect(chain).toContainText(`1 fault: entry ${first} was changed.`);
      await page.goto(`/audit/${first}`);
      await expect(page.locator('main')).toContainText('the entry was changed');
      await server.sql(`UPDATE approval_events SET reason = NULL WHERE seq = ${first}; ALTER TABLE approval_events ENABLE TRIGGER USER`);
    });

    test('nothing, a wrong address and no permission each say what they are', async ({ page, watch, another, server }) => {
      watch.allow(/status of (403|404|422)/);
      await signIn(page, '/audit?actor=human:nobody');
      await expect(page.locator('main')).toContainText('Nothing matches');
      await page.goto('/audit?colour=red');
      await expect(page.getByRole('alert')).toContainText('colour');
      await page.goto('/audit/999999');
      await expect(page.getByRole('alert')).toContainText('There is no such entry');
      const viewer = await another({ javaScriptEnabled });
      await signInByLink(viewer, await server.addPerson(tool('vera').replace('_', '-'), 'viewer'));
      for (const path of ['/audit', '/audit/1', '/settings/retention']) {
        await viewer.goto(path);
        await expect(viewer.locator('main .why')).toBeVisible();
        await expect(viewer.locator('main table')).toHaveCount(0);
      }
    });

    test('what is over is counted, archived, purged, downloaded and proved', async ({ page, agent, person, server }) => {
      const name = tool('over');
      const action = await agent.park(call(name));
      await person.reject(action.id, 'no');
      await server.sql(`UPDATE pending_actions SET decided_at = decided_at - interval '91 days' WHERE id = '${action.id}'`);
      await signIn(page, '/settings/retention');
      await expect(page.locator('main dl')).toContainText('90 days after the decision');
      await page.getByRole('button', { name: 'Count what would go' }).click();
      await expect(page.locator('main')).toContainText('1 actions with 0 attempts, 0 entries of the trail would go now.');
      await page.getByRole('button', { name: 'Archive and purge now' }).click();
      // The page asks again by itself until the run is done.
      const newest = page.locator('tbody tr').first();
      await expect(newest.locator('.word')).toHaveText('done', { timeout: 20_000 });
      await expect(newest).toContainText('1 actions with 0 attempts');
      const told = await newest.locator('code').innerText();
      const [download] = await Promise.all([page.waitForEvent('download'), newest.getByRole('link').click()]);
      const bytes = await readFile((await download.path())!);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(told);
      expect(bytes.toString()).toContain(action.id);
      await page.goto(`/audit?action_id=${action.id}&sort=seq`);
      await page.locator('tbody tr').first().getByRole('link', { name: 'Parked' }).click();
      await expect(page.locator('main')).toContainText('(archived and purged)');
      await page.goto('/audit');
      await page.getByRole('button', { name: 'Verify now' }).click();
      await expect(page.locator('.word').first()).toContainText('Verified to');
    });
  });
}
