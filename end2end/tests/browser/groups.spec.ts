// Calls that do the same: decided as one while they wait, offered as a rule once people have approved enough of them.
import type { Page } from '@playwright/test';

import type { Call } from '../../support/api';
import { expect, signIn, signInByLink, test } from '../../support/browser';

const config = `
[tools.send_email]
risk_tier = "high"
[tools.book_room]
risk_tier = "low"
executor = "worker"
`;

test.use({ serverOptions: { config } });

const room = (address: string, day: number): Call => ({ tool_name: 'book_room', tool_args: { address, day }, agent_summary: `Day ${day}` });
const group = (page: Page, name: string) => page.getByRole('region', { name: new RegExp(name) });

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });
    const floor = javaScriptEnabled ? 'First floor' : 'Second floor';

    test('exactly what is ticked of a group is decided', async ({ page, agent }) => {
      const waiting = [];
      for (let day = 1; day <= 4; day++) waiting.push(await agent.park(room(floor, day)));
      const alone = await agent.park(room(`${floor}, alone`, 1));
      await signIn(page, '/approvals');
      await page.getByRole('link', { name: 'Grouped' }).click();
      await expect(page).toHaveURL('/approvals/groups');
      const ours = group(page, floor);
      await expect(ours).toContainText('4 wait');
      await expect(page.getByText(`${floor}, alone`)).toHaveCount(0);
      await ours.getByLabel('Select Day 4').uncheck();
      // It came while somebody was looking: nobody ticked it.
      const late = await agent.park(room(floor, 5));
      await ours.getByRole('button', { name: 'Approve what is ticked' }).click();
      await expect(page).toHaveURL('/approvals/groups');
      await expect(page.locator('main')).toContainText('3 actions decided.');
      const statuses = [];
      for (const { id } of [...waiting, late, alone]) statuses.push((await agent.get(id)).status);
      expect(statuses).toEqual(['approved', 'approved', 'approved', 'pending', 'pending', 'pending']);

      await ours.locator('summary', { hasText: 'Reject' }).click();
      await ours.getByLabel('Not now').check();
      await ours.getByRole('button', { name: 'Reject what is ticked' }).click();
      await expect(page.locator('main')).toContainText('2 actions decided.');
      expect(await agent.get(late.id)).toMatchObject({ status: 'rejected', decision_reason: 'Not now' });
      await expect(group(page, floor)).toHaveCount(0);
      await agent.withdraw(alone.id);
    });

    test('a group leads to a rule for all of it, and what was approved again and again is offered', async ({ page, agent, person }) => {
      const address = `${floor}, east`;
      for (let day = 1; day <= 5; day++) await person.approve((await agent.park(room(address, day))).id);
      for (let day = 6; day <= 7; day++) await agent.park(room(address, day));
      await signIn(page, '/approvals/rules');
      const offer = page.getByRole('row', { name: new RegExp(address) });
      await expect(offer).toContainText('5 times');
      await page.goto('/approvals/groups');
      await group(page, address).getByRole('link', { name: 'Make a rule of these' }).click();
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Approve and create rule');
      await expect(page.locator('form.written aside')).toContainText('1 of 1 waiting would match');
      await page.getByRole('button', { name: 'Approve and create rule' }).click();
      await page.getByRole('button', { name: 'Apply to 1 waiting call' }).click();
      await expect(page.locator('main')).toContainText('1 action decided.');
      await page.goto('/approvals/rules');
      await expect(page.getByRole('row', { name: new RegExp(address) })).toHaveCount(1);
      await expect(page.locator('#offers')).toHaveCount(0);
      expect((await agent.park(room(address, 8))).decided_by).toMatch(/^rule:/);
    });
  });
}

test('calls of high risk are not approved as one', async ({ console: page, agent }) => {
  const mail = { tool_name: 'send_email', tool_args: { to: 'ana@a.example' } };
  const waiting = [await agent.park(mail), await agent.park(mail)];
  await page.goto('/approvals/groups');
  const ours = group(page, 'ana@a.example');
  await expect(ours).toContainText('Calls of this tier are approved one by one.');
  await expect(ours.getByRole('button', { name: 'Approve what is ticked' })).toHaveCount(0);
  for (const { id } of waiting) await agent.withdraw(id);
});

test('a viewer sees the groups and decides nothing', async ({ another, server, agent }) => {
  const waiting = [await agent.park(room('Third floor', 1)), await agent.park(room('Third floor', 2))];
  const page = await another();
  await signInByLink(page, await server.addPerson('vera', 'viewer'));
  await page.goto('/approvals/groups');
  await expect(group(page, 'Third floor')).toContainText('2 wait');
  await expect(page.getByRole('checkbox')).toHaveCount(0);
  await expect(page.locator('main').getByRole('button', { name: /ticked/ })).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Make a rule of these' })).toHaveCount(0);
  for (const { id } of waiting) await agent.withdraw(id);
});
