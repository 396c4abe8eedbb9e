// show-44: whatever an agent parks, up to the limit, a page of it stays small: it is folded before it is sent, and unfolded piece by
// piece. How that feels is measured by `make bench`. What is over the limit, or nested too deep, is refused: tests/api/exact.spec.ts.
import type { Page } from '@playwright/test';

import { card, expect, openFromList, signIn, test, visit } from '../../support/browser';
import { HEAVY } from '../../support/heavy';

test.use({ serverOptions: { config: '[tools.update_record]\nrisk_tier = "high"\n' } });

/** What a page of the heaviest call may weigh. Unfolded at once, the texts below would be 200,000 elements and ten million bytes. */
const ELEMENTS = 20_000;
const BYTES = 1_500_000;

const elements = (page: Page) => page.evaluate(() => document.querySelectorAll('*').length);

for (const [what, tool_args] of Object.entries(HEAVY)) {
  test(`${what} stay a small page`, async ({ agent, page }) => {
    const action = await agent.park({ tool_name: 'update_record', tool_args, agent_summary: what });
    await signIn(page, '/settings');
    const light = async (doing: string) => {
      const count = await elements(page);
      test.info().annotations.push({ type: doing, description: `${count} elements` });
      expect.soft(count, doing).toBeLessThan(ELEMENTS);
    };
    const sent = async (path: string) => {
      const bytes = (await (await page.request.get(path)).body()).length;
      test.info().annotations.push({ type: path, description: `${bytes} bytes` });
      expect.soft(bytes, path).toBeLessThan(BYTES);
    };

    await sent(`/approvals/${action.id}`);
    await visit(page, `/approvals/${action.id}`);
    await expect(card(page).locator('summary', { hasText: 'Approve' })).toBeVisible();
    await light('loading');
    const fold = card(page).locator('.in details.rest').first();
    if ((await fold.count()) > 0) {
      await fold.locator('summary').click();
      await expect(fold).toHaveJSProperty('open', true);
      await light('unfolding a value');
    }

    await visit(page, '/approvals');
    await openFromList(page, action.id);
    await expect(card(page).locator('.in .args')).toBeVisible();
    await light('opening the row');

    await card(page).locator('.in .args a.more').last().click();
    await expect(page.getByRole('link', { name: 'Go on' })).toBeVisible();
    await light('the page that shows all of it');
    const { pathname, search } = new URL(page.url());
    await sent(pathname + search);
    await agent.withdraw(action.id);
  });
}
