// A harness that runs its tools itself asks `countersign hook` before each and tells it after: what was not approved does not run,
// what was runs once, and what came of it stands in the ledger.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { binary } from '../../support/server';
import { expect, test } from '../../support/test';
import { API, approve, ask, events, reject, show, until, type Json } from './kit';

test.use({ serverOptions: { config: '[tools.Bash]\nrisk_tier = "high"\nexecutor = "agent"\n[tools.Write]\nexecutor = "worker"\n' } });

let calls = 0;
const call = (command: string, more: Json = {}): Json => ({
  session_id: 'session-1',
  transcript_path: '/nowhere',
  cwd: '/',
  hook_event_name: 'PreToolUse',
  tool_name: 'Bash',
  tool_input: { command, description: 'as asked' },
  tool_use_id: `toolu_${(calls += 1)}`,
  ...more,
});

interface Told {
  code: number;
  decision?: string;
  reason?: string;
  changed?: Json;
  errors: string;
}

async function hook(url: string, token: string, event: Json | string, ...flags: string[]): Promise<Told> {
  const env = { ...process.env, COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: token };
  const child = spawn(binary(), ['hook', ...flags], { env });
  const said = { out: '', errors: '' };
  child.stdout.on('data', (piece) => (said.out += piece));
  child.stderr.on('data', (piece) => (said.errors += piece));
  child.stdin.end(typeof event === 'string' ? event : JSON.stringify(event));
  const [code] = await once(child, 'close');
  const told = said.out ? JSON.parse(said.out).hookSpecificOutput : {};
  return { code, decision: told.permissionDecision, reason: told.permissionDecisionReason, changed: told.updatedInput, errors: said.errors };
}

const waits = (server: any, token: string, tool = 'Bash'): Promise<Json> =>
  until(async () => (await ask(server, 'GET', `${API}/actions?status=pending&tool_name=${tool}`, { token })).data[0]);

test('approved, it may run, once; and what came of it is the outcome', async ({ server, agent, person }) => {
  const event = call('rm -r build');
  const asked = hook(server.url, agent.token!, event);
  const action = await waits(server, person.token!);
  expect(action).toMatchObject({ tool_args: { command: 'rm -r build', description: 'as asked' }, session_id: 'session-1' });
  await approve(server, person.token!, action.id);
  const told = await asked;
  expect([told.code, told.decision]).toEqual([0, 'allow']);
  expect(told.reason).toContain('Approved by human:admin');
  expect((await show(server, person.token!, action.id)).data.execution_state).toBe('running');

  const twice = await hook(server.url, agent.token!, call('rm -r build'));
  expect([twice.decision, twice.reason]).toEqual(['deny', expect.stringContaining('it runs or has run already')]);

  const after = { ...event, hook_event_name: 'PostToolUse', tool_response: { stdout: 'gone', stderr: '' } };
  expect((await hook(server.url, agent.token!, after)).code).toBe(0);
  expect((await hook(server.url, agent.token!, after)).code, 'told twice').toBe(0);
  const done = (await show(server, person.token!, action.id)).data;
  expect([done.status, done.execution_result.result]).toEqual(['executed', { stdout: 'gone', stderr: '' }]);
  expect(await events(server, person.token!, action.id)).toEqual(['action_parked', 'action_approved', 'execution_claimed', 'execution_succeeded']);
});

test('rejected, the model reads why; what a person changed is what may run', async ({ server, agent, person }) => {
  const refused = hook(server.url, agent.token!, call('curl evil.example'));
  await reject(server, person.token!, (await waits(server, person.token!)).id, 'not that host');
  expect(await refused).toMatchObject({ code: 0, decision: 'deny', reason: 'Rejected: not that host' });

  const event = call('ls /');
  const asked = hook(server.url, agent.token!, event);
  const action = await waits(server, person.token!);
  const edited = await approve(server, person.token!, action.id, { edited_args: { command: 'ls /srv', description: 'as asked' }, args_sha256: action.args_sha256 });
  expect(edited.status, edited.text).toBe(200);
  expect(await asked).toMatchObject({ decision: 'allow', changed: { command: 'ls /srv', description: 'as asked' } });
  const failed = { ...event, hook_event_name: 'PostToolUseFailure', error: 'no such directory' };
  expect((await hook(server.url, agent.token!, failed)).code).toBe(0);
  expect((await show(server, person.token!, action.id)).data).toMatchObject({ execution_state: 'failed', execution_result: { error: 'no such directory' } });
});

test('undecided, it does not run, or is asked at the harness; the same call later is the same action', async ({ server, agent, person }) => {
  const first = await hook(server.url, agent.token!, call('make deploy'), '--wait-seconds', '1');
  expect([first.decision, first.reason]).toEqual(['deny', expect.stringContaining('Waiting for approval')]);
  const action = await waits(server, person.token!);
  const asks = await hook(server.url, agent.token!, call('make deploy'), '--wait-seconds', '0', '--undecided', 'ask');
  expect([asks.decision, asks.reason]).toEqual(['ask', expect.stringContaining(action.id)]);
  await approve(server, person.token!, action.id);
  expect((await hook(server.url, agent.token!, call('make deploy'))).decision).toBe('allow');
});

test('whatever goes wrong, the call does not run', async ({ server, agent }) => {
  expect(await hook('http://127.0.0.1:1', agent.token!, call('ls'))).toMatchObject({ code: 0, decision: 'deny' });
  expect(await hook(server.url, 'cs_agent_nobody', call('ls'))).toMatchObject({ code: 0, decision: 'deny' });
  const others = await hook(server.url, agent.token!, call('x', { tool_name: 'Write', tool_input: { a: 1 } }), '--wait-seconds', '0');
  expect(others.decision).toBe('deny');
  for (const nonsense of ['', 'nonsense', '{"hook_event_name":"PreToolUse"}', JSON.stringify(call('ls', { hook_event_name: 'Stop' }))]) {
    expect([(await hook(server.url, agent.token!, nonsense)).code, nonsense]).toEqual([2, nonsense]);
  }
});
