// Where alerts go, in the console: an endpoint is added, tried, and ended; its secret is seen once.
import { expect, signIn, test } from '../../support/browser';
import { Receiver, json, verified } from '../../support/receiver';

test.use({ serverOptions: { config: 'outbound_allow = ["127.0.0.0/8"]\n' } });

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('an endpoint is added, hears a test, and is removed', async ({ page, watch }) => {
      watch.allow(/status of 422/);
      const receiver = await Receiver.start(json({}));
      try {
        const name = javaScriptEnabled ? 'ops' : 'night shift';
        await signIn(page, '/settings');
        await page.getByRole('link', { name: 'Alerts' }).first().click();
        await expect(page).toHaveURL('/settings/alerts');
        const add = page.locator('#add');
        await add.getByLabel('Name').fill(name);
        await add.getByLabel('URL').fill('http://10.0.0.1/');
        await add.getByRole('button').click();
        await expect(page.getByRole('alert').first()).toContainText(/10\.0\.0\.1|address/);
        await expect(add.getByLabel('Name')).toHaveValue(name);
        await add.getByLabel('URL').fill(receiver.url);
        await add.getByRole('button').click();
        const secret = await page.getByLabel('The secret that its messages are signed with').inputValue();
        await page.goto('/settings/alerts');
        await expect(page.getByLabel('The secret that its messages are signed with')).toHaveCount(0);
        await page.getByRole('button', { name: `Send a test: ${name}` }).click();
        await expect.poll(() => receiver.calls.length, { timeout: 10_000 }).toBe(1);
        expect(verified(receiver.calls[0]!, [secret])).toEqual([true]);
        await page.goto('/settings/alerts');
        await expect(page.getByRole('row', { name: /This is a test/ }).last()).toContainText('arrived');
        await page.getByRole('button', { name: `Remove: ${name}` }).click();
        await expect(page.getByRole('button', { name: `Remove: ${name}` })).toHaveCount(0);
      } finally {
        await receiver.stop();
      }
    });
  });
}
