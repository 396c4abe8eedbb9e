// Whoever waits is told when it happens, when the time is over, and when the server goes.
import { ADMIN } from '../../support/server';
import { expect, test } from '../../support/test';
import { ACTIONS, Stream, approve, ask, claim, each, park, pause, reject, report, show, times } from './kit';

/** The answer and how long it took, in milliseconds. */
async function timed<T>(asking: Promise<T>): Promise<[T, number]> {
  const started = Date.now();
  return [await asking, Date.now() - started];
}

test('a wait is answered at the decision, and one that comes later is answered at once', async ({ server, agent, person }) => {
  const token = agent.token!;
  const [approved, rejected] = [await park(server, token), await park(server, token)];
  const waits = [approved, rejected].map((action) => timed(show(server, token, action.id, '?wait=30')));
  await pause(500);
  await approve(server, person.token!, approved.id);
  await reject(server, person.token!, rejected.id, 'not this one');
  const [[yes, yesTook], [no, noTook]] = await Promise.all(waits);
  expect(yes!.data.status).toBe('approved');
  expect(no!.data).toMatchObject({ status: 'rejected', decision_reason: 'not this one' });
  for (const took of [yesTook, noTook]) {
    expect(took).toBeGreaterThan(400);
    expect(took).toBeLessThan(5_000);
  }
  const [again, tookAgain] = await timed(show(server, token, approved.id, '?wait=30'));
  expect(again.data.status).toBe('approved');
  expect(tookAgain).toBeLessThan(2_000);
});

test('a wait ends at its own time with the action as it is, pending', async ({ server, agent }) => {
  const action = await park(server, agent.token!);
  const [answer, took] = await timed(show(server, agent.token!, action.id, '?wait=1'));
  expect([answer.status, answer.data.status]).toEqual([200, 'pending']);
  expect(took).toBeGreaterThanOrEqual(950);
  expect(took).toBeLessThan(4_000);
  for (const query of ['wait=61', 'wait=-1', 'wait=1.5', 'wait=soon', 'wait=1&until=never', 'wait=1&wait=2']) {
    expect((await show(server, agent.token!, action.id, `?${query}`)).status, query).toBe(422);
  }
});

test('a wait until executed outlasts the approval and ends with the outcome', async ({ server, agent, person, worker }) => {
  const action = await park(server, agent.token!, { tool_name: 'slow_tool' });
  let ended = false;
  const waiting = show(server, agent.token!, action.id, '?wait=30&until=executed').finally(() => (ended = true));
  await approve(server, person.token!, action.id);
  const { attempt } = (await claim(server, worker.token!, ['slow_tool'])).data;
  await pause(700);
  expect(ended).toBe(false);
  await report(server, worker.token!, attempt, { success: false, error: 'the mailbox is full' });
  const shown = (await waiting).data;
  expect(shown).toMatchObject({ status: 'executed', execution_state: 'failed' });
  expect(shown.execution_result).toMatchObject({ success: false, error: 'the mailbox is full' });
});

test('a deadline that passes while one waits ends the wait, before any sweep', async ({ server, agent }) => {
  const action = await park(server, agent.token!);
  await server.moveDeadline(action.id, 1);
  const [answer, took] = await timed(show(server, agent.token!, action.id, '?wait=30'));
  expect(answer.data.status).toBe('expired');
  expect(took).toBeLessThan(10_000);
});

test('a hundred agents that wait for one action are all told, and an approved call goes to one of ten waiting workers', async ({ server, agent, person, worker }) => {
  const action = await park(server, agent.token!, { tool_name: 'awaited_tool' });
  const waits = times(100).map(() => show(server, agent.token!, action.id, '?wait=30'));
  const claims = times(10).map(() => claim(server, worker.token!, ['awaited_tool'], {}, '?wait=6'));
  await pause(500);
  await approve(server, person.token!, action.id);
  for (const answer of await Promise.all(waits)) expect(answer.data.status).toBe('approved');
  const claimed = await Promise.all(claims);
  expect(claimed.map((answer) => answer.status).sort()).toEqual([200, ...times(9).map(() => 204)]);
});

test('a token that is revoked while it waits does not hear the answer', async ({ server, agent, person }) => {
  const token = await server.token('waits and loses', ['actions:submit', 'actions:read']);
  const action = await park(server, token, { tool_args: { to: 'for-good-tokens-only@example.com' } });
  const waiting = show(server, token, action.id, '?wait=30');
  await pause(300);
  await server.command('token', 'revoke', 'waits and loses');
  await approve(server, person.token!, action.id);
  const answer = await waiting;
  expect([answer.status, answer.code]).toEqual([401, 'unauthenticated']);
  expect(answer.text).not.toContain('for-good-tokens-only');
});

test('a silent stream pings, so that whoever listens can tell it from a dead one', async ({ server, agent }) => {
  const stream = await Stream.open(server, { token: agent.token });
  const ping = await stream.until((event) => event.event === 'ping', 'a ping', 25_000);
  expect(ping.id).toBeUndefined();
  stream.close();
});

