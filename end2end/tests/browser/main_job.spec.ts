// The main job, on real input: an agent wants to send a mail, a person decides in the browser, a worker sends it over
// SMTP, and everybody sees what came of it.
import { card, expect, openFromList, showDecided, test as withBrowser } from '../../support/browser';
import { Mailroom } from '../../support/mail';

const test = withBrowser.extend<{ mail: Mailroom }>({
  mail: async ({}, use) => {
    const mailroom = await Mailroom.open();
    await use(mailroom);
    await mailroom.close();
  },
});

test.use({
  serverOptions: {
    config: '[tools.send_email]\nrisk_tier = "medium"\nexecutor = "worker"\n',
    // A deadline that was moved is noticed within a second.
    args: ['--sweep-seconds', '1'],
  },
});

/** What a mail program could get wrong: line ends, leading dots, trailing spaces, letters beyond ASCII. */
const MAIL = {
  to: 'ana@partner.example',
  subject: 'Quarterly  numbers – Zürich 📈',
  body: 'Dear Ana,\n\n.one dot\n..two dots\n  spaces at the end  \r\n\tß, €, 日本語\nno line end here',
};

test('an approved mail is sent once, byte for byte, and everybody sees the outcome', async ({ server, mail, agent, worker, console: page }) => {
  const caller = mail.parks(agent, MAIL);
  const id = await caller.id();

  await openFromList(page, id);
  await expect(card(page)).toContainText(MAIL.to);
  await expect(card(page)).toContainText('Why it waits');
  await card(page).getByRole('button', { name: 'Approve' }).click();
  await expect(page.locator('.toast')).toContainText('send_email approved and queued');
  await showDecided(page);
  await expect(card(page)).toContainText('Approved by admin');

  const sender = mail.works(worker);
  // Nobody touches the page: the outcome comes by itself.
  await expect(card(page)).toContainText('Succeeded.');
  await expect(card(page).getByText('Attempt 1 by mail-worker')).toBeVisible();
  expect(await sender.ended()).toBe(0);

  const said = await caller.ended();
  expect(said).toMatchObject({ code: 0, lines: [`parked: ${id}`, 'approved: no reason given', expect.stringContaining('outcome: sent')] });

  const mails = await mail.mails();
  expect(mails).toHaveLength(1);
  expect(mails[0]).toMatchObject({ ...MAIL, recipients: [MAIL.to], message_id: `<${id}@countersign>` });

  const action = await agent.get(id);
  expect(action).toMatchObject({ status: 'executed', execution_state: 'succeeded', decided_by: 'human:admin', tool_args: MAIL });
  expect(action.execution_result).toMatchObject({ success: true, result: { message_id: `<${id}@countersign>` } });
  expect(action.events!.map((event) => [event.event_type, event.actor])).toEqual([
    ['action_parked', 'agent:mail-agent'],
    ['action_approved', 'human:admin'],
    ['execution_claimed', 'agent:mail-worker'],
    ['execution_succeeded', 'agent:mail-worker'],
  ]);
  expect(new Set(action.events!.map((event) => event.event_metadata.args_sha256))).toEqual(new Set([action.args_sha256]));
  expect(await server.command('audit', 'verify')).toContain('The trail is whole.');
});

test('a rejected mail is not sent, and the agent reads the reason', async ({ mail, agent, worker, console: page }) => {
  const caller = mail.parks(agent, MAIL);
  const id = await caller.id();

  await openFromList(page, id);
  await card(page).locator('summary', { hasText: 'Reject' }).click();
  await card(page).getByLabel('Wrong recipient').check();
  await card(page).getByLabel('In your words').fill('Ana left in May; write to Ben');
  await card(page).getByRole('button', { name: 'Reject', exact: true }).click();
  await expect(page.locator('.toast')).toContainText('send_email rejected; the agent is told why');

  const said = await caller.ended();
  expect(said).toMatchObject({ code: 1, lines: [`parked: ${id}`, 'rejected: Wrong recipient: Ana left in May; write to Ben'] });
  expect(await worker.claim(['send_email'])).toBeUndefined();
  expect(await mail.mails()).toEqual([]);
  expect(await agent.get(id)).toMatchObject({
    status: 'rejected',
    decided_by: 'human:admin',
    decision_reason: 'Wrong recipient: Ana left in May; write to Ben',
    execution_state: null,
  });
});

test('a mail that nobody decides in time expires and is not sent', async ({ server, mail, agent, worker, console: page }) => {
  const caller = mail.parks(agent, MAIL);
  const id = await caller.id();

  await openFromList(page, id);
  await server.moveDeadline(id, 1);
  await expect(card(page)).toContainText('Expired: nobody decided before the deadline');
  await expect(card(page).getByRole('button', { name: 'Approve' })).toHaveCount(0);

  const said = await caller.ended();
  expect(said).toMatchObject({ code: 1, lines: [`parked: ${id}`, expect.stringMatching(/^expired: /)] });
  expect(await worker.claim(['send_email'])).toBeUndefined();
  expect(await mail.mails()).toEqual([]);
  const action = await agent.get(id);
  expect(action).toMatchObject({ status: 'expired', decided_by: 'system:expiry' });
  expect(action.events!.map((event) => event.event_type)).toEqual(['action_parked', 'action_expired']);
});

test('a worker that dies between sending and reporting leaves one mail and an unknown outcome, which a person settles', async ({
  mail,
  agent,
  worker,
  console: page,
}) => {
  const caller = mail.parks(agent, MAIL);
  const id = await caller.id();

  await openFromList(page, id);
  await card(page).getByRole('button', { name: 'Approve' }).click();
  await showDecided(page);
  const dying = mail.works(worker, '--lease', '5', '--die-after-send');
  expect(await dying.ended()).toBe('SIGKILL');
  expect(await mail.mails()).toHaveLength(1);
  await expect(card(page)).toContainText('Running now.');

  // The lease ends, and nobody touches the page.
  await expect(card(page)).toContainText('Outcome unknown. The executor went silent', { timeout: 15_000 });
  expect(await agent.get(id)).toMatchObject({ status: 'approved', execution_state: 'unknown' });
  const said = await caller.ended();
  expect(said).toMatchObject({ code: 3, lines: [`parked: ${id}`, 'approved: no reason given', expect.stringContaining('outcome: unknown')] });
  expect(await worker.claim(['send_email']), 'it is never run again by itself').toBeUndefined();

  await card(page).locator('summary', { hasText: 'Settle' }).click();
  await card(page).getByLabel('It happened').check();
  await card(page).getByLabel('How you know').fill('It is in the outbox');
  await card(page).getByRole('button', { name: 'Settle', exact: true }).click();
  await showDecided(page);
  await expect(card(page)).toContainText('Succeeded.');

  expect(await mail.mails()).toHaveLength(1);
  const action = await agent.get(id);
  expect(action).toMatchObject({ status: 'executed', execution_state: 'succeeded', decided_by: 'human:admin' });
  expect(action.events!.map((event) => event.event_type)).toEqual([
    'action_parked',
    'action_approved',
    'execution_claimed',
    'execution_unknown',
    'execution_resolved',
  ]);
});
