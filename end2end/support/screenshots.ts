// One picture of every page and state, for people to look at. See ../screenshots.mjs.
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { signIn, test } from './browser';
import { PAGES } from './pages';
import { stage, type Stage } from './stage';

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '../screenshots');

let scene: Stage;

test.use({ serverOptions: { config: stage.config } });

test.beforeAll(async ({ server, agent, worker, person }) => {
  await mkdir(FOLDER, { recursive: true });
  scene = await stage.set(server, { agent, worker, person });
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const [width, height] of [[1440, 900], [360, 740]]) {
    test.describe(`${width} ${colorScheme}`, () => {
      test.use({ colorScheme, viewport: { width, height } });

      test('the sign-in page', async ({ page }) => {
        await page.goto('/login');
        await page.screenshot({ path: picture('the sign-in page', width, colorScheme) });
      });

      for (const [name, go] of Object.entries(PAGES)) {
        test(name, async ({ page, watch }) => {
          watch.allow(/status of (404|422)/);
          await signIn(page);
          await go(page, scene);
          await page.screenshot({ path: picture(name, width, colorScheme) });
        });
      }
    });
  }
}

// The picture in the README.
test('approvals', async ({ page }) => {
  await signIn(page, `/approvals/${scene.high}`);
  await page.screenshot({ path: join(FOLDER, 'approvals.png') });
});

function picture(name: string, width: number, scheme: string): string {
  return join(FOLDER, `${name.replace(/[^a-z]+/gi, '-')}-${width}-${scheme}.png`);
}
