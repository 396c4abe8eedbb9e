// The main job's other parties, each a program of its own: the agent and the worker of `agents/`, and a mail server.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { Api } from './api';

const END2END = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** The Python that .ci/setup made, with the mail server in it; .ci/test puts it on PATH. */
export function python(): string {
  const cache = process.env.COUNTERSIGN_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'countersign');
  const prepared = join(cache, 'python/bin/python3');
  return existsSync(prepared) ? prepared : 'python3';
}

/** A Python program that runs, and what it prints. */
export class Script {
  readonly lines: string[] = [];
  private readonly child: ChildProcess;
  private readonly exit: Promise<number | NodeJS.Signals>;
  private readonly waiting: (() => void)[] = [];

  constructor(path: string, words: string[], options: { env?: NodeJS.ProcessEnv; input?: string } = {}) {
    this.child = spawn(python(), [join(END2END, path), ...words], {
      env: { ...process.env, ...options.env, PYTHONDONTWRITEBYTECODE: '1' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child.stdin!.end(options.input ?? '');
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.lines.push(line);
      this.waiting.splice(0).forEach((go) => go());
    });
    this.exit = once(this.child, 'close').then(([code, signal]) => code ?? signal);
  }

  /** A line that it prints, counted from 0. */
  async line(number: number): Promise<string> {
    while (this.lines.length <= number) {
      const ended = await Promise.race([new Promise<false>((go) => this.waiting.push(() => go(false))), this.exit.then(() => true)]);
      if (ended && this.lines.length <= number) throw new Error(`it ended after: ${this.lines.join('\n')}`);
    }
    return this.lines[number];
  }

  /** Its exit code, or the signal that ended it. */
  ended(): Promise<number | NodeJS.Signals> {
    return this.exit;
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM');
    await this.exit;
  }
}

function as(api: Api): NodeJS.ProcessEnv {
  return { COUNTERSIGN_URL: api.url, COUNTERSIGN_TOKEN: api.token };
}

/** `agents/agent.py`, waiting for its mail to be decided. */
export class MailAgent {
  constructor(private readonly script: Script) {}

  /** The id under which the call is parked. */
  async id(): Promise<string> {
    return (await this.script.line(0)).replace('parked: ', '');
  }

  async ended(): Promise<{ code: number | NodeJS.Signals; lines: string[] }> {
    return { code: await this.script.ended(), lines: this.script.lines };
  }
}

/** A message as it arrived. */
export interface Mail {
  from: string;
  recipients: string[];
  to: string;
  subject: string;
  message_id: string;
  body: string;
}

/** Everybody of the main job but the person: a mail server, agents and workers. */
export class Mailroom {
  private constructor(
    private readonly folder: string,
    private readonly port: number,
    private readonly scripts: Script[],
  ) {}

  /** Opens with `support/sink.py`, a mail server that keeps what it gets. */
  static async open(): Promise<Mailroom> {
    const folder = await mkdtemp(join(tmpdir(), 'countersign-mail-'));
    const sink = new Script('support/sink.py', [join(folder, 'mails')]);
    return new Mailroom(folder, Number(await sink.line(0)), [sink]);
  }

  /** An agent parks a mail and waits. */
  parks(api: Api, mail: Record<string, unknown>): MailAgent {
    const script = new Script('agents/agent.py', [], { env: as(api), input: JSON.stringify(mail) });
    this.scripts.push(script);
    return new MailAgent(script);
  }

  /** A worker runs one approved mail. */
  works(api: Api, ...flags: string[]): { ended(): Promise<number | NodeJS.Signals> } {
    const words = ['--once', '--smtp', `127.0.0.1:${this.port}`, '--sender', 'robot@example.com', ...flags];
    const script = new Script('agents/worker.py', words, { env: as(api) });
    this.scripts.push(script);
    return script;
  }

  /** What has arrived. */
  async mails(): Promise<Mail[]> {
    const text = await readFile(join(this.folder, 'mails'), 'utf8');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  async close(): Promise<void> {
    await Promise.all(this.scripts.map((script) => script.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }
}
