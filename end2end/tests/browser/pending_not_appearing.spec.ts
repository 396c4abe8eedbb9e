// The runbook's "Pending actions not appearing": an empty list means that there is nothing. Whatever else keeps actions
// from the eye says what it is, and what helps.
import type { Page } from '@playwright/test';

import { expect, row, signIn, signInByLink, test, visit } from '../../support/browser';

test.use({ serverOptions: { config: '[tools.notify_channel]\nrisk_tier = "low"\nexecutor = "worker"\n' } });

const LIST = '**/api/console/actions/list?*';
const FRAME = '**/api/console/frame/show?*';
const call = (channel: string) => ({ tool_name: 'notify_channel', tool_args: { channel }, agent_summary: `Tell ${channel}` });

async function nothingSaysEmpty(page: Page): Promise<void> {
  await expect(page.locator('.list .empty')).toHaveCount(0);
  await expect(page.locator('.rail .n')).not.toHaveText('0');
}

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'awake' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('rail, title and list count what the interface for programs counts', async ({ agent, page }) => {
      for (const channel of ['one', 'two']) await agent.park(call(channel));
      await signIn(page);
      const total = (await agent.list('?status=pending')).meta.total!;
      await expect(page.locator('.rows .row')).toHaveCount(total);
      await expect(page.locator('.rail .n')).toHaveText(String(total));
      await expect(page.locator('.pages')).toContainText(`${total} actions`);
      if (javaScriptEnabled) await expect(page).toHaveTitle(`(${total}) Approvals · Countersign`);
    });

    test('a filter that hides them says so, and one click takes it away', async ({ agent, page }) => {
      const action = await agent.park(call('hidden'));
      await signIn(page);
      for (const [filter, name] of [
        ['agent=nobody', 'of the agent'],
        ['until=2020-01-01', 'requested until'],
      ]) {
        await page.goto(`/approvals?${filter}`);
        await expect(page.getByRole('heading', { name: 'Nothing matches' })).toBeVisible();
        await expect(page.getByText('Nothing waits for you')).toHaveCount(0);
        await expect(page.locator('.rail .n')).not.toHaveText('0');
        await page.getByRole('link', { name: `Show also what is not ${name}` }).click();
        await expect(row(page, action.id)).toBeVisible();
      }
    });

    test('a session that was ended elsewhere is led to the sign-in page, and from there back', async ({ agent, server, page }) => {
      const action = await agent.park(call('still there'));
      const name = `otto-${javaScriptEnabled}`;
      await signInByLink(page, await server.addPerson(name));
      await server.command('user', 'disable', name);
      await page.goto(`/approvals/${action.id}?status=all`);
      await expect(page).toHaveURL(`/login?next=${encodeURIComponent(`/approvals/${action.id}?status=all`)}`);
      await expect(page.locator('.list')).toHaveCount(0);
    });
  });
}

const problem = { code: 'internal', detail: 'The cause is in the log.' };
const answers: [string, object | undefined][] = [
  ['a problem', { status: 500, contentType: 'application/json', body: JSON.stringify(problem) }],
  ["a proxy's page", { status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }],
  ['something that is no list', { status: 200, contentType: 'application/json', body: '{"rows":null}' }],
  ['an empty answer', { status: 200, contentType: 'application/json', body: '' }],
  ['nothing', undefined],
];
for (const [what, answer] of answers) {
  test(`a list that is answered by ${what} is an error and not empty, and comes when it is asked for again`, async ({ agent, watch, console: page }) => {
    watch.allow(/status of 50\d/, /ERR_FAILED/);
    const action = await agent.park(call('behind an error'));
    await visit(page, '/approvals?status=rejected');
    await page.route(LIST, (route) => (answer ? route.fulfill(answer) : route.abort()));
    await page.getByRole('navigation', { name: 'Filter by status' }).getByRole('link', { name: 'Pending' }).click();
    await expect(page.getByRole('alert').filter({ hasText: 'The list could not be read.' })).toBeVisible();
    await nothingSaysEmpty(page);

    await page.unrouteAll();
    await page.getByRole('link', { name: 'Try again' }).click();
    await expect(row(page, action.id)).toBeVisible();
    await expect(page.getByRole('alert').filter({ hasText: 'could not be read' })).toHaveCount(0);
  });
}

test('counts that cannot be read are unknown and not zero, and come by themselves', async ({ agent, watch, console: page }) => {
  watch.allow(/status of 500/);
  await page.route(FRAME, (route) => route.fulfill({ status: 500, contentType: 'application/json', body: JSON.stringify(problem) }));
  await agent.park(call('uncounted'));
  await expect(page.getByText('The counts could not be read.')).toBeVisible();
  await expect(page.locator('.rail .n')).toHaveText('?');
  await page.unrouteAll();
  await expect(page.locator('.rail .n')).toHaveText(String((await agent.list('?status=pending')).meta.total), { timeout: 20_000 });
  await expect(page.getByText('The counts could not be read.')).toHaveCount(0);
});

test('an open page whose session was ended elsewhere says that it is signed out, and leads back', async ({ agent, server, page, watch }) => {
  watch.allow(/status of 401/);
  const action = await agent.park(call('in plain sight'));
  await signInByLink(page, await server.addPerson('olga'));
  await expect(row(page, action.id)).toBeVisible();
  await server.command('user', 'disable', 'olga');
  const banner = page.getByRole('status').filter({ hasText: 'You are signed out.' });
  await expect(banner).toBeVisible({ timeout: 20_000 });
  await nothingSaysEmpty(page);
  await banner.getByRole('link', { name: 'Sign in again' }).click();
  await expect(page).toHaveURL('/login?next=%2Fapprovals');
});

test('a page of another site can neither read the list nor decide, and is told which header is wrong', async ({ agent, server, watch, console: page }) => {
  watch.allow(/request to another place/, /CORS policy/, /ERR_FAILED/, /status of 403/);
  const action = await agent.park(call('not theirs'));
  await page.route('http://elsewhere.example/**', (route) => route.fulfill({ contentType: 'text/html', body: '<title>Elsewhere</title>' }));
  await page.goto('http://elsewhere.example/');
  const read = await page.evaluate(
    (url) => fetch(url, { credentials: 'include' }).then((answer) => answer.text(), (error: Error) => error.name),
    `${server.url}/api/approvals/actions?limit=10`,
  );
  expect(read).toBe('TypeError');

  await page.evaluate(
    ({ url, id, digest }) => {
      document.body.innerHTML = `<form method="post" action="${url}"><input name="id" value="${id}"><input name="args_sha256" value="${digest}"></form>`;
      document.forms[0].submit();
    },
    { url: `${server.url}/api/console/actions/approve`, id: action.id, digest: action.args_sha256 },
  );
  await expect(page.locator('body')).toContainText('cross_site_request');
  await expect(page.locator('body')).toContainText('Origin');
  expect((await agent.get(action.id)).status).toBe('pending');
});
