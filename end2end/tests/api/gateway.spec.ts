// The gateway before MCP servers that nobody here wrote, called by the official clients: what is not gated passes to the letter,
// what is gated waits and runs once, whatever happens to whom in between.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { agentOf, callTool, isUp, Loop, program, RecordedLine, words } from '../../support/gateway';
import { python, Script } from '../../support/mail';
import { freePort } from '../../support/server';
import { expect, test } from '../../support/test';
import { API, approve, ask, events, reject, show, until, type Json } from './kit';

const folder = await mkdtemp(join(tmpdir(), 'countersign-files-'));
const log = join(folder, 'calls.log');
const repository = await mkdtemp(join(tmpdir(), 'countersign-git-'));
const git = (...words: string[]): string => execFileSync('git', words, { cwd: repository, encoding: 'utf8' });
git('init', '-q');
const line = new RecordedLine(await freePort(), await freePort());
const loop = new Loop(await freePort());
const path = `env = { PATH = ${JSON.stringify(process.env.PATH)} }`;
const config = `
[upstreams.files]
command = ${words(process.execPath, program('@modelcontextprotocol/server-filesystem'), folder)}
${path}
pass = ["read_*", "list_*"]

[upstreams.raw]
command = ${words(python(), resolve(import.meta.dirname, '../../support/raw_upstream.py'), log)}
${path}
timeout_seconds = 20

[upstreams.brief]
command = ${words(python(), resolve(import.meta.dirname, '../../support/raw_upstream.py'), log)}
${path}
hold_seconds = 1

[upstreams.git]
command = ${words(python(), '-m', 'mcp_server_git', '--repository', repository)}
env = { PATH = ${JSON.stringify(process.env.PATH)}, GIT_AUTHOR_NAME = "a", GIT_AUTHOR_EMAIL = "a@example.com", GIT_COMMITTER_NAME = "a", GIT_COMMITTER_EMAIL = "a@example.com", GIT_CONFIG_GLOBAL = "/dev/null" }
pass = ["git_status", "git_log"]

[upstreams.remote]
url = "http://127.0.0.1:${line.port}/mcp"
headers = { Authorization = "Bearer of-our-own" }
pass = ["echo"]
hold_seconds = 8

[upstreams.loop]
url = "http://127.0.0.1:${loop.port}/mcp"
hold_seconds = 2

[upstreams.nowhere]
command = ["/no/such/program"]

[tools."raw/keep"]
risk_tier = "low"
`;

test.use({ serverOptions: { config } });
test.beforeAll(() => Promise.all([line.begin(), loop.begin()]));
test.afterAll(() => Promise.all([line.end(), loop.end()]));
test.afterAll(() => Promise.all([folder, repository].map((made) => rm(made, { recursive: true, force: true }))));

const calls = async (): Promise<string[]> => (existsSync(log) ? (await readFile(log, 'utf8')).trim().split('\n') : []);
const waiting = async (server: any, token: string, tool: string): Promise<Json[]> =>
  (await ask(server, 'GET', `${API}/actions?status=pending&tool_name=${encodeURIComponent(tool)}`, { token })).data;
/** The one call of the tool that waits. */
const waits = (server: any, token: string, tool: string): Promise<Json> =>
  until(async () => {
    const [action, ...more] = await waiting(server, token, tool);
    expect(more).toEqual([]);
    return action;
  });

