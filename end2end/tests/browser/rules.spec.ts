// Standing rules in the console: made while approving, narrowed by what the past says, applied to what waits, looked after
// and ended. Everything works with JavaScript off.
import type { Page } from '@playwright/test';

import type { Call } from '../../support/api';
import { card, expect, row, signIn, signInByLink, test } from '../../support/browser';

const config = `
[tools.send_email]
risk_tier = "high"
executor = "worker"
[tools.send_mail]
risk_tier = "high"
executor = "worker"
[tools.notify_channel]
risk_tier = "low"
executor = "worker"
[tools.close_ticket]
risk_tier = "medium"
executor = "worker"
[tools.move_money]
risk_tier = "critical"
`;

test.use({ serverOptions: { config } });

const mailBy = (tool_name: string) => (to: string, subject: string, more: object = {}): Call => ({
  tool_name,
  tool_args: { to, subject, body: `Dear all, ${subject}`, smtp_password: 'canary-secret-1', ...more },
  agent_summary: subject,
});

const argument = (page: Page, name: string) => page.locator('.field').filter({ has: page.locator('label', { hasText: new RegExp(`^${name}`) }) });
const kind = (page: Page, name: string) => argument(page, name).locator('select');
const value = (page: Page, name: string) => argument(page, name).locator('textarea');
const panel = (page: Page) => page.locator('form.written aside');
const check = (page: Page) => page.getByRole('button', { name: 'Check' }).last().click();

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });
    // Each has a tool of its own: what is suggested goes by what was approved before.
    const tool = javaScriptEnabled ? 'send_email' : 'send_mail';
    const mail = mailBy(tool);
    const to = `ana@${javaScriptEnabled ? 'one' : 'two'}.example`;

    test('ten similar mails wait: one is approved with a rule, which is narrowed, applied to the others, and decides the next', async ({
      page,
      agent,
      person,
      worker,
    }) => {
      const wrong = await agent.park(mail(to, 'Salaries of everybody'));
      await person.reject(wrong.id, 'Not for a partner');
      const mails = [];
      for (let week = 1; week <= 10; week++) mails.push(await agent.park(mail(to, `Numbers of week ${week}`)));

      await signIn(page, `/approvals/${mails[0].id}`);
      await card(page).getByRole('link', { name: 'Approve and create rule' }).click();
      await expect(page).toHaveURL(`/approvals/${mails[0].id}/rule`);
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Approve and create rule');
      await expect(page.locator('body')).not.toContainText('canary');
      await expect(kind(page, 'smtp_password')).toHaveValue('from_action');
      await expect(panel(page)).toContainText('9 of 9 waiting would match');
      await expect(panel(page)).toContainText('1 of them rejected by people');
      await expect(panel(page)).toContainText('Would have passed a call that was rejected.');
      await expect(panel(page)).toContainText('This call fits it.');

      await kind(page, 'subject').selectOption('like (* and ?)');
      await value(page, 'subject').fill('Numbers of week *');
      await page.getByLabel('Description').fill(`Weekly numbers to ${to}`);
      await page.getByLabel('50', { exact: true }).check();
      await check(page);
      await expect(panel(page)).toContainText('9 of 9 waiting would match');
      await expect(panel(page)).not.toContainText('rejected by people');
      await expect(value(page, 'subject')).toHaveValue('Numbers of week *');
      expect((await agent.get(mails[0].id)).status).toBe('pending');

      await page.getByRole('button', { name: 'Approve and create rule' }).click();
      await expect(page.locator('.toast')).toContainText(`${tool} is approved, and the rule`);
      await expect(page.getByRole('heading', { level: 1 })).toContainText(`Weekly numbers to ${to}`);
      const id = page.url().split('/').pop()!;
      expect(await person.rule(id)).toMatchObject({ use_count: 0, max_uses: 50, created_from: mails[0].id });
      expect(await agent.get(mails[0].id)).toMatchObject({ status: 'approved', decided_by: 'human:admin' });

      await page.getByRole('button', { name: 'Apply to 9 waiting calls' }).click();
      await expect(page.getByText('9 actions decided.')).toBeVisible();
      await expect(page.getByRole('button', { name: /Apply to/ })).toHaveCount(0);
      await expect(page.locator('main')).toContainText('9 of 50');
      for (let n = 0; n < 10; n++) {
        const claim = await worker.claim([tool]);
        await worker.report(claim!.attempt, { success: true, result: 'sent' });
      }
      for (const { id: mailed } of mails) expect((await agent.get(mailed)).status).toBe('executed');

      const eleventh = await agent.park(mail(to, 'Numbers of week 11'));
      expect(eleventh).toMatchObject({ status: 'approved', decided_by: `rule:${id}` });
      await worker.claim([tool]);
      await page.goto(`/approvals/${eleventh.id}`);
      await expect(card(page)).toContainText('Approved by rule');
      await card(page).getByRole('link', { name: 'The rule' }).click();
      await expect(page).toHaveURL(`/approvals/rules/${id}`);

      const twelfth = await agent.park(mail(to, 'Numbers of week 12', { bcc: 'eve@elsewhere.example' }));
      expect(twelfth.status).toBe('pending');
      await page.goto(`/approvals/${twelfth.id}`);
      await expect(card(page)).toContainText('failed on bcc');
      await card(page).getByRole('link', { name: 'The rule' }).click();
      await expect(page).toHaveURL(`/approvals/rules/${id}`);
      await page.getByRole('link', { name: 'All of them' }).click();
      await expect(row(page, eleventh.id)).toBeVisible();
      await expect(row(page, twelfth.id)).toHaveCount(0);
      await person.reject(twelfth.id, 'done');
      await person.revokeRule(id, 'done');
    });

    test('a rule that is refused says so at its fields, and nothing that was typed is lost', async ({ page, agent, watch }) => {
      watch.allow(/status of 422/);
      const action = await agent.park(mail(`refused-${to}`, 'Minutes'));
      await signIn(page, `/approvals/${action.id}`);
      await page.goto(`/approvals/${action.id}/rule`);
      await page.getByLabel('Description').fill(' ');
      await page.getByLabel('Notes').fill('Line one\nline two');
      await kind(page, 'to').selectOption('anything');
      await kind(page, 'subject').selectOption('this expression');
      await value(page, 'subject').fill('(unclosed');
      await page.locator('[name="path.4"]').fill('cc');
      await page.locator('[name="kind.4"]').selectOption('a number a..b');
      await page.locator('[name="value.4"]').fill('many');
      await page.getByLabel('Other:').check();
      await page.getByLabel('Another number of uses').fill('7');
      await page.getByRole('button', { name: 'Approve and create rule' }).click();

      await expect(page.getByRole('alert')).toContainText('needs mending');
      await expect(argument(page, 'Another argument').first()).toContainText('two dots');
      await page.locator('[name="value.4"]').fill('1..5');
      await check(page);
      await expect(argument(page, 'subject')).toContainText(/expression|unclosed/i);
      await expect(page.locator('main')).toContainText('Is missing: say what the rule is for');
      await expect(page.getByLabel('Notes')).toHaveValue('Line one\nline two');
      await expect(value(page, 'subject')).toHaveValue('(unclosed');
      await expect(page.locator('[name="path.4"]')).toHaveValue('cc');
      await expect(page.getByLabel('Another number of uses')).toHaveValue('7');

      await kind(page, 'subject').selectOption('anything');
      await page.getByLabel('Description').fill('Minutes');
      await page.getByRole('button', { name: 'Approve and create rule' }).click();
      await expect(argument(page, 'to')).toContainText('Does not say what to may be');
      expect((await agent.get(action.id)).status).toBe('pending');
      await kind(page, 'to').selectOption('the wider choice');
      await page.getByRole('button', { name: 'Approve and create rule' }).click();
      await expect(page.locator('.toast')).toContainText('is made');
      await expect(page.locator('main')).toContainText(`is an address at ${to.split('@')[1]}`);
      expect((await agent.get(action.id)).status).toBe('approved');
    });

    test('a weekly review finds what is unused, near its limit, broad, or over; a rule is revoked with its reason', async ({ page, agent, person, server }) => {
      const tag = javaScriptEnabled ? 'js' : 'plain';
      const rule = (description: string, more: object = {}) =>
        person.makeRule({ tool_name: 'close_ticket', description: `${description} ${tag}`, arg_constraints: { id: `${description}-${tag}` }, ...more });
      const unused = await rule('Unused');
      const near = await rule('Near', { max_uses: 1 });
      const broad = await rule('Broad', { arg_constraints: { [`x${tag}`]: '*' }, confirm_broad: true, effect: 'allow' });
      await person.revokeRule(broad.id, 'only for a look');
      await server.sql(`UPDATE approval_rules SET created_at = created_at - interval '8 days' WHERE id = '${unused.id}'`);
      await agent.park({ tool_name: 'close_ticket', tool_args: { id: `Near-${tag}` } });

      await signIn(page, '/approvals/rules');
      await expect(page.getByRole('link', { name: 'Rules', exact: true })).toHaveAttribute('aria-current', 'page');
      await page.getByLabel('Worth a look').selectOption('unused for 7 days');
      await page.getByRole('button', { name: 'Show' }).click();
      const line = page.getByRole('row', { name: new RegExp(`Unused ${tag}`) });
      await expect(line).toContainText('unused for 7 days');
      await expect(page.getByRole('row', { name: new RegExp(`Near ${tag}`) })).toHaveCount(0);

      await page.getByRole('link', { name: 'Show inactive' }).click();
      await expect(page.getByRole('row', { name: new RegExp(`Near ${tag}`) })).toContainText('used up');
      await expect(page.getByRole('row', { name: new RegExp(`Broad ${tag}`) })).toContainText('revoked');
      expect((await person.rule(near.id)).state).toBe('exhausted');

      await page.goto(`/approvals/rules/${unused.id}`);
      await page.locator('summary', { hasText: 'Revoke' }).click();
      await page.getByLabel('Reason', { exact: true }).fill('Nobody needs it');
      await page.getByRole('button', { name: 'Revoke this rule' }).click();
      await expect(page.locator('.toast')).toContainText('is revoked');
      await expect(page.locator('h1')).toContainText('revoked');
      await expect(page.locator('main')).toContainText('Nobody needs it');
      await expect(page.locator('summary', { hasText: 'Revoke' })).toHaveCount(0);
      expect(await person.rule(unused.id)).toMatchObject({ state: 'revoked', revoked_reason: 'Nobody needs it' });

      const exported = await page.request.get('/api/approvals/rules/export?format=csv');
      expect(exported.headers()['content-type']).toContain('text/csv');
      expect(await exported.text()).toContain(`Unused ${tag}`);
    });

    test('why a rule does not fit a call is answered by trying it', async ({ page, agent, person }) => {
      const name = javaScriptEnabled ? 'js' : 'plain';
      const rule = await person.makeRule({
        tool_name: 'notify_channel',
        description: `News of ${name}`,
        arg_constraints: { channel: `#${name}`, message: { type: 'length', max: 20 } },
      });
      const waits = await agent.park({ tool_name: 'notify_channel', tool_args: { channel: `#${name}`, message: 'far more than twenty characters' } });
      await signIn(page, '/approvals/rules');
      await page.getByRole('link', { name: `News of ${name}` }).click();
      await page.getByLabel('Or the id of a call').fill(waits.id);
      await page.getByRole('button', { name: 'Try it' }).click();
      const tried = page.locator('#tried');
      await expect(tried).toContainText('The call does not fit this rule.');
      await expect(tried.getByRole('listitem').filter({ hasText: 'message' })).toContainText('does not hold');
      await expect(tried.getByRole('listitem').filter({ hasText: 'channel' })).not.toContainText('does not hold');
      await expect(page.getByLabel('Or the id of a call')).toHaveValue(waits.id);

      await page.getByLabel('Or the id of a call').fill('');
      await page.getByLabel('Its arguments').fill(`{"channel": "#${name}", "message": "short"}`);
      await page.getByRole('button', { name: 'Try it' }).click();
      await expect(tried).toContainText('The call fits this rule.');
      await expect(tried).toContainText('lets it run at once');
      expect((await person.rule(rule.id)).use_count).toBe(0);

      await page.getByRole('link', { name: 'Replay 30 days' }).click();
      await expect(page.locator('#replay')).toContainText('waiting would match');
      await person.reject(waits.id, 'done');
      await person.revokeRule(rule.id, 'done');
    });

    test('a rule is replaced by a narrower one, and a kept secret stays what it is', async ({ page, agent, person }) => {
      const address = `replace-${to}`;
      const action = await agent.park(mail(address, 'Report'));
      await signIn(page, `/approvals/${action.id}`);
      await page.goto(`/approvals/${action.id}/rule`);
      await page.getByLabel('50', { exact: true }).check();
      await kind(page, 'body').selectOption('anything');
      await kind(page, 'subject').selectOption('anything');
      await page.getByLabel('Description').fill(`Reports to ${address}`);
      await page.getByRole('button', { name: 'Approve and create rule' }).click();
      await expect(page.locator('.toast')).toContainText('is made');
      const before = page.url().split('/').pop()!;

      await page.getByRole('link', { name: 'Replace' }).click();
      await expect(kind(page, 'smtp_password')).toHaveValue('kept');
      await expect(page.locator('body')).not.toContainText('canary');
      await kind(page, 'subject').selectOption('exactly (text)');
      await value(page, 'subject').fill('Report');
      await page.getByLabel('Why it is replaced').fill('Only the report');
      await page.getByRole('button', { name: 'Replace it' }).click();
      await expect(page.locator('.toast')).toContainText('stands in its place');
      const after = page.url().split('/').pop()!;
      expect(after).not.toBe(before);
      expect(await person.rule(before)).toMatchObject({ state: 'revoked', replaced_by_rule_id: after });
      expect((await agent.park(mail(address, 'Report'))).decided_by).toBe(`rule:${after}`);
      const other = await agent.park(mail(address, 'Report', { smtp_password: 'another' }));
      expect(other.status).toBe('pending');
      await person.reject(other.id, 'done');
      await page.getByRole('link', { name: 'the rule before it' }).click();
      await expect(page).toHaveURL(`/approvals/rules/${before}`);
      await person.revokeRule(after, 'done');
    });
  });
}

