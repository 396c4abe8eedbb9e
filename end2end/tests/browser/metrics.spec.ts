// The page of figures: every number is as many rows as the list it leads to, a source that fails is unknown, and an incident
// brings its playbook.
import type { Locator, Page } from '@playwright/test';

import { expect, signIn, signInByLink, test } from '../../support/browser';
import { makeHistory } from '../../support/history';

test.use({ serverOptions: { config: 'timezone = "Europe/Berlin"\n' } });

test.beforeAll(async ({ server }) => makeHistory(server));

const METRICS = '/approvals/metrics';
const section = (page: Page, name: string) => page.locator('section', { has: page.getByRole('heading', { level: 2, name }) });

/** Follows each link that is a number, and counts what it leads to. */
async function leadsToAsMany(page: Page, links: Locator, atLeast = 5): Promise<void> {
  const numbers = await links.evaluateAll((found) => found.map((link) => [link.getAttribute('href')!, link.textContent!.trim()]));
  const counted = numbers.filter(([href, text]) => /^\d+$/.test(text!) && href!.startsWith('/approvals?'));
  expect(counted.length).toBeGreaterThanOrEqual(atLeast);
  for (const [href, text] of counted) {
    const query = href!.split('?')[1]!;
    const list = await page.request.get(`/api/console/actions/list?query=${encodeURIComponent(query)}`);
    expect((await list.json()).total, href!).toBe(Number(text));
  }
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('the range is switched by keyboard and stands in the address', async ({ page }) => {
      await signIn(page, METRICS);
      const ranges = page.getByRole('navigation', { name: 'Range' });
      await expect(ranges.getByRole('link', { name: '7 days' })).toHaveAttribute('aria-current', 'true');
      await ranges.getByRole('link', { name: '7 days' }).focus();
      await page.keyboard.press('Tab');
      await expect(ranges.getByRole('link', { name: '30 days' })).toBeFocused();
      await page.keyboard.press('Enter');
      await expect(page).toHaveURL(/metrics\?days=30$/);
      await expect(ranges.getByRole('link', { name: '30 days' })).toHaveAttribute('aria-current', 'true');
      await expect(page.getByRole('img', { name: 'Decisions per day, 30 days' }).locator('.hint')).toHaveCount(30);
      await page.reload();
      await expect(page.getByText(/ to .*, Europe\/Berlin/)).toBeVisible();
    });

    test('each number is as many rows as the list that it leads to', async ({ page }) => {
      await signIn(page, `${METRICS}?days=30`);
      const tables = { 'In numbers': 5, 'Where people still decide': 5, 'Most-used rules': 1, Operators: 2 };
      for (const [name, atLeast] of Object.entries(tables)) {
        await test.step(name, () => leadsToAsMany(page, section(page, name).locator('td a'), atLeast));
      }
      const decisions = section(page, 'Decisions per day');
      await decisions.locator('summary').click();
      await expect(decisions.getByRole('row')).toHaveCount(31);
      await leadsToAsMany(page, decisions.locator('td a'));
    });
  });
}

test('a number’s list shows what it counted once the page is awake', async ({ page }) => {
  await signIn(page, METRICS);
  const figure = section(page, 'In numbers').getByRole('row', { name: /^Failed runs/ }).getByRole('link').first();
  const number = await figure.textContent();
  await figure.click();
  await expect(page.locator('.narrowed')).toContainText('whose run failed');
  await expect(page.locator('.rows .row')).toHaveCount(Number(number));
});

test('health is the same above the queue', async ({ console: page }) => {
  const strip = await page.locator('ul.health b').allTextContents();
  await page.getByRole('link', { name: 'Metrics' }).click();
  await expect(page).toHaveURL(METRICS);
  const cards = page.getByRole('list', { name: 'Health' }).getByRole('listitem');
  await expect(cards).toHaveCount(4);
  expect(await cards.locator('b').allTextContents()).toEqual(strip);
  await expect(cards.nth(2)).toContainText('green over 60 %, red under 40 %');
  await expect(cards.nth(2)).toContainText('in the 7 days before');
});

