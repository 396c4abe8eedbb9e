// How the heaviest calls feel, measured alone: see felt.spec.ts.
import { defineConfig } from '@playwright/test';

import tests from '../../playwright.config';

export default defineConfig({
  ...tests,
  testDir: '.',
  outputDir: '../../test-results',
  reporter: 'dot',
  workers: 1,
  projects: [{ name: 'felt' }],
  globalTeardown: '../../support/leave_nothing.ts',
});
