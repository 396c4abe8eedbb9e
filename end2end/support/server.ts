// The real program, started as a person starts it, on a data directory of its own under the system's temporary folder.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HERE = dirname(fileURLToPath(import.meta.url));

/** Data directories carry the run's number, so that whatever a crashed test left is found at the end. */
export const RUN = (process.env.COUNTERSIGN_TEST_RUN ??= String(process.pid));
export const PREFIX = `countersign-test-${RUN}-`;
/** In every data directory: the process that serves it. */
const PID_FILE = 'server.pid';

export const ADMIN = 'admin';
export const PASSWORD = 'correct horse battery staple';

/** The program under test. */
export function binary(): string {
  const target = resolve(HERE, '../../target');
  const candidates = [process.env.COUNTERSIGN_BIN, join(target, 'release/countersign'), join(target, 'debug/countersign')];
  const found = candidates.find((path) => path && existsSync(path));
  if (!found) throw new Error(`no countersign binary: run make build (looked for ${candidates.filter(Boolean).join(', ')})`);
  return found;
}

/** Postgres' own client, from where its server is. */
function psql(): string {
  const packaged = '/usr/lib/postgresql';
  const versions = existsSync(packaged) ? readdirSync(packaged).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [process.env.COUNTERSIGN_PG_BIN, ...versions.map((version) => join(packaged, version, 'bin'))];
  return folders.map((folder) => join(folder ?? '', 'psql')).find((path) => path !== 'psql' && existsSync(path)) ?? 'psql';
}

export interface ServerOptions {
  /** The text of countersign.toml: tools, policy. */
  config?: string;
  /** More flags for `serve`. */
  args?: string[];
  /** More environment for `serve`. */
  env?: Record<string, string>;
}

export class Server {
  /** Everything that every run of it logged, line by line. */
  readonly lines: string[] = [];
  private child?: ChildProcess;

  private constructor(
    /** Where it listens, without a slash at the end. */
    readonly url: string,
    readonly port: number,
    readonly dataDir: string,
    private readonly options: ServerOptions,
  ) {}

