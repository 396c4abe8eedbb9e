// The gateway before an MCP server that nobody here wrote: what it adds to a call that passes, and what calls that wait cost.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const EVERYTHING = join(dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/package.json')), 'dist/index.js');
const PROTOCOL = '2025-11-25';
const CALLS = 400;
const WAITING = 500;
/** A connection of Postgres that has nothing to do tells what it did up to ten seconds later. */
const COUNTED_LATE = 12_000;

/** Milliseconds of one call, the added p50 and p99, megabytes and transactions a second of calls that wait. */
export async function throughGateway(server, freePort) {
  const port = await freePort();
  const upstream = spawn(process.execPath, [EVERYTHING, 'streamableHttp'], { env: { PATH: process.env.PATH, PORT: String(port) }, stdio: 'ignore' });
  const direct = `http://127.0.0.1:${port}/mcp`;
  const config = join(server.dataDir, 'countersign.toml');
  try {
    while (!(await fetch(direct).catch(() => undefined))) await sleep(50);
    await writeFile(config, `[upstreams.everything]\nurl = "${direct}"\npass = ["echo"]\nhold_seconds = 120\n`);
    await server.stop();
    await server.start();
    const token = await server.token('bench-gateway', 'actions:submit,actions:read');
    const gateway = client(`http://${server.addr}/mcp/everything`, { authorization: `Bearer ${token}` });
    const alone = client(direct);
    for (const one of [gateway, alone]) await shaken(one);
    const added = await compare(alone, gateway);
    return { ...added, ...(await waiting(server, gateway)) };
  } finally {
    await writeFile(config, '');
    const ended = once(upstream, 'exit');
    upstream.kill();
    await ended;
    await server.stop();
    await server.start();
  }
}

/** A client as the protocol wants it: it says which revision it speaks, and an upstream may do more for a newer one. */
function client(url, more = {}) {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': PROTOCOL, ...more };
  return async (method, params, signal) => {
    const answer = await fetch(url, { method: 'POST', headers, signal, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
    if (answer.headers.has('mcp-session-id')) headers['mcp-session-id'] = answer.headers.get('mcp-session-id');
    const text = await answer.text();
    if (!answer.ok || text.includes('"error"')) throw new Error(`${url}: ${answer.status} ${text}`);
    return text;
  };
}

async function shaken(call) {
  for (let tried = 0; ; tried += 1) {
    try {
      return await call('initialize', { protocolVersion: PROTOCOL, capabilities: {}, clientInfo: { name: 'bench', version: '1' } });
    } catch (error) {
      if (tried === 100) throw error;
      await sleep(100);
    }
  }
}

/** In turns, so that both meet the same machine. */
async function compare(alone, gateway) {
  const took = { alone: [], gateway: [] };
  for (let count = -40; count < CALLS; count += 1) {
    for (const [name, call] of [['alone', alone], ['gateway', gateway]]) {
      const begun = performance.now();
      await call('tools/call', { name: 'echo', arguments: { message: 'hello' } });
      if (count >= 0) took[name].push(performance.now() - begun);
    }
  }
  const at = (name, part) => took[name].toSorted((a, b) => a - b)[Math.floor(took[name].length * part)];
  return { alone: at('alone', 0.5), added: at('gateway', 0.5) - at('alone', 0.5), added99: at('gateway', 0.99) - at('alone', 0.99) };
}

async function waiting(server, gateway) {
  const before = await server.residentMegabytes();
  await sleep(COUNTED_LATE);
  const idle = await transactions(server);
  const stop = new AbortController();
  const calls = Array.from({ length: WAITING }, (_, n) => gateway('tools/call', { name: 'get-sum', arguments: { a: n, b: 1 } }, stop.signal).catch(() => undefined));
  while (Number(await server.sql("SELECT count(*) FROM pending_actions WHERE tool_name = 'everything/get-sum' AND status = 'pending'")) < WAITING) await sleep(200);
  // The last of them is parked; each then looks once more, and sleeps.
  await sleep(COUNTED_LATE);
  const megabytes = (await server.residentMegabytes()) - before;
  const busy = await transactions(server);
  stop.abort();
  await Promise.all(calls);
  return { megabytes, transactions: busy - idle };
}

/** Transactions a second, over some seconds. */
async function transactions(server) {
  const committed = () => server.sql('SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()');
  const before = Number(await committed());
  await sleep(6_000);
  return (Number(await committed()) - before) / 6;
}
