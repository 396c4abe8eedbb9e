// show-42, show-43: whatever an agent writes is shown for what it is, and never becomes part of the page.
import type { Page } from '@playwright/test';

import { card, expect, row, signIn, test, visit } from '../../support/browser';

test.use({ serverOptions: { config: '[tools.send_email]\nrisk_tier = "high"\nexecutor = "worker"\n' } });

const DANGEROUS: [string, string][] = [
  ['\u202e', 'U+202E'],
  ['\u2066', 'U+2066'],
  ['\u2067', 'U+2067'],
  ['\u2068', 'U+2068'],
  ['\u2069', 'U+2069'],
  ['\u200b', 'U+200B'],
  ['\ufeff', 'U+FEFF'],
  ['\u00ad', 'U+00AD'],
  ['\u2028', 'U+2028'],
  ['\u{e0041}', 'U+E0041'],
  ['\u001b[2J', 'U+001B'],
];
/** Each of them as it would reach the screen. */
const RAW = new RegExp(DANGEROUS.map(([text]) => `\\u{${text.codePointAt(0)!.toString(16)}}`).join('|'), 'u');

const MARKUP = [
  '<img src=x onerror="window.ran=1">',
  '<svg/onload=window.ran=1>',
  '[a](javascript:window.ran=1)',
  '![x](https://evil.example/?q=1)',
  '</script><script>window.ran=1</script>',
  '</textarea><script>window.ran=1</script>',
  '"><img src=https://evil.example/x.png>',
  "' onmouseover='window.ran=1",
  '<iframe src="https://evil.example/"></iframe>',
  '{{constructor.constructor("window.ran=1")()}}',
  '<!--<a href="https://evil.example/">',
];

/** A call with the text in every place that an agent fills. */
function call(text: string, tool = `send${text}email`) {
  return {
    tool_name: tool,
    tool_args: { to: `ana${text}@partner.example`, [`key${text}`]: 1, list: [`in a list ${text}`], object: { [`deep${text}`]: text } },
    agent_summary: `Mail ${text} to Ana`,
    session_id: `session-${text}`,
    why: `Because ${text}`,
    evidence: { [`seen${text}`]: `here ${text}` },
  };
}

/** What the page holds that a person or a script could take for something else. */
async function raw(page: Page): Promise<string[]> {
  return page.evaluate((source) => {
    const dangerous = new RegExp(source, 'u');
    const found: string[] = [];
    if (dangerous.test(document.title)) found.push(`title: ${document.title}`);
    for (const element of document.querySelectorAll('*')) {
      for (const { name, value } of element.attributes) {
        if (dangerous.test(name) || dangerous.test(value)) found.push(`${element.tagName} ${name}=${value}`);
      }
      for (const node of element.childNodes) {
        if (node.nodeType === Node.TEXT_NODE && dangerous.test(node.textContent!)) found.push(`${element.tagName}: ${node.textContent}`);
      }
    }
    return found;
  }, RAW.source);
}

for (const [text, name] of DANGEROUS) {
  test(`${name} is shown as an escape with a warning, wherever an agent puts it`, async ({ page, agent, person, worker }) => {
    const action = await agent.park(call(text));
    await signIn(page);
    await expect(row(page, action.id)).toContainText('deceptive text');
    await expect(row(page, action.id)).toContainText(name);
    expect(await raw(page)).toEqual([]);

    await visit(page, `/approvals/${action.id}`);
    await expect(card(page).getByRole('region', { name: 'Look closely' })).toContainText('Contains c');
    for (const place of ['.head h2', '.sub', '.claim', '.args']) await expect(card(page).locator(place).first()).toContainText(name);
    await expect(card(page).locator('.args dt').filter({ hasText: 'key' })).toContainText(name);
    await expect(card(page).locator('.args dd').filter({ hasText: 'ana' })).toContainText(name);
    expect(await raw(page)).toEqual([]);

    // What people and executors write is shown the same way.
    const other = await agent.park(call(text, 'send_email'));
    await person.approve(other.id, { note: `checked ${text}` });
    const claim = await worker.claim(['send_email']);
    expect(claim!.tool_args, 'the raw text is kept').toEqual(call(text).tool_args);
    await worker.report(claim!.attempt, { success: false, error: `error ${text}`, result: { [`result${text}`]: text } });
    await person.reject(action.id, `reason ${text}`);
    await visit(page, `/approvals/${other.id}`);
    await expect(card(page)).toContainText(`error ${name}`);
    expect(await raw(page)).toEqual([]);
    await visit(page, `/approvals/${action.id}`);
    await expect(card(page)).toContainText(`reason ${name}`);
    expect(await raw(page)).toEqual([]);
  });
}

