// How the heaviest calls feel in a browser: when something shows first, and the longest for which the page answers nobody. Run by
// `make bench ARGS="--only felt"`; each figure goes to the file that FELT names, as one JSON document a line.
import { appendFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';

import { card, expect, openFromList, signIn, test, visit } from '../../support/browser';
import { HEAVY } from '../../support/heavy';
import { firstPaint, longestTask, noteTasks } from './measure';

test.use({ serverOptions: { config: '[tools.update_record]\nrisk_tier = "high"\n' } });

/** The machine has other work than the page: of so many loads, each in a new window with nothing cached, the best counts. */
const LOADS = 3;

interface Felt {
  paint: number;
  task: number;
}

for (const [what, tool_args] of Object.entries(HEAVY)) {
  test(`${what}`, async ({ agent, another, page }) => {
    const action = await agent.park({ tool_name: 'update_record', tool_args, agent_summary: what });
    await signIn(page, '/settings');
    const storageState = await page.context().storageState();
    const felt: Record<string, Felt[]> = {};
    const note = async (window: Page, doing: string) => {
      (felt[doing] ??= []).push({ paint: await firstPaint(window), task: await longestTask(window) });
    };

    for (let load = 0; load < LOADS; load += 1) {
      const window = await another({ storageState });
      await noteTasks(window);
      await visit(window, `/approvals/${action.id}`);
      await expect(card(window).locator('summary', { hasText: 'Approve' })).toBeVisible();
      await note(window, 'loading and waking up');

      const fold = card(window).locator('.in details.rest').first();
      if ((await fold.count()) > 0) {
        for (const open of [true, false]) {
          await fold.locator('summary').click();
          await expect(fold).toHaveJSProperty('open', open);
        }
        await note(window, 'unfolding and folding a value');
      }

      await visit(window, '/approvals');
      await longestTask(window);
      await openFromList(window, action.id);
      await expect(card(window).locator('.in .args')).toBeVisible();
      await note(window, 'opening the row');

      await card(window).locator('.in .args a.more').last().click();
      await expect(window.getByRole('link', { name: 'Go on' })).toBeVisible();
      await note(window, 'the page that shows all of it');
      await window.close();
    }

    // The next one is measured in a list without this one.
    await agent.withdraw(action.id);

    for (const [doing, loads] of Object.entries(felt)) {
      const least = (of: keyof Felt) => Math.round(Math.min(...loads.map((load) => load[of])));
      await appendFile(process.env.FELT!, `${JSON.stringify({ what, doing, paint: least('paint'), task: least('task') })}\n`);
    }
  });
}
