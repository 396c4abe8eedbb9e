// How the journeys run: every test file gets a real server of its own (support/server.ts), browsers are the Chromium
// of this machine. No retries: a journey that passes the second time only is a defect.
import { join } from 'node:path';

import { defineConfig } from '@playwright/test';

const CHROMIUM = process.env.COUNTERSIGN_CHROMIUM || process.env.CHROMIUM || '/usr/bin/chromium';

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  reporter: [['list'], [join(import.meta.dirname, 'support/failures.ts')]],
  retries: 0,
  workers: 2,
  // Tests of a file share a server and run one after the other; files run side by side.
  fullyParallel: false,
  forbidOnly: Boolean(process.env.CI),
  // Long enough for a page at every width under axe while the other worker is as busy.
  timeout: 150_000,
  expect: { timeout: 10_000 },
  globalTeardown: './support/leave_nothing.ts',
  use: {
    browserName: 'chromium',
    viewport: { width: 1440, height: 900 },
    // What the console shows must not depend on where the tests run.
    locale: 'en-GB',
    timezoneId: 'UTC',
    screenshot: 'only-on-failure',
    trace: 'off',
    launchOptions: {
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  projects: [
    { name: 'api', testDir: 'tests/api' },
    { name: 'browser', testDir: 'tests/browser' },
  ],
});
