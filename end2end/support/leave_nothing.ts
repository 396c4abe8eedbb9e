// After the last test: whatever a test that died left running is stopped, and its data are removed.
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PREFIX, removeDataDir } from './server';

export default async function leaveNothing(): Promise<void> {
  const left = (await readdir(tmpdir())).filter((name) => name.startsWith(PREFIX));
  for (const name of left) await removeDataDir(join(tmpdir(), name));
}