  /** Starts one on an empty data directory and waits until it is ready. */
  static async start(options: ServerOptions = {}): Promise<Server> {
    const dataDir = await mkdtemp(join(tmpdir(), PREFIX));
    // Postgres runs as another user when we are root, and must get through.
    await chmod(dataDir, 0o755);
    if (options.config) await writeFile(join(dataDir, 'countersign.toml'), options.config);
    const port = await freePort();
    const server = new Server(`http://127.0.0.1:${port}`, port, dataDir, options);
    try {
      await server.begin();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  /** Starts it again on the same data and port, after `stop` or `kill`. */
  async begin(): Promise<void> {
    if (this.child) throw new Error('the server runs already');
    const flags = ['serve', '--addr', `127.0.0.1:${this.port}`, '--data-dir', this.dataDir, ...(this.options.args ?? [])];
    const child = spawn(binary(), flags, {
      cwd: this.dataDir,
      env: this.environment({ COUNTERSIGN_ADMIN_PASSWORD: PASSWORD, ...this.options.env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => this.lines.push(line));
    }
    await once(child, 'spawn');
    await writeFile(join(this.dataDir, PID_FILE), String(child.pid));
    await this.ready();
  }

  private async ready(): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (Date.now() < deadline) {
      if (this.child?.exitCode !== null) break;
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.ok) return;
      await sleep(25);
    }
    throw new Error(`the server is not ready; it said:\n${this.log()}`);
  }

  /** Stops it as a person does, with SIGTERM, and its Postgres with it. Answers its exit code. */
  async stop(): Promise<number | null> {
    return this.end('SIGTERM');
  }

  /** Takes it away in the middle of whatever it does. Its Postgres stays until the next start finds it. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.begin();
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  /** The end of it: stopped, its Postgres too, its data gone. */
  async remove(): Promise<void> {
    await this.stop();
    await removeDataDir(this.dataDir);
  }

  log(last = 40): string {
    return this.lines.slice(-last).join('\n');
  }

  /** The command line on this server's data, for instance `token list`. Answers what stood on standard output. */
  async command(...words: string[]): Promise<string> {
    const { stdout } = await run(binary(), [...words, '--data-dir', this.dataDir], {
      cwd: this.dataDir,
      env: this.environment(),
    });
    return stdout.trim();
  }

  /** The command line against this server, with somebody's token. Answers what stood on standard output. */
  async remotely(token: string, ...words: string[]): Promise<string> {
    const env = this.environment({ COUNTERSIGN_URL: this.url, COUNTERSIGN_TOKEN: token });
    const { stdout } = await run(binary(), words, { cwd: this.dataDir, env });
    return stdout.trim();
  }

  /** A new person. Answers the link that signs them in once. */
  async addPerson(name: string, role: 'viewer' | 'operator' | 'admin' = 'operator'): Promise<string> {
    return this.command('user', 'add', name, '--role', role);
  }

  /** A new token: an agent's or worker's, or with `user` a person's, which may decide. */
  async token(name: string, scopes: string[], user?: string): Promise<string> {
    const of = user ? ['--user', user] : [];
    return this.command('token', 'create', '--name', name, '--scope', scopes.join(','), ...of);
  }

  /** Whether its Postgres runs, or died without tidying up. */
  hasPostgres(): boolean {
    return existsSync(join(this.dataDir, 'postgres/postmaster.pid'));
  }

  /** Takes its Postgres away for as long as `act` takes: it is stopped, and does not start again before. */
  async withoutPostgres<T>(act: () => Promise<T>): Promise<T> {
    const settings = join(this.dataDir, 'postgres/postgresql.conf');
    await rename(settings, `${settings}.away`);
    try {
      await this.stopPostgres();
      return await act();
    } finally {
      await rename(`${settings}.away`, settings);
    }
  }

  /** Stops its Postgres as an administrator does who restarts it, or a machine that is short of memory. */
  async stopPostgres(): Promise<void> {
    await endByFile(join(this.dataDir, 'postgres/postmaster.pid'), 'SIGINT', 'postgres');
  }

  /** Moves a deadline to a moment `seconds` from now, or before it. */
  async moveDeadline(id: string, seconds: number): Promise<void> {
    await this.sql(`UPDATE pending_actions SET expires_at = now() + interval '${seconds} seconds' WHERE id = '${id}'`);
  }

  /** Runs SQL as the database's superuser, for what no interface offers: moving a deadline, looking into a table. */
  async sql(statement: string): Promise<string> {
    const pid = await readFile(join(this.dataDir, 'postgres/postmaster.pid'), 'utf8');
    // The fifth line is the socket's folder.
    const socket = pid.split('\n')[4];
    const flags = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1'];
    const { stdout } = await run(psql(), [...flags, '-h', socket, '-U', 'postgres', '-d', 'countersign', '-c', statement], {
      cwd: this.dataDir,
    });
    return stdout.trim();
  }

  /** What this test says and nothing that stands around it. */
  private environment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !name.startsWith('COUNTERSIGN_') || name === 'COUNTERSIGN_PG_BIN' || name === 'COUNTERSIGN_LOG',
    );
    return { ...Object.fromEntries(inherited), ...more };
  }
}

/** Removes a data directory and whatever still runs on it. */
export async function removeDataDir(dataDir: string): Promise<void> {
  await endByFile(join(dataDir, PID_FILE), 'SIGTERM', 'countersign');
  await endByFile(join(dataDir, 'postgres/postmaster.pid'), 'SIGINT', 'postgres');
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Ends the process whose number a file begins with, if it still is that program. */
async function endByFile(file: string, signal: NodeJS.Signals, program: string): Promise<void> {
  const pid = Number((await readFile(file, 'utf8').catch(() => '')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  const alive = async () => (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim() === program;
  if (!(await alive())) return;
  process.kill(pid, signal);
  for (let tries = 0; tries < 200 && (await alive()); tries += 1) await sleep(50);
  if (await alive()) process.kill(pid, 'SIGKILL');
}

export async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  listener.close();
  await once(listener, 'close');
  return address.port;
}