test('a rule by hand refuses calls; one that narrows nothing is confirmed after its replay', async ({ console: page, agent, person, watch }) => {
  watch.allow(/status of 422/);
  await page.goto('/approvals/rules');
  await page.getByRole('link', { name: 'New rule' }).click();
  await page.getByLabel('Tool').selectOption('notify_channel');
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByLabel('Refuses them').check();
  await page.getByLabel('Description').fill('Nothing to everybody');
  await page.locator('[name="path.0"]').fill('channel');
  await page.locator('[name="value.0"]').fill('#everybody');
  await check(page);
  await expect(panel(page)).toContainText('channel is exactly "#everybody"');
  await page.getByRole('button', { name: 'Create rule' }).click();
  await expect(page.locator('.toast')).toContainText('is made');
  await expect(agent.park({ tool_name: 'notify_channel', tool_args: { channel: '#everybody', message: 'x' } })).rejects.toThrow(/denied_by_rule/);

  await page.goto('/approvals/rules/new?tool=close_ticket');
  await page.getByLabel('Description').fill('All tickets');
  await page.getByRole('button', { name: 'Create rule' }).click();
  await expect(page.getByText('It narrows nothing, and I have seen what would pass')).toBeVisible();
  await page.getByLabel('It narrows nothing').check();
  await page.getByRole('button', { name: 'Create rule' }).click();
  await expect(page.locator('h1')).toContainText('broad');
  await person.revokeRule(page.url().split('/').pop()!, 'done');
});

