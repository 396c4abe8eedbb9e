// Deciding works before the WebAssembly has come, and without any: plain links and plain forms.
import { card, expect, openFromList, signIn, test } from '../../support/browser';

test.use({
  javaScriptEnabled: false,
  serverOptions: {
    config: `
[tools.notify_channel]
risk_tier = "low"
executor = "worker"
[tools.send_payment]
risk_tier = "high"
executor = "worker"
[tools.drop_database]
risk_tier = "critical"
`,
  },
});

test('a person signs in, is told of a wrong password, and is led to where they wanted to go', async ({ page, agent }) => {
  const action = await agent.park({ tool_name: 'notify_channel', tool_args: { channel: 'ops' } });
  await page.goto(`/approvals/${action.id}`);
  await expect(page).toHaveURL(`/login?next=${encodeURIComponent(`/approvals/${action.id}`)}`);
  await page.getByLabel('Name').fill('admin');
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('Not signed in.');
  await expect(page).toHaveURL(/\/login\?next=/);

  await signIn(page, `/approvals/${action.id}`);
  await expect(card(page)).toContainText('notify_channel');
  await page.getByRole('button', { name: 'admin' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(/\/login/);
  await page.goto('/approvals');
  await expect(page).toHaveURL(/\/login/);
});

test('a low call is approved at once, and the next one opens', async ({ page, agent }) => {
  const first = await agent.park({ tool_name: 'notify_channel', tool_args: { channel: 'first' } });
  await signIn(page);
  await openFromList(page, first.id);
  await card(page).getByRole('button', { name: 'Approve' }).click();
  await expect(page.locator('.toast')).toContainText('notify_channel approved and queued.');
  expect(await agent.get(first.id)).toMatchObject({ status: 'approved', decided_by: 'human:admin' });
  // A message is said once.
  await page.reload();
  await expect(page.locator('.toast')).toHaveCount(0);
});

test('a high call is approved after a second look at what it reaches', async ({ page, agent }) => {
  const action = await agent.park({ tool_name: 'send_payment', tool_args: { iban: 'DE02120300000000202051', amount: 1200.5 } });
  await signIn(page, `/approvals/${action.id}`);
  await expect(card(page).getByRole('button', { name: /^Approve/ })).toHaveCount(0);
  await card(page).locator('summary', { hasText: 'Approve' }).click();
  await expect(card(page).locator('.panel')).toContainText(['DE02120300000000202051']);
  await card(page).getByRole('button', { name: 'Approve send_payment' }).click();
  await expect(page.locator('.toast')).toContainText('send_payment approved');
  expect((await agent.get(action.id)).status).toBe('approved');
});

test('a critical call is approved only by typing its name', async ({ page, agent }) => {
  const action = await agent.park({ tool_name: 'drop_database', tool_args: { name: 'staging' } });
  await signIn(page, `/approvals/${action.id}`);
  await card(page).locator('summary', { hasText: 'Approve' }).click();
  const confirm = card(page).getByRole('button', { name: 'Approve drop_database' });
  await confirm.click();
  await card(page).getByLabel('This is critical').fill('drop_databases');
  await confirm.click();
  expect((await agent.get(action.id)).status).toBe('pending');
  await card(page).getByLabel('This is critical').fill('drop_database');
  await confirm.click();
  await expect(page.locator('.toast')).toContainText('drop_database approved');
  expect((await agent.get(action.id)).status).toBe('approved');
});

test('a call is rejected with a reason, and not without one', async ({ page, agent }) => {
  const action = await agent.park({ tool_name: 'notify_channel', tool_args: { channel: 'all' } });
  await signIn(page, `/approvals/${action.id}`);
  await card(page).locator('summary', { hasText: 'Reject' }).click();
  await card(page).getByRole('button', { name: 'Reject', exact: true }).click();
  await expect(card(page).getByRole('alert')).toContainText('The reason is missing');
  expect((await agent.get(action.id)).status).toBe('pending');

  await card(page).locator('summary', { hasText: 'Reject' }).click();
  await card(page).getByLabel('Not now').check();
  await card(page).getByLabel('In your words').fill('after the release');
  await card(page).getByRole('button', { name: 'Reject', exact: true }).click();
  await expect(page.locator('.toast')).toContainText('notify_channel rejected');
  expect(await agent.get(action.id)).toMatchObject({ status: 'rejected', decision_reason: 'Not now: after the release' });
});

test('a decision that comes too late says what stands', async ({ page, agent, person }) => {
  const action = await agent.park({ tool_name: 'notify_channel', tool_args: { channel: 'late' } });
  await signIn(page, `/approvals/${action.id}`);
  await person.reject(action.id, 'suspicious');
  await card(page).getByRole('button', { name: 'Approve' }).click();
  await expect(card(page).getByRole('alert')).toContainText('Rejected by admin');
  expect((await agent.get(action.id)).status).toBe('rejected');
});

test('an unknown outcome is settled', async ({ page, agent, worker, person }) => {
  const action = await agent.park({ tool_name: 'send_payment', tool_args: { iban: 'DE02120300000000202051', amount: 7 } });
  for (let claim = await worker.claim(['send_payment']); claim; claim = await worker.claim(['send_payment'])) {
    await worker.report(claim.attempt, { success: true });
  }
  await person.approve(action.id);
  const claim = await worker.claim(['send_payment'], 5);
  expect(claim).toMatchObject({ action_id: action.id });
  expect((await agent.wait(action.id, 20, 'executed')).execution_state).toBe('unknown');

  await signIn(page, '/approvals?status=approved');
  await openFromList(page, action.id);
  await expect(card(page)).toContainText('Outcome unknown.');
  await card(page).locator('summary', { hasText: 'Settle' }).click();
  await card(page).getByLabel('It did not happen').check();
  await card(page).getByLabel('How you know').fill('The bank has no such payment');
  await card(page).getByRole('button', { name: 'Settle', exact: true }).click();
  await expect(page.locator('.toast')).toContainText('send_payment has failed');
  expect(await agent.get(action.id)).toMatchObject({ status: 'executed', execution_state: 'failed' });
});

test('every status has its list, and a long list has pages without gaps', async ({ page, agent }) => {
  const parked: string[] = [];
  for (let number = 0; number < 60; number += 1) {
    const call = { tool_name: 'notify_channel', tool_args: { channel: 'pages', number }, agent_summary: `Number ${number}` };
    parked.push((await agent.park(call)).id);
  }
  await signIn(page);
  const seen: string[] = [];
  for (;;) {
    const links = await page.locator('.rows .row > a').evaluateAll((links) => links.map((link) => link.getAttribute('href')!));
    seen.push(...links.map((href) => href.split('/')[2].split('?')[0]));
    const next = page.getByRole('link', { name: 'Next page' });
    if ((await next.count()) === 0) break;
    await next.click();
    await expect(page.getByRole('link', { name: 'First page' })).toBeVisible();
  }
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.filter((id) => parked.includes(id))).toEqual(parked);

  const filter = page.getByRole('navigation', { name: 'Filter by status' });
  for (const status of ['Approved', 'Rejected', 'Expired', 'Executed', 'Abandoned', 'Withdrawn', 'All', 'Pending']) {
    await filter.getByRole('link', { name: status }).click();
    await expect(filter.getByRole('link', { name: status })).toHaveAttribute('aria-current', 'true');
    const known = await agent.list(status === 'All' ? '' : `?status=${status.toLowerCase()}`);
    const total = known.meta.total!;
    await expect(page.locator('.pages')).toContainText(total === 1 ? '1 action' : `${total} actions`);
  }
  await page.getByRole('navigation', { name: 'Order' }).getByRole('link', { name: 'Newest' }).click();
  await expect(page.locator('.rows .row').first()).toContainText('Number 59');
});
