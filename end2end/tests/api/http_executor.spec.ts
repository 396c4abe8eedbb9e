// The executor `http`: an approved call is one signed POST to the tool's URL, once, and what comes back is the truth
// about it.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Answer, json, Receiver, type Received, verified } from '../../support/receiver';
import { ADMIN, Server } from '../../support/server';
import { expect, test } from '../../support/test';
import { ACTIONS, API, Stream, approve, ask, claim, each, events, open, park, report, show, signIn, times, type Json } from './kit';

// Everything the program is able to log, not only what it logs by default.
test.use({ serverOptions: { config: 'outbound_allow = ["127.0.0.0/8"]\n', env: { COUNTERSIGN_LOG: 'trace' } } });

const receivers: Receiver[] = [];
test.afterAll(async () => {
  await Promise.all(receivers.map((receiver) => receiver.stop()));
});

async function receive(answer: Answer): Promise<Receiver> {
  const receiver = await Receiver.start(answer);
  receivers.push(receiver);
  return receiver;
}

const silence: Answer = () => {};

const setExecutor = (server: Server, token: string, tool: string, body: Json) =>
  ask(server, 'PUT', `${API}/tools/${tool}/executor`, { token, body });

/** An administrator's token that may say who runs a tool. */
const administrator = (server: Server, name: string) =>
  server.token(name, ['actions:read', 'decisions:write', 'tools:write', 'audit:read'], ADMIN);

/** Has the tool run by this URL. Answers the signing secret. */
async function runBy(server: Server, token: string, tool: string, url: string, more: Json = {}): Promise<string> {
  const set = await setExecutor(server, token, tool, { executor: 'http', url, ...more });
  expect(set.status, set.text).toBe(200);
  return set.data.signing_secret;
}

/** An approved call. Answers the action as it was parked. */
async function approved(server: Server, agent: string, ana: string, call: Json) {
  const action = await park(server, agent, call);
  const answer = await approve(server, ana, action.id);
  expect(answer.status, answer.text).toBe(200);
  return action;
}

const outcome = (server: Server, token: string, id: string) => show(server, token, id, '?wait=40&until=executed');

