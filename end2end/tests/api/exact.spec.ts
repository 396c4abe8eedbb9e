// What an agent sends is what is stored, shown and executed, to the digit; what could be read in two ways is refused.
import { ADMIN } from '../../support/server';
import { expect, test } from '../../support/test';
import { ACTIONS, ask, approve, claim, count, park, report, show, type Json, type Where } from './kit';

const send = (server: Where, token: string, body: string | Buffer, headers = {}) =>
  ask(server, 'POST', ACTIONS, { token, body, headers });

const call = (args: string) => `{"tool_name":"pay","tool_args":${args}}`;

test('rule-36: a key that stands twice, at any depth and however it is escaped, is refused by its name', async ({ server }) => {
  const token = await server.token('exact-twice', ['actions:submit']);
  const twice: [string, string][] = [
    [call('{"to":"a@ok","to":"x@evil"}'), 'to'],
    [call('{"to":"a@ok","t\\u006f":"x@evil"}'), 'to'],
    [call('{"mail":[{"cc":[]},{"deep":{"recipient":1,"recipient":1}}]}'), 'recipient'],
    ['{"tool_name":"ls","tool_name":"rm","tool_args":{}}', 'tool_name'],
    ['{"tool_name":"pay","tool_args":{},"tool_args":{"amount":1}}', 'tool_args'],
    ['{"tool_name":"pay","tool_args":{},"evidence":{"page":1,"page":2}}', 'page'],
  ];
  for (const [body, key] of twice) {
    const refused = await send(server, token, body);
    expect(refused.status, body).toBe(400);
    expect(refused.code, body).toBe('malformed_json');
    expect(refused.json.detail, body).toContain(`"${key}"`);
  }
  expect(await count(server, token)).toBe(0);
});

test('keys that differ only in their case or in invisible characters are different keys and both arrive', async ({ server }) => {
  const token = await server.token('exact-case', ['actions:submit']);
  const parked = await send(server, token, call('{"to":1,"To":2,"t\u200bo":3}'));
  expect(parked.status, parked.text).toBe(201);
  expect(Object.values(parked.data.tool_args)).toEqual([1, 2, 3]);
});

const DIGITS: [string, string][] = [
  ['beyond_double', '9007199254740993'],
  ['snowflake', '2512292042121000001'],
  ['huge', '1e400'],
  ['tiny', '1E-400'],
  ['long_tail', '0.1000000000000000055511151231257827021181583404541015625000000000000000001'],
  ['minus_zero', '-0'],
  ['money', '10.00'],
  ['exponent', '1.50e+3'],
  ['forty_digits', '1234567890123456789012345678901234567890'],
];
const NUMBERS = '{' + DIGITS.map(([name, digits]) => `"${name}":${digits}`).join(',') + '}';

test('rule-37: numbers keep their digits from the park through the list and the record to the executor', async ({ server }) => {
  const agent = await server.token('exact-agent', ['actions:submit', 'actions:read']);
  const ana = await server.token('exact-ana', ['actions:read', 'decisions:write'], ADMIN);
  const worker = await server.token('exact-worker', ['actions:execute']);

  const tool = 'pay_exactly';
  const parked = await send(server, agent, `{"tool_name":"${tool}","tool_args":${NUMBERS},"evidence":${NUMBERS}}`);
  expect(parked.status, parked.text).toBe(201);
  const { id, args_sha256 } = parked.data;
  const shown = await show(server, agent, id);
  const listed = await ask(server, 'GET', `${ACTIONS}?sort=-requested_at&limit=500`, { token: agent });
  const approved = await approve(server, ana, id, { args_sha256 });
  const claimed = await claim(server, worker, [tool]);
  expect([shown.status, listed.status, approved.status, claimed.status]).toEqual([200, 200, 200, 200]);
  expect(claimed.data.action_id).toBe(id);
  expect(claimed.data.args_sha256).toBe(args_sha256);

  for (const [name, digits] of DIGITS) {
    const written = new RegExp(`"${name}":${digits.replace(/[.+]/g, "\\$&")}[,}]`);
    for (const [where, answer] of Object.entries({ parked, shown, listed, approved, claimed })) {
      expect(answer.text, `${name} where ${where}`).toMatch(written);
    }
  }
});

