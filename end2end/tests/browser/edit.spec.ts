// Edit before approve, on the screen: typed controls, what changes before anything is approved, and what the tier asks for.
import type { Page } from '@playwright/test';

import { ADMIN } from '../../support/server';
import { card, expect, signIn, signInByLink, test } from '../../support/browser';

const config = `
[tools.notify_channel]
risk_tier = "low"
executor = "worker"
[tools.send_email]
risk_tier = "high"
executor = "worker"
[tools.deploy_service]
risk_tier = "critical"
`;

test.use({ serverOptions: { config } });

const ARGS = {
  to: 'ana@partner.example',
  subject: 'Numbers',
  body: '\n  Dear Ana,\n\nsee <b>below</b> & "above".\r\n</textarea>\t\n',
  odd: 'zero\u200bwidth\\',
  amount: 12,
  urgent: true,
  reply_to: null,
  cc: ['finance@company.example'],
  options: { retries: 3, tags: ['a', 'b'] },
  smtp_password: 'canary-secret-1',
};

const field = (page: Page, name: string) => page.locator('.field').filter({ has: page.locator('label', { hasText: new RegExp(`^${name}`) }) });
const text = (page: Page, name: string) => field(page, name).locator('[name^="v."]');
const kind = (page: Page, name: string) => field(page, name).locator('select');
const next = (page: Page) => page.getByRole('button', { name: 'Show what changes' }).click();
const approve = (page: Page) => page.getByRole('button', { name: 'Approve with these arguments' }).click();

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('a call is edited, its changes are looked at, and the worker gets exactly that', async ({ page, agent, worker }) => {
      const action = await agent.park({ tool_name: 'notify_channel', tool_args: ARGS });
      await signIn(page, `/approvals/${action.id}`);
      await card(page).getByRole('link', { name: 'Edit' }).click();
      await expect(page).toHaveURL(`/approvals/${action.id}/edit`);
      await expect(page.locator('body')).not.toContainText('canary');

      await text(page, 'to').fill('ben@partner.example');
      await text(page, 'amount').fill('9007199254740993');
      await kind(page, 'urgent').selectOption('false');
      await kind(page, 'subject').selectOption('null');
      await next(page);
      await expect(page.getByRole('heading', { name: 'Approve with these arguments?' })).toBeVisible();
      const changes = page.locator('.card', { hasText: 'What changes' });
      await expect(changes).toContainText('ana@partner.example');
      await expect(changes).toContainText('ben@partner.example');
      await expect(changes).toContainText('9007199254740993');
      await expect(changes).not.toContainText('finance@company.example');
      expect((await agent.get(action.id)).status).toBe('pending');

      await approve(page);
      await expect(page.locator('.toast')).toContainText('notify_channel approved');
      const claim = await worker.claim(['notify_channel']);
      const wanted = { ...ARGS, to: 'ben@partner.example', amount: 9007199254740993, urgent: false, subject: null };
      expect(claim!.tool_args).toEqual(wanted);
      const stored = await agent.send('GET', `/actions/${action.id}`);
      expect(stored.text).toContain('"amount":9007199254740993,');

      await page.goto(`/approvals/${action.id}`);
      await expect(card(page)).toContainText('Edited while approving');
      await expect(card(page)).toContainText('becomes');
    });

    test('a text that is no number is told at its field, and what was typed stays', async ({ page, agent, watch }) => {
      watch.allow(/status of 422/);
      const action = await agent.park({ tool_name: 'notify_channel', tool_args: ARGS });
      await signIn(page, `/approvals/${action.id}`);
      await page.goto(`/approvals/${action.id}/edit`);
      await text(page, 'amount').fill('12a');
      await text(page, 'subject').fill('Other\nnumbers');
      await next(page);
      await expect(page.getByRole('alert')).toContainText('One field needs mending.');
      await expect(field(page, 'amount')).toContainText('must be a number');
      await expect(text(page, 'amount')).toHaveValue('12a');
      await expect(text(page, 'subject')).toHaveValue('Other\nnumbers');
      await text(page, 'amount').fill('13');
      await next(page);
      await expect(page.locator('.card', { hasText: 'What changes' })).toContainText('Other');
      await page.getByRole('button', { name: 'Change more' }).click();
      await expect(text(page, 'amount')).toHaveValue('13');
      await expect(text(page, 'subject')).toHaveValue('Other\nnumbers');
      await text(page, 'amount').fill('12');
      await text(page, 'subject').fill('Numbers');
      await next(page);
      await expect(page.getByText('Nothing is changed yet.')).toBeVisible();
      expect((await agent.get(action.id)).status).toBe('pending');
    });

    test('a high call is confirmed by what it will reach, a critical one by its name', async ({ page, agent }) => {
      const mail = await agent.park({ tool_name: 'send_email', tool_args: { to: 'ana@partner.example', subject: 'x' } });
      const roll = await agent.park({ tool_name: 'deploy_service', tool_args: { service: 'checkout', replicas: 12 } });
      await signIn(page, `/approvals/${mail.id}`);
      await page.goto(`/approvals/${mail.id}/edit`);
      await text(page, 'subject').fill('y');
      await next(page);
      await expect(page.locator('.card', { hasText: 'What it will reach' })).toContainText('ana@partner.example');
      await approve(page);
      await expect(page.locator('.toast')).toContainText('send_email approved');

      await page.goto(`/approvals/${roll.id}/edit`);
      await text(page, 'replicas').fill('2');
      await next(page);
      await approve(page);
      expect((await agent.get(roll.id)).status).toBe('pending');
      await page.getByLabel('This is critical').fill('deploy_service');
      await approve(page);
      await expect(page.locator('.toast')).toContainText('deploy_service approved');
      expect(await agent.get(roll.id)).toMatchObject({ status: 'approved', edited: true, edited_args: { replicas: 2 } });
    });

    test('arguments are added and removed, a list grows, and a secret stays unless it is replaced', async ({ page, agent, worker }) => {
      const action = await agent.park({ tool_name: 'notify_channel', tool_args: ARGS });
      await signIn(page, `/approvals/${action.id}`);
      await page.goto(`/approvals/${action.id}/edit`);
      await text(page, 'Add to the list').first().fill('boss@company.example');
      await kind(page, 'odd').selectOption('remove');
      await page.getByText('Add an argument').click();
      await page.locator('[name="n.new0"]').fill('priority');
      await page.locator('[name="k.new0"]').selectOption('number');
      await page.locator('[name="v.new0"]').fill('1');
      await next(page);
      await expect(page.locator('.card', { hasText: 'What changes' })).toContainText('priority (added)');
      await expect(page.locator('body')).not.toContainText('canary');
      await approve(page);
      await expect(page.locator('.toast')).toBeVisible();
      const { odd: _, ...kept } = ARGS;
      const claim = await worker.claim(['notify_channel']);
      expect(claim!.tool_args).toEqual({ ...kept, cc: ['finance@company.example', 'boss@company.example'], priority: 1 });
    });

    test('a call that somebody else decided, or whose deadline passed, is not approved', async ({ page, agent, person, server, watch }) => {
      watch.allow(/status of (409|404)/);
      const decided = await agent.park({ tool_name: 'notify_channel', tool_args: ARGS });
      const late = await agent.park({ tool_name: 'notify_channel', tool_args: ARGS });
      await signIn(page, `/approvals/${decided.id}`);
      await page.goto(`/approvals/${decided.id}/edit`);
      await text(page, 'to').fill('ben@partner.example');
      await next(page);
      await person.reject(decided.id, 'suspicious');
      await approve(page);
      await expect(card(page).getByRole('alert')).toContainText('Rejected by admin');
      expect((await agent.get(decided.id)).status).toBe('rejected');

      await page.goto(`/approvals/${late.id}/edit`);
      await text(page, 'to').fill('ben@partner.example');
      await server.moveDeadline(late.id, -1);
      await next(page);
      await expect(page.getByRole('alert')).toContainText('The deadline has passed');
      await page.goto(`/approvals/${late.id}/edit`);
      await expect(page.getByRole('alert')).toContainText('The deadline has passed');
      await page.goto('/approvals/no-such-action/edit');
      await expect(page.getByRole('alert')).toContainText('There is no such action');
    });
  });
}

