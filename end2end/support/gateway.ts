// An agent whose MCP server stands behind the gateway: the official client of TypeScript, and what it is told.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { forward } from './forward';
import { until } from './until';

const require = createRequire(import.meta.url);

/** The program of an MCP server that npm brought. */
export function program(name: string, file = 'dist/index.js'): string {
  return join(dirname(require.resolve(`${name}/package.json`)), file);
}

/** A TOML list of a command's words. */
export const words = (...list: string[]): string => JSON.stringify(list);

export async function agentOf(url: string, token: string, upstream: string): Promise<Client> {
  const client = new Client({ name: 'an agent', version: '1' });
  const headers = { authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(`/mcp/${upstream}`, url), { requestInit: { headers } }));
  return client;
}

export interface Outcome {
  failed: boolean;
  text: string;
  /** Which action it was. */
  action: { id: string; status: string; url: string } | undefined;
  code: string | undefined;
  result: any;
}

export async function callTool(client: Client, name: string, args: Record<string, unknown>, options: object = {}): Promise<Outcome> {
  const result: any = await client.callTool({ name, arguments: args }, undefined, { timeout: 60_000, ...options });
  return {
    failed: result.isError === true,
    text: result.content.map((block: any) => block.text ?? '').join('\n'),
    action: result._meta?.['countersign.dev/action'],
    code: result._meta?.['countersign.dev/problem']?.code,
    result,
  };
}

/** Until the upstream is up. */
export const isUp = (connect: () => Promise<Client>): Promise<Client> => until(connect, 30_000);

/** The official server of everything over HTTP, behind a line that notes which headers come. */
export class RecordedLine {
  readonly heard: http.IncomingHttpHeaders[] = [];
  private child?: ChildProcess;
  private line?: http.Server;

  constructor(
    readonly port: number,
    private readonly behind: number,
  ) {}

  async begin(): Promise<void> {
    const words = [program('@modelcontextprotocol/server-everything'), 'streamableHttp'];
    this.child = spawn(process.execPath, words, { env: { PATH: process.env.PATH, PORT: String(this.behind) }, stdio: 'ignore' });
    await until(() => fetch(`http://127.0.0.1:${this.behind}/mcp`));
    this.line = http.createServer((asked, answer) => {
      this.heard.push(asked.headers);
      forward(asked, answer, new URL(asked.url!, `http://127.0.0.1:${this.behind}`), asked.headers);
    });
    this.line.listen(this.port, '127.0.0.1');
    await once(this.line, 'listening');
  }

  async end(): Promise<void> {
    this.line?.closeAllConnections();
    this.line?.close();
    const child = this.child;
    this.child = undefined;
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  }

  /** It forgets who has shaken hands with it. */
  async restart(): Promise<void> {
    await this.end();
    await this.begin();
  }
}
