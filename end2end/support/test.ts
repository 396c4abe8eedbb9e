// `test` with a server: the tests of one file share it, the next file gets a fresh one.
import { test as base } from '@playwright/test';

import { Api } from './api';
import { ADMIN, Server, type ServerOptions } from './server';

export { expect } from '@playwright/test';

/** Everything that a program may do by itself. */
const AGENT_SCOPES = ['actions:submit', 'actions:read'];
const WORKER_SCOPES = ['actions:execute', 'actions:read'];
const PERSON_SCOPES = ['actions:read', 'decisions:write', 'metrics:read', 'audit:read', 'actions:expire', 'tools:write', 'rules:read', 'rules:write'];

/** The server of the file whose tests run now. */
class Current {
  private file?: string;
  private server?: Server;
  private readonly apis = new Map<string, Promise<Api>>();

  async of(file: string, options: ServerOptions): Promise<Server> {
    if (this.file !== file || !this.server) {
      await this.close();
      this.server = await Server.start(options);
      this.file = file;
    }
    return this.server;
  }

  /** A client with a token of that name: one per name and server. */
  api(server: Server, name: string, scopes: string[], user?: string): Promise<Api> {
    let api = this.apis.get(name);
    if (!api) {
      api = server.token(name, scopes, user).then((token) => new Api(server.url, token));
      this.apis.set(name, api);
    }
    return api;
  }

  async close(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    this.apis.clear();
    await server?.remove();
  }
}

interface TestFixtures {
  /** Set with `test.use({ serverOptions: … })` at the head of a file. */
  serverOptions: ServerOptions;
  server: Server;
  /** An agent's client: parks and reads. */
  agent: Api;
  /** A worker's client: claims and reports. */
  worker: Api;
  /** A person's client: decides. It is the administrator's token. */
  person: Api;
}

interface WorkerFixtures {
  current: Current;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  current: [
    async ({}, use) => {
      const current = new Current();
      await use(current);
      await current.close();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  serverOptions: [{}, { option: true }],
  server: async ({ current, serverOptions }, use, info) => {
    const server = await current.of(info.file, serverOptions);
    const from = server.lines.length;
    await use(server);
    if (info.status !== info.expectedStatus) {
      await info.attach('server log', { body: server.lines.slice(from).join('\n'), contentType: 'text/plain' });
    }
  },
  agent: async ({ current, server }, use) => use(await current.api(server, 'mail-agent', AGENT_SCOPES)),
  worker: async ({ current, server }, use) => use(await current.api(server, 'mail-worker', WORKER_SCOPES)),
  person: async ({ current, server }, use) => use(await current.api(server, 'admin-cli', PERSON_SCOPES, ADMIN)),
});
