// Every SQL block and every curl line of the operators' runbook, run as it is printed, against data whose answer is known.
import type { Api } from '../../support/api';
import { blocks, commands, shell, statements, type Block } from '../../support/runbook';
import type { Server } from '../../support/server';
import { expect, test } from '../../support/test';

const config = `
sweep_seconds = 3600
[tools.send_email]
risk_tier = "medium"
executor = "worker"
[tools.notify_channel]
risk_tier = "low"
executor = "worker"
`;

test.use({ serverOptions: { config } });
test.describe.configure({ mode: 'serial' });

/** What the operators find on this morning. */
interface Morning {
  waiting: string[];
  soon: string;
  late: string;
  failed: string;
  used: string;
  unused: string;
}

let morning: Morning;
let at: { port: string; token: string };

const mail = (to: string) => ({ tool_name: 'send_email', tool_args: { to, subject: 'x' }, agent_summary: `Mail to ${to}` });

async function run(agent: Api, worker: Api, person: Api, success: boolean, error?: string): Promise<string> {
  const { id } = await agent.park(mail('run@a.example'));
  await person.approve(id);
  const claim = await worker.claim(['send_email']);
  await worker.report(claim!.attempt, success ? { success, result: 'sent' } : { success, error: error! });
  return id;
}

test.beforeAll(async ({ server, agent, worker, person }) => {
  await run(agent, worker, person, true);
  const failed = await run(agent, worker, person, false, 'mailbox full');
  await person.reject((await agent.park(mail('no@a.example'))).id, 'Wrong recipient');
  const used = await person.makeRule({ tool_name: 'send_email', description: 'News', arg_constraints: { to: 'news@a.example', subject: '*' }, max_uses: 5 });
  await agent.park(mail('news@a.example'));
  const unused = await person.makeRule({ tool_name: 'notify_channel', description: 'Ops', arg_constraints: { channel: '#ops' } });
  const waiting = [];
  for (const to of ['a', 'b', 'c']) waiting.push((await agent.park(mail(`${to}@a.example`))).id);
  await server.moveDeadline(waiting[1], 3_600);
  const late = (await agent.park(mail('late@a.example'))).id;
  await server.moveDeadline(late, -1);
  morning = { waiting, soon: waiting[1], late, failed, used: used.id, unused: unused.id };
  at = { port: new URL(server.url).port, token: await server.token('runbook', ['actions:read', 'actions:expire', 'metrics:read', 'rules:read', 'rules:write'], 'admin') };
});

const rows = async (server: Server, statement: string) => (await server.sql(statement)).split('\n').filter(Boolean).map((line) => line.split('|'));

/** A block, and what running it must show. Each is found by its heading and language, in the runbook's order. */
type Check = (block: Block, server: Server) => Promise<void>;

const json = async (block: Block, place = 0) => JSON.parse(await shell(commands(block)[place], at));

