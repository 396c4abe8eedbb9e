// leak-55: a secret in a call reaches the worker that runs it and nobody else, wherever in the call it stood.
import { expect, test } from '../../support/test';
import { ACTIONS, API, Stream, approve, ask, claim, leaksOf, open, park, reject, report, show, signIn } from './kit';
import type { Answer } from './kit';

const CONSOLE = '/api/console';

// Everything the program is able to log, not only what it logs by default.
test.use({ serverOptions: { env: { COUNTERSIGN_LOG: 'trace' } } });

const canary = (place: string) => `Canary7${place}X9q`;
const PLACES = ['Config', 'Flag', 'List', 'Userinfo', 'Bearer', 'Pair', 'Text', 'Json', 'Key'] as const;
const SECRETS = PLACES.map(canary);

const ARGS = {
  to: 'ana@example.com',
  config: { host: 'db.internal', password: canary('Config') },
  command: ['mysql', '--user', 'app', '--password', canary('Flag'), 'SELECT 1'],
  api_keys: ['none', canary('List')],
  database: `postgres://app:${canary('Userinfo')}@db.internal/prod`,
  headers: { Authorization: `Bearer ${canary('Bearer')}` },
  variables: [{ name: 'DB_PASSWORD', value: canary('Pair') }],
  note: `connect with password=${canary('Text')} please`,
  body: JSON.stringify({ nested: { client_secret: canary('Json') } }),
  private_key: canary('Key'),
};

test('leak-55: secrets of a call, of its result and of its error are in the claim and nowhere else', async ({ server, agent, person, worker }) => {
  const cookie = await signIn(server, 'ana');
  const seen = new Map<string, string>();
  const keep = (what: string, answer: Answer): Answer => {
    expect(answer.status, `${what}: ${answer.text}`).toBeLessThan(400);
    seen.set(what, answer.text + JSON.stringify(answer.headers));
    return answer;
  };
  const stream = await Stream.open(server, { token: person.token });
  const ids: string[] = [];
  for (const good of [true, false]) {
    const call = { tool_name: 'connect', tool_args: ARGS, evidence: ARGS, why: `It needs password=${canary('Text')}.` };
    const parking = { token: agent.token, body: call, headers: { 'idempotency-key': `leak-${good}` } };
    const parked = keep('the park', await ask(server, 'POST', ACTIONS, parking));
    const id: string = parked.data.id;
    ids.push(id);
    keep('the repeated park', await ask(server, 'POST', ACTIONS, parking));
    keep('the page while it is pending', await open(server, `/approvals/${id}`, cookie));
    keep('the approval', await approve(server, person.token!, id, { note: `fine, password=${canary('Text')}` }));
    const claimed = await claim(server, worker.token!, ['connect']);
    expect(claimed.data.tool_args).toEqual(ARGS);
    const echo = SECRETS.join(' and ');
    const result = { stdout: `signed in with ${echo}`, url: `https://x.example/?p=${SECRETS.join()}`, list: SECRETS };
    const said = good ? { success: true, result } : { success: false, error: `access denied with ${echo}` };
    keep('the report', await report(server, worker.token!, claimed.data.attempt, said));
  }
  const [id] = ids;
  const listed = ['', '?sort=-requested_at', '?status=executed'].map((query) => `${ACTIONS}${query}`);
  for (const path of [...listed, `${ACTIONS}/executed`, ...ids.map((each) => `${ACTIONS}/${each}`), `${API}/metrics`]) {
    keep(`GET ${path}`, await ask(server, 'GET', path, { token: person.token }));
  }
  const lists = ['', '?status=all', '?status=executed'].map((query) => `/approvals${query}`);
  const functions = ['list?status=all&sort=-requested_at', `show?id=${id}`].map((call) => `${CONSOLE}/actions/${call}`);
  for (const path of [...lists, ...ids.map((each) => `/approvals/${each}`), ...functions, `${CONSOLE}/frame/show`]) {
    keep(`GET ${path}`, await open(server, path, cookie));
  }
  for (const place of ['', '&place=0', '&place=1', '&place=2', '&place=3', '&place=4', '&place=5']) {
    for (const part of ['arguments', 'result']) {
      const asked = `/approvals/${id}/full?of=${part}${place}`;
      seen.set(`all ${part}${place}`, (await open(server, asked, cookie)).text);
    }
  }
  seen.set('the stream', stream.text);
  expect(stream.changesOf(id!).length).toBeGreaterThan(2);
  stream.close();
  seen.set('the trail', await server.sql('SELECT to_jsonb(e) FROM approval_events e'));
  seen.set('the stored answers', await server.sql(`SELECT encode(response, 'escape') FROM idempotency_keys`));
  seen.set('the stored results', await server.sql('SELECT execution_result FROM pending_actions'));
  seen.set('the attempts', await server.sql('SELECT to_jsonb(a) FROM execution_attempts a'));
  await server.stop();
  seen.set('the log', server.lines.join('\n'));
  await server.begin();
  expect(seen.get('the log')!.length).toBeGreaterThan(10_000);

  expect(leaksOf(SECRETS, seen)).toEqual([]);
  // That these are the right texts: what is no secret is in them.
  for (const what of ['the park', `GET ${ACTIONS}`, `GET /approvals/${id}`]) {
    expect(seen.get(what)).toContain('ana@example.com');
  }
});