test("rule-37: digits of a tool's result are kept as well, and the same report again is the same report", async ({ server }) => {
  const agent = await server.token('exact-result-agent', ['actions:submit', 'actions:read']);
  const ana = await server.token('exact-result-ana', ['decisions:write'], ADMIN);
  const worker = await server.token('exact-result-worker', ['actions:execute']);
  const action = await park(server, agent, { tool_name: 'count_exactly' });
  await approve(server, ana, action.id);
  const { attempt } = (await claim(server, worker, ['count_exactly'])).data;
  const said = `{"success":true,"result":${NUMBERS}}`;
  for (const _ of [1, 2]) {
    const taken = await report(server, worker, attempt, said);
    expect(taken.status, taken.text).toBe(200);
    expect(taken.data).toMatchObject({ status: 'executed', execution_state: 'succeeded', late: false });
  }
  const twice = await report(server, worker, attempt, '{"success":true,"result":{"n":1,"n":2}}');
  expect(twice.code).toBe('malformed_json');
  const shown = await show(server, agent, action.id);
  for (const [name, digits] of DIGITS) expect(shown.text).toContain(`"${name}":${digits}`);
});

test('a digest other than that of the arguments is refused and decides nothing', async ({ server }) => {
  const agent = await server.token('exact-digest-agent', ['actions:submit']);
  const ana = await server.token('exact-digest-ana', ['actions:read', 'decisions:write'], ADMIN);
  const small = await park(server, agent, call('{"amount":1}'));
  const large = await park(server, agent, call('{"amount":9007199254740993}'));
  const near = await park(server, agent, call('{"amount":9007199254740992}'));
  expect(near.args_sha256).not.toBe(large.args_sha256);
  const anothers = await approve(server, ana, small.id, { args_sha256: large.args_sha256 });
  expect([anothers.status, anothers.code]).toEqual([409, 'arguments_changed']);
  const nonsense = await approve(server, ana, small.id, { args_sha256: 'nonsense' });
  expect([nonsense.status, nonsense.code]).toEqual([422, 'invalid_request']);
  expect((await show(server, ana, small.id)).data.status).toBe('pending');
});

test('documents that are not JSON, not text or hold U+0000 are refused with 400 and leave nothing', async ({ server }) => {
  const token = await server.token('exact-malformed', ['actions:submit']);
  const malformed: Record<string, string | Buffer> = {
    'NUL in a value': call('{"text":"a\\u0000b"}'),
    'NUL in a key': call('{"a\\u0000b":1}'),
    'NUL in the summary': '{"tool_name":"pay","tool_args":{},"agent_summary":"a\\u0000b"}',
    'a raw NUL': Buffer.from(call('{"text":"a\0b"}')),
    'half a surrogate pair': call('{"text":"\\ud800"}'),
    'something after the document': `${call("{}")} {}`,
    'a comma too many': call('{"a":1,}'),
    'NaN': call('{"a":NaN}'),
    'a leading zero': call('{"a":007}'),
    'not UTF-8': Buffer.from(call('{"text":"\u00ff"}'), 'latin1'),
    'the half of it': call('{}').slice(0, -2),
    'ten thousand lists inside each other': call(`{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`),
    'ten thousand objects inside each other': call(`${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`),
  };
  for (const [what, body] of Object.entries(malformed)) {
    const refused = await send(server, token, body);
    expect(refused.status, what).toBe(400);
    expect(refused.code, what).toBe('malformed_json');
    expect(refused.text.length, what).toBeLessThan(4_000);
  }
  expect(await count(server, token)).toBe(0);
});

