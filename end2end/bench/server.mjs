// A real server on a data directory of its own, and what has to be asked of it and of its Postgres.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, '../..');
const BINARY = process.env.COUNTERSIGN_BIN ?? join(ROOT, 'target/release/countersign');
export const PASSWORD = 'correct horse battery staple';

// What stands around must not change what is measured.
const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('COUNTERSIGN_'));
const ENV = Object.fromEntries(inherited);

export class Server {
  static async create() {
    const server = new Server();
    server.dataDir = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
    // Postgres runs as another user when we are root, and must get through.
    await chmod(server.dataDir, 0o755);
    server.addr = `127.0.0.1:${await freePort()}`;
    return server;
  }

  /** Starts it, and answers how many milliseconds it took until it was ready. */
  async start() {
    const log = openSync(join(this.dataDir, 'log'), 'a');
    const started = performance.now();
    this.child = spawn(BINARY, ['serve', '--addr', this.addr, '--data-dir', this.dataDir], {
      cwd: this.dataDir,
      env: { ...ENV, COUNTERSIGN_ADMIN_PASSWORD: PASSWORD },
      stdio: ['ignore', log, log],
    });
    while (performance.now() - started < 30_000) {
      if (this.child.exitCode !== null) break;
      const answer = await fetch(`http://${this.addr}/readyz`).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.ok) return performance.now() - started;
      await sleep(2);
    }
    throw new Error(`the server is not ready:\n${await readFile(join(this.dataDir, 'log'), 'utf8')}`);
  }

  async stop() {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }

  async remove() {
    await this.stop();
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  /** Memory of the process alone, in MB: its Postgres is measured by nobody. */
  async residentMegabytes() {
    const status = await readFile(`/proc/${this.child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)[1]) / 1024;
  }

  async command(...words) {
    const { stdout } = await run(BINARY, words, { cwd: this.dataDir, env: ENV });
    return stdout.trim();
  }

  token(name, scopes, ...more) {
    return this.command('token', 'create', '--data-dir', this.dataDir, '--name', name, '--scope', scopes, ...more);
  }

  /** The folder of its Postgres' socket: the fifth line of the pid file. */
  async socket() {
    return (await readFile(join(this.dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n')[4];
  }

  async sql(statement, database = 'countersign') {
    const flags = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', await this.socket(), '-U', 'postgres'];
    const { stdout } = await run(join(process.env.POSTGRES_BIN, 'psql'), [...flags, '-d', database, '-c', statement]);
    return stdout.trim();
  }

  /** The sealer's backlog is worked off: nothing of the round before runs on in the next. */
  async settle() {
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await this.sql('SELECT count(*) FROM unsealed_events')) === '0') return;
      await sleep(200);
    }
    throw new Error('the sealer does not get to its end');
  }

  async post(path, token, json) {
    const answer = await fetch(`http://${this.addr}/api/approvals${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(json),
    });
    const text = await answer.text();
    if (!answer.ok) throw Object.assign(new Error(`POST ${path}: ${answer.status} ${text}`), { status: answer.status });
    return JSON.parse(text).data;
  }

  /** Signs the administrator in as a browser does, and answers the session's cookie. */
  async signIn() {
    const answer = await fetch(`http://${this.addr}/api/console/session/sign_in`, {
      method: 'POST',
      headers: { origin: `http://${this.addr}`, 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' },
      body: new URLSearchParams({ name: 'admin', password: PASSWORD, next: '/approvals' }).toString(),
      redirect: 'manual',
    });
    const cookie = answer.headers.getSetCookie().find((one) => one.startsWith('cs_session='));
    if (!cookie) throw new Error(`no session: ${answer.status} ${await answer.text()}`);
    return cookie.split(';')[0];
  }
}

export async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  await once(listener, 'close');
  return port;
}