test('what a rule would do is told while it is written, and no field is touched by it', async ({ console: page, agent, person }) => {
  const mail = mailBy('send_email');
  const wrong = await agent.park(mail('live@one.example', 'Salaries'));
  await person.reject(wrong.id, 'No');
  const first = await agent.park(mail('live@one.example', 'Numbers 1'));
  const other = await agent.park(mail('live@one.example', 'Numbers 2'));
  await page.goto(`/approvals/${first.id}/rule`);
  await expect(panel(page)).toContainText('1 of them rejected by people');
  await kind(page, 'subject').selectOption('like (* and ?)');
  await value(page, 'subject').pressSequentially('Numbers *');
  await expect(panel(page)).not.toContainText('rejected by people');
  await expect(panel(page)).toContainText('subject is open at its end');
  await expect(page.locator('#panel-says')).toContainText('waiting would match');
  await expect(value(page, 'subject')).toBeFocused();
  await expect(value(page, 'subject')).toHaveValue('Numbers *');

  // Only what somebody has been at is told to be wrong.
  await page.getByLabel('Description').fill('');
  await expect(page.locator('main')).toContainText('Is missing: say what the rule is for');
  await expect(page.getByRole('alert')).toHaveCount(0);
  await page.getByLabel('Description').fill('Numbers');
  await expect(page.locator('main')).not.toContainText('Is missing');
  await value(page, 'subject').fill('*');
  await expect(panel(page)).toContainText('subject takes whatever comes');
  expect((await agent.get(first.id)).status).toBe('pending');
  for (const { id } of [first, other]) await person.reject(id, 'done');
});

