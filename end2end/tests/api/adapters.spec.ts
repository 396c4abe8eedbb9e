// The adapters of agents/ in the libraries they are for, each with a scripted model: what was not approved does not run, what was runs
// once with what was approved, and the model reads why it did not.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { node } from '../../support/conformance';
import { python } from '../../support/mail';
import { expect, test } from '../../support/test';
import { API, approve, ask, events, reject, show, until, type Json } from './kit';

test.use({ serverOptions: { config: '[tools.send_email]\nrisk_tier = "low"\nexecutor = "agent"\n' } });

const adapters = resolve(import.meta.dirname, '../../support/adapters');
const LIBRARIES: Record<string, [string, string]> = {
  'LangChain and LangGraph': [python(), join(adapters, 'langgraph_agent.py')],
  'OpenAI Agents': [python(), join(adapters, 'openai_agent.py')],
  'Vercel AI': [node(), join(adapters, 'vercel_agent.mjs')],
};
const MAIL = { to: 'ana@partner.example', subject: 'Numbers' };
const folder = await mkdtemp(join(tmpdir(), 'countersign-outbox-'));
test.afterAll(() => rm(folder, { recursive: true, force: true }));

class Run {
  readonly ended: Promise<string>;
  private readonly child: ChildProcess;

  constructor(library: string, where: { url: string; token: string }, outbox: string) {
    const [program, script] = LIBRARIES[library]!;
    const env = { ...process.env, COUNTERSIGN_URL: where.url, COUNTERSIGN_TOKEN: where.token, OPENAI_AGENTS_DISABLE_TRACING: '1', LANGSMITH_TRACING: 'false', PYTHONDONTWRITEBYTECODE: '1' };
    this.child = spawn(program, [script, JSON.stringify(MAIL), outbox], { env });
    let said = '';
    for (const stream of [this.child.stdout!, this.child.stderr!]) stream.on('data', (piece) => (said += piece));
    this.ended = once(this.child, 'close').then(() => said.trim());
  }

  kill(): Promise<string> {
    this.child.kill('SIGKILL');
    return this.ended;
  }
}

for (const library of Object.keys(LIBRARIES)) {
  test.describe(library, () => {
    const outbox = join(folder, `${library.replaceAll(' ', '-')}`);
    const sent = async (): Promise<Json[]> => (existsSync(outbox) ? (await readFile(outbox, 'utf8')).trim().split('\n').map((line) => JSON.parse(line)) : []);
    const waits = (server: any, token: string): Promise<Json> =>
      until(async () => (await ask(server, 'GET', `${API}/actions?status=pending`, { token })).data[0]);

    test('approved, it runs once with what was approved, and what came of it is reported', async ({ server, agent, person }) => {
      const run = new Run(library, { url: server.url, token: agent.token! }, outbox);
      const action = await waits(server, person.token!);
      expect(action.tool_args).toEqual(MAIL);
      await approve(server, person.token!, action.id);
      expect(await run.ended).toBe('I read: sent');
      expect(await sent()).toEqual([MAIL]);
      const done = (await show(server, person.token!, action.id)).data;
      expect([done.status, done.execution_result.result]).toEqual(['executed', 'sent']);
      expect(await events(server, person.token!, action.id)).toEqual(['action_parked', 'action_approved', 'execution_claimed', 'execution_succeeded']);
    });

    test('rejected, it does not run, and the model reads the reason', async ({ server, agent, person }) => {
      const before = await sent();
      const run = new Run(library, { url: server.url, token: agent.token! }, outbox);
      await reject(server, person.token!, (await waits(server, person.token!)).id, 'not to a partner');
      expect(await run.ended).toContain('Rejected: not to a partner');
      expect(await sent()).toEqual(before);
    });

    test('changed by a person, it runs with the changed arguments and no others', async ({ server, agent, person }) => {
      const before = await sent();
      const run = new Run(library, { url: server.url, token: agent.token! }, outbox);
      const action = await waits(server, person.token!);
      const edited_args = { ...MAIL, to: 'ana@company.example' };
      expect((await approve(server, person.token!, action.id, { edited_args, args_sha256: action.args_sha256 })).status).toBe(200);
      expect(await run.ended).toContain('sent');
      expect(await sent()).toEqual([...before, edited_args]);
    });

    test('killed while it waited and started again, it is the same action and one run', async ({ server, agent, person }) => {
      const before = await sent();
      const first = new Run(library, { url: server.url, token: agent.token! }, outbox);
      const action = await waits(server, person.token!);
      await first.kill();
      const second = new Run(library, { url: server.url, token: agent.token! }, outbox);
      await approve(server, person.token!, action.id);
      expect(await second.ended).toBe('I read: sent');
      expect(await sent()).toEqual([...before, MAIL]);
      expect((await show(server, person.token!, action.id)).data.status).toBe('executed');
      expect((await ask(server, 'GET', `${API}/actions?status=pending`, { token: person.token })).data).toEqual([]);
    });
  });
}

test('without Countersign nothing runs', async () => {
  const outbox = join(folder, 'nobody');
  const run = new Run('Vercel AI', { url: 'http://127.0.0.1:1', token: 'nobody' }, outbox);
  expect(await run.ended).toContain('Countersign cannot be asked');
  expect(existsSync(outbox)).toBe(false);
});
