// What is between a person and the truth may break: the stream, the answer to a decision, the database. The page says
// so, keeps what it shows, and catches up by itself; a decision counts once, however often it is sent.
import type { Page } from '@playwright/test';

import type { Api } from '../../support/api';
import { card, expect, openFromList, row, signIn, test as browserTest, visit } from '../../support/browser';
import { Line, type Trouble } from '../../support/line';

const STREAM = '/api/approvals/events/stream';
const APPROVE = '/api/console/actions/approve';
/** Until the page takes silence for an answer. */
const PATIENCE = 30_000;
const NOT_CONNECTED = 'Not connected: this is as it was';

const test = browserTest.extend<{ line: Line }>({
  line: async ({ server }, use) => {
    const line = await Line.to(server);
    await use(line);
    await line.close();
  },
  baseURL: async ({ line }, use) => use(line.url),
});

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

const call = (tool_name: string, to: string) => ({ tool_name, tool_args: { to }, agent_summary: `Tell ${to}` });
/** What decides: a form each. Links to other pages stay. */
const deciding = (page: Page) => card(page).locator('.acts form');
const ids = (page: Page) =>
  page.locator('.rows .row > a').evaluateAll((links) => links.map((link) => link.getAttribute('href')!.split(/[/?]/)[2]));
const waiting = async (agent: Api) => (await agent.list('?status=pending&sort=requested_at')).data.map((action) => action.id);

async function approvals(agent: Api, id: string): Promise<number> {
  const events = (await agent.get(id)).events!;
  return events.filter((event) => event.event_type === 'action_approved').length;
}

test('a page whose stream was cut has what happened meanwhile within five seconds, and no dead buttons', async ({ agent, person, line, watch, console: page }) => {
  watch.allow(/ERR_/);
  const [open, listed, stays] = [
    await agent.park(call('send_email', 'open')),
    await agent.park(call('send_email', 'listed')),
    await agent.park(call('send_email', 'stays')),
  ];
  await visit(page, `/approvals/${open.id}`);
  await expect(deciding(page)).not.toHaveCount(0);

  line.break('cut', STREAM);
  await expect(page.getByText(NOT_CONNECTED)).toBeVisible();
  for (const to of ['one', 'two', 'three']) await agent.park(call('send_email', to));
  await person.approve(open.id);
  await person.reject(listed.id, 'not now');
  await expect(row(page, stays.id)).toBeVisible();

  line.mend();
  await expect(async () => {
    const truth = await waiting(agent);
    expect(await ids(page)).toEqual(truth);
    expect(await page.locator('.rail .n').textContent()).toBe(String(truth.length));
    expect(await card(page).textContent()).toContain('Approved by admin');
    expect(await deciding(page).count()).toBe(0);
  }).toPass({ intervals: [50], timeout: 5_000 });
  await expect(page.getByText(NOT_CONNECTED)).toHaveCount(0);
});

/** What the open card says about the last decision. */
const says = (page: Page) => card(page).locator('.says');

/** Presses what approves the open action: a button, or for what is risky the one behind the second look. */
async function approve(page: Page, tool: string): Promise<void> {
  const confirm = card(page).getByRole('button', { name: `Approve ${tool}` });
  if (!(await confirm.isVisible())) await card(page).locator('[data-key="a"]').click();
  if (tool === 'send_email') await confirm.click();
}

/** Approves the open action, and looks at what the page knows of that as soon as it says something. */
async function approveInVain(page: Page, tool: string): Promise<void> {
  await approve(page, tool);
  if (tool === 'notify_channel') {
    // It could be taken back for a while, and another action is open since then.
    const told = page.locator('.toast.bad');
    await expect(told).toContainText(`${tool}: Not confirmed.`, { timeout: PATIENCE });
    await told.getByRole('link', { name: 'Show' }).click();
    await told.getByRole('button', { name: 'Close' }).click();
  }
  await expect(says(page)).toContainText('Not confirmed.', { timeout: PATIENCE });
}

for (const tool of ['notify_channel', 'send_email']) {
  test.describe(`an approval of ${tool}`, () => {
    const troubles: [string, (page: Page, line: Line) => Promise<void>][] = [
      ['is answered with 500', (page) => page.route(`**${APPROVE}`, (route) => route.fulfill({ status: 500, body: 'broken' }))],
      ['does not arrive', async (_, line) => line.break('cut', APPROVE)],
      ['does not arrive, and nothing else does', async (_, line) => line.break('cut')],
    ];
    for (const [what, trouble] of troubles) {
      test(`that ${what} leaves the card as it is, says so, and is safe to repeat`, async ({ agent, line, watch, console: page }) => {
        watch.allow(/status of 500/, /ERR_/);
        const action = await agent.park(call(tool, what));
        await visit(page, `/approvals/${action.id}`);

        await trouble(page, line);
        await approveInVain(page, tool);
        await expect(says(page)).toContainText('Trying again is safe: a decision counts once.');
        await expect(card(page).locator('.in dd', { hasText: what })).toBeVisible();
        await expect(row(page, action.id)).toBeVisible();
        expect(await approvals(agent, action.id)).toBe(0);

        line.mend();
        await page.unrouteAll();
        await approve(page, tool);
        await expect(page.locator('.toast')).toContainText(`${tool} approved`);
        expect(await approvals(agent, action.id)).toBe(1);
      });
    }

    for (const trouble of ['answer lost', 'silence'] satisfies Trouble[]) {
      test(`that is carried out while nobody hears of it (${trouble}) is shown as it stands, and not done twice`, async ({ agent, line, watch, console: page }) => {
        watch.allow(/ERR_/);
        const action = await agent.park(call(tool, trouble));
        await visit(page, `/approvals/${action.id}`);

        line.break(trouble, APPROVE);
        await approveInVain(page, tool);
        await expect(card(page)).toContainText('Approved by admin');
        await expect(deciding(page)).toHaveCount(0);
        expect(await approvals(agent, action.id)).toBe(1);
      });
    }
  });
}