test('reading passes, writing waits: approved, the file has exactly the text, and the agent is told', async ({ server, agent, person }) => {
  const client = await isUp(() => agentOf(server.url, agent.token!, 'files'));
  const { tools } = await client.listTools();
  const gating = (name: string) => (tools.find((tool) => tool.name === name) as any)._meta['countersign.dev/gating'];
  expect(gating('read_file')).toEqual({ tool: 'files/read_file', gating: 'passes', risk_tier: null });
  expect(gating('write_file')).toMatchObject({ tool: 'files/write_file', gating: 'gated' });
  await writeFile(join(folder, 'there.txt'), 'what is there');
  const read = await callTool(client, 'read_file', { path: join(folder, 'there.txt') });
  expect([read.failed, read.text, read.action]).toEqual([false, 'what is there', undefined]);

  const file = join(folder, 'new.txt');
  const content = 'Grüße, 12345678901234567890.10\n\u0000 and "quotes"'.replace('\u0000', '');
  const written = callTool(client, 'write_file', { path: file, content });
  const action = await waits(server, person.token!, 'files/write_file');
  expect(action.tool_args).toEqual({ path: file, content });
  expect(existsSync(file)).toBe(false);
  await approve(server, person.token!, action.id);
  const outcome = await written;
  expect([outcome.failed, outcome.action?.id, outcome.action?.status]).toEqual([false, action.id, 'executed']);
  expect(outcome.text).toContain('Successfully wrote');
  expect(await readFile(file, 'utf8')).toBe(content);
  expect(await events(server, person.token!, action.id)).toEqual(['action_parked', 'action_approved', 'execution_claimed', 'execution_succeeded']);
  expect((await show(server, person.token!, action.id)).data.execution_result.result.content[0].text).toContain('Successfully wrote');
  const registered = (await ask(server, 'GET', `${API}/tools/${encodeURIComponent('files/write_file')}`, { token: person.token })).data;
  expect(registered).toMatchObject({ executor: 'mcp', input_schema: { required: ['path', 'content'] } });
  await client.close();
});

test('a tool that passes is said not to be gated, and is gated once somebody pauses it', async ({ server, agent, person }) => {
  const client = await isUp(() => agentOf(server.url, agent.token!, 'files'));
  const name = encodeURIComponent('files/list_directory');
  const tool = async () => (await ask(server, 'GET', `${API}/tools/${name}`, { token: person.token })).data;
  expect(await tool()).toMatchObject({ passes: true });
  await ask(server, 'POST', `${API}/tools/${name}/pause`, { token: person.token, body: { reason: 'who looks there?' } });
  expect(await tool()).toMatchObject({ passes: false, gating: { state: 'paused' } });
  const listed = callTool(client, 'list_directory', { path: folder });
  const action = await waits(server, person.token!, 'files/list_directory');
  expect(action.pending_reason.code).toBe('tool_paused');
  await reject(server, person.token!, action.id, 'nobody');
  expect((await listed).text).toBe('Rejected: nobody');
  await ask(server, 'POST', `${API}/tools/${name}/resume`, { token: person.token, body: {} });
  expect((await callTool(client, 'list_directory', { path: folder })).action).toBeUndefined();
  await client.close();
});

test('rejected: there is no file, and the agent reads the reason', async ({ server, agent, person }) => {
  const client = await isUp(() => agentOf(server.url, agent.token!, 'files'));
  const file = join(folder, 'never.txt');
  const written = callTool(client, 'write_file', { path: file, content: 'x' });
  await reject(server, person.token!, (await waits(server, person.token!, 'files/write_file')).id, 'not in this folder');
  const outcome = await written;
  expect([outcome.failed, outcome.text, outcome.action?.status]).toEqual([true, 'Rejected: not in this folder', 'rejected']);
  expect(existsSync(file)).toBe(false);
  await client.close();
});

test('arguments that do not fit the upstream’s schema are refused before anybody is asked', async ({ server, agent, person }) => {
  const client = await isUp(() => agentOf(server.url, agent.token!, 'files'));
  const outcome = await callTool(client, 'write_file', { path: 7 });
  expect([outcome.failed, outcome.code]).toEqual([true, 'invalid_request']);
  expect(outcome.text).toContain('content');
  expect(await waiting(server, person.token!, 'files/write_file')).toEqual([]);
  await expect(callTool(client, 'no_such_tool', {})).rejects.toThrow(/offers no "no_such_tool"/);
  await client.close();
});

test('an agent that was told that its call waits, comes back with it: the same action, one run, the outcome', async ({ server, agent, person }) => {
  const client = await isUp(() => agentOf(server.url, agent.token!, 'brief'));
  const before = (await calls()).length;
  const args = { seconds: 0, n: 1 };
  const told = await callTool(client, 'slow', args);
  expect([told.failed, told.action?.status]).toEqual([false, 'pending']);
  expect(told.text).toContain(`Waiting for approval: ${server.url}/approvals/${told.action!.id}`);
  expect((await callTool(client, 'slow', args)).action).toEqual(told.action);
  await approve(server, person.token!, told.action!.id);
  const outcome = await until(async () => {
    const again = await callTool(client, 'slow', args);
    return again.action?.status === 'executed' && again;
  });
  expect([outcome.action?.id, outcome.text]).toEqual([told.action!.id, 'done']);
  expect((await calls()).length - before).toBe(1);
  const next = await callTool(client, 'slow', args);
  expect([next.action?.status, next.action!.id === told.action!.id]).toEqual(['pending', false]);
  await reject(server, person.token!, next.action!.id, 'once is enough');
  expect((await callTool(client, 'slow', args)).text).toBe('Rejected: once is enough');
  await client.close();
});