test('NUL is refused in every place', async ({ agent }) => {
  const whole = call('\0');
  for (const place of Object.keys(whole) as (keyof typeof whole)[]) {
    const answer = await agent.send('POST', '/actions', { json: { ...call('x'), [place]: whole[place] } });
    expect([400, 422], place).toContain(answer.status);
    expect(answer.text, place).toContain('U+0000');
  }
});

for (const text of MARKUP) {
  test(`${text} is text and nothing else`, async ({ page, agent, person, worker, server }) => {
    const action = await agent.park(call(text));
    const other = await agent.park(call(text, 'send_email'));
    await person.approve(other.id, { note: text });
    const claim = await worker.claim(['send_email']);
    await worker.report(claim!.attempt, { success: false, error: text, result: { [text]: text } });

    await signIn(page);
    await expect(row(page, action.id)).toContainText(`Mail ${text} to Ana`);
    for (const id of [action.id, other.id]) {
      await visit(page, `/approvals/${id}`);
      await expect(card(page).locator('.claim').first()).toContainText(`Mail ${text} to Ana`);
      await expect(card(page).locator('.args').last()).toContainText(text);
      await inert(page, server.url);
    }
    await expect(card(page).locator('.said')).toContainText(text);
    // The same once a form without scripts has carried it: a refusal, and a critical argument's second look.
    await person.reject(action.id, text);
    await visit(page, `/approvals/${action.id}`);
    await expect(card(page)).toContainText(`Reason: ${text}`);
    await inert(page, server.url);
  });
}

async function inert(page: Page, origin: string): Promise<void> {
  const found = await page.evaluate((origin) => {
    const links = [...document.querySelectorAll<HTMLElement>('[href], [src], [action], [srcset]')];
    const outside = links
      .flatMap((element) => ['href', 'src', 'action', 'srcset'].map((name) => element.getAttribute(name)))
      .filter((value): value is string => value !== null)
      .filter((value) => !value.startsWith('#') && new URL(value, origin).origin !== origin);
    const foreign = document.querySelectorAll('img, iframe, textarea, object, embed, body script:not([nonce])').length;
    return { ran: 'ran' in window, outside, foreign };
  }, origin);
  // Leptos writes the page's data as scripts of its own, each with the nonce.
  expect(found).toEqual({ ran: false, outside: [], foreign: 0 });
}

test('a tool with markup in its name is approved by typing that name', async ({ page, agent, server }) => {
  const tool = 'fs.write(<b>)|$^*+?{}[]/-';
  await server.sql(`INSERT INTO tools (name, risk_tier, reviewed) VALUES ('${tool}', 'critical', true)`);
  const action = await agent.park({ tool_name: tool, tool_args: { path: '/etc/passwd' } });
  await signIn(page, `/approvals/${action.id}`);
  await card(page).locator('summary', { hasText: 'Approve' }).click();
  await card(page).getByLabel('This is critical').fill(tool);
  await card(page).getByRole('button', { name: `Approve ${tool}` }).click();
  await expect(page.locator('.toast')).toContainText(`${tool} approved`);
  expect((await agent.get(action.id)).status).toBe('approved');
});

test('no log line carries what could deceive a terminal', async ({ server }) => {
  expect(server.lines.filter((line) => RAW.test(line))).toEqual([]);
});