test('a sheet that cannot be checked says so, and says it again once it can', async ({ console: page, watch }) => {
  watch.allow(/status of 503/, /failed request/);
  await page.goto('/approvals/rules/new?tool=notify_channel');
  await page.route('**/approvals/rules/new**', (route) => (route.request().method() === 'POST' ? route.fulfill({ status: 503, body: '' }) : route.continue()));
  await page.getByLabel('Description').fill('Any');
  await expect(panel(page)).toContainText('It could not be checked just now');
  await page.unrouteAll();
  await page.getByLabel('Description').fill('Any of them');
  await expect(panel(page)).toContainText('waiting would match');
  await expect(panel(page)).not.toContainText('could not be checked');
});

test('a rule that changes nothing says so, with the way to the one that does the same', async ({ console: page, person }) => {
  const wide = await person.makeRule({ tool_name: 'notify_channel', description: 'Wide', arg_constraints: { channel: { type: 'pattern', value: '#same-*' } } });
  const narrow = await person.makeRule({ tool_name: 'notify_channel', description: 'Narrow', arg_constraints: { channel: '#same-1' }, max_uses: 3 });
  await page.goto('/approvals/rules?tool_name=notify_channel');
  await expect(page.getByRole('row', { name: /Narrow/ })).toContainText('never decides');
  await page.getByRole('link', { name: 'Narrow' }).click();
  await expect(page.locator('main')).toContainText('Changes nothing: another rule does the same');
  await page.getByRole('link', { name: 'That rule' }).click();
  await expect(page).toHaveURL(`/approvals/rules/${wide.id}`);
  for (const rule of [wide, narrow]) await person.revokeRule(rule.id, 'done');
});

