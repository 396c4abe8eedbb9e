// What an agent does through the gateway, as an operator sees it: the call of somebody else's MCP server waits in the queue, is
// approved in the browser, and happens.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { card, expect, openFromList, signIn, test } from '../../support/browser';
import { agentOf, callTool, isUp, program, words } from '../../support/gateway';
import { until } from '../../support/until';

const folder = await mkdtemp(join(tmpdir(), 'countersign-files-'));
const config = `
[upstreams.files]
command = ${words(process.execPath, program('@modelcontextprotocol/server-filesystem'), folder)}
env = { PATH = ${JSON.stringify(process.env.PATH)} }
pass = ["read_text_file"]

[upstreams.mail]
command = ["/no/such/program"]
`;

test.use({ serverOptions: { config } });
test.afterAll(() => rm(folder, { recursive: true, force: true }));

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('a write through the gateway waits in the queue, is approved there, and the file is there', async ({ page, server, agent }) => {
      const client = await isUp(() => agentOf(server.url, agent.token!, 'files'));
      await signIn(page);
      const file = join(folder, `${javaScriptEnabled}.txt`);
      const written = callTool(client, 'write_file', { path: file, content: 'as approved' });
      const { id } = await until(async () => (await agent.list('?status=pending&tool_name=files%2Fwrite_file')).data[0]!);
      await (javaScriptEnabled ? openFromList(page, id) : page.goto(`/approvals/${id}`));
      await expect(card(page)).toContainText('files/write_file');
      await expect(card(page)).toContainText('as approved');
      // It says of itself that it destroys.
      await card(page).locator('summary', { hasText: 'Approve' }).click();
      await card(page).getByRole('button', { name: 'Approve files/write_file' }).click();
      expect((await written).action?.status).toBe('executed');
      expect(await readFile(file, 'utf8')).toBe('as approved');
      await client.close();
    });
  });
}

test('the page of tools says where each upstream stands, what is not gated, and what is to be looked at', async ({ page, server, agent }) => {
  await isUp(() => agentOf(server.url, agent.token!, 'files'));
  await signIn(page, '/tools');
  const upstreams = page.locator('#upstreams');
  const files = upstreams.getByRole('row', { name: /^files/ });
  await expect(files).toContainText('up');
  await expect(files.getByRole('link', { name: 'files/read_text_file' })).toHaveAttribute('href', '/tools/files%2Fread_text_file');
  const mail = upstreams.getByRole('row', { name: /^mail/ });
  await expect(mail).toContainText('/no/such/program cannot be started');
  await expect(mail).toContainText('every call is gated');
  await files.getByRole('link', { name: /new or changed, to be looked at/ }).click();
  await expect(page).toHaveURL('/tools?name=files%2F&reviewed=false');
  await page.getByRole('link', { name: 'files/write_file', exact: true }).click();
  await expect(page.locator('main')).toContainText('its upstream');
});