const CHECKS: Record<string, Check[]> = {
  'Morning Review, bash': [async (block) => expect(await json(block)).toBe(4)],
  'Rule Hygiene, bash': [
    async (block) => {
      const told = await shell(commands(block)[0], at);
      const rules = JSON.parse(`[${told.replaceAll('}\n{', '},{')}]`);
      expect(rules).toEqual([
        { id: morning.unused, description: 'Ops', use_count: 0, max_uses: null },
        { id: morning.used, description: 'News', use_count: 1, max_uses: 5 },
      ]);
    },
  ],
  // The spliced "Monthly audit": its statement is the triage of a backlog.
  'Rule Hygiene, sql': [
    async (block, server) => {
      const found = await rows(server, statements(block)[0]);
      expect(found.map(([id, tool]) => [id, tool])).toEqual([...morning.waiting, morning.late].map((id) => [id, 'send_email']));
    },
  ],
  'High: Auto-approval rate drop (< 30%), sql': [async (block, server) => expect(await rows(server, statements(block)[0])).toEqual([['send_email', '4', '1']])],
  'Medium: Execution failure spike (> 10% failure rate), sql': [async (block, server) => expect(await rows(server, statements(block)[0])).toEqual([['send_email', '1']])],
  'Database Maintenance, sql': [
    async (block, server) => {
      // As printed it names columns that PostgreSQL calls otherwise.
      const [statement] = statements(block);
      await expect(server.sql(statement)).rejects.toThrow(/column "tablename" does not exist/);
      const named = statement.replaceAll('tablename', 'relname').replaceAll('indexname', 'indexrelname');
      const used = await rows(server, named);
      expect(used.map(([, table]) => table)).toEqual(expect.arrayContaining(['pending_actions', 'approval_rules', 'approval_events']));
      expect(used.length).toBeGreaterThan(10);
    },
    async (block, server) => {
      expect(statements(block)).toHaveLength(3);
      for (const statement of statements(block)) await server.sql(statement);
      expect(await server.sql(`SELECT count(*) FROM pg_stat_user_tables WHERE relname IN ('pending_actions', 'approval_rules', 'approval_events') AND last_vacuum IS NOT NULL AND last_analyze IS NOT NULL`)).toBe('3');
    },
    async (block, server) => {
      const sizes = await rows(server, statements(block)[0]);
      expect(sizes.map(([table]) => table).sort()).toEqual(['approval_events', 'approval_rules', 'pending_actions']);
      for (const [, ...size] of sizes) for (const told of size) expect(told).toMatch(/^\d+ (bytes|kB|MB)$/);
    },
  ],
  'Problem: Pending actions not appearing in frontend, bash': [async (block) => expect((await json(block)).data.length).toBeGreaterThanOrEqual(7)],
  'Problem: Rule not matching expected actions, sql': [
    async (block, server) => {
      const [statement] = statements(block);
      expect(await rows(server, statement.replace('<rule_id>', morning.used))).toHaveLength(1);
    },
  ],
  'Problem: High approval latency, sql': [
    async (block, server) => expect(await server.sql(statements(block)[0])).toBe('4'),
    // Approved and run is `executed`: what is counted here waits for its run, or was rejected.
    async (block, server) => {
      const days = await rows(server, statements(block)[0]);
      expect(days.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(2);
    },
  ],
  'Problem: High approval latency, bash': [async (block) => expect((await json(block)).data).toMatchObject({ total_pending: 4, total_rejected_today: expect.any(Number) })],
  'Problem: Execution errors after approval, sql': [
    async (block, server) => {
      const [[id, tool, result]] = await rows(server, statements(block)[0]);
      expect([id, tool, JSON.parse(result)]).toEqual([morning.failed, 'send_email', expect.objectContaining({ success: false, error: 'mailbox full' })]);
    },
  ],
  'Common Commands, bash': [
    async (block) => {
      expect(commands(block)).toHaveLength(5);
      expect(await json(block, 0)).toBe(4);
      expect((await json(block, 1)).data.map(({ id }: { id: string }) => id)).toEqual([...morning.waiting, morning.late]);
      expect(await json(block, 2)).toMatchObject({ data: { expired_count: 1, expired_ids: [morning.late] } });
      expect((await json(block, 3)).data.map(({ id }: { id: string }) => id)).toEqual([morning.unused, morning.used]);
      expect(await json(block, 4)).toMatchObject({ data: { total_pending: 3, total_expired_today: 1 } });
    },
  ],
  'Common SQL Queries, sql': [
    async (block, server) => {
      const [byTool, soon, used, failures] = statements(block);
      expect(await rows(server, byTool)).toEqual([['send_email', '3']]);
      expect((await rows(server, soon)).map(([id]) => id)).toEqual([morning.soon]);
      expect(await rows(server, used)).toEqual([[morning.used, 'News', '1', '5'], [morning.unused, 'Ops', '0', '']]);
      expect(await rows(server, failures)).toEqual([['send_email', 'mailbox full', '1']]);
    },
  ],
  // By now nothing is stale any more.
  'Expiry Management, bash': [
    async (block) => expect(await json(block)).toMatchObject({ data: { expired_count: 0 } }),
    async (block) => expect(await json(block)).toMatchObject({ data: { expired_count: 0, expired_ids: [] } }),
  ],
  'Rule Revocation, bash': [
    async (block, server) => {
      const told = JSON.parse(await shell(commands(block)[0], { ...at, ruleId: morning.used }));
      expect(told.data).toMatchObject({ state: 'revoked', active: false, use_count: 1, revoked_reason: 'No longer needed' });
      expect(await server.sql(`SELECT count(*) FROM approval_rules WHERE id = '${morning.used}' AND revoked_at IS NOT NULL`)).toBe('1');
      await expect(shell(commands(block)[0], { ...at, ruleId: morning.used })).rejects.toMatchObject({ stdout: expect.stringContaining('already_revoked') });
    },
  ],
};

/** What is not run, and why. */
const LEFT_OUT: Record<string, string> = {
  'Audit Log Retention, sql': 'archiving and purging events is done by retention runs: nobody deletes from the trail by hand',
  'Audit Log Retention, toml': 'a schedule of another system: retention runs by itself',
  'Expiry Management, toml': 'a schedule of another system: the sweep runs by itself, and the cron line above is run',
  'Problem: Rule not matching expected actions, python': 'a function of another system: its place is taken by "Try a call" and `POST /rules/test`',
};

const named = ({ heading, language }: Block) => `${heading}, ${language}`;

for (const [name, checks] of Object.entries(CHECKS)) {
  test(`${name}: ${checks.length === 1 ? 'the block does' : `all ${checks.length} blocks do`} what the runbook says`, async ({ server }) => {
    const found = blocks().filter((block) => named(block) === name);
    expect(found).toHaveLength(checks.length);
    for (const [place, check] of checks.entries()) await check(found[place], server);
  });
}

test('no block of the runbook is left out but for a reason', () => {
  for (const block of blocks()) expect(named(block) in CHECKS || named(block) in LEFT_OUT, named(block)).toBe(true);
});

test('the spliced monthly audit lists every rule, and the triage of failures tells them by tool and error', async ({ server, person }) => {
  const inventory = await person.send('GET', '/rules/export?format=csv');
  expect(inventory.status).toBe(200);
  const [head, ...lines] = inventory.text.trim().split(/\r?\n/);
  for (const column of ['id', 'tool_name', 'description', 'created_at', 'expires_at', 'max_uses', 'use_count', 'active']) expect(head.split(',')).toContain(column);
  expect(lines.map((line) => line.split(',')[0])).toEqual([morning.unused, morning.used]);
  const failures = await server.sql(`SELECT tool_name, execution_result->>'error', count(*) FROM pending_actions WHERE execution_result->>'success' = 'false' AND executed_at > now() - interval '24 hours' GROUP BY 1, 2`);
  expect(failures).toBe('send_email|mailbox full|1');
});