test('a sheet that is sent twice makes one rule, and a field that nobody asked for is refused', async ({ console: page, server, watch }) => {
  watch.allow(/status of 422/);
  await page.goto('/approvals/rules/new?tool=notify_channel');
  const key = await page.locator('input[name=key]').inputValue();
  const form = { key, effect: 'allow', description: 'Twice', 'path.0': 'channel', 'kind.0': 'text', 'value.0': '#twice', uses: '1', until: '24h', make: 'form' };
  const post = (more: Record<string, string> = {}, origin = server.url) =>
    page.request.post('/approvals/rules/new?tool=notify_channel', { form: { ...form, ...more }, headers: { origin, accept: 'text/html' }, maxRedirects: 0 });
  const strange = await post({ created_by: 'human:eve' });
  expect(strange.status()).toBe(422);
  expect(await strange.text()).toContain('is no field of this sheet');
  expect((await post()).status()).toBe(303);
  expect((await post({ description: 'Twice, changed' })).status()).toBe(303);
  expect((await post({}, 'https://evil.example')).status()).toBe(403);
  expect(await server.sql(`SELECT count(*) FROM approval_rules WHERE description LIKE 'Twice%'`)).toBe('1');
});

test('a critical call is approved with a rule only by its name', async ({ console: page, agent }) => {
  const action = await agent.park({ tool_name: 'move_money', tool_args: { amount: 12, iban: 'DE89' } });
  await page.goto(`/approvals/${action.id}/rule`);
  await page.getByLabel('Description').fill('Twelve to DE89');
  await page.getByRole('button', { name: 'Approve and create rule' }).click();
  expect((await agent.get(action.id)).status).toBe('pending');
  await check(page);
  await expect(panel(page)).toContainText('At most 5 uses');
  await page.getByLabel('This is critical').fill('move_money');
  await page.getByRole('button', { name: 'Approve and create rule' }).click();
  await expect(page.locator('.toast')).toContainText('is made');
  expect((await agent.get(action.id)).status).toBe('approved');
});

