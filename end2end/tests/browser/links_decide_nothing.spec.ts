// web-51: mail scanners, link previews and prefetchers follow links. Following one never decides anything.
import { expect, signIn, test, visit } from '../../support/browser';

test.use({ serverOptions: { config: '[tools.send_payment]\nrisk_tier = "high"\n' } });

test('every link of every page, followed three times with GET and HEAD, leaves the queue as it was', async ({ page, agent, watch }) => {
  // One of the pages is of an action that is none.
  watch.allow(/status of 404/);
  const long = 'long '.repeat(2_000);
  const calls = [
    { tool_name: 'send_payment', tool_args: { iban: 'DE02120300000000202051', amount: 5, text: long } },
    { tool_name: 'notify_channel', tool_args: { url: 'https://example.com/approve?id=1', text: long } },
  ];
  const actions = [];
  for (const call of calls) actions.push(await agent.park(call));
  await signIn(page);

  const links = new Set<string>(actions.map((action) => action.url));
  const starts = ['/approvals', '/approvals?status=all', '/approvals/no-such-action', ...actions.map((action) => `/approvals/${action.id}`)];
  for (const start of starts) {
    await visit(page, start);
    const found = await page.locator('[href], [action], [formaction]').evaluateAll((elements) =>
      elements.flatMap((element) => ['href', 'action', 'formaction'].map((name) => element.getAttribute(name))),
    );
    for (const link of found) if (link && !link.startsWith('#')) links.add(new URL(link, page.url()).href);
  }
  // The forms' addresses are among them: they answer to POST alone.
  expect([...links].filter((link) => link.includes('/api/console/actions/approve'))).not.toEqual([]);

  for (const link of links) {
    for (let time = 0; time < 3; time += 1) {
      // With the person's own session.
      await page.request.get(link, { maxRedirects: 0 });
      await page.request.head(link, { maxRedirects: 0 });
      await page.request.get(`${link}${link.includes('?') ? '&' : '?'}id=${actions[0].id}&outcome=succeeded&reason=x&note=x&via=form`, { maxRedirects: 0 });
    }
  }
  for (const action of actions) {
    const now = await agent.get(action.id);
    expect(now.status).toBe('pending');
    expect(now.events!.map((event) => event.event_type)).toEqual(['action_parked']);
  }
  await visit(page, '/approvals');
  await expect(page.getByRole('heading', { name: 'Approvals' }), 'still signed in').toBeVisible();
});

test('a one-time sign-in link survives those who only look at it', async ({ page, server }) => {
  const link = await server.addPerson('lena');
  for (let time = 0; time < 3; time += 1) {
    expect((await page.request.get(link)).status()).toBe(200);
    expect((await page.request.head(link)).status()).toBe(200);
  }
  await page.goto(link);
  await page.getByRole('button', { name: 'Sign in with this link' }).click();
  await expect(page.getByRole('button', { name: 'lena' })).toBeVisible();

  // The console is left first: awake, it would go on asking with the session that is taken away.
  await page.goto('about:blank');
  await page.context().clearCookies();
  await page.goto(link);
  await page.getByRole('button', { name: 'Sign in with this link' }).click();
  await expect(page.getByRole('alert'), 'but it signs in once').toContainText('Not signed in.');
});
