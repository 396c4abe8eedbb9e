// Many decisions in a row: what is ticked is decided at once and nothing else is; what one key approves can be taken back.
import { card, expect, row, signIn, test, visit } from '../../support/browser';
import type { Api } from '../../support/api';

test.use({
  serverOptions: {
    config: `
[tools.notify_channel]
risk_tier = "low"
executor = "worker"
[tools.send_email]
risk_tier = "high"
executor = "worker"
`,
  },
});

const notice = (agent: Api, channel: string) => agent.park({ tool_name: 'notify_channel', tool_args: { channel } });
const statusOf = async (agent: Api, id: string) => (await agent.get(id)).status;

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'awake' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('exactly what is ticked is approved; what is not stays ticked and says why', async ({ page, agent }) => {
      const low = [await notice(agent, 'one'), await notice(agent, 'two')];
      const left = await notice(agent, 'left alone');
      const high = await agent.park({ tool_name: 'send_email', tool_args: { to: 'ana@partner.example' } });
      await signIn(page, '/approvals');
      await expect(page.locator('.bulk')).toBeHidden();
      for (const action of [...low, high]) await row(page, action.id).getByRole('checkbox').check();
      const late = await notice(agent, 'came later');
      await page.locator('.bulk').getByRole('button', { name: 'Approve' }).click();
      await expect(page.locator('.many')).toContainText('2 actions decided. 1 not:');
      await expect(page.locator('.many')).toContainText('A call of high risk is approved one by one.');
      await expect(row(page, high.id).getByRole('checkbox')).toBeChecked();
      for (const action of low) expect(await statusOf(agent, action.id)).toBe('approved');
      for (const action of [left, high, late]) expect(await statusOf(agent, action.id)).toBe('pending');
    });

    test('what is ticked is rejected with one reason, which each agent reads', async ({ page, agent }) => {
      const both = [await notice(agent, 'three'), await notice(agent, 'four')];
      await signIn(page, '/approvals');
      for (const action of both) await row(page, action.id).getByRole('checkbox').check();
      await page.locator('.bulk summary', { hasText: 'Reject' }).click();
      await page.locator('.bulk').getByLabel('Not now').check();
      await page.locator('.bulk').getByLabel('In your words').fill('after the release');
      await page.locator('.bulk').getByLabel('In your words').press('Enter');
      await page.locator('.bulk').getByRole('button', { name: 'Reject' }).click();
      await expect(page.locator('.many')).toContainText('2 actions decided.');
      for (const { id } of both) {
        expect(await agent.get(id)).toMatchObject({ status: 'rejected', decision_reason: 'Not now: after the release' });
      }
    });
  });
}

test('an approval of low risk is taken back within five seconds, and nothing was sent', async ({ agent, console: page }) => {
  const [first, second] = [await notice(agent, 'five'), await notice(agent, 'six')];
  await visit(page, `/approvals/${first.id}`);
  await page.keyboard.press('a');
  await expect(page.locator('.toast')).toContainText('will be approved in 5 seconds');
  await expect(page).toHaveURL(new RegExp(second.id));
  await page.keyboard.press('u');
  await expect(page).toHaveURL(new RegExp(first.id));
  await page.waitForTimeout(6_000);
  expect(await statusOf(agent, first.id)).toBe('pending');
  await expect(card(page).getByRole('button', { name: 'Approve' })).toBeEnabled();
});

test('the next decision sends the one before, and leaving the page sends the last', async ({ agent, console: page }) => {
  const [first, second] = [await notice(agent, 'seven'), await notice(agent, 'eight')];
  await visit(page, `/approvals/${first.id}`);
  await page.keyboard.press('a');
  // The key decides what the card shows, and nothing before it shows it.
  await expect(card(page).locator('dd', { hasText: 'eight' })).toBeVisible();
  await expect(card(page).getByRole('button', { name: 'Approve' })).toBeEnabled();
  await page.keyboard.press('a');
  await expect(page.locator('.toast', { hasText: 'will be approved' })).toBeVisible();
  await expect.poll(() => statusOf(agent, first.id)).toBe('approved');
  await page.goto('/login');
  await expect.poll(() => statusOf(agent, second.id)).toBe('approved');
});

test('a row is selected by a key', async ({ agent, console: page }) => {
  const action = await notice(agent, 'nine');
  await visit(page, `/approvals/${action.id}`);
  await page.keyboard.press('s');
  await expect(row(page, action.id).getByRole('checkbox')).toBeChecked();
});
