// What the same rows cost without us: pgbench runs the very statement with which the engine parks, on a second
// database of the same cluster, made by the same migrations.
import { execFile } from 'node:child_process';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HERE = dirname(fileURLToPath(import.meta.url));
const SQLX = resolve(HERE, '../../.sqlx');
const DATABASE = 'baseline';

/** The statement as sqlx keeps it: it cannot differ from what the server was compiled with. */
async function parkStatement() {
  const files = await Promise.all((await readdir(SQLX)).map((name) => readFile(join(SQLX, name), 'utf8')));
  const found = files.map((text) => JSON.parse(text)).filter(({ query }) => query.includes('INSERT INTO pending_actions'));
  if (found.length !== 1) throw new Error(`${found.length} statements write actions: which one parks?`);
  return { text: found[0].query, parameters: found[0].describe.parameters.Left.length };
}

export class Baseline {
  /** `sample`: an action that the server parked. Its row says what the rows shall hold. */
  static async create(server, sample) {
    const socket = await server.socket();
    await server.sql(`CREATE DATABASE ${DATABASE} OWNER countersign`);
    await server.command('migrate', '--database-url', `postgres://countersign@localhost/${DATABASE}?host=${socket}`);
    const read = async (query) => JSON.parse(await server.sql(`SELECT row_to_json(r) FROM (${query}) r`));
    const action = await read(`SELECT *, tool_args::text AS args_masked, tsvector_to_array(words)::text AS word_list, recipients::text AS recipient_list FROM pending_actions WHERE id = '${sample.id}'`);
    const event = await read(`SELECT *, event_metadata::text AS metadata FROM approval_events WHERE action_id = '${sample.id}'`);
    await server.sql(`INSERT INTO tools (name, risk_tier, reviewed) VALUES ('${action.tool_name}', '${action.risk_tier}', true)`, DATABASE);

    const baseline = new Baseline();
    Object.assign(baseline, { server, socket, values: values(action, event), rounds: 0, rows: 0 });
    baseline.script = join(server.dataDir, 'park.pgbench');
    await writeFile(baseline.script, await script(baseline.values));
    return baseline;
  }

  /** Parks with that many clients; answers what the load client answers. */
  async park(clients, seconds) {
    this.rounds += 1;
    const log = join(this.server.dataDir, `pgbench-${this.rounds}`);
    const given = Object.entries({ ...this.values, round: this.rounds, count: 0 }).filter(([, value]) => value !== null);
    const { stdout } = await run(
      join(process.env.POSTGRES_BIN, 'pgbench'),
      ['-n', '-M', 'prepared', '-c', clients, '-T', seconds, '-f', this.script, '-l', `--log-prefix=${log}`]
        .concat(given.flatMap(([name, value]) => ['-D', `${name}=${value}`]))
        .concat(['-h', this.socket, '-U', 'countersign', DATABASE])
        .map(String),
    );
    const files = (await readdir(this.server.dataDir)).filter((name) => name.startsWith(`pgbench-${this.rounds}.`));
    const times = [];
    for (const name of files) {
      const lines = (await readFile(join(this.server.dataDir, name), 'utf8')).trim().split('\n');
      // client, transaction, microseconds, script, when
      for (const line of lines) times.push(Number(line.split(' ')[2]) / 1000);
      await rm(join(this.server.dataDir, name));
    }
    // A statement that finds nothing to do is fast: each one must have left its action and its event.
    const rows = Number(await this.server.sql('SELECT least((SELECT count(*) FROM pending_actions), (SELECT count(*) FROM approval_events))', DATABASE));
    if (rows - this.rows < times.length) throw new Error(`pgbench ran ${times.length} statements and left ${rows - this.rows} rows`);
    this.rows = rows;
    times.sort((a, b) => a - b);
    const percentile = (share) => times[Math.min(times.length - 1, Math.floor((times.length * share) / 100))];
    const perSecond = Number(/tps = ([\d.]+)/.exec(stdout)[1]);
    return { count: times.length, per_second: perSecond, p50_ms: percentile(50), p99_ms: percentile(99) };
  }
}

/** The statement's parameters, in its order. Ids are made in the script: they differ from row to row. */
function values(action, event) {
  const text = (value) => JSON.stringify(value);
  const head =
    `{"action_id":${text(action.id)},"actor":${text(event.actor)},"event_id":${text(event.event_id)},` +
    `"event_metadata":${text(event.event_metadata)},"event_type":${text(event.event_type)},"occurred_at":"`;
  return {
    p2: action.tool_name,
    p3: 1,
    p4: 'false',
    p5: action.args_masked,
    p6: action.tool_args_text,
    p7: action.args_sha256,
    p8: action.agent_summary,
    p9: action.why,
    p10: action.evidence && text(action.evidence),
    p11: action.session_id,
    p12: action.agent_id,
    p13: action.agent_token_id,
    p14: action.status,
    p15: action.execution_state,
    p16: action.risk_tier,
    p17: action.pending_code,
    p18: action.pending_reason,
    p19: null,
    p20: action.decided_by,
    p21: action.decision_reason,
    p22: action.deduplication_key,
    p24: event.event_type,
    p25: event.actor,
    p26: event.metadata,
    p27: head,
    p28: '","reason":null,"rule_id":null}',
    // No token to verify: that is our work alone.
    p29: null,
    p30: action.word_list,
    p31: 1,
    // No rule stands in the way, and none is named.
    p32: null,
    p33: null,
    p34: action.pending_rule_id,
    p35: action.shape_sha256,
    p36: action.recipient_list,
    p37: null,
    p38: 48,
  };
}

async function script(given) {
  const { text, parameters } = await parkStatement();
  if (parameters !== 38) throw new Error('the statement that parks has other parameters: tell end2end/bench/baseline.mjs');
  const id = (fill) => `lpad(to_hex(:row::bigint), 32, '${fill}')::uuid`;
  const one = (number) => {
    if (number === 1) return id('0');
    if (number === 23) return id('1');
    return given[`p${number}`] === null ? 'NULL' : `:p${number}`;
  };
  const statement = text
    // In a script a colon before a letter is a variable, in a string as well.
    .replace(/'[^']*:[^']*'/g, (string) => `(${string.replaceAll(':', "' || chr(58) || '")})`)
    .replace(/\$(\d+)/g, (_, number) => one(Number(number)));
  // Every client writes at a place of its own in the index, as version 7 ids all do at one.
  return `\\set count :count + 1\n\\set row (:round << 48) + (:client_id << 36) + :count\n${statement};\n`;
}
