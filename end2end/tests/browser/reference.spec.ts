// The REST interface, for people: what it says leads to what it speaks of, with and without JavaScript.
import { expect, signIn, test } from '../../support/browser';

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? 'with JavaScript' : 'without JavaScript', () => {
    test.use({ javaScriptEnabled });

    test('from the settings to a route, to what it takes and what it answers', async ({ page }) => {
      await signIn(page, '/settings');
      await page.getByRole('link', { name: 'REST API' }).click();
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('REST API');
      await page.locator('summary', { hasText: '/actions/{id}/approve' }).click();
      const route = page.locator('#approve_action');
      await expect(route.getByRole('row').filter({ hasText: 'Idempotency-Key' })).toContainText('a header');
      await expect(route.getByRole('row').filter({ hasText: '409' })).toContainText('already_decided');
      await expect(route.getByRole('row').filter({ hasText: '200' })).toContainText('ActionRecord');
      const type = page.locator('#type-ApproveBody');
      await expect(type).toBeHidden();
      await route.getByRole('link', { name: 'ApproveBody' }).click();
      await expect(type).toBeVisible();
      await expect(type.getByRole('row').filter({ hasText: 'args_sha256' })).toContainText('Needed to edit');
    });

    test('whoever comes from elsewhere signs in first, and arrives', async ({ page }) => {
      await page.goto('/api/docs');
      await expect(page).toHaveURL(/\/login\?next=%2Fapi%2Fdocs$/);
    });
  });
}
