// Every page in one theme, on a phone, a tablet and a desk: axe-core finds nothing, and nothing runs off the side.
import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';

import { expect, signIn, signInByLink, test, visit } from './browser';
import { PAGES } from './pages';
import { stage, type Stage } from './stage';

/** The tests of one theme: each file that calls this has a server of its own, so that both themes are looked at side by side. */
export function looks(colorScheme: 'light' | 'dark'): void {
  let scene: Stage;

  test.use({ serverOptions: { config: stage.config } });

  test.beforeAll(async ({ server, agent, worker, person }) => {
    scene = await stage.set(server, { agent, worker, person });
  });

  for (const [width, height] of [[360, 740], [768, 1024], [1440, 900]]) {
    test.describe(`${colorScheme}, ${width} pixels wide`, () => {
      test.use({ colorScheme, viewport: { width, height } });

      test('the way in is without fault', async ({ page, watch }) => {
        await page.goto('/login');
        await faultless(page, 'the sign-in page');
        await page.getByLabel('Name').fill('admin');
        await page.getByLabel('Password').fill('wrong');
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByRole('alert').waitFor();
        await faultless(page, 'a refused sign-in');
        await page.goto('/login?link=looked-at');
        await faultless(page, 'a one-time link');
        watch.allow(/status of 404/);
        await page.goto('/no/such/page');
        await faultless(page, 'no such page');
      });

      test('every page and state is without fault', async ({ page, watch }) => {
        test.setTimeout(600_000);
        watch.allow(/status of (404|409|422)/);
        await signIn(page);
        for (const [name, go] of Object.entries(PAGES)) {
          await go(page, scene);
          await faultless(page, name);
        }
      });
    });
  }

  test('a viewer’s pages are without fault', async ({ another, server }) => {
    const page = await another({ colorScheme });
    await signInByLink(page, await server.addPerson('vera', 'viewer'));
    await visit(page, `/approvals/${scene.high}`);
    await faultless(page, 'a viewer’s card');
  });
}

async function faultless(page: Page, name: string): Promise<void> {
  // What moves is looked at when it has arrived.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => undefined))));
  const { violations } = await new AxeBuilder({ page }).analyze();
  const told = violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => `${node.target.join(' ')} (${node.failureSummary})`).join('; ')}`);
  expect.soft(told, name).toEqual([]);
  const over = await page.evaluate(() => {
    const root = document.documentElement;
    const wide = [...document.body.querySelectorAll('*')].filter((element) => element.getBoundingClientRect().right > root.clientWidth + 1);
    return root.scrollWidth > root.clientWidth ? wide.slice(0, 5).map((element) => element.outerHTML.slice(0, 120)) : [];
  });
  expect.soft(over, `${name}: runs off the side`).toEqual([]);
}
