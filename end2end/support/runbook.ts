// The operators' runbook as a test reads it: its blocks of commands and SQL, each under its heading.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface Block {
  heading: string;
  language: string;
  text: string;
}

/** All blocks, in the runbook's order. */
export function blocks(): Block[] {
  const found: Block[] = [];
  let heading = '';
  let block: Block | undefined;
  for (const line of readFileSync(new URL('../fixtures/runbook.md', import.meta.url), 'utf8').split('\n')) {
    const fence = /^\s*```(\w*)/.exec(line);
    if (fence && block) block = undefined;
    else if (fence) found.push((block = { heading, language: fence[1], text: '' }));
    else if (block) block.text += `${line}\n`;
    else if (line.startsWith('#')) heading = line.replace(/^#+ /, '');
  }
  return found;
}

/** The statements of a block of SQL. None of the runbook's holds a semicolon in a text. */
export function statements({ text }: Block): string[] {
  const bare = text.replace(/--.*$/gm, '');
  return bare.split(';').map((statement) => statement.trim()).filter((statement) => statement.length > 0);
}

/** The lines of a block that call curl, each whole; what cron is told before is left out. */
export function commands({ text }: Block): string[] {
  const whole = text.replace(/\\\n/g, ' ').split('\n').map((line) => line.trim());
  return whole.map((line) => line.replace(/^(\S+ ){5}(?=curl )/, '')).filter((line) => line.startsWith('curl '));
}

/** Runs a line as an operator would, with what the runbook says stands for: the port, and the header with the token. */
export async function shell(line: string, at: { port: string; token: string; ruleId?: string }): Promise<string> {
  const filled = line.replaceAll('<port>', at.port).replaceAll('{rule_id}', at.ruleId ?? '');
  const curl = 'curl() { command curl -sS --fail-with-body -H "Authorization: Bearer $TOKEN" "$@"; }';
  const { stdout } = await run('bash', ['-c', `set -eo pipefail; ${curl}; ${filled}`], { env: { ...process.env, TOKEN: at.token } });
  return stdout;
}
