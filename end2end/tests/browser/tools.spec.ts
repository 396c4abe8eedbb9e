// The registry in the console: a tool is paused and resumed, opened for a while, settled; and whoever may not, is told so.
import { expect, row, signIn, signInByLink, test } from '../../support/browser';

const call = (tool_name: string) => ({ tool_name, tool_args: { to: 'ana@example.com' }, agent_summary: `call ${tool_name}` });

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });
    const tool = (name: string) => `${name}_${javaScriptEnabled ? 'js' : 'plain'}`;

    test('a tool is paused, its next call waits with the reason, and it is resumed', async ({ page, agent }) => {
      const name = tool('send_mail');
      await agent.park(call(name));
      await signIn(page, '/tools');
      await page.getByRole('link', { name }).click();
      await expect(page.getByRole('heading', { level: 1 })).toContainText(name);
      await page.locator('summary', { hasText: 'Pause' }).click();
      await page.getByLabel('Reason', { exact: true }).first().fill('incident 7: wrong recipients');
      await page.getByRole('button', { name: 'Pause' }).click();
      await expect(page.locator('.toast')).toContainText(`${name} is paused`);
      await expect(page.locator('.word')).toHaveText('paused');
      await expect(page.locator('main dl')).toContainText('incident 7: wrong recipients');

      const waits = await agent.park(call(name));
      expect(waits.pending_reason).toMatchObject({ code: 'tool_paused' });
      await page.getByRole('link', { name: 'What waits' }).click();
      await row(page, waits.id).getByRole('link').click();
      await expect(page.locator('section.detail')).toContainText('incident 7: wrong recipients');

      await page.goto(`/tools/${name}`);
      await page.locator('summary', { hasText: 'Resume' }).click();
      await page.getByRole('button', { name: 'Resume' }).click();
      await expect(page.locator('.word')).toHaveText('gated');
      await expect(page.locator('main ol')).toContainText('human:admin: incident 7: wrong recipients');
      expect((await agent.park(call(name))).pending_reason).toMatchObject({ code: 'tool_unreviewed' });
    });

    test('a bypass ends by itself, and the page says when it did', async ({ page, agent, server }) => {
      const name = tool('notify');
      await agent.park(call(name));
      await signIn(page, `/tools/${name}`);
      await page.locator('summary', { hasText: 'Bypass' }).click();
      await page.getByLabel('Ends after').selectOption('2 hours');
      await page.getByLabel('Reason', { exact: true }).last().fill('load test');
      await page.getByRole('button', { name: 'Bypass' }).click();
      await expect(page.locator('.word')).toHaveText('open');
      await expect(page.locator('main dl')).toContainText(/until 20\d\d-.* UTC, for 1 h 5\d m more/);
      expect((await agent.park(call(name))).status).toBe('approved');
      await server.sql(`UPDATE tools SET open_until = now() - interval '1 minute' WHERE name = '${name}'`);
      await page.reload();
      await expect(page.locator('.word')).toHaveText('gated');
      await expect(page.locator('main dl')).toContainText('a bypass ended at');
      expect((await agent.park(call(name))).status).toBe('pending');
    });

    test('a tool with an odd name is settled, and its schema is checked when it is set', async ({ page, agent, person, watch }) => {
      const name = `${tool('files')}/read ☃ <b>`;
      await agent.park(call(name));
      await signIn(page, '/tools?reviewed=false');
      await page.getByLabel('Name contains').fill('READ ☃');
      await page.getByRole('button', { name: 'Show' }).click();
      await page.getByRole('link', { name: name }).click();
      await page.getByLabel('Risk tier').selectOption('HIGH');
      await page.getByLabel('Hours until').fill('3');
      await page.getByLabel('Who runs').selectOption('a worker');
      await page.getByLabel('Secret arguments').fill('seed, launch code');
      await page.getByLabel('Somebody has looked').check();
      await page.getByLabel('New JSON Schema').fill('{"required": ["path"], "properties": {"path": {"type": "text"}}}');
      await page.getByRole('button', { name: 'Save' }).click();
      await expect(page.locator('.toast')).toContainText('type');
      await expect(page.locator('main dl')).toContainText('48 h');

      await page.getByLabel('Risk tier').selectOption('HIGH');
      await page.getByLabel('Hours until').fill('3');
      await page.getByLabel('Secret arguments').fill('seed, launch code');
      await page.getByLabel('Somebody has looked').check();
      await page.getByLabel('New JSON Schema').fill('{"required": ["path"]}');
      await page.getByRole('button', { name: 'Save' }).click();
      await expect(page.locator('.toast')).toContainText('is saved');
      await expect(page.locator('main dl')).toContainText('3 h');
      await expect(page.locator('main dl')).toContainText('secret: seed, launch code');
      await expect(page.getByText('{"required":["path"]}')).toBeVisible();
      await expect(agent.park(call(name))).rejects.toThrow(/tool_args\/path/);

      // Somebody else was faster.
      await person.settleTool(name, { risk_tier: 'low' });
      await page.getByLabel('Risk tier').selectOption('CRITICAL');
      await page.getByRole('button', { name: 'Save' }).click();
      await expect(page.locator('.toast')).toContainText('look at it again');
      await expect(page.locator('h1')).toContainText('LOW');
      watch.allow(/status of 4\d\d/);
    });
  });
}

test('whoever may not change tools sees no form, and is told so', async ({ another, agent, server }) => {
  await agent.park(call('looked_at'));
  for (const role of ['operator', 'viewer'] as const) {
    const page = await another();
    await signInByLink(page, await server.addPerson(`tools-${role}`, role));
    await page.goto('/tools/looked_at');
    await expect(page.getByText('Only an administrator changes tools.')).toBeVisible();
    await expect(page.locator('main form')).toHaveCount(0);
    await expect(page.locator('main summary')).toHaveCount(0);
  }
});

test('the registry is paged by name, and what narrows it stays', async ({ console: page, agent }) => {
  for (let n = 10; n < 16; n++) await agent.park(call(`paged_${n}`));
  await page.goto('/tools?name=paged&limit=4');
  await expect(page.locator('tbody tr')).toHaveCount(4);
  await page.getByRole('link', { name: 'Next page' }).click();
  await expect(page.locator('tbody tr')).toHaveCount(2);
  await expect(page.getByText('6 tools')).toBeVisible();
  await page.getByRole('link', { name: 'First page' }).click();
  await expect(page.locator('tbody tr')).toHaveCount(4);
});
