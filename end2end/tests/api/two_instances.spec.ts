// Two servers on one database are one service: what happens on one is told and kept on the other.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Server } from '../../support/server';
import { expect, test } from '../../support/test';
import { ACTIONS, Stream, approve, ask, claim, count, each, events, park, pause, reject, show, times } from './kit';

test.describe.configure({ mode: 'serial' });

let second: Server;

/** The one and the other in turn. */
const over = (first: Server, at: number) => (at % 2 === 0 ? first : second);

/** The private cluster of the first server, as a URL. */
async function databaseUrl(first: Server): Promise<string> {
  const [, , , port, socket] = (await readFile(join(first.dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n');
  return `postgres://countersign@localhost:${port}/countersign?host=${encodeURIComponent(socket!)}`;
}

test.beforeEach(async ({ server }) => {
  second ??= await Server.start({ args: ['--database-url', await databaseUrl(server)] });
});

test.afterAll(async () => {
  await second?.remove();
});

test('a wait on one server ends when a person decides on the other', async ({ server, agent, person }) => {
  let told = 0;
  for (const round of times(6)) {
    const [here, there] = round % 2 === 0 ? [server, second] : [second, server];
    const action = await park(here, agent.token!);
    const waiting = show(there, agent.token!, action.id, '?wait=30');
    await pause(200);
    const decided = Date.now();
    await approve(here, person.token!, action.id);
    expect((await waiting).data.status).toBe('approved');
    told += Date.now() - decided;
  }
  // A server also looks by itself every three seconds: that alone would take some nine seconds in six rounds.
  expect(told).toBeLessThan(4_000);
});

test('the stream of one server tells what happens on the other', async ({ server, agent, person }) => {
  const stream = await Stream.open(second, { token: agent.token });
  await stream.until((event) => event.event === 'hello', 'a hello');
  const action = await park(server, agent.token!);
  await reject(server, person.token!, action.id);
  await expect.poll(() => stream.changesOf(action.id).length).toBe(2);
  stream.close();
});

test('fifty parallel approves over both servers decide once, and one worker of many gets it', async ({ server, agent, worker }) => {
  const people = await each(times(5), 1, async (at) => {
    await server.addPerson(`person-${at}`);
    return server.token(`two-person-${at}`, ['actions:read', 'decisions:write'], `person-${at}`);
  });
  const action = await park(server, agent.token!, { tool_name: 'two_approves' });
  const answers = await Promise.all(
    times(50).map((at) => approve(over(server, at), people[at % people.length]!, action.id)),
  );
  const won = answers.filter((answer) => answer.status === 200);
  const lost = answers.filter((answer) => answer.status !== 200);
  // Ten for the person whose approval stands, and a refusal that names that person for everybody else.
  expect([won.length, lost.length]).toEqual([10, 40]);
  const decider = won[0]!.data.decided_by;
  for (const answer of won) expect(answer.data.decided_by).toBe(decider);
  for (const answer of lost) {
    expect(answer.status).toBe(409);
    expect(answer.json).toMatchObject({ code: 'already_decided', current_status: 'approved', decided_by: decider });
  }
  const claims = await Promise.all(times(20).map((at) => claim(over(server, at), worker.token!, ['two_approves'])));
  expect(claims.filter((answer) => answer.status === 200)).toHaveLength(1);
  const told = await events(second, people[0]!, action.id);
  expect(told).toEqual(['action_parked', 'action_approved', 'execution_claimed']);
});

test('approve on one server and reject on the other at the same moment: one stands, and the other is told which', async ({ server, agent, person }) => {
  for (const round of times(20)) {
    const action = await park(server, agent.token!);
    const token = person.token!;
    const [yes, no] = await Promise.all([approve(server, token, action.id), reject(second, token, action.id)]);
    expect([yes.status, no.status].sort(), `round ${round}`).toEqual([200, 409]);
    const [won, lost] = yes.status === 200 ? [yes, no] : [no, yes];
    expect(lost.code).toBe('already_decided');
    expect(lost.json.current_status).toBe(won.data.status);
    expect(await events(server, token, action.id)).toEqual(['action_parked', `action_${won.data.status}`]);
  }
});

test('race-4: one key over both servers is one request', async ({ server }) => {
  const token = await server.token('two-key', ['actions:submit']);
  const once = (at: number) =>
    ask(over(server, at), 'POST', ACTIONS, {
      token,
      body: { tool_name: 'pay', tool_args: { amount: 1 } },
      headers: { 'idempotency-key': 'over-both' },
    });
  const answers = await Promise.all(times(20).map(once));
  expect(answers.every((answer) => answer.status === 201 || answer.code === 'in_progress')).toBe(true);
  const [here, there] = [await once(0), await once(1)];
  expect(here.text).toBe(there.text);
  expect(await count(server, token)).toBe(1);
});

test('forty approved actions given out over both servers go to one worker each', async ({ server, agent, person, worker }) => {
  const actions = await each(times(40), 10, () => park(server, agent.token!, { tool_name: 'two_claims' }));
  await each(actions, 10, (action) => approve(second, person.token!, action.id));
  const claims = await Promise.all(times(60).map((at) => claim(over(server, at), worker.token!, ['two_claims'])));
  const given = claims.filter((answer) => answer.status === 200).map((answer) => answer.data.action_id);
  expect(new Set(given).size).toBe(given.length);
  // A claim that met a locked row may have gone away empty: what is left is given out now, once.
  for (let left = await claim(server, worker.token!, ['two_claims']); left.status === 200; ) {
    given.push(left.data.action_id);
    left = await claim(second, worker.token!, ['two_claims']);
  }
  expect(given.sort()).toEqual(actions.map((action) => action.id).sort());
});

test('a worker that claimed on a server that is killed reports to the other one', async ({ server, agent, person, worker }) => {
  const action = await park(server, agent.token!, { tool_name: 'two_reports' });
  await approve(server, person.token!, action.id);
  const claimed = await claim(second, worker.token!, ['two_reports']);
  await second.kill();
  const reported = await ask(server, 'POST', `/api/approvals/executions/${claimed.data.attempt}/result`, {
    token: worker.token,
    body: { success: true },
  });
  expect(reported.data).toMatchObject({ action_id: action.id, status: 'executed', late: false });
  await second.begin();
  expect((await show(second, agent.token!, action.id)).data.status).toBe('executed');
});
