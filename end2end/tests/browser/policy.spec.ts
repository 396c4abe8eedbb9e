// What holds in this installation is settled on a page, and the next call goes by it; with JavaScript off, too.
import { expect, signIn, signInByLink, test } from '../../support/browser';

const mail = (n: number) => ({ tool_name: 'send_email', tool_args: { to: `${n}@a.example` } });
const hours = ({ expires_at, requested_at }: { expires_at?: string | null; requested_at: string }) => Math.round((Date.parse(expires_at!) - Date.parse(requested_at)) / 3_600_000);

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('the default deadline is moved for a while, which the trail says, and goes back', async ({ page, agent, server }) => {
      expect(hours(await agent.park(mail(1)))).toBe(48);
      await signIn(page, '/settings');
      await page.getByRole('link', { name: 'Policy' }).first().click();
      await expect(page.locator('main')).toContainText('as configured (48 h)');
      await page.getByLabel('Hours').fill('96');
      await page.getByLabel('Holds').selectOption('for 24 h');
      await page.getByLabel('Reason').first().fill('Backlog of the holidays');
      await page.getByRole('button', { name: 'Settle' }).first().click();
      await expect(page.locator('.toast')).toContainText('Calls wait 96 h by default.');
      await expect(page.locator('main')).toContainText(/settled by admin until .*; the configuration says 48 h/);
      expect(hours(await agent.park(mail(2)))).toBe(96);

      await page.getByLabel('Tier').selectOption('critical');
      await page.getByRole('button', { name: 'Settle' }).last().click();
      await expect(page.locator('.toast')).toContainText('An unknown tool counts as critical.');
      const unknown = await agent.park({ tool_name: `unknown-${javaScriptEnabled}`, tool_args: {} });
      expect(unknown.risk_tier).toBe('critical');

      await page.getByRole('button', { name: 'As the configuration says' }).click();
      await expect(page.locator('.toast')).toContainText('The configuration holds.');
      expect(hours(await agent.park(mail(3)))).toBe(48);
      expect(await server.sql(`SELECT count(*) FROM approval_events WHERE event_type = 'setting_changed' AND actor = 'human:admin'`)).toBe(javaScriptEnabled ? '3' : '6');
    });

    test('the database is vacuumed by a button', async ({ page, server }) => {
      await signIn(page, '/settings/database');
      await expect(page.getByRole('row', { name: /^pending_actions/ }).first()).toBeVisible();
      await expect(page.locator('main')).toContainText('in PostgreSQL');
      await server.sql(`SELECT pg_stat_reset_single_table_counters('approval_rules'::regclass)`);
      await page.getByRole('button', { name: 'VACUUM ANALYZE' }).click();
      await expect(page.locator('.toast')).toContainText('The tables are being vacuumed.');
      await expect.poll(() => server.sql(`SELECT last_vacuum IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'approval_rules'`)).toBe('t');
    });
  });
}

test('who does not administer sees what holds and changes nothing', async ({ another, server }) => {
  const page = await another();
  await signInByLink(page, await server.addPerson('oscar', 'operator'));
  await page.goto('/settings/policy');
  await expect(page.locator('main')).toContainText('as configured (48 h)');
  await expect(page.getByText('Administrators settle this.')).toBeVisible();
  await expect(page.locator('main').getByRole('button')).toHaveCount(0);
  await page.goto('/settings/database');
  await expect(page.getByText('Administrators look after the database.')).toBeVisible();
});
