// What the URL of a tool leads to: an HTTP server of the test's own that keeps every call as it came, byte for byte.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

export interface Received {
  headers: Record<string, string>;
  /** The body as it came. */
  raw: Buffer;
  /** The same as JSON. Numbers are JavaScript's: use `raw` for exact digits. */
  body: any;
}

export type Answer = (received: Received, response: ServerResponse) => void;

/** 200, with this as JSON. */
export const json =
  (value: unknown, status = 200): Answer =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

export class Receiver {
  readonly calls: Received[] = [];
  /** How many connections there were, with or without a request. */
  connections = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server, readonly port: number) {}

  static async start(answer: Answer): Promise<Receiver> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const receiver = new Receiver(server, (server.address() as AddressInfo).port);
    server.on('connection', (socket) => {
      receiver.connections += 1;
      receiver.sockets.add(socket.on('close', () => receiver.sockets.delete(socket)));
    });
    server.on('request', (request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const raw = Buffer.concat(pieces);
        const received = { headers: flat(request.headers), raw, body: JSON.parse(raw.toString('utf8')) };
        receiver.calls.push(received);
        answer(received, response);
      });
    });
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/run`;
  }

  /** The calls of one action. */
  of(action: string): Received[] {
    return this.calls.filter((call) => call.body.action_id === action);
  }

  async stop(): Promise<void> {
    this.sockets.forEach((socket) => socket.destroy());
    this.server.close();
    await once(this.server, 'close');
  }
}

function flat(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

/** What the Python of the documentation says about a call, for each of the secrets. */
export function verified(call: Received, secrets: string[], body = call.raw): boolean[] {
  const text = readFileSync(fileURLToPath(new URL('../../server/README.md', import.meta.url)), 'utf8');
  const [, example] = /```python\n([^`]*def verified[^`]*)```/.exec(text) ?? [];
  const harness = `
import json, sys
asked = json.load(sys.stdin)
body = base64.b64decode(asked["body"])
print(json.dumps([verified(secret, asked["headers"], body) for secret in asked["secrets"]]))`;
  const asked = { headers: call.headers, body: body.toString('base64'), secrets };
  const said = execFileSync('python3', ['-c', example! + harness], { input: JSON.stringify(asked), encoding: 'utf8' });
  return JSON.parse(said);
}
