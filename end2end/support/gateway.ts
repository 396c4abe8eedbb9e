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

/** An MCP server whose tool `again` makes the very call that it got, at the gateway once more. */
export class Loop {
  calls = 0;
  private where?: { url: string; token: string };
  private server?: http.Server;

  constructor(readonly port: number) {}

  leadsTo(url: string, token: string): void {
    this.where = { url: `${url}/mcp/loop`, token };
  }

  async begin(): Promise<void> {
    this.server = http.createServer((asked, answer) => {
      let body = '';
      asked.on('data', (piece) => (body += piece));
      asked.on('end', async () => {
        const message = JSON.parse(body);
        if (message.id === undefined) return void answer.writeHead(202).end();
        answer.writeHead(200, { 'content-type': 'application/json' });
        answer.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: await this.result(message) }));
      });
    });
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  async end(): Promise<void> {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  private async result({ method, params }: { method: string; params: any }): Promise<object> {
    if (method === 'initialize') return { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'loop', version: '1' } };
    if (method === 'tools/list') return { tools: [{ name: 'again', inputSchema: { type: 'object' } }] };
    this.calls += 1;
    const answer = await fetch(this.where!.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.where!.token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { name: params.name, arguments: params.arguments } }),
    });
    return { content: [{ type: 'text', text: await answer.text() }] };
  }
}
