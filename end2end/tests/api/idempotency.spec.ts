// race-4: one `Idempotency-Key` is one request, however often and however much at once it is sent.
import { ADMIN } from '../../support/server';
import { expect, test } from '../../support/test';
import { ACTIONS, API, approve, ask, count, each, events, park, times } from './kit';

const call = (amount: number) => ({ tool_name: 'pay', tool_args: { amount } });
const keyed = (key: string) => ({ 'idempotency-key': key });

test('race-4: twenty parallel parks under one key make one action, and every later repeat is answered the same', async ({ server }) => {
  const token = await server.token('idem-race', ['actions:submit']);
  const once = () => ask(server, 'POST', ACTIONS, { token, body: call(100), headers: keyed('invoice-1') });

  const answers = await Promise.all(times(20).map(once));

  const taken = answers.filter((answer) => answer.status === 201);
  const waiting = answers.filter((answer) => answer.status === 409);
  expect(taken.length + waiting.length, answers.map((answer) => answer.text).join('\n')).toBe(20);
  expect(taken.length).toBeGreaterThan(0);
  for (const told of waiting) {
    expect(told.code).toBe('in_progress');
    expect(Number(told.headers['retry-after'])).toBeGreaterThan(0);
  }
  expect(new Set(taken.map((answer) => answer.data.id)).size).toBe(1);
  expect(taken.filter((answer) => answer.headers['idempotent-replayed'] === 'false')).toHaveLength(1);
  expect(await count(server, token)).toBe(1);

  const later = await once();
  expect(later.status).toBe(201);
  expect(later.headers['idempotent-replayed']).toBe('true');
  expect(later.text).toBe(taken[0]!.text);
  expect(await count(server, token)).toBe(1);
});

test('race-4: the same key with another body is refused and adds nothing, and the first answer stays', async ({ server }) => {
  const token = await server.token('idem-other-body', ['actions:submit']);
  const send = (amount: number) =>
    ask(server, 'POST', ACTIONS, { token, body: call(amount), headers: keyed('invoice-2') });

  const first = await send(100);
  expect(first.status).toBe(201);
  const others = await Promise.all([send(101), send(1000), send(0)]);

  for (const other of others) {
    expect(other.status).toBe(422);
    expect(other.code).toBe('idempotency_mismatch');
    expect(other.headers['content-type']).toBe('application/problem+json');
  }
  expect(await count(server, token)).toBe(1);
  expect((await send(100)).data.id).toBe(first.data.id);
});

test('another body that races the first one never makes a second action', async ({ server }) => {
  const token = await server.token('idem-mixed-race', ['actions:submit']);
  const answers = await Promise.all(
    times(20).map((at) => ask(server, 'POST', ACTIONS, { token, body: call(at % 2), headers: keyed('invoice-3') })),
  );
  expect(new Set(answers.filter((answer) => answer.status === 201).map((answer) => answer.data.id)).size).toBe(1);
  expect(await count(server, token)).toBe(1);
  for (const answer of answers.filter((answer) => answer.status !== 201)) {
    expect(['in_progress', 'idempotency_mismatch']).toContain(answer.code);
  }
});

test("a key belongs to the token that sent it: another agent's same key is another request", async ({ server }) => {
  const ana = await server.token('idem-ana', ['actions:submit']);
  const bob = await server.token('idem-bob', ['actions:submit']);
  const first = await ask(server, 'POST', ACTIONS, { token: ana, body: call(5), headers: keyed('shared') });
  const second = await ask(server, 'POST', ACTIONS, { token: bob, body: call(5), headers: keyed('shared') });
  expect([first.status, second.status]).toEqual([201, 201]);
  expect(second.data.id).not.toBe(first.data.id);
  expect(second.data.agent_id).toBe('idem-bob');
});

test('a refusal is kept under its key as well, and a key of no form is refused', async ({ server }) => {
  const token = await server.token('idem-refused', ['actions:submit']);
  const wrong = { tool_name: 'pay', tool_args: {}, expires_in_hours: 0 };
  const first = await ask(server, 'POST', ACTIONS, { token, body: wrong, headers: keyed('wrong-1') });
  const again = await ask(server, 'POST', ACTIONS, { token, body: wrong, headers: keyed('wrong-1') });
  expect([first.status, again.status]).toEqual([422, 422]);
  expect(again.headers['idempotent-replayed']).toBe('true');
  expect(again.headers['content-type']).toBe('application/problem+json');
  expect(again.code).toBe('invalid_request');
  for (const key of ['', 'x'.repeat(256), 'caf\u00e9']) {
    const refused = await ask(server, 'POST', ACTIONS, { token, body: call(1), headers: keyed(key) });
    expect(refused.status, JSON.stringify(key)).toBe(422);
  }
  expect(await count(server, token)).toBe(0);
});

test('twenty parallel approves under one key decide once and leave one event', async ({ server }) => {
  const agent = await server.token('idem-agent', ['actions:submit']);
  const ana = await server.token('idem-person', ['actions:read', 'decisions:write'], ADMIN);
  const action = await park(server, agent);
  const once = () =>
    ask(server, 'POST', `${ACTIONS}/${action.id}/approve`, { token: ana, body: {}, headers: keyed('yes') });

  const answers = await each(times(20), 20, once);

  for (const answer of answers) {
    expect(answer.status === 200 || answer.code === 'in_progress', answer.text).toBe(true);
  }
  expect((await once()).data.status).toBe('approved');
  expect((await events(server, ana, action.id)).filter((kind) => kind === 'action_approved')).toHaveLength(1);
});

test('one key may stand for the park and for the decision of one person: the route is part of it', async ({ server }) => {
  const token = await server.token('idem-route', ['actions:submit', 'actions:read', 'decisions:write'], ADMIN);
  const body = { reason: 'a mistake' };
  const headers = keyed('same');
  const [first, second] = [await park(server, token), await park(server, token)];
  for (const { id } of [first, second]) {
    const withdrawn = await ask(server, 'POST', `${ACTIONS}/${id}/withdraw`, { token, body, headers });
    expect(withdrawn.data, withdrawn.text).toMatchObject({ id, status: 'withdrawn' });
  }
  const parked = await ask(server, 'POST', ACTIONS, { token, body: call(9), headers });
  expect(parked.status, parked.text).toBe(201);
});

test('a claim repeated under its key gets the attempt it took; one that found nothing may find something later', async ({ server }) => {
  const agent = await server.token('idem-claim-agent', ['actions:submit']);
  const ana = await server.token('idem-claim-person', ['actions:read', 'decisions:write'], ADMIN);
  const worker = await server.token('idem-claim-worker', ['actions:execute']);
  const take = (key: string) =>
    ask(server, 'POST', `${API}/executions/claim`, { token: worker, body: { tools: ['idem_claim'] }, headers: keyed(key) });
  expect((await take('claim-1')).status).toBe(204);
  for (const number of [1, 2]) {
    const action = await park(server, agent, { tool_name: 'idem_claim', tool_args: { number } });
    await approve(server, ana, action.id);
  }

  const first = await take('claim-1');
  const again = await take('claim-1');
  const other = await take('claim-2');

  expect([first.status, again.status, other.status]).toEqual([200, 200, 200]);
  expect(again.text).toBe(first.text);
  expect(again.headers['idempotent-replayed']).toBe('true');
  expect(other.data.attempt).not.toBe(first.data.attempt);
  expect([first.data.tool_args.number, other.data.tool_args.number]).toEqual([1, 2]);
  expect((await take('claim-3')).status).toBe(204);
});