test('a decided call can become a rule too; approving alone makes none', async ({ console: page, agent, server }) => {
  const first = await agent.park(mailBy('send_email')('only@partner.example', 'Only'));
  await page.goto(`/approvals/${first.id}/rule`);
  await page.getByRole('button', { name: 'Approve only' }).click();
  await expect(page.locator('.toast')).toContainText('send_email approved');
  expect(await server.sql(`SELECT count(*) FROM approval_rules WHERE created_from = '${first.id}'`)).toBe('0');
  await page.goto(`/approvals/${first.id}`);
  await card(page).getByRole('link', { name: 'Create rule' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('New rule');
  await page.getByRole('button', { name: 'Create rule' }).click();
  await expect(page.locator('.toast')).toContainText('is made');
  await page.getByRole('link', { name: 'this call' }).click();
  await expect(page).toHaveURL(new RegExp(first.id));
});

test('a viewer looks at rules, and changes none', async ({ another, server, person, agent, watch }) => {
  watch.allow(/status of 403/);
  const rule = await person.makeRule({ tool_name: 'notify_channel', description: 'Looked at', arg_constraints: { channel: '#look' } });
  const action = await agent.park({ tool_name: 'notify_channel', tool_args: { channel: '#other' } });
  const page = await another();
  await signInByLink(page, await server.addPerson('vera', 'viewer'));
  await page.goto(`/approvals/${action.id}`);
  await expect(card(page)).toContainText('notify_channel');
  await expect(card(page).getByRole('link', { name: /create rule/i })).toHaveCount(0);
  await page.goto('/approvals/rules');
  await expect(page.getByRole('link', { name: 'New rule' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Looked at' }).click();
  await expect(page.getByText('Your role looks at rules')).toBeVisible();
  await expect(page.locator('main summary', { hasText: 'Revoke' })).toHaveCount(0);
  await page.goto(`/approvals/rules/${rule.id}/replace`);
  await expect(page.getByRole('alert')).toContainText('may not');
});

test('the keys lead to the rules and to the sheet', async ({ console: page, agent }) => {
  const action = await agent.park({ tool_name: 'notify_channel', tool_args: { channel: '#keys' } });
  await page.goto(`/approvals/${action.id}`);
  await expect(card(page).getByRole('link', { name: 'Approve and create rule' })).toBeVisible();
  await expect(async () => {
    await page.keyboard.press('r');
    await expect(page).toHaveURL(`/approvals/${action.id}/rule`, { timeout: 1_000 });
  }).toPass();
  await page.goto('/approvals');
  await expect(async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await expect(page).toHaveURL('/approvals/rules', { timeout: 1_000 });
  }).toPass();
});

test('the list is paged, newest first, and what narrows it stays', async ({ console: page, person }) => {
  for (let n = 1; n <= 5; n++) {
    await person.makeRule({ tool_name: 'notify_channel', description: `Page ${n}`, effect: 'hold', arg_constraints: { page: n } });
  }
  await page.goto('/approvals/rules?tool_name=notify_channel&effect=hold&limit=3');
  await expect(page.locator('tbody tr')).toHaveCount(3);
  await expect(page.locator('tbody tr').first()).toContainText('Page 5');
  await page.getByRole('link', { name: 'Next page' }).click();
  await expect(page.locator('tbody tr')).toHaveCount(2);
  await expect(page.locator('tbody tr').last()).toContainText('Page 1');
  await expect(page.getByLabel('Effect')).toHaveValue('hold');
  await page.getByRole('link', { name: 'First page' }).click();
  await expect(page.locator('tbody tr')).toHaveCount(3);
});