test('an agent that has gone while its call waited: the call runs once without it, and the agent gets what it was when it is back', async ({ server, agent, person }) => {
  const client = await isUp(() => agentOf(server.url, agent.token!, 'raw'));
  const before = (await calls()).length;
  const args = { seconds: 0, n: 2 };
  const gone = callTool(client, 'slow', args).catch(() => 'gone');
  const action = await waits(server, person.token!, 'raw/slow');
  await client.close();
  expect(await gone).toBe('gone');
  await approve(server, person.token!, action.id);
  await until(async () => (await show(server, person.token!, action.id)).data.status === 'executed');
  const back = await agentOf(server.url, agent.token!, 'raw');
  const outcome = await callTool(back, 'slow', args);
  expect([outcome.action?.id, outcome.text]).toEqual([action.id, 'done']);
  expect((await calls()).length - before).toBe(1);
  await back.close();
});

test('every digit arrives, there and back', async ({ server, agent, person }) => {
  await isUp(() => agentOf(server.url, agent.token!, 'raw'));
  const rule = { tool_name: 'raw/keep', description: 'anything', arg_constraints: {}, confirm_broad: true, max_uses: 5 };
  const made = await ask(server, 'POST', `${API}/rules`, { token: person.token, body: rule });
  expect(made.status, made.text).toBe(201);
  const params = '{"name":"keep","arguments":{"measure":12345678901234567890.10,"rate":1.50,"small":1e-400}}';
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`;
  const headers = { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-11-25' };
  const answer = await ask(server, 'POST', '/mcp/raw', { token: agent.token, body, headers });
  expect(answer.status, answer.text).toBe(200);
  expect(answer.text).toContain('"structuredContent":{"amount":12345678901234567890.10}');
  expect(answer.text).toContain('"own":{"kept":true}');
  expect((await calls()).at(-1)).toContain('"arguments":{"measure":12345678901234567890.10,"rate":1.50,"small":1e-400}');
  const twice = await ask(server, 'POST', '/mcp/raw', { token: agent.token, body: body.replace('"rate"', '"measure"'), headers });
  expect([twice.status, twice.json.error.code]).toEqual([400, -32700]);
});

test('a failure of the tool is one, an error of the protocol too, and neither is taken for success', async ({ server, agent, person }) => {
  const client = await isUp(() => agentOf(server.url, agent.token!, 'raw'));
  for (const [tool, words, error] of [
    ['refuse', 'the disk is full', 'the disk is full'],
    ['fail', 'no such thing', 'no such thing'],
  ] as const) {
    const called = callTool(client, tool, {});
    const action = await waits(server, person.token!, `raw/${tool}`);
    await approve(server, person.token!, action.id);
    const outcome = await called;
    expect([outcome.failed, outcome.text], tool).toEqual([true, words]);
    const { execution_state, execution_result } = (await show(server, person.token!, action.id)).data;
    expect([execution_state, execution_result.success, execution_result.error]).toEqual(['failed', false, error]);
  }
  await client.close();
});

test('crash-5: an upstream that ends in the middle of a call leaves it unknown, is started again, and the call is not', async ({ server, agent, person }) => {
  const client = await isUp(() => agentOf(server.url, agent.token!, 'raw'));
  const before = (await calls()).length;
  const called = callTool(client, 'die', {});
  const action = await waits(server, person.token!, 'raw/die');
  expect(action.risk_tier, 'it says of itself that it destroys').toBe('high');
  await approve(server, person.token!, action.id);
  const outcome = await called;
  expect([outcome.failed, outcome.action?.status]).toEqual([true, 'unknown']);
  expect(outcome.text).toContain('Nobody knows whether the call has run');
  expect((await show(server, person.token!, action.id)).data.execution_state).toBe('unknown');
  const again = await isUp(async () => {
    const own = await agentOf(server.url, agent.token!, 'raw');
    await own.listTools();
    return own;
  });
  const same = await callTool(again, 'die', {});
  expect([same.action?.id, same.action?.status]).toEqual([action.id, 'unknown']);
  expect((await calls()).length - before).toBe(1);
  await ask(server, 'POST', `${API}/actions/${action.id}/resolve`, { token: person.token, body: { outcome: 'failed', note: 'nothing is there' } });
  expect((await callTool(again, 'die', {})).text).toContain('nothing is there');
  await again.close();
});

test('a program gets the environment that is configured, and no secret of ours or of the agent’s', async ({ server, agent, person }) => {
  const client = await isUp(() => agentOf(server.url, agent.token!, 'raw'));
  const called = callTool(client, 'environment', {});
  await approve(server, person.token!, (await waits(server, person.token!, 'raw/environment')).id);
  const names = (await called).text.split(' ').filter((name) => !['LC_CTYPE', 'PYTHONDONTWRITEBYTECODE'].includes(name));
  expect(names).toEqual(['PATH']);
  expect((await calls()).join('\n')).not.toContain(agent.token!);
  await client.close();
});

test('progress of the call is told, and that it waits too', async ({ server, agent, person }) => {
  const client = await isUp(() => agentOf(server.url, agent.token!, 'raw'));
  const told: string[] = [];
  const called = callTool(client, 'slow', { seconds: 2, n: 3 }, { onprogress: ({ message }: any) => told.push(message) });
  await until(async () => told.length > 0);
  expect(told[0]).toContain(`Waiting for approval: ${server.url}/approvals/`);
  await approve(server, person.token!, (await waits(server, person.token!, 'raw/slow')).id);
  expect((await called).text).toBe('done');
  expect(told).toContain('working');
  await client.close();
});

test('an upstream that is not there is told in words, with its cause, and nobody else is touched', async ({ server, agent, person }) => {
  const answer = await ask(server, 'POST', '/mcp/nowhere', { token: agent.token, body: { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} } });
  expect([answer.status, answer.json.error.code]).toEqual([503, -32000]);
  expect(answer.json.error.message).toContain('/no/such/program cannot be started');
  expect((await ask(server, 'POST', '/mcp/unheard-of', { token: agent.token, body: {} })).status).toBe(404);
  expect((await ask(server, 'POST', '/mcp/files', { token: person.token, body: {} })).code).toBe('forbidden');
  expect((await ask(server, 'POST', '/mcp/files', { body: {} })).status).toBe(401);
});

test('a server that stops in good order tells the agent that its call waits, and finds it again when it is back', async ({ server, agent, person }) => {
  const client = await isUp(() => agentOf(server.url, agent.token!, 'raw'));
  const args = { seconds: 0, n: 7 };
  const called = callTool(client, 'slow', args);
  const action = await waits(server, person.token!, 'raw/slow');
  const stopped = server.stop();
  expect((await called).action).toMatchObject({ id: action.id, status: 'pending' });
  expect(await stopped).toBe(0);
  await server.begin();
  const back = await isUp(() => agentOf(server.url, agent.token!, 'raw'));
  await approve(server, person.token!, action.id);
  expect((await callTool(back, 'slow', args)).action).toMatchObject({ id: action.id, status: 'executed' });
  await back.close();
});

test('crash-6: killed between approval and call: one write, or nobody knows, and never two', async ({ server, agent, person }) => {
  const client = await isUp(() => agentOf(server.url, agent.token!, 'raw'));
  const before = (await calls()).length;
  const args = { seconds: 1, n: 4 };
  const called = callTool(client, 'slow', args).catch(() => 'gone');
  const action = await waits(server, person.token!, 'raw/slow');
  await approve(server, person.token!, action.id);
  await server.kill();
  expect(await called).toBe('gone');
  await server.begin();
  const back = await isUp(() => agentOf(server.url, agent.token!, 'raw'));
  await until(async () => {
    const { status, execution_state } = (await show(server, person.token!, action.id)).data;
    return status === 'executed' || execution_state === 'unknown';
  }, 60_000);
  const outcome = await callTool(back, 'slow', args);
  expect(outcome.action?.id).toBe(action.id);
  const runs = (await calls()).length - before;
  expect(runs).toBeLessThanOrEqual(1);
  if (outcome.action?.status === 'executed') expect(runs).toBe(1);
  await back.close();
});

test('an upstream over HTTP is asked with credentials of our own, is met anew when it forgets us, and what waits for it runs when it is back', async ({ server, agent, person }) => {
  const client = await isUp(() => agentOf(server.url, agent.token!, 'remote'));
  expect((await callTool(client, 'echo', { message: 'hello' })).text).toBe('Echo: hello');
  const sum = callTool(client, 'get-sum', { a: 2, b: 3 });
  await approve(server, person.token!, (await waits(server, person.token!, 'remote/get-sum')).id);
  expect((await sum).text).toContain('5');
  expect(new Set(line.heard.map((headers) => headers.authorization))).toEqual(new Set(['Bearer of-our-own']));
  expect(JSON.stringify(line.heard)).not.toContain(agent.token!);

  await line.restart();
  const again = await isUp(async () => {
    const own = await agentOf(server.url, agent.token!, 'remote');
    expect((await callTool(own, 'echo', { message: 'again' })).text).toBe('Echo: again');
    return own;
  });

  const waiting = callTool(again, 'get-sum', { a: 20, b: 22 });
  const action = await waits(server, person.token!, 'remote/get-sum');
  await line.end();
  await expect(callTool(again, 'echo', { message: 'there?' })).rejects.toThrow(/cannot be asked/);
  const standing = async () => (await ask(server, 'GET', `${API}/upstreams`, { token: person.token })).data.find((one: Json) => one.name === 'remote');
  await until(async () => (await standing()).state === 'down');
  await approve(server, person.token!, action.id);
  const told = await waiting;
  expect([told.failed, told.action?.status]).toEqual([false, 'approved']);
  expect(told.text).toContain('has not run yet');
  await line.begin();
  const outcome = await until(async () => {
    const answer = await callTool(again, 'get-sum', { a: 20, b: 22 });
    return answer.action?.status === 'executed' && answer;
  }, 40_000);
  expect([outcome.action?.id, outcome.text]).toEqual([action.id, expect.stringContaining('42')]);
  expect(await standing()).toMatchObject({ state: 'up', why: null });
  await again.close();
});

/** `agents/mcp_agent.py`: the official client of Python. */
const pythonAgent = (server: any, token: string, ...called: string[]): Script =>
  new Script('agents/mcp_agent.py', called, { env: { COUNTERSIGN_URL: server.url, COUNTERSIGN_TOKEN: token } });

test('the official client of Python reads a file, and writes one once it is approved', async ({ server, agent, person }) => {
  await isUp(() => agentOf(server.url, agent.token!, 'files'));
  const run = (tool: string, args: object) => pythonAgent(server, agent.token!, 'files', tool, JSON.stringify(args));
  await writeFile(join(folder, 'read-me.txt'), 'read me');
  const read = run('read_file', { path: join(folder, 'read-me.txt') });
  expect([await read.ended(), read.lines]).toEqual([0, ['read me']]);
  const path = join(folder, 'by-python.txt');
  const refused = run('write_file', { path, content: 'no' });
  await reject(server, person.token!, (await waits(server, person.token!, 'files/write_file')).id, 'not that');
  expect([await refused.ended(), refused.lines.at(-1), existsSync(path)]).toEqual([1, 'Rejected: not that', false]);
  const written = run('write_file', { path, content: 'Grüße' });
  await approve(server, person.token!, (await waits(server, person.token!, 'files/write_file')).id);
  expect([await written.ended(), await readFile(path, 'utf8')]).toEqual([0, 'Grüße']);
});

test('the official client of Python commits through the official server of Git, once it is approved', async ({ server, agent, person }) => {
  await isUp(() => agentOf(server.url, agent.token!, 'git'));
  await writeFile(join(repository, 'a.txt'), 'a');
  git('add', 'a.txt');
  const run = (tool: string, args: object) => pythonAgent(server, agent.token!, 'git', tool, JSON.stringify(args));
  const status = run('git_status', { repo_path: repository });
  expect([await status.ended(), status.lines.join('\n')]).toEqual([0, expect.stringContaining('a.txt')]);
  const refused = run('git_commit', { repo_path: repository, message: 'a wrong word' });
  await reject(server, person.token!, (await waits(server, person.token!, 'git/git_commit')).id, 'mind the wording');
  expect([await refused.ended(), refused.lines.at(-1)]).toEqual([1, 'Rejected: mind the wording']);
  const commit = run('git_commit', { repo_path: repository, message: 'The first one' });
  await approve(server, person.token!, (await waits(server, person.token!, 'git/git_commit')).id);
  expect([await commit.ended(), commit.lines.at(-1)]).toEqual([0, expect.stringContaining('Changes committed')]);
  expect(git('log', '--format=%s').trim().split('\n')).toEqual(['The first one']);
});

test('what the agent cancels while it waits is withdrawn, and never runs', async ({ server, agent, person }) => {
  const client = await isUp(() => agentOf(server.url, agent.token!, 'raw'));
  const before = (await calls()).length;
  const cancel = new AbortController();
  const called = callTool(client, 'slow', { seconds: 0, n: 5 }, { signal: cancel.signal }).catch((error) => String(error));
  const action = await waits(server, person.token!, 'raw/slow');
  cancel.abort('not needed any more');
  expect(await called).toContain('not needed any more');
  const withdrawn = await until(async () => {
    const { data } = await show(server, person.token!, action.id);
    return data.status === 'withdrawn' && data;
  });
  expect(withdrawn.decision_reason).toBe('The agent cancelled its call.');
  expect((await approve(server, person.token!, action.id)).status).toBe(409);
  expect((await calls()).length).toBe(before);
  await client.close();
});

test('an agent that knows tasks gets one for a call that waits, and what came of it when it asks', async ({ server, agent, person }) => {
  await isUp(() => agentOf(server.url, agent.token!, 'raw'));
  const own = (name: string) => `io.modelcontextprotocol/${name}`;
  const _meta = { [own('protocolVersion')]: '2026-07-28', [own('clientInfo')]: { name: 'tasks', version: '1' }, [own('clientCapabilities')]: { extensions: { [own('tasks')]: {} } } };
  const send = async (method: string, params: Json, name?: string) => {
    const headers = { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...(name ? { 'mcp-name': name } : {}) };
    const answer = await ask(server, 'POST', '/mcp/raw', { token: agent.token, headers, body: { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } } });
    expect(answer.json?.error, answer.text).toBeUndefined();
    return answer;
  };
  const called = (await send('tools/call', { name: 'slow', arguments: { seconds: 0, n: 6 } }, 'slow')).json.result;
  expect([called.resultType, called.status]).toEqual(['task', 'working']);
  const taskId = called.taskId as string;
  expect(called.statusMessage).toBe(`Waiting for approval: ${server.url}/approvals/${taskId}`);
  expect((await send('tasks/get', { taskId }, taskId)).json.result.status).toBe('working');
  await approve(server, person.token!, taskId);
  const done = await until(async () => {
    const { result } = (await send('tasks/get', { taskId }, taskId)).json;
    return result.status === 'completed' && result;
  });
  expect(done.result.content[0].text).toBe('done');
  const again = (await send('tools/call', { name: 'slow', arguments: { seconds: 0, n: 6 } }, 'slow')).json.result;
  expect(again.taskId === taskId, 'it was told, so this is another call').toBe(false);
  await send('tasks/cancel', { taskId: again.taskId }, again.taskId);
  expect((await send('tasks/get', { taskId: again.taskId }, again.taskId)).json.result.status).toBe('cancelled');
  expect((await show(server, person.token!, again.taskId)).data.status).toBe('withdrawn');
});

test('bind-16: what is sent anew under the same number with another amount is a call of its own; what was approved is what the upstream got', async ({ server, agent, person }) => {
  await isUp(() => agentOf(server.url, agent.token!, 'raw'));
  const send = (amount: number) => {
    const headers = { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-11-25' };
    const body = { jsonrpc: '2.0', id: 16, method: 'tools/call', params: { name: 'slow', arguments: { seconds: 0, amount } } };
    return ask(server, 'POST', '/mcp/raw', { token: agent.token, body, headers, within: 30_000 });
  };
  const before = (await calls()).length;
  const small = send(1);
  const action = await waits(server, person.token!, 'raw/slow');
  const large = send(1_000);
  const [other] = await until(async () => {
    const found = (await waiting(server, person.token!, 'raw/slow')).filter((one) => one.id !== action.id);
    return found.length > 0 && found;
  });
  await approve(server, person.token!, action.id, { args_sha256: action.args_sha256 });
  expect((await small).json.result.content[0].text).toBe('done');
  await reject(server, person.token!, other!.id, 'too much');
  expect((await large).json.result.content[0].text).toBe('Rejected: too much');
  const made = (await calls()).slice(before).map((call) => JSON.parse(call).params.arguments);
  expect(made).toEqual([{ seconds: 0, amount: 1 }]);
  const run = (await show(server, person.token!, action.id)).data;
  expect([run.status, run.effective_args_sha256]).toEqual(['executed', action.args_sha256]);
});

test('bind-17, bind-19: a rule is for its tool of its upstream with its arguments, and for nothing that is called alike', async ({ server, agent, person }) => {
  const [raw, brief] = [await isUp(() => agentOf(server.url, agent.token!, 'raw')), await isUp(() => agentOf(server.url, agent.token!, 'brief'))];
  const rule = { tool_name: 'raw/refuse', description: 'a alone', arg_constraints: { path: { type: 'exact', value: 'a' } }, max_uses: 5 };
  const made = await ask(server, 'POST', `${API}/rules`, { token: person.token, body: rule });
  expect(made.status, made.text).toBe(201);
  expect((await callTool(raw, 'refuse', { path: 'a' })).text).toBe('the disk is full');
  const another = callTool(raw, 'refuse', { path: 'b' });
  await reject(server, person.token!, (await waits(server, person.token!, 'raw/refuse')).id, 'b is not a');
  expect((await another).text).toBe('Rejected: b is not a');
  const elsewhere = callTool(brief, 'refuse', { path: 'a' });
  await reject(server, person.token!, (await waits(server, person.token!, 'brief/refuse')).id, 'not this one');
  expect((await elsewhere).text).toBe('Rejected: not this one');
  await Promise.all([raw.close(), brief.close()]);
});

test('truth-re: an approved call that comes back to the gate through its upstream is that call, and runs once', async ({ server, agent, person }) => {
  const client = await isUp(() => agentOf(server.url, agent.token!, 'loop'));
  loop.leadsTo(server.url, agent.token!);
  const called = callTool(client, 'again', { to: 'ana' });
  const action = await waits(server, person.token!, 'loop/again');
  await approve(server, person.token!, action.id);
  // What it was told inside of its own run.
  expect((await called).text).toContain('"countersign.dev/action"');
  const done = await until(async () => {
    const { data } = await show(server, person.token!, action.id);
    return data.status === 'executed' && data;
  });
  expect([loop.calls, done.attempts.length]).toEqual([1, 1]);
  const all = (await ask(server, 'GET', `${API}/actions?status=pending,approved,executed&tool_name=${encodeURIComponent('loop/again')}`, { token: person.token })).data;
  expect(all.map((one: Json) => one.id)).toEqual([action.id]);
  await client.close();
});

test('bind-22: a schema that changes suspends the rules of its tool until a person has looked', async ({ server, agent, person }) => {
  const client = await isUp(() => agentOf(server.url, agent.token!, 'raw'));
  const rule = { tool_name: 'raw/keep', description: 'whatever is kept', arg_constraints: {}, confirm_broad: true, max_uses: 5 };
  expect((await ask(server, 'POST', `${API}/rules`, { token: person.token, body: rule })).status).toBe(201);
  expect((await callTool(client, 'keep', { n: 1 })).action?.status).toBe('executed');
  await writeFile(`${log}.schema`, JSON.stringify({ type: 'object', properties: { n: { type: 'integer' } } }));
  const { tools } = await client.listTools();
  expect(tools.find((tool) => tool.name === 'keep')!.inputSchema.properties).toEqual({ n: { type: 'integer' } });
  const waiting = callTool(client, 'keep', { n: 2 });
  const action = await waits(server, person.token!, 'raw/keep');
  const rules = (await ask(server, 'GET', `${API}/rules?tool_name=${encodeURIComponent('raw/keep')}`, { token: person.token })).data;
  expect(new Set(rules.map((rule: Json) => rule.state))).toEqual(new Set(['suspended']));
  const upstreams = (await ask(server, 'GET', `${API}/upstreams`, { token: person.token })).data;
  const raw = upstreams.find((upstream: Json) => upstream.name === 'raw');
  expect([raw.state, raw.server, raw.tools, raw.unreviewed > 0]).toEqual(['up', 'raw', 6, true]);
  expect(upstreams.find((upstream: Json) => upstream.name === 'files').passing).toContain('files/read_file');
  await reject(server, person.token!, action.id, 'the schema has changed');
  expect((await waiting).text).toBe('Rejected: the schema has changed');
  await client.close();
});
