// An operator's MCP clients: the official ones of TypeScript and of Python.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { Script } from './mail';

export interface Told {
  failed: boolean;
  /** The document to the letter. */
  text: string;
  json: any;
  structured: any;
}

/** A client that has shaken hands. */
export async function connect(url: string, token: string): Promise<Client> {
  const client = new Client({ name: 'operator', version: '1' });
  const headers = { authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp/operator', url), { requestInit: { headers } }));
  return client;
}

export async function call(client: Client, name: string, args: Record<string, unknown> = {}): Promise<Told> {
  const result: any = await client.callTool({ name, arguments: args });
  const { text } = result.content[0];
  return { failed: result.isError === true, text, json: JSON.parse(text), structured: result.structuredContent };
}

/** `agents/mcp_operator.py`, with its exit code and what it prints. */
export async function python(url: string, token: string, ...words: string[]): Promise<{ code: number | NodeJS.Signals; lines: string[] }> {
  const script = new Script('agents/mcp_operator.py', words, { env: { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: token } });
  return { code: await script.ended(), lines: script.lines };
}
