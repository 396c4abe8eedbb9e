// For `screenshots.mjs`: the pictures are taken the way the tests are run.
import { defineConfig } from '@playwright/test';

import tests from '../playwright.config';

export default defineConfig({
  ...tests,
  testDir: '.',
  testMatch: 'screenshots.ts',
  outputDir: '../test-results/screenshots',
  globalTeardown: './leave_nothing.ts',
  workers: 1,
  timeout: 120_000,
  projects: undefined,
});
