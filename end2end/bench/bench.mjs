// Measures Countersign against its goals and prints a table. Figures are ratios and percentiles of one run on one
// machine: to be read, not to be asserted.
//
//   make bench                      everything, about fifteen minutes
//   make bench ARGS="--only park"   one of: park, watch, rules, decide, page, size, metrics, audit, gateway, memory, start, felt, wasm
//   make bench ARGS="--rounds 3 --seconds 4"
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

import { audit } from './audit.mjs';
import { Baseline } from './baseline.mjs';
import { throughGateway } from './gateway.mjs';
import { grow } from './history.mjs';
import { makeFigures } from './metrics.mjs';
import { addHistory, addRules, setRules } from './rules.mjs';
import { Server, freePort } from './server.mjs';
import { Watchers } from './watchers.mjs';

const CLIENTS = 16;
/** A call as agents make them, about 900 bytes. */
const CALL = {
  tool_name: 'send_email',
  tool_args: {
    to: 'ana.lindqvist@partner.example',
    cc: ['finance@company.example'],
    subject: 'Quarterly numbers for the review on Thursday',
    body:
      'Dear Ana,\n\nattached are the numbers for the third quarter. Revenue is 4.2 % above plan; the cost of freight ' +
      'went up again, so the margin stays where it was. Please look at the second sheet first: the totals of all ' +
      'regions were added up anew after the currency rates had been late.\n\nBest regards\nThe reporting agent',
    attachments: [{ name: 'q3.pdf', bytes: 184223 }],
  },
  agent_summary: 'Send the quarterly numbers to Ana, as asked in the weekly review.',
  session_id: 'weekly-review-7f3',
  why: 'The review on Thursday needs the numbers a day before.',
};

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '6' },
    entries: { type: 'string', default: '1000000' },
  },
});
const wanted = (name) => options.only === undefined || options.only === name;
const run = promisify(execFile);
const HERE = dirname(fileURLToPath(import.meta.url));
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const rows = [];
const report = (figure, result, goal, met) => rows.push({ figure, goal, result, met: met ? 'yes' : 'NO' });
const ms = (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;

async function load(...words) {
  const { stdout } = await run(process.env.LOAD, words.map(String));
  return JSON.parse(stdout);
}

async function measure(server) {
  await server.start();
  if (wanted('memory')) await memory(server);
  const tokens = {
    agent: await server.token('bench-agent', 'actions:submit,actions:read'),
    person: await server.token('bench-person', 'actions:read,decisions:write', '--user', 'admin'),
    body: join(server.dataDir, 'call.json'),
  };
  await writeFile(tokens.body, JSON.stringify(CALL));
  let sample;
  for (let count = 0; count < 60; count += 1) sample = await server.post('/actions', tokens.agent, CALL);
  if (wanted('page')) await page(server, '60 pending');
  if (wanted('decide')) await decide(server, tokens);
  if (wanted('park')) {
    await park(server, tokens, sample);
    await revoked(server);
    if (wanted('page')) await page(server, `${await server.sql("SELECT count(*) FROM pending_actions WHERE status = 'pending'")} pending`);
  }
  if (wanted('watch')) await watch(server, tokens);
  if (wanted('rules')) await rules(server, tokens);
  if (wanted('size')) await size(server);
  if (wanted('audit')) await trail(server, tokens);
  if (wanted('metrics')) await metrics(server);
  if (wanted('gateway')) await gateway(server);
  if (wanted('start')) await start(server);
  if (wanted('felt')) await felt();
  if (wanted('wasm')) await wasm();
}

async function gateway(server) {
  const { alone, added, added99, megabytes, transactions } = await throughGateway(server, freePort);
  report(`A call through the gateway to an upstream over HTTP, more than without, p50 (without: ${ms(alone)})`, ms(added), '< 2 ms', added < 2);
  report('The same, p99', ms(added99), '', true);
  report('500 calls that wait at the gateway: memory', `${megabytes.toFixed(0)} MB`, '< 50 MB', megabytes < 50);
  report('The same: more transactions than without', `${transactions.toFixed(1)} /s`, '< 10 /s', transactions < 10);
}

/** How the heaviest calls feel in a browser (show-44). */
async function felt() {
  const file = join(await mkdtemp(join(tmpdir(), 'countersign-felt-')), 'felt');
  const words = ['--no-install', 'playwright', 'test', '--config', 'bench/felt/felt.config.ts'];
  await run('npx', words, { cwd: resolve(HERE, '..'), env: { ...process.env, FELT: file } });
  const felt = (await readFile(file, 'utf8')).trim().split('\n').map((line) => JSON.parse(line));
  const worst = (of) => felt.toSorted((a, b) => b[of] - a[of])[0];
  const [paint, task] = [worst('paint'), worst('task')];
  report(`First paint of the heaviest calls, the worst: ${paint.what}, ${paint.doing}`, ms(paint.paint), '< 1 s', paint.paint < 1_000);
  report(`The longest task of their pages: ${task.what}, ${task.doing}`, ms(task.task), '<= 200 ms', task.task <= 200);
}

async function memory(server) {
  await sleep(3_000);
  const megabytes = await server.residentMegabytes();
  report('Memory of the idle server', `${megabytes.toFixed(0)} MB`, '< 80 MB', megabytes < 80);
}

async function page(server, many) {
  const cookie = await server.signIn();
  const answer = await fetch(`http://${server.addr}/approvals`, { headers: { cookie, accept: 'text/html' } });
  const html = await answer.text();
  const shown = new Set(html.match(/\/approvals\/[0-9a-f-]{36}/g)).size;
  if (answer.status !== 200 || shown < 50) throw new Error(`the page is no page of 50: ${answer.status}, ${shown} actions`);
  await load('page', server.addr, cookie, '/approvals', 100);
  const { p50_ms, p99_ms } = await load('page', server.addr, cookie, '/approvals', 300);
  report(`Page of 50, rendered by the server (${many}; p99 ${ms(p99_ms)})`, ms(p50_ms), 'p50 < 15 ms', p50_ms < 15);
}

async function decide(server, { agent, person, body }) {
  const { p50_ms, p99_ms } = await load('decide', server.addr, agent, person, 50, body);
  report(`From a decision to the agent that waits (p99 ${ms(p99_ms)})`, ms(p50_ms), 'p50 < 50 ms', p50_ms < 50);
}

async function park(server, { agent, body }, sample) {
  const baseline = await Baseline.create(server, sample);
  const ours = async (seconds) => {
    const figures = await load('park', server.addr, agent, CLIENTS, seconds, body);
    await server.settle();
    return figures;
  };
  const theirs = (seconds) => baseline.park(CLIENTS, seconds);
  await ours(2);
  await theirs(2);
  const ratios = [];
  const all = { ours: [], theirs: [] };
  for (let round = 0; round < Number(options.rounds); round += 1) {
    const sides = [['ours', ours], ['theirs', theirs]];
    // The machine changes as time goes by: who begins alternates.
    if (round % 2) sides.reverse();
    for (const [name, side] of sides) all[name].push(await side(Number(options.seconds)));
    const [one, other] = [all.ours.at(-1), all.theirs.at(-1)];
    ratios.push(one.per_second / other.per_second);
    const say = ({ per_second, p50_ms, p99_ms }) => `${per_second.toFixed(0)}/s, p50 ${ms(p50_ms)}, p99 ${ms(p99_ms)}`;
    console.log(`park, round ${round + 1}: ${say(one)}; pgbench ${say(other)}; ratio ${ratios.at(-1).toFixed(2)}`);
  }
  const of = (side, figure) => median(all[side].map((one) => one[figure]));
  const both = (side) => `${of(side, 'per_second').toFixed(0)}/s, p50 ${ms(of(side, 'p50_ms'))}, p99 ${ms(of(side, 'p99_ms'))}`;
  const ratio = median(ratios);
  report(`Durable park, ${CLIENTS} clients (${both('ours')}; pgbench ${both('theirs')})`, `${ratio.toFixed(2)} of pgbench`, '>= 0.50', ratio >= 0.5);
}

/** What is fast because it is remembered must not be remembered too well. */
async function revoked(server) {
  const token = await server.token('bench-revoked', 'actions:submit');
  for (let count = 0; count < 3; count += 1) await server.post('/actions', token, CALL);
  await server.command('token', 'revoke', '--data-dir', server.dataDir, 'bench-revoked');
  for (const call of [CALL, { tool_name: 1 }]) {
    const status = await server.post('/actions', token, call).then(() => 'accepted', (error) => error.status);
    if (status !== 401) throw new Error(`the first request after a token was revoked is answered ${status}`);
  }
}

/** Parks with nobody watching and with a hundred who do, in turns. */
async function watch(server, { agent, person, body }) {
  const parks = async () => {
    const { per_second } = await load('park', server.addr, agent, CLIENTS, Number(options.seconds), body);
    await server.settle();
    return per_second;
  };
  const ratios = [];
  for (let round = 0; round < Number(options.rounds); round += 1) {
    const alone = await parks();
    const watchers = await Watchers.open(server, person, 100);
    const watched = await parks();
    const told = watchers.close();
    if (told < 100) throw new Error(`100 watchers were told ${told} things`);
    ratios.push(watched / alone);
  }
  const ratio = median(ratios);
  report('Parks with 100 watching, of parks with none', ratio.toFixed(2), '>= 0.90', ratio >= 0.9);
}

/** What a thousand rules of one tool, ten thousand of five hundred, and a long history cost. */
async function rules(server, { agent, body }) {
  const { stdout } = await run(process.env.MATCHING, []);
  const times = /another address each\s+p50\s+(\S+)\s+p99\s+(\S+)/.exec(stdout);
  const p99 = parseFloat(times[2]) * { ns: 0.001, µs: 1, ms: 1_000, s: 1_000_000 }[/[a-zµ]+$/.exec(times[2])[0]];
  report(`A call against 1,000 rules of its tool, p99 (p50 ${times[1]})`, times[2], '< 200 us', p99 < 200);
  const parks = async () => {
    const { per_second } = await load('park', server.addr, agent, CLIENTS, Number(options.seconds), body);
    await server.settle();
    return per_second;
  };
  const inTurns = async (other) => {
    const ratios = [];
    for (let round = 0; round < Number(options.rounds); round += 1) ratios.push(await other());
    return median(ratios);
  };
  await addRules(server, 1_000, [CALL.tool_name]);
  const thousand = await inTurns(async () => {
    await setRules(server, false);
    const without = await parks();
    await setRules(server, true);
    return (await parks()) / without;
  });
  report('Parks with 1,000 rules of the tool, of parks with none', thousand.toFixed(2), '>= 0.80', thousand >= 0.8);
  await addRules(server, 9_000, Array.from({ length: 499 }, (_, at) => `tool_${at}`));
  const many = await inTurns(async () => {
    await setRules(server, false, CALL.tool_name);
    const few = await parks();
    await setRules(server, true, CALL.tool_name);
    return (await parks()) / few;
  });
  report('The same with 10,000 rules of 500 tools, of that', many.toFixed(2), '>= 0.90', many >= 0.9);
  await addHistory(server, CALL.tool_name, 100_000);
  const ruler = await server.token('bench-ruler', 'actions:read,rules:read', '--user', 'admin');
  const draft = { tool_name: CALL.tool_name, description: 'x', arg_constraints: { to: { type: 'email', domains: ['partner.example'] }, subject: '*' } };
  const started = performance.now();
  const { looked_at: past } = await server.post('/rules/replay', ruler, { draft, days: 30 });
  const took = performance.now() - started;
  if (past < 100_000) throw new Error(`the replay looked at ${past} calls`);
  report(`A rule replayed over ${past} past calls`, ms(took), '< 5 s', took < 5_000);
}

/** Pages and searches of a short history and of a long one. */
async function size(server) {
  const cookie = await server.signIn();
  const p50 = async (path) => {
    await load('page', server.addr, cookie, path, 30);
    return (await load('page', server.addr, cookie, path, 100)).p50_ms;
  };
  const pages = { 'what waits': '/approvals', 'everything, newest first': '/approvals?status=all', 'by urgency': '/approvals?sort=urgency' };
  const searches = ['once77777', 'sometimes77', 'often7', 'everywhere', 'once777'];
  await grow(server, 100_000);
  const short = {};
  for (const [name, path] of Object.entries(pages)) short[name] = await p50(path);
  await grow(server, 1_000_000);
  for (const [name, path] of Object.entries(pages)) {
    const long = await p50(path);
    const ratio = long / short[name];
    report(`Page of 50 out of 1,000,000, ${name} (${ms(long)}), of that out of 100,000 (${ms(short[name])})`, ratio.toFixed(2), '<= 1.5', ratio <= 1.5);
  }
  for (const words of searches) {
    const found = await p50(`/approvals?status=all&q=${words}`);
    report(`Search for ${words} in 1,000,000, p50`, ms(found), '< 100 ms', found < 100);
  }
}

/** A long trail, and the retention while calls are parked. */
async function trail(server, { agent, body }) {
  const parks = async () => (await load('park', server.addr, agent, CLIENTS, Number(options.seconds), body)).per_second;
  await audit(server, Number(options.entries), parks, report);
}

/** The page of figures over a short history and a long one. */
async function metrics(server) {
  const cookie = await server.signIn();
  const p50 = async (days) => {
    const path = `/approvals/metrics?days=${days}`;
    await load('page', server.addr, cookie, path, 30);
    return (await load('page', server.addr, cookie, path, 100)).p50_ms;
  };
  const short = {};
  await makeFigures(server, 10_000, 50_000);
  for (const days of [7, 90]) short[days] = await p50(days);
  await makeFigures(server, 1_000_000, 5_000_000);
  for (const days of [7, 90]) {
    const long = await p50(days);
    const ratio = long / short[days];
    report(`Metrics of ${days} days over 1,000,000 actions and 5,000,000 events, p50`, ms(long), '< 50 ms', long < 50);
    report(`The same, of that over 10,000 actions (${ms(short[days])})`, ratio.toFixed(2), '<= 1.5', ratio <= 1.5);
  }
}

async function start(server) {
  const times = [];
  for (let count = 0; count < 5; count += 1) {
    await server.stop();
    times.push(await server.start());
  }
  report('Start with a ready database, to /readyz', ms(median(times)), '< 1000 ms', median(times) < 1_000);
}

async function wasm() {
  const folder = resolve(HERE, '../../target/site/pkg');
  const name = (await readdir(folder)).find((file) => file.endsWith('.wasm.br'));
  if (!name) throw new Error('no WebAssembly: run make site');
  const { size } = await stat(join(folder, name));
  report('WebAssembly, brotli', `${size} bytes`, '<= 250000 bytes', size <= 250_000);
}

function table() {
  const columns = ['figure', 'goal', 'result', 'met'];
  const width = Object.fromEntries(columns.map((name) => [name, Math.max(name.length, ...rows.map((row) => row[name].length))]));
  const line = (row) => `| ${columns.map((name) => row[name].padEnd(width[name])).join(' | ')} |`;
  const heads = Object.fromEntries(columns.map((name) => [name, name]));
  const rule = Object.fromEntries(columns.map((name) => [name, '-'.repeat(width[name])]));
  return [heads, rule, ...rows].map(line).join('\n');
}

const server = await Server.create();
const stopped = (signal) => server.remove().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
process.once('SIGINT', stopped).once('SIGTERM', stopped);
try {
  await measure(server);
  console.log(`\n${availableParallelism()} processors, shared with the load client and Postgres\n\n${table()}`);
} finally {
  await server.remove();
}