test('the list that an action was opened from is there again after its edit', async ({ page, agent }) => {
  const session = 'edit-session';
  const first = await agent.park({ tool_name: 'notify_channel', tool_args: { n: 1 }, session_id: session });
  const second = await agent.park({ tool_name: 'notify_channel', tool_args: { n: 2 }, session_id: session });
  await signIn(page, `/approvals/${first.id}?session_id=${session}`);
  await card(page).getByRole('link', { name: 'Edit', exact: true }).click();
  await text(page, 'n').fill('3');
  await next(page);
  await approve(page);
  await expect(page).toHaveURL(`/approvals/${second.id}?session_id=${session}`);
});

test('a viewer sees no way to edit, and is refused on the page', async ({ another, server, agent, watch }) => {
  watch.allow(/status of 403/);
  const action = await agent.park({ tool_name: 'notify_channel', tool_args: ARGS });
  const page = await another();
  await signInByLink(page, await server.addPerson('vera', 'viewer'));
  await page.goto(`/approvals/${action.id}`);
  await expect(card(page)).toContainText('notify_channel');
  await expect(card(page).getByRole('link', { name: 'Edit' })).toHaveCount(0);
  await page.goto(`/approvals/${action.id}/edit`);
  await expect(page.getByRole('alert')).toContainText('The role viewer may not do this');
  expect((await agent.get(action.id)).decided_by, ADMIN).toBeNull();
});