test('an approved call reaches the URL at once, signed, with its exact digits, and its agent hears what came of it', async ({ server, agent, worker }) => {
  const admin = await administrator(server, 'exact-admin');
  const receiver = await receive(json({ message_id: 42 }));
  const secret = await runBy(server, admin, 'pay', receiver.url);
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  const digits = '{"big":9007199254740993,"huge":1e400,"zero":-0,"long":0.1000000000000000055511151231257827,"text":"é <b>"}';
  const action = await park(server, agent.token!, `{"tool_name":"pay","session_id":"s-1","tool_args":${digits}}`);
  const waiting = outcome(server, agent.token!, action.id);
  const decided = await approve(server, admin, action.id);
  expect(decided.data.waits_for_executor).toBe(false);
  const done = (await waiting).data;
  expect(done).toMatchObject({ status: 'executed', execution_state: 'succeeded', executor: 'http' });
  expect(done.execution_result).toMatchObject({ success: true, result: { message_id: 42 } });
  expect(done.attempts[0]).toMatchObject({ number: 1, state: 'succeeded', worker: 'http' });
  expect(done.events.slice(2).map((event: Json) => [event.event_type, event.actor])).toEqual([
    ['execution_claimed', 'system:http'],
    ['execution_succeeded', 'system:http'],
  ]);

  const [call] = receiver.of(action.id);
  expect(receiver.calls).toHaveLength(1);
  expect(call!.raw.toString('utf8')).toContain(`"arguments":${digits},"args_sha256":"${action.args_sha256}"`);
  expect(call!.body).toMatchObject({
    type: 'action.execute',
    attempt_id: done.attempts[0].id,
    number: 1,
    tool_name: 'pay',
    agent_id: 'mail-agent',
    session_id: 's-1',
    approved_by: 'human:admin',
  });
  expect(call!.headers).toMatchObject({ 'webhook-id': done.attempts[0].id, 'idempotency-key': action.id });
  expect(call!.headers['content-type']).toBe('application/json');
  expect(call!.headers['user-agent']).toMatch(/^countersign\//);
  const other = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
  expect(verified(call!, [secret, other])).toEqual([true, false]);
  const changed = Buffer.from(call!.raw.toString('utf8').replace('9007199254740993', '9007199254740992'));
  expect(verified(call!, [secret], changed)).toEqual([false]);
  const old = { ...call!, headers: { ...call!.headers, 'webhook-timestamp': '1700000000' } };
  expect(verified(old, [secret])).toEqual([false]);

  expect((await claim(server, worker.token!, ['pay'])).status).toBe(204);
  const forged = await report(server, worker.token!, done.attempts[0].id, { success: false });
  expect(forged.code).toBe('not_found');
});

test('a secret is told once, and a rotated one signs on beside the new one', async ({ server, agent }) => {
  const admin = await administrator(server, 'rotate-admin');
  const receiver = await receive(json({}));
  const first = await runBy(server, admin, 'rotate', receiver.url);
  expect(await runBy(server, admin, 'rotate', receiver.url, { timeout_seconds: 20 })).toBeUndefined();
  const second = await runBy(server, admin, 'rotate', receiver.url, { rotate_secret: true });
  const found = await ask(server, 'GET', `${API}/tools/rotate/executor`, { token: admin });
  expect(found.data).toMatchObject({ tool_name: 'rotate', executor: 'http', url: receiver.url, timeout_seconds: 20 });
  expect(Date.parse(found.data.previous_secret_until) - Date.now()).toBeGreaterThan(23 * 3_600_000);
  const action = await approved(server, agent.token!, admin, { tool_name: 'rotate' });
  await outcome(server, admin, action.id);
  const [call] = receiver.of(action.id);
  expect(call!.headers['webhook-signature']!.split(' ')).toHaveLength(2);
  expect(verified(call!, [first, second])).toEqual([true, true]);

  // When the day is over it signs no more.
  await server.sql(
    `UPDATE tools SET executor_config = jsonb_set(executor_config, '{secrets,1,until}', '"2020-01-01T00:00:00Z"') WHERE name = 'rotate'`,
  );
  const later = await approved(server, agent.token!, admin, { tool_name: 'rotate' });
  await outcome(server, admin, later.id);
  expect(verified(receiver.of(later.id)[0]!, [first, second])).toEqual([false, true]);
});

test('only an administrator says who runs a tool, and every wrong field is told', async ({ server, agent, worker }) => {
  const admin = await administrator(server, 'fields-admin');
  const operator = await server.token('fields-operator', ['actions:read', 'decisions:write'], ADMIN);
  const good = { executor: 'http', url: 'https://tools.example.com/run' };
  for (const token of [agent.token!, worker.token!, operator]) {
    expect((await setExecutor(server, token, 'fields', good)).status).toBe(403);
    expect((await ask(server, 'GET', `${API}/tools/fields/executor`, { token })).status).toBe(403);
  }
  for (const [body, pointers] of [
    [{}, ['/executor']],
    [{ executor: 'http' }, ['/url']],
    [{ executor: 'mcp' }, ['/executor']],
    [{ executor: 'lambda' }, ['/executor']],
    [{ executor: null, url: 'https://x.example/', rotate_secret: true }, ['/url', '/rotate_secret']],
    [{ ...good, url: 'https://ana:pw@x.example/', timeout_seconds: 9 }, ['/url', '/timeout_seconds']],
    [{ ...good, secret: 'x' }, ['/secret']],
  ] as [Json, string[]][]) {
    const answer = await setExecutor(server, admin, 'fields', body);
    expect([answer.status, answer.code], answer.text).toEqual([422, 'invalid_request']);
    expect(answer.json.errors.map((error: Json) => error.pointer)).toEqual(pointers);
  }
  expect((await ask(server, 'GET', `${API}/tools/fields/executor`, { token: admin })).code).toBe('not_found');
  for (const executor of ['worker', 'agent', null]) {
    const set = await setExecutor(server, admin, 'fields', { executor });
    expect(set.data).toEqual({ tool_name: 'fields', executor, url: null, timeout_seconds: null, previous_secret_until: null });
  }
});

test('without configuration nothing private is reached: not by address, not by another way of writing it, not by name', async () => {
  const closed = await Server.start();
  try {
    const admin = await administrator(closed, 'closed-admin');
    const agent = await closed.token('closed-agent', ['actions:submit']);
    const receiver = await receive(json({}));
    const hosts = ['169.254.169.254', '127.0.0.1', '2130706433', '0x7f.1', '[::1]', '[::ffff:127.0.0.1]', '10.0.0.1', 'localhost'];
    for (const url of hosts.flatMap((host) => [`http://${host}:${receiver.port}/`, `http://${host}/`])) {
      const refused = await setExecutor(closed, admin, 'inside', { executor: 'http', url });
      expect([refused.status, refused.json.errors?.[0].pointer], url).toEqual([422, '/url']);
    }
    // A name is judged by where it leads when it is called.
    await runBy(closed, admin, 'inside', `https://localhost:${receiver.port}/run`);
    const action = await approved(closed, agent, admin, { tool_name: 'inside' });
    const done = (await outcome(closed, admin, action.id)).data;
    expect(done).toMatchObject({ status: 'executed', execution_state: 'failed' });
    expect(done.execution_result.error).toContain('Nothing was sent: ');
    expect(done.execution_result.error).toContain('is not public (loopback)');
    expect(receiver.connections).toBe(0);
  } finally {
    await closed.remove();
  }
});

test('a retry is another numbered attempt with an id of its own under the same idempotency key', async ({ server, agent }) => {
  const admin = await administrator(server, 'retry-admin');
  const receiver = await receive((call, response) => json(...(call.body.number === 1 ? [{ error: 'busy' }, 500] as const : [{}] as const))(call, response));
  await runBy(server, admin, 'retry_me', receiver.url);
  const action = await approved(server, agent.token!, admin, { tool_name: 'retry_me' });
  const failed = (await outcome(server, admin, action.id)).data;
  expect(failed.execution_result).toMatchObject({ success: false, error: 'It answered 500: busy', result: { error: 'busy' } });
  const again = await ask(server, 'POST', `${ACTIONS}/${action.id}/retry`, { token: admin, body: { note: 'try again' } });
  expect(again.status, again.text).toBe(200);
  const done = (await outcome(server, admin, action.id)).data;
  expect(done).toMatchObject({ status: 'executed', execution_state: 'succeeded' });
  const calls = receiver.of(action.id);
  expect(calls.map((call) => call.body.number)).toEqual([1, 2]);
  expect(new Set(calls.map((call) => call.headers['webhook-id'])).size).toBe(2);
  expect(new Set(calls.map((call) => call.headers['idempotency-key']))).toEqual(new Set([action.id]));
});

test('crash-5: a server killed in the middle of a call leaves it unknown after the lease; it was called once, and a person settles it', async ({ server, agent }) => {
  const admin = await administrator(server, 'killed-admin');
  const receiver = await receive(silence);
  await runBy(server, admin, 'killed', receiver.url);
  const actions = await each(times(3), 3, () => approved(server, agent.token!, admin, { tool_name: 'killed' }));
  await expect.poll(() => receiver.calls.length).toBe(3);
  await server.kill();
  await server.begin();
  const running = (await show(server, admin, actions[0]!.id)).data;
  expect(running.execution_state).toBe('running');
  await server.sql(`UPDATE execution_attempts SET lease_until = now() WHERE state = 'running'`);
  for (const action of actions) {
    const lost = (await outcome(server, admin, action.id)).data;
    expect(lost).toMatchObject({ status: 'approved', execution_state: 'unknown', execution_result: null });
  }
  const [settled, abandoned, retried] = actions.map((action) => `${ACTIONS}/${action.id}`);
  const resolve = { outcome: 'succeeded', note: 'It is in their books.' };
  expect((await ask(server, 'POST', `${settled}/resolve`, { token: admin, body: resolve })).data.status).toBe('executed');
  const abandon = { reason: 'Done by hand.' };
  expect((await ask(server, 'POST', `${abandoned}/abandon`, { token: admin, body: abandon })).data.status).toBe('abandoned');
  expect(receiver.calls).toHaveLength(3);
  await ask(server, 'POST', `${retried}/retry`, { token: admin, body: {} });
  await expect.poll(() => receiver.of(actions[2]!.id).length).toBe(2);
  expect(receiver.calls).toHaveLength(4);
  expect(await events(server, admin, actions[2]!.id)).toEqual([
    'action_parked',
    'action_approved',
    'execution_claimed',
    'execution_unknown',
    'execution_retried',
    'execution_claimed',
  ]);
});

test('crash-6: what was approved before the server was killed is called once after its start', async ({ server, agent }) => {
  const admin = await administrator(server, 'later-admin');
  const receiver = await receive(json({}));
  const action = await approved(server, agent.token!, admin, { tool_name: 'later' });
  expect((await show(server, admin, action.id)).data).toMatchObject({ execution_state: 'queued', waits_for_executor: true });
  await server.kill();
  const config = { url: receiver.url, secrets: [{ secret: `whsec_${Buffer.alloc(32, 5).toString('base64')}` }] };
  await server.sql(`UPDATE tools SET executor = 'http', executor_config = '${JSON.stringify(config)}' WHERE name = 'later'`);
  expect(receiver.calls).toHaveLength(0);
  await server.begin();
  const done = (await outcome(server, admin, action.id)).data;
  expect(done).toMatchObject({ status: 'executed', execution_state: 'succeeded' });
  expect(receiver.calls).toHaveLength(1);
});

test('two servers on one database make each call once', async ({ server, agent }) => {
  const admin = await administrator(server, 'two-admin');
  const receiver = await receive((call, response) => setTimeout(() => json({})(call, response), 20));
  await runBy(server, admin, 'two_calls', receiver.url);
  const [, , , port, socket] = (await readFile(join(server.dataDir, 'postgres/postmaster.pid'), 'utf8')).split('\n');
  const url = `postgres://countersign@localhost:${port}/countersign?host=${encodeURIComponent(socket!)}`;
  const second = await Server.start({ args: ['--database-url', url, '--outbound-allow', '127.0.0.0/8'] });
  try {
    const actions = await each(times(40), 10, (at) =>
      approved(at % 2 === 0 ? server : second, agent.token!, admin, { tool_name: 'two_calls', tool_args: { at } }),
    );
    for (const action of actions) expect((await outcome(server, admin, action.id)).data.execution_state).toBe('succeeded');
    expect(receiver.calls.map((call) => call.body.action_id).sort()).toEqual(actions.map((action) => action.id).sort());
  } finally {
    await second.remove();
  }
});

test('a server that is told to stop lets a call under way end and keeps what came of it', async ({ server, agent }) => {
  const admin = await administrator(server, 'stop-admin');
  const receiver = await receive((call, response) => setTimeout(() => json({ done: true })(call, response), 1_500));
  await runBy(server, admin, 'stopping', receiver.url);
  const action = await approved(server, agent.token!, admin, { tool_name: 'stopping' });
  await expect.poll(() => receiver.calls.length, { intervals: [10] }).toBe(1);
  expect(await server.stop()).toBe(0);
  await server.begin();
  const done = (await show(server, admin, action.id)).data;
  expect(done).toMatchObject({ status: 'executed', execution_state: 'succeeded' });
  expect(receiver.calls).toHaveLength(1);
});

test('the configuration sets URL and secret, and shows the secret to nobody', async () => {
  const receiver = await receive(json({}));
  const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
  const config = `outbound_allow = ["127.0.0.1:${receiver.port}"]\n[tools.configured]\nexecutor = "http"\nurl = "${receiver.url}"\nsigning_secret = "${secret}"\n`;
  const server = await Server.start({ config });
  try {
    const admin = await administrator(server, 'config-admin');
    const agent = await server.token('config-agent', ['actions:submit']);
    const action = await approved(server, agent, admin, { tool_name: 'configured' });
    expect((await outcome(server, admin, action.id)).data.execution_state).toBe('succeeded');
    expect(verified(receiver.of(action.id)[0]!, [secret])).toEqual([true]);
    await server.restart();
    const shown = await server.command('config', 'check');
    expect(shown).toContain(`outbound_allow = ["127.0.0.1:${receiver.port}"]`);
    expect(shown).toContain(`url = "${receiver.url}"\nsigning_secret = "***"`);
    const trail = await server.sql(`SELECT to_jsonb(e) FROM approval_events e WHERE event_metadata ? 'signing'`);
    expect(trail.split('\n')).toHaveLength(1);
    for (const text of [shown, trail, server.lines.join('\n')]) expect(text).not.toContain(secret.slice(6, -1));
  } finally {
    await server.remove();
  }
});

test('leak-55: a secret of the call is in the call and nowhere else, and the signing secret only where it was told', async ({ server, agent }) => {
  const secret = 'Canary8HttpX9q';
  const admin = await administrator(server, 'leak-admin');
  const cookie = await signIn(server, 'lea');
  const stream = await Stream.open(server, { token: admin });
  const receiver = await receive((call, response) => {
    const [status, echo] = call.body.arguments.good ? [200, { said: `signed in with ${secret}`, list: [secret] }] : [403, { error: `${secret} is wrong` }];
    json(echo, status)(call, response);
  });
  const signing = await runBy(server, admin, 'sign_in', `${receiver.url}?key=${encodeURIComponent('Canary8Url')}`);
  const rotated = await runBy(server, admin, 'sign_in', receiver.url, { rotate_secret: true });
  const seen = new Map<string, string>();
  for (const good of [true, false]) {
    const action = await approved(server, agent.token!, admin, { tool_name: 'sign_in', tool_args: { good, user: 'ana', config: { password: secret } } });
    const done = await outcome(server, admin, action.id);
    expect(done.data.execution_result.success).toBe(good);
    expect(receiver.of(action.id)[0]!.body.arguments.config.password).toBe(secret);
    seen.set(`the action (${good})`, done.text);
    seen.set(`the agent's view (${good})`, (await show(server, agent.token!, action.id)).text);
    seen.set(`the page (${good})`, (await open(server, `/approvals/${action.id}`, cookie)).text);
  }
  expect(seen.get('the action (false)')).toContain('It answered 403: [REDACTED] is wrong');
  seen.set('the list', (await ask(server, 'GET', ACTIONS, { token: admin })).text);
  seen.set('the executor', (await ask(server, 'GET', `${API}/tools/sign_in/executor`, { token: admin })).text);
  seen.set('the stream', stream.text);
  stream.close();
  seen.set('the trail', await server.sql('SELECT to_jsonb(e) FROM approval_events e'));
  seen.set('the attempts', await server.sql('SELECT to_jsonb(a) FROM execution_attempts a'));
  seen.set('the results', await server.sql('SELECT concat(execution_result, execution_result_text) FROM pending_actions'));
  seen.set('the stored answers', await server.sql(`SELECT encode(response, 'escape') FROM idempotency_keys`));
  await server.stop();
  seen.set('the log', server.lines.join('\n'));
  await server.begin();
  expect(seen.get('the log')!.length).toBeGreaterThan(10_000);
  const secrets = [secret, signing.slice(6, -1), rotated.slice(6, -1)];
  const leaks = [...seen].flatMap(([what, text]) => secrets.flatMap((each, at) => (text.includes(each) ? [`${at} in ${what}`] : [])));
  expect(leaks).toEqual([]);
  expect(seen.get('the trail')).toContain('"signing": "rotated"');
});

test('the receiver decides what is known: a redirect is not followed, too much or too little is unknown', async ({ server, agent }) => {
  const admin = await administrator(server, 'known-admin');
  const elsewhere = await receive(json({}));
  const behaviours: [string, Answer, string, string][] = [
    ['redirects', (_, response) => response.writeHead(307, { location: elsewhere.url }).end(), 'failed', 'It answered 307, a redirect.'],
    ['says_no', json({ success: false }), 'failed', 'It answered 200 and says that it failed.'],
    ['breaks', json({ detail: 'no such mailbox' }, 500), 'failed', 'It answered 500: no such mailbox'],
    ['resets', (_, response) => response.socket!.resetAndDestroy(), 'unknown', 'The connection ended without an answer'],
    ['floods', flood, 'unknown', 'the answer is longer than 256 KiB'],
    ['never_answers', silence, 'unknown', 'There was no answer within 10 s.'],
  ];
  await each(behaviours, 6, async ([tool, answer, state, words]) => {
    const receiver = await receive(answer);
    await runBy(server, admin, tool, receiver.url, { timeout_seconds: 10 });
    const action = await approved(server, agent.token!, admin, { tool_name: tool });
    const done = (await outcome(server, admin, action.id)).data;
    expect(done.execution_state, tool).toBe(state);
    const said = done.execution_result?.error ?? done.events.at(-1).reason;
    expect(said, tool).toContain(words);
    expect(receiver.of(action.id), tool).toHaveLength(1);
  });
  expect(elsewhere.connections).toBe(0);
});

/** A gigabyte, unless the other side goes away. */
function flood(_: Received, response: Parameters<Answer>[1]) {
  const piece = Buffer.alloc(65_536, 'a');
  response.writeHead(200, { 'content-length': String(1 << 30) });
  const more = () => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once('drain', more);
  };
  response.on('error', () => {});
  more();
}
