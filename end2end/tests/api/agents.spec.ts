// The example in TypeScript as it stands in agents/: parked, decided, run by a worker, told what came of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

import { node } from '../../support/conformance';
import type { Server } from '../../support/server';
import { expect, test } from '../../support/test';
import { API, approve, ask, reject, until, type Json } from './kit';

test.use({ serverOptions: { config: '[tools.send_email]\nrisk_tier = "low"\nexecutor = "worker"\n' } });

const MAIL = { to: 'ana@partner.example', subject: 'Numbers', count: 3 };

function agentIn(server: Server, token: string, args = JSON.stringify(MAIL)): Promise<{ code: number; said: string[] }> {
  const env = { ...process.env, COUNTERSIGN_URL: server.url, COUNTERSIGN_TOKEN: token, NODE_NO_WARNINGS: '1' };
  const child = spawn(node(), ['--experimental-strip-types', resolve(import.meta.dirname, '../../agents/agent.ts'), 'send_email', args], { env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (said += piece));
  return once(child, 'close').then(([code]) => ({ code, said: said.trim().split('\n') }));
}

const waiting = (server: Server, token: string): Promise<Json> =>
  until(async () => (await ask(server, 'GET', `${API}/actions?status=pending`, { token })).data[0]);

test('approved and run, it is told what came of it', async ({ server, agent, worker, person }) => {
  const run = agentIn(server, agent.token!);
  const action = await waiting(server, person.token!);
  expect(action.tool_args).toEqual(MAIL);
  await approve(server, person.token!, action.id, { note: 'checked' });
  const { data: claim } = await ask(server, 'POST', `${API}/executions/claim?wait=20`, { token: worker.token, body: { tools: ['send_email'] } });
  expect(claim.tool_args).toEqual(MAIL);
  await ask(server, 'POST', `${API}/executions/${claim.attempt}/result`, { token: worker.token, body: { success: true, result: { message: 42 } } });
  const { code, said } = await run;
  expect([code, said.slice(0, 2)]).toEqual([0, [`parked: ${action.id}`, 'approved: checked']]);
  expect(JSON.parse(said[2]!.replace('outcome: ', ''))).toMatchObject({ success: true, result: { message: 42 } });
});

test('rejected, it reads the reason', async ({ server, agent, person }) => {
  const run = agentIn(server, agent.token!);
  const { id } = await waiting(server, person.token!);
  await reject(server, person.token!, id, 'not to a partner');
  expect(await run).toEqual({ code: 1, said: [`parked: ${id}`, 'rejected: not to a partner'] });
});

test('refused, it says why and does not try again', async ({ server, agent }) => {
  const { code, said } = await agentIn(server, agent.token!, '[]');
  expect([code, said.join('\n')]).toEqual([1, expect.stringContaining('/tool_args: must be an object')]);
  expect((await agentIn(server, 'cs_agent_nobody_x')).said.join('\n')).toContain('(unauthenticated)');
});