test('leak-55: a summary that repeats a secret of its own call does not show it', async ({ server, agent, person }) => {
  const secret = canary('Summary');
  const action = await park(server, agent.token!, {
    tool_name: 'connect',
    tool_args: { config: { password: secret } },
    agent_summary: `Sign in to the database with ${secret}`,
    why: `The password is ${secret}`,
    evidence: { log: [`tried ${secret}`] },
  });
  const shown = await show(server, person.token!, action.id);
  const rejected = await reject(server, person.token!, action.id, `do not use ${secret}`);
  const after = await show(server, agent.token!, action.id);
  const members = Object.entries({ shown, rejected, after }).flatMap(([what, answer]) =>
    Object.entries(answer.data)
      .filter(([, value]) => JSON.stringify(value).includes(secret))
      .map(([member]) => `${member} in ${what}`),
  );
  expect(members).toEqual([]);
});

test('bearer tokens, session cookies and sign-in links are in no answer, no log and no table', async ({ server, agent, person, worker }) => {
  const cookie = await signIn(server, 'bob');
  const link = new URL(await server.addPerson('cleo')).searchParams.get('link')!;
  await open(server, `/login?link=${link}`);
  const tokens = [agent, person, worker].map((api) => api.token!);
  // A token that stands in a call as an argument, in free text, is a secret as well.
  const action = await park(server, tokens[0]!, {
    tool_args: { text: `use ${tokens[1]} for it`, list: [tokens[2]] },
    agent_summary: `with ${tokens[1]}`,
  });
  const secrets = [...tokens.map((token) => token.split('_').slice(3).join('_')), cookie.split('=')[1]!, link];
  for (const secret of secrets) expect(secret.length).toBeGreaterThan(16);

  const seen = new Map<string, string>();
  for (const token of tokens) {
    for (const path of [ACTIONS, `${ACTIONS}/${action.id}`, `${API}/metrics`, `${API}/nothing`]) {
      seen.set(`GET ${path}`, (await ask(server, 'GET', path, { token })).text);
    }
  }
  for (const path of ['/approvals', `/approvals/${action.id}`, `${CONSOLE}/frame/show`]) {
    seen.set(`GET ${path}`, (await open(server, path, cookie)).text);
  }
  seen.set('the token list', await server.command('token', 'list'));
  for (const table of ['api_tokens', 'sessions', 'users', 'approval_events']) {
    seen.set(table, await server.sql(`SELECT to_jsonb(t) FROM ${table} t`));
  }
  await server.stop();
  seen.set('the log', server.lines.join('\n'));
  await server.begin();
  expect(leaksOf(secrets, seen)).toEqual([]);
});