test('an action that cannot be read is not taken for the one that was open before', async ({ agent, line, watch, console: page }) => {
  watch.allow(/ERR_/);
  const [before, unread] = [await agent.park(call('send_email', 'before')), await agent.park(call('send_email', 'unread'))];
  await visit(page, `/approvals/${before.id}`);
  await expect(card(page).locator('.in dd', { hasText: 'before' })).toBeVisible();
  line.break('cut');
  await openFromList(page, unread.id);
  await expect(card(page).getByText('The action could not be read.')).toBeVisible();
  await expect(card(page).locator('dd')).toHaveCount(0);
  await expect(card(page).locator('.acts')).toHaveCount(0);
  line.mend();
  await expect(card(page).locator('.in dd', { hasText: 'unread' })).toBeVisible();
});

test('a server that says nothing at all does not keep the other decisions waiting', async ({ agent, line, watch, console: page }) => {
  watch.allow(/ERR_/);
  const [stuck, next] = [await agent.park(call('send_email', 'stuck')), await agent.park(call('send_email', 'next'))];
  await visit(page, `/approvals/${stuck.id}`);
  line.break('silence', APPROVE);
  await approveInVain(page, 'send_email');
  line.mend();
  await openFromList(page, next.id);
  await approve(page, 'send_email');
  await expect(page.locator('.toast')).toContainText('send_email approved');
});

test.describe('without JavaScript', () => {
  test.use({ javaScriptEnabled: false });

  test('a form that is sent again decides once, and says so', async ({ agent, another, page }) => {
    const action = await agent.park(call('notify_channel', 'twice'));
    await signIn(page, `/approvals/${action.id}`);
    const twin = await another({ storageState: await page.context().storageState() });
    await twin.goto(`/approvals/${action.id}`);
    for (const window of [page, twin]) await card(window).getByRole('button', { name: 'Approve' }).click();
    await expect(page.locator('.toast')).toContainText('notify_channel approved');
    await expect(twin.locator('.toast')).toContainText('You had decided so before.');
    expect(await approvals(agent, action.id)).toBe(1);
  });

  test('a form whose answer was lost has decided, and the page shows it', async ({ agent, line, watch, page }) => {
    watch.allow(/ERR_/);
    const action = await agent.park(call('notify_channel', 'lost'));
    await signIn(page, `/approvals/${action.id}`);
    line.break('answer lost', APPROVE);
    await card(page).getByRole('button', { name: 'Approve' }).click();
    await page.waitForURL('chrome-error://chromewebdata/');
    line.mend();
    await page.goto(`/approvals/${action.id}`);
    await expect(card(page)).toContainText('Approved by admin');
    expect(await approvals(agent, action.id)).toBe(1);
  });
});

test('while the database is away the page says that it is not current; afterwards it is, by itself, and decides', async ({ agent, server, watch, console: page }) => {
  test.slow();
  watch.allow(/status of 503/, /ERR_/);
  const action = await agent.park(call('send_email', 'the other side of it'));
  await visit(page, `/approvals/${action.id}`);

  await server.withoutPostgres(async () => {
    const list = page.locator('.list');
    for (const part of [list, card(page)]) await expect(part.getByText('What you see may be out of date')).toBeVisible();
    await expect(page.getByText('The counts could not be read.')).toBeVisible();
    await expect(page.locator('.rail .n')).toHaveText('?');
    await expect(row(page, action.id)).toBeVisible();
    await expect(card(page).locator('.in dd', { hasText: 'the other side of it' })).toBeVisible();
    await approveInVain(page, 'send_email');
  });
  await expect(page.getByText('The counts could not be read.')).toHaveCount(0, { timeout: 60_000 });
  await expect(page.getByText('What you see may be out of date')).toHaveCount(0);
  await expect(page.locator('.rail .n')).toHaveText(String((await waiting(agent)).length));
  await approve(page, 'send_email');
  await expect(page.locator('.toast')).toContainText('send_email approved');
  expect(await approvals(agent, action.id)).toBe(1);
});

test('a database that was only restarted is noticed by nobody for long: the next decision works', async ({ agent, server, watch, console: page }) => {
  watch.allow(/status of 503/, /ERR_/);
  const action = await agent.park(call('send_email', 'right after it'));
  await visit(page, `/approvals/${action.id}`);
  await server.stopPostgres();
  await expect.poll(() => server.hasPostgres() && server.sql('SELECT 1').catch(() => 'not yet')).toBe('1');
  await approve(page, 'send_email');
  await expect(page.locator('.toast')).toContainText('send_email approved');
  const fresh = await agent.park(call('send_email', 'new'));
  await openFromList(page, fresh.id);
  await expect(page.getByText('The counts could not be read.')).toHaveCount(0);
  await expect(page.getByText('could not be read')).toHaveCount(0);
});
