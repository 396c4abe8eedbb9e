// Settings: a colleague comes in, makes a token, and loses it again. With and without JavaScript: HTML alone.
import { expect, signIn, signInByLink, test } from '../../support/browser';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('a colleague is added by a link that is shown once, makes a token, and an administrator takes it away', async ({
      page,
      another,
      server,
    }) => {
      const name = `rosa-${javaScriptEnabled}`;
      await signIn(page, '/settings');
      await page.getByRole('link', { name: 'People' }).first().click();
      await page.getByLabel('Name').fill(name);
      await page.getByLabel('Role').selectOption('operator');
      await page.getByRole('button', { name: 'Add a person' }).click();
      await expect(page.getByRole('heading', { name: `Sign-in link of ${name}` })).toBeVisible();
      const link = await page.locator('input[readonly]').inputValue();
      await expect(page.getByRole('link', { name })).toBeVisible();
      // What is asked for again is a list without it.
      await page.goto('/settings/people');
      await expect(page.locator('input[readonly]')).toHaveCount(0);

      const theirs = await another({ baseURL: server.url });
      await signInByLink(theirs, link);
      await theirs.goto('/settings/people');
      await expect(theirs.getByText('Only administrators see and change the people here.')).toBeVisible();
      await theirs.goto('/settings/tokens');
      await theirs.getByLabel('Name').fill(`${name} laptop`);
      await theirs.getByLabel('actions:read').check();
      await theirs.getByRole('button', { name: 'Make a token' }).click();
      const token = await theirs.locator('input[readonly]').inputValue();
      const list = () => fetch(`${server.url}/api/approvals/actions`, { headers: { authorization: `Bearer ${token}` } });
      expect((await list()).status).toBe(200);

      await page.goto(`/settings/tokens?user=${name}`);
      const line = page.getByRole('row', { name: new RegExp(`${name} laptop`) });
      await line.locator('summary', { hasText: 'Revoke' }).click();
      await line.getByRole('button', { name: `Revoke ${name} laptop` }).click();
      await expect(page.locator('.toast')).toContainText('is revoked');
      expect((await list()).status).toBe(401);
    });

    test('a session that is ended is refused at its next request', async ({ page, another, server }) => {
      const link = await server.addPerson(`sven-${javaScriptEnabled}`, 'operator');
      await signIn(page, '/settings/people');
      const theirs = await another({ baseURL: server.url });
      await signInByLink(theirs, link);
      await page.goto(`/settings/people/sven-${javaScriptEnabled}`);
      await page.locator('summary', { hasText: 'End all sessions' }).click();
      await page.getByRole('button', { name: 'End all sessions' }).click();
      await expect(page.locator('.toast')).toContainText('1 session has ended.');
      await theirs.goto('/settings');
      await expect(theirs).toHaveURL(/\/login/);
    });
  });
}

test('a form that is sent twice makes one person and does not show the link again', async ({ page, server }) => {
  await signIn(page, '/settings/people');
  const key = await page.locator('input[name=key]').first().inputValue();
  const post = (form: Record<string, string>, origin = server.url) =>
    page.request.post('/settings/people', { form, headers: { origin, accept: 'text/html' } });
  const first = await (await post({ key, name: 'twice', role: 'viewer' })).text();
  expect(first).toContain('Sign-in link of twice');
  const second = await (await post({ key, name: 'twice', role: 'viewer' })).text();
  expect(second).toContain('This form was sent before.');
  expect(second).not.toContain('/login?link=');
  expect((await post({ key, name: 'elsewhere', role: 'admin' }, 'https://evil.example')).status()).toBe(403);
  expect(await server.sql(`SELECT count(*) FROM users WHERE name IN ('twice', 'elsewhere')`)).toBe('1');
});

test('one’s own password is set, and a wrong present one is told', async ({ another, server }) => {
  const page = await another({ baseURL: server.url });
  await signInByLink(page, await server.addPerson('tilda', 'viewer'));
  await page.goto('/settings/password');
  await page.getByLabel('New password', { exact: true }).fill('correct horse battery');
  await page.getByLabel('New password again').fill('correct horse battery');
  await page.getByRole('button', { name: 'Set password' }).click();
  await expect(page.locator('.toast')).toContainText('Your password is set.');
  await page.getByLabel('Present password').fill('not it');
  await page.getByLabel('New password', { exact: true }).fill('another horse battery');
  await page.getByLabel('New password again').fill('another horse battery');
  await page.getByRole('button', { name: 'Set password' }).click();
  await expect(page.locator('.toast.bad')).toContainText('present password');
});