test('a wait on an action of another agent is answered as if there were none', async ({ server, agent }) => {
  const action = await park(server, agent.token!);
  const stranger = await server.token('wait-stranger', ['actions:submit']);
  const [answer, took] = await timed(show(server, stranger, action.id, '?wait=30'));
  expect([answer.status, answer.code]).toEqual([404, 'not_found']);
  expect(took).toBeLessThan(2_000);
});

test('the stream says hello, tells every change with its number, and no arguments', async ({ server, agent, person }) => {
  const stream = await Stream.open(server, { token: agent.token });
  expect(stream.status).toBe(200);
  const hello = await stream.until((event) => event.event === 'hello', 'a hello');
  const action = await park(server, agent.token!, { tool_args: { to: 'private@example.com' } });
  await stream.until((event) => event.data.id === action.id, 'the park');
  await approve(server, person.token!, action.id);
  await expect.poll(() => stream.changesOf(action.id).length).toBe(2);
  const [parked, approved] = stream.changesOf(action.id);
  expect(parked!.data.kind).toBe('action');
  expect(parked!.data.seq).toBeGreaterThan(hello.data.seq);
  expect(approved!.data.seq).toBeGreaterThan(parked!.data.seq);
  expect(parked!.id).toBe(String(parked!.data.seq));
  expect(stream.text).not.toContain('private@example.com');
  stream.close();
});

test('a stream that comes back with Last-Event-ID is told what it missed, once and in order', async ({ server, agent, person }) => {
  const before = await Stream.open(server, { token: agent.token });
  const first = await park(server, agent.token!);
  const last = await before.until((event) => event.data.id === first.id, 'the first park');
  before.close();
  const missed = await each(times(5), 1, () => park(server, agent.token!));
  await approve(server, person.token!, missed[0]!.id);
  const after = await Stream.open(server, { token: agent.token, lastEventId: last.id });
  const now = await park(server, agent.token!);
  await after.until((event) => event.data.id === now.id, 'the newest park');
  const told = after.events.filter((event) => event.event === 'change').map((event) => event.data.id);
  expect(told).toEqual([...missed.map((action) => action.id), missed[0]!.id, now.id]);
  after.close();
});

test('what happens while a stream comes back is told once', async ({ server, agent }) => {
  const first = await Stream.open(server, { token: agent.token });
  let last = (await first.until((event) => event.event === 'hello', 'a hello')).id!;
  first.close();
  for (const round of times(10)) {
    const action = await park(server, agent.token!);
    const stream = await Stream.open(server, { token: agent.token, lastEventId: last });
    const end = await park(server, agent.token!);
    last = (await stream.until((event) => event.data.id === end.id, `the end of round ${round}`)).id!;
    expect(stream.changesOf(action.id)).toHaveLength(1);
    stream.close();
  }
});

test('SIGTERM ends waits, waiting claims and streams with an orderly answer within ten seconds', async ({ server, agent, worker }) => {
  const action = await park(server, agent.token!);
  const stream = await Stream.open(server, { token: agent.token });
  await stream.until((event) => event.event === 'hello', 'a hello');
  const waits = times(20).map(() => show(server, agent.token!, action.id, '?wait=60'));
  const claiming = claim(server, worker.token!, ['nothing_of_the_kind'], {}, '?wait=60');
  await pause(500);

  const [code, took] = await timed(server.stop());
  expect(code).toBe(0);
  expect(took).toBeLessThan(10_000);
  expect(server.hasPostgres(), 'its database went with it').toBe(false);
  for (const answer of await Promise.all(waits)) {
    expect([answer.status, answer.data?.status], answer.text).toEqual([200, 'pending']);
  }
  expect((await claiming).status).toBe(204);
  expect(stream.events.at(-1)?.event).toBe('bye');
  await expect.poll(() => stream.ended).toBe(true);

  await server.begin();
  expect((await show(server, agent.token!, action.id)).data.status).toBe('pending');
});

test('a request that is under way at SIGTERM gets its answer, and what it answered is kept', async ({ server, agent }) => {
  const parks = times(50).map((at) => {
    const body = { tool_name: 'at_the_end', tool_args: { at } };
    return ask(server, 'POST', ACTIONS, { token: agent.token, body }).catch(() => undefined);
  });
  await Promise.race(parks);
  await server.stop();
  const answered = (await Promise.all(parks)).filter((answer) => answer !== undefined);
  await server.begin();
  expect(answered.length).toBeGreaterThan(0);
  for (const answer of answered) {
    expect(answer.status, answer.text).toBe(201);
    expect((await show(server, agent.token!, answer.data.id)).status).toBe(200);
  }
});

test('a person only listens with the right to read', async ({ server }) => {
  const token = await server.token('wait-no-read', ['decisions:write'], ADMIN);
  const stream = await Stream.open(server, { token });
  expect(stream.status).toBe(403);
  stream.close();
});
