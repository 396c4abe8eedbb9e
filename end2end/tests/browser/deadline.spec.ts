// time-12: a card that is left open over its deadline can no longer decide anything, and says so.
import { card, expect, test, visit } from '../../support/browser';

test.use({
  serverOptions: {
    config: '[tools.notify_channel]\nrisk_tier = "low"\n[tools.send_payment]\nrisk_tier = "high"\n',
    // No sweep: the deadline counts by itself.
    args: ['--sweep-seconds', '86400'],
  },
});

for (const tool of ['notify_channel', 'send_payment']) {
  test(`a card of ${tool} left open over its deadline turns its buttons off`, async ({ server, agent, person, console: page }) => {
    const action = await agent.park({ tool_name: tool, tool_args: { to: 'ops' } });
    await server.moveDeadline(action.id, 10);
    await visit(page, `/approvals/${action.id}`);
    const approve = card(page).locator('[data-key="a"]');
    // The button itself, or what opens the second look.
    const off = page.locator('[data-key="a"]:is(:disabled, [aria-disabled="true"])');
    await expect(approve).toBeVisible();
    await expect(off).toHaveCount(0);
    await expect(card(page)).toContainText(/expires in \d+ s/);

    await expect(card(page)).toContainText('Its deadline has passed: it can no longer be decided.', { timeout: 15_000 });
    await expect(off).toHaveCount(1);
    await page.keyboard.press('a');
    await page.keyboard.press('x');
    for (const button of await card(page).locator('.acts form button').all()) await expect(button).toBeDisabled();

    const answer = await person.send('POST', `/actions/${action.id}/approve`, { json: {} });
    expect([answer.status, answer.body.code]).toEqual([409, 'action_expired']);
    const kinds = (await agent.get(action.id)).events!.map((event) => event.event_type);
    expect(kinds).toContain('action_expired');
    expect(kinds).not.toContain('action_approved');
  });
}

test('an approval that is sent past the deadline is refused, and the card says why', async ({ server, agent, watch, console: page }) => {
  watch.allow(/status of 409/);
  const action = await agent.park({ tool_name: 'notify_channel', tool_args: { to: 'ops' } });
  await visit(page, `/approvals/${action.id}`);
  // The page does not know: it goes by the deadline that it has read.
  await server.moveDeadline(action.id, -1);
  await card(page).getByRole('button', { name: 'Approve' }).click();
  await expect(page.locator('.toast')).toContainText('notify_channel: Not approved.');
  await page.locator('.toast').getByRole('link', { name: 'Show' }).click();
  await expect(card(page).getByRole('alert')).toContainText('Not approved.');
  await expect(card(page)).toContainText('Expired: nobody decided before the deadline');
  const kinds = (await agent.get(action.id)).events!.map((event) => event.event_type);
  expect(kinds).toEqual(['action_parked', 'action_expired']);
});

test('stale actions are expired by a button that says how many there were', async ({ server, agent, console: page }) => {
  const stale = [];
  for (const to of ['a', 'b']) stale.push(await agent.park({ tool_name: 'notify_channel', tool_args: { to } }));
  const alive = await agent.park({ tool_name: 'notify_channel', tool_args: { to: 'c' } });
  for (const action of stale) await server.moveDeadline(action.id, -1);
  await visit(page, '/approvals');
  await page.getByRole('button', { name: 'Expire stale' }).click();
  await page.getByRole('button', { name: 'Expire now' }).click();
  await expect(page.locator('.toast')).toContainText('2 actions expired.');
  for (const action of stale) expect(await agent.get(action.id)).toMatchObject({ status: 'expired', decided_by: 'system:expiry' });
  expect((await agent.get(alive.id)).status).toBe('pending');
});
