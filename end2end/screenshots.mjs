// Takes a picture of every page and state, on a desk and on a phone, in light and dark: `make screenshots`.
// The pictures are in end2end/screenshots/. Words given on the command line choose pages by name.
//
//   node screenshots.mjs                     all of them
//   node screenshots.mjs "second look"       only pages whose name has these words
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const playwright = join(dirname(createRequire(import.meta.url).resolve('@playwright/test/package.json')), 'cli.js');
const words = process.argv.slice(2);
const chosen = words.length > 0 ? ['--grep', words.join(' ')] : [];
// Playwright, because it reads the same TypeScript as the tests and cleans up after itself.
const child = spawn(process.execPath, [playwright, 'test', '--config', 'support/screenshots.config.ts', ...chosen], {
  cwd: here,
  stdio: 'inherit',
});
child.on('exit', (code) => process.exit(code ?? 1));
