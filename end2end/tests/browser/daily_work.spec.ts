// The runbook's daily work: find what matters, give a call more time, deal with what failed. With and without
// JavaScript: the same links and forms.
import { card, expect, row, signIn, test } from '../../support/browser';

test.use({
  serverOptions: {
    config: `
[tools.notify_channel]
risk_tier = "low"
executor = "worker"
`,
  },
});

const call = (channel: string, session_id = 'night-shift') => ({
  tool_name: 'notify_channel',
  tool_args: { channel, token: 'canary-3d81' },
  session_id,
  agent_summary: `Tell ${channel} about the night`,
});

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'awake' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('morning review: the queue is narrowed by words, the address says so, and what narrows it is taken away again', async ({ page, agent, watch }) => {
      watch.allow(/status of 422/);
      const [ops, sales] = [await agent.park(call('operations')), await agent.park(call('sales'))];
      await signIn(page, '/approvals');
      await page.getByRole('button', { name: 'Filter' }).click();
      await page.getByLabel('with the words').fill('oper night');
      await page.getByRole('button', { name: 'Show them' }).click();
      await expect(page).toHaveURL('/approvals?q=oper+night');
      await expect(row(page, ops.id)).toBeVisible();
      await expect(row(page, sales.id)).toHaveCount(0);
      await page.getByRole('link', { name: 'Show also what is not with the words' }).click();
      await expect(row(page, sales.id)).toBeVisible();
      await expect(page).not.toHaveURL(/q=/);
      await page.goto('/approvals?q=canary');
      await expect(page.getByText('Nothing matches')).toBeVisible();
      await page.goto('/approvals?agent=mail-agent&risk_tier=nonsense');
      await expect(page.getByRole('alert').first()).toContainText('The risk tier must be one of low, medium, high, critical');
    });

    test('the calls of one session are read in their order from any of them', async ({ page, agent, person }) => {
      const session = `trip-${javaScriptEnabled}`;
      const [first, second] = [await agent.park(call('first', session)), await agent.park(call('second', session))];
      await agent.park(call('of another session'));
      await person.approve(first.id);
      await signIn(page, `/approvals/${second.id}`);
      await card(page).getByRole('link', { name: session }).click();
      await expect(page.locator('.row')).toHaveCount(2);
      await expect(page.locator('.row .who')).toHaveText(['first', 'second']);
      await expect(card(page)).toContainText('Tell second about the night');
    });

    test('expiry management: a call is given more time and stays open', async ({ page, agent }) => {
      const action = await agent.park({ ...call('later'), expires_in_hours: 2 });
      await signIn(page, `/approvals/${action.id}`);
      await card(page).locator('summary', { hasText: 'Extend' }).click();
      await card(page).getByLabel('3 days').check();
      await card(page).getByRole('button', { name: 'Extend', exact: true }).click();
      await expect(page.locator('.toast')).toContainText('has more time');
      await expect(page).toHaveURL(new RegExp(action.id));
      await expect(card(page)).toContainText('expires in 3 d');
      const moved = Date.parse((await agent.get(action.id)).expires_at!) - Date.parse(action.expires_at!);
      expect(moved).toBe(72 * 3_600_000);
    });

    test('execution errors: a failed call is tried again, fails again and is given up', async ({ page, agent, person, worker }) => {
      const action = await agent.park(call('broken'));
      const fail = async (error: string) => {
        for (;;) {
          const claim = (await worker.claim(['notify_channel']))!;
          await worker.report(claim.attempt, claim.action_id === action.id ? { success: false, error } : { success: true });
          if (claim.action_id === action.id) return claim.number;
        }
      };
      await person.approve(action.id);
      expect(await fail('the channel is archived')).toBe(1);
      await signIn(page, `/approvals/${action.id}?status=executed`);
      await expect(card(page)).toContainText('the channel is archived');
      await card(page).locator('summary', { hasText: 'Settle' }).click();
      await expect(card(page).getByLabel('It happened')).toHaveCount(0);
      await card(page).getByLabel('Try again').check();
      await card(page).getByLabel('How you know').fill('it is open again');
      await card(page).getByRole('button', { name: 'Settle', exact: true }).click();
      await expect(page.locator('.toast')).toContainText('approved and queued');
      expect(await fail('archived once more')).toBe(2);

      await page.goto(`/approvals/${action.id}?status=executed`);
      await expect(card(page)).toContainText('Attempt 2');
      await card(page).locator('summary', { hasText: 'Settle' }).click();
      await card(page).getByLabel('Give up').check();
      await card(page).getByLabel('How you know').fill('told them myself');
      await card(page).getByRole('button', { name: 'Settle', exact: true }).click();
      await expect.poll(async () => (await agent.get(action.id)).status).toBe('abandoned');
      await page.goto(`/approvals/${action.id}?status=abandoned`);
      await expect(card(page)).toContainText('Given up');
    });
  });
}