test('sixty levels of nesting are taken and come back whole', async ({ server }) => {
  const token = await server.token('exact-deep', ['actions:submit']);
  const args = `{"a":${"[".repeat(60)}1${"]".repeat(60)}}`;
  const parked = await send(server, token, call(args));
  expect(parked.status, parked.text).toBe(201);
  expect(parked.text).toContain(`"tool_args":${args}`);
});

test('900 kB of arguments reach the executor byte for byte, and more than 1 MiB is refused with 413', async ({ server }) => {
  const agent = await server.token('exact-large', ['actions:submit']);
  const ana = await server.token('exact-large-ana', ['decisions:write'], ADMIN);
  const worker = await server.token('exact-large-worker', ['actions:execute']);
  const words = (size: number) => 'lorem ipsum dolor sit amet '.repeat(Math.ceil(size / 27)).slice(0, size);

  for (const size of [(1 << 20) + 1, 1_153_434, 5_000_000]) {
    const body = `{"tool_name":"store","tool_args":{"text":"${words(size)}"}}`;
    const refused = await send(server, agent, body);
    expect(refused.status, `${size} bytes`).toBe(413);
    expect(refused.code).toBe('too_large');
  }
  const text = words(900_000);
  const parked = await send(server, agent, `{"tool_name":"store_large","tool_args":{"text":"${text}"}}`);
  expect(parked.status).toBe(201);
  expect((await approve(server, ana, parked.data.id)).status).toBe(200);
  const claimed = await claim(server, worker, ['store_large']);
  expect(claimed.data.tool_args.text === text).toBe(true);
  expect(await count(server, agent)).toBe(1);
});

test('a member nobody knows, a missing one and one of a wrong type are told by their place', async ({ server }) => {
  const token = await server.token('exact-members', ['actions:submit']);
  const wrong: [Json, string][] = [
    [{ tool_name: 'pay', tool_args: {}, approve: true }, 'approve'],
    [{ tool_name: 'pay', tool_args: {}, risk_tier: 'low' }, 'risk_tier'],
    [{ tool_name: 'pay', tool_args: {}, status: 'approved' }, 'status'],
    [{ tool_name: 'pay', tool_args: {}, agent_id: 'somebody-else' }, 'agent_id'],
    [{ tool_args: {} }, '/tool_name'],
    [{ tool_name: 'pay' }, '/tool_args'],
    [{ tool_name: 7, tool_args: {} }, '/tool_name'],
    [{ tool_name: 'pay', tool_args: [1] }, '/tool_args'],
    [{ tool_name: 'pay', tool_args: '{}' }, '/tool_args'],
    [{ tool_name: ' ', tool_args: {} }, '/tool_name'],
  ];
  for (const [body, named] of wrong) {
    const refused = await ask(server, 'POST', ACTIONS, { token, body });
    expect(refused.status, JSON.stringify(body)).toBe(422);
    expect(refused.code).toBe('invalid_request');
    expect(JSON.stringify([refused.json.errors, refused.json.detail]), JSON.stringify(body)).toContain(named);
  }
  expect(await count(server, token)).toBe(0);
});

test('query parameters and values that nobody knows are refused and named, never an empty page', async ({ server }) => {
  const token = await server.token('exact-query', ['actions:read']);
  const unknown = ['colour=red', 'status=waiting', 'sort=name', 'sort=requested_at&sort=urgency', 'cursor=nonsense'];
  const outside = ['limit=0', 'limit=501', 'limit=x', 'offset=10001', 'offset=-1'];
  for (const query of [...unknown, ...outside]) {
    const refused = await ask(server, 'GET', `${ACTIONS}?${query}`, { token });
    expect(refused.status, query).toBe(422);
    expect(refused.json.errors[0].pointer, query).toBe(query.split('=')[0]);
  }
});
