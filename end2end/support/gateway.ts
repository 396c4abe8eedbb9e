// An agent whose MCP server stands behind the gateway: the official client of TypeScript, and what it is told.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

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
export async function isUp(connect: () => Promise<Client>, seconds = 30): Promise<Client> {
  for (let tried = 0; ; tried += 1) {
    try {
      return await connect();
    } catch (error) {
      if (tried > seconds * 4) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}
