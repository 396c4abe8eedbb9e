// The description of the REST interface is what the server does: nothing more, nothing else, nothing left out.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { python } from '../../support/mail';
import { binary } from '../../support/server';
import { stage } from '../../support/stage';
import { expect, test } from '../../support/test';
import { ask, type Json } from './kit';

test.use({ serverOptions: { config: stage.config } });

const DESCRIPTION = '/api/openapi.json';
/** Refused where it is no parameter of the route. */
const UNKNOWN = 'is not a parameter of this route';

interface Operation {
  path: string;
  method: string;
  parameters: string[];
}

function operations(description: Json): Operation[] {
  return Object.entries<Json>(description.paths).flatMap(([path, item]) =>
    Object.entries<Json>(item).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      parameters: (operation.parameters ?? []).filter((one: Json) => one.in === 'query').map((one: Json) => one.name),
    })),
  );
}

test('whoever may ask is given the description that is committed', async ({ server, person }) => {
  const given = await ask(server, 'GET', DESCRIPTION, { token: person.token });
  expect(given.status).toBe(200);
  expect(given.headers['content-type']).toBe('application/json');
  expect(given.text).toBe(readFileSync(join(import.meta.dirname, '../../../server/openapi.json'), 'utf8'));
  expect((await ask(server, 'GET', DESCRIPTION)).code).toBe('unauthenticated');
  expect(execFileSync(binary(), ['openapi'], { encoding: 'utf8' })).toBe(given.text);
});

test('a query holds the parameters that are described, and no others', async ({ server, person }) => {
  const all = operations((await ask(server, 'GET', DESCRIPTION, { token: person.token })).json);
  const names = [...new Set(all.flatMap(({ parameters }) => parameters)), 'nonsense'];
  expect(names.length).toBeGreaterThan(30);
  const wrong: string[] = [];
  for (const { path, method, parameters } of all.filter((one) => !one.path.endsWith('/stream'))) {
    const address = path.replaceAll(/\{\w+\}/g, '019ad000-0000-7000-8000-000000000000');
    const query = new URLSearchParams(names.map((name) => [name, 'x'])).toString();
    const body = method === 'GET' ? undefined : {};
    const answer = await ask(server, method, `${address}?${query}`, { token: person.token, body });
    const refused = (answer.json.errors ?? []).filter((one: Json) => one.message === UNKNOWN).map((one: Json) => one.pointer);
    const expected = names.filter((name) => !parameters.includes(name));
    // Where what is named must be there first, what is asked of it comes second.
    if (refused.length === 0 && answer.status === 404 && parameters.length > 0) continue;
    if (JSON.stringify(refused.sort()) !== JSON.stringify(expected.sort())) {
      wrong.push(`${method} ${path}: ${answer.status} refuses ${refused.join(', ')}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('two thousand requests made from the description are answered as it says, and none breaks the server', async ({ server, agent, worker, person }, testInfo) => {
  test.setTimeout(300_000);
  const { low, medium, high, critical, succeeded, failed, unknown, rejected, rule, suspendedRule, revokedRule } = await stage.set(server, { agent, worker, person });
  const scopes = ['actions:read', 'actions:expire', 'decisions:write', 'rules:read', 'rules:write', 'metrics:read', 'audit:read', 'tools:write', 'admin'];
  const env = {
    ...process.env,
    PYTHONPATH: join(import.meta.dirname, '../../support'),
    SCHEMATHESIS_HOOKS: 'described',
    PERSON_TOKEN: await server.token('described', scopes, 'admin'),
    AGENT_TOKEN: await server.token('describing', ['actions:submit', 'actions:read', 'actions:execute']),
    ACTIONS: [low, medium, high, critical, succeeded, failed, unknown, rejected].join(','),
    RULES: [rule, suspendedRule, revokedRule].join(','),
    TOOLS: 'send_email,update_record,notify_channel',
  };
  const checks = [
    'not_a_server_error',
    'status_code_conformance',
    'content_type_conformance',
    'response_schema_conformance',
    'unsupported_method',
    'ignored_auth',
  ];
  const words = [
    ['run', `${server.url}${DESCRIPTION}`],
    ['--header', `Authorization: Bearer ${env.PERSON_TOKEN}`],
    // A stream that does not end; how it is answered, others ask.
    ['--exclude-path', '/api/approvals/events/stream'],
    ['--phases', 'coverage,fuzzing,stateful'],
    ['--checks', checks.join(',')],
    ['--max-examples', '25'],
    ['--seed', '20261127'],
    ['--request-timeout', '20'],
    ['--no-shrink', '--continue-on-failure'],
  ].flat();
  mkdirSync(testInfo.outputPath(), { recursive: true });
  const run = spawn(join(dirname(python()), 'schemathesis'), words, {
    // It remembers here what went wrong; the next run starts from nothing.
    cwd: testInfo.outputPath(),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [run.stdout, run.stderr]) stream.on('data', (piece: Buffer) => (said += piece));
  const [code] = await once(run, 'close');
  expect(code, said).toBe(0);
  const [, made] = /(\d+) generated, \d+ passed/.exec(said) ?? [];
  expect(Number(made), said).toBeGreaterThan(2_000);
  // Nobody had taken the rights away with which the last were made.
  expect((await ask(server, 'GET', DESCRIPTION, { token: env.PERSON_TOKEN })).status).toBe(200);
});
