// A page that nobody touches stays true: what is new announces itself, what others decide shows, and when it cannot
// know any more it says so.
import { card, expect, openFromList, row, signInByLink, test, visit } from '../../support/browser';

test.use({ serverOptions: { config: '[tools.notify_channel]\nrisk_tier = "low"\nexecutor = "worker"\n' } });

const call = (channel: string) => ({ tool_name: 'notify_channel', tool_args: { channel }, agent_summary: `Tell ${channel}` });

test('the first action of an empty queue appears by itself', async ({ agent, console: page }) => {
  await expect(page.getByRole('heading', { name: 'Nothing waits for you' })).toBeVisible();
  const action = await agent.park(call('first'));
  await expect(row(page, action.id)).toBeVisible();
});

test('a new action announces itself above the list and moves nothing under the hand', async ({ agent, console: page }) => {
  const old = await agent.park(call('old'));
  await visit(page, '/approvals');
  const pending = Number(await page.locator('.rail .n').textContent());

  const fresh = await agent.park(call('fresh'));
  await expect(page.locator('.news')).toHaveText('1 new action');
  await expect(row(page, fresh.id)).toHaveCount(0);
  await expect(page.locator('.rail .n')).toHaveText(String(pending + 1));
  await expect(page).toHaveTitle(`(${pending + 1}) Approvals · Countersign`);
  await agent.park(call('fresher'));
  await expect(page.locator('.news')).toHaveText('2 new actions');
  await expect(row(page, old.id)).toBeVisible();
  await page.locator('.news').click();
  await expect(row(page, fresh.id)).toBeVisible();
  await expect(page.locator('.news')).toHaveCount(0);
});

test('what another person decides shows on the open card, and its buttons go', async ({ agent, server, another, console: page }) => {
  await agent.park(call('stays'));
  const action = await agent.park(call('shared'));
  const ana = await another();
  await signInByLink(ana, await server.addPerson('ana'));
  await visit(ana, `/approvals/${action.id}`);
  await visit(page, `/approvals/${action.id}`);
  await expect(card(page).getByRole('button', { name: 'Approve' })).toBeEnabled();

  await card(ana).getByRole('button', { name: 'Approve' }).click();
  await expect(card(page)).toContainText('Approved by ana');
  await expect(card(page).getByRole('button', { name: 'Approve' })).toHaveCount(0);
  await expect(row(page, action.id)).toContainText('no longer in this list');
});

test('two people who decide at the same moment both learn what stands', async ({ agent, server, another, watch, console: page }) => {
  // The second answer is a 409, which browsers report.
  watch.allow(/status of 409/);
  const action = await agent.park(call('contested'));
  const ben = await another();
  await signInByLink(ben, await server.addPerson('ben'));
  await visit(ben, `/approvals/${action.id}`);
  await visit(page, `/approvals/${action.id}`);
  await card(page).locator('summary', { hasText: 'Reject' }).click();
  await card(page).getByLabel('Not now').check();
  await Promise.all([
    card(ben).getByRole('button', { name: 'Approve' }).click(),
    card(page).getByRole('button', { name: 'Reject', exact: true }).click(),
  ]);
  const decided = await agent.wait(action.id, 10);
  const winner = decided.decided_by === 'human:ben' ? 'Approved by ben' : 'Rejected by admin';
  for (const window of [ben, page]) {
    await visit(window, `/approvals/${action.id}`);
    await expect(card(window)).toContainText(winner);
  }
  const kinds = (await agent.get(action.id)).events!.map((event) => event.event_type);
  expect(kinds.filter((kind) => kind === 'action_approved' || kind === 'action_rejected')).toHaveLength(1);
});

test('a viewer sees everything and decides nothing', async ({ agent, server, another }) => {
  const action = await agent.park(call('looked at'));
  const vera = await another();
  await signInByLink(vera, await server.addPerson('vera', 'viewer'));
  await visit(vera, `/approvals/${action.id}`);
  await expect(vera.getByText('You can look, not decide')).toBeVisible();
  await expect(card(vera)).toContainText('looked at');
  await expect(card(vera).getByRole('button', { name: 'Approve' })).toHaveCount(0);
  await expect(vera.getByRole('button', { name: 'Expire stale' })).toHaveCount(0);
});

test('while the server is away the page says how old it is, and afterwards shows what happened meanwhile', async ({
  agent,
  server,
  person,
  watch,
  console: page,
}) => {
  watch.allow(/ERR_CONNECTION_REFUSED/, /ERR_INCOMPLETE_CHUNKED_ENCODING/, /ERR_CONNECTION_RESET/);
  const stays = await agent.park(call('stays'));
  const goes = await agent.park(call('goes'));
  await visit(page, '/approvals');
  await expect(row(page, goes.id)).toBeVisible();

  await server.stop();
  await expect(page.getByText('Not connected: this is as it was')).toBeVisible();
  await expect(row(page, stays.id), 'the old rows stay').toBeVisible();

  await server.begin();
  await person.reject(goes.id, 'not now');
  const came = await agent.park(call('came'));
  await expect(page.getByText('Not connected: this is as it was')).toHaveCount(0);
  // The page may have come back before these two: then the one is announced, and seen with it that the other is gone.
  await openFromList(page, came.id);
  await expect(row(page, goes.id)).toHaveCount(0);
  await expect(row(page, stays.id)).toBeVisible();
  const pending = (await agent.list('?status=pending')).meta.total;
  await expect(page.locator('.rail .n')).toHaveText(String(pending));
  await row(page, stays.id).getByRole('link').click();
  await card(page).getByRole('button', { name: 'Approve' }).click();
  await expect(page.locator('.toast')).toContainText('notify_channel approved');
  expect((await agent.get(stays.id)).status).toBe('approved');
});