test('causes of failures stand with their kind', async ({ page }) => {
  await signIn(page, `${METRICS}?days=90`);
  const table = section(page, 'Failures by tool and error');
  await expect(table.getByRole('row', { name: /connection refused/ }).first()).toContainText('transient');
  await expect(table.getByRole('row', { name: /403 Forbidden/ }).first()).toContainText('permission');
  await expect(table.getByRole('row', { name: /missing argument/ }).first()).toContainText('arguments');
});

test('a backlog turns the page red and brings its playbook, which a viewer only reads', async ({ page, another, agent, server }) => {
  const one = await agent.park({ tool_name: 'transfer_funds', tool_args: {} });
  await server.sql(`INSERT INTO pending_actions (id, tool_name, tool_args, tool_args_text, args_sha256, agent_id, status, risk_tier, expires_at)
    SELECT gen_random_uuid(), tool_name, tool_args, tool_args_text, args_sha256, agent_id, status, risk_tier, now() - interval '1 second' FROM pending_actions, generate_series(1, 120) WHERE id = '${one.id}'`);
  await signIn(page, METRICS);
  const incidents = section(page, 'Incidents');
  await expect(incidents).toContainText('Backlog');
  await expect(page.getByRole('list', { name: 'Health' }).getByRole('listitem').first()).toContainText('Act now');
  await expect(incidents.getByRole('link', { name: 'Approve low risk in bulk' })).toHaveAttribute('href', '/approvals?risk_tier=low');
  await expect(incidents.getByRole('link', { name: 'Make a rule for transfer_funds' })).toHaveAttribute('href', '/approvals/rules/new?uses=100&tool=transfer_funds');
  await expect(incidents.getByRole('link', { name: 'Give new calls more time' })).toHaveAttribute('href', '/settings/policy');
  const viewer = await another();
  await signInByLink(viewer, await server.addPerson('vera', 'viewer'));
  await viewer.goto(METRICS);
  await expect(section(viewer, 'Incidents')).toContainText('Backlog');
  await expect(section(viewer, 'Incidents').getByRole('button')).toHaveCount(0);
  await expect(section(viewer, 'Incidents').getByRole('link', { name: /Make a rule/ })).toHaveCount(0);
  await incidents.getByRole('button', { name: 'Expire stale' }).click();
  await expect(page).toHaveURL(METRICS);
  await expect(section(page, 'Incidents')).toHaveCount(0);
  await expect(page.getByRole('list', { name: 'Health' }).getByRole('listitem').first()).toContainText('Healthy');
});

test('a source that fails is unknown, and never a calm zero', async ({ page, server }) => {
  await signIn(page, METRICS);
  await server.sql('ALTER TABLE execution_attempts RENAME TO attempts_away; DELETE FROM metric_spans');
  try {
    await page.reload();
    const cards = page.getByRole('list', { name: 'Health' }).getByRole('listitem');
    await expect(cards.filter({ hasText: 'Unknown' })).toHaveCount(3);
    await expect(cards.first().locator('b')).toHaveText(/^\d+$/);
    await expect(page.getByText('They are unknown, not zero').first()).toBeVisible();
    await expect(section(page, 'Incidents')).toContainText('Nobody knows whether there is a drop of auto-approval');
    await expect(page.locator('.rail .dot')).not.toHaveClass(/green/);
  } finally {
    await server.sql('ALTER TABLE attempts_away RENAME TO execution_attempts');
  }
  await page.reload();
  await expect(page.getByText('They are unknown, not zero')).toHaveCount(0);
});

test('a range that is none is refused in words', async ({ page, watch }) => {
  watch.allow(/status of 422/);
  await signIn(page, METRICS);
  await page.goto(`${METRICS}?days=8`);
  await expect(page.getByText('must be one of 1, 7, 30, 90')).toBeVisible();
});
