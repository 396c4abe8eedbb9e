// A queue as it is on a good day, with an action in every state: what the look of the pages is judged by.
import { resolve } from 'node:path';

import type { Api, Call } from './api';
import { words } from './gateway';
import { python } from './mail';
import type { Server } from './server';

export interface Stage {
  low: string;
  medium: string;
  high: string;
  critical: string;
  deceptive: string;
  long: string;
  succeeded: string;
  failed: string;
  unknown: string;
  rejected: string;
  expired: string;
  waiting: string;
  edited: string;
  /** Standing rules. */
  rule: string;
  suspendedRule: string;
  revokedRule: string;
}

interface People {
  agent: Api;
  worker: Api;
  person: Api;
}

const SCHEMA = {
  type: 'object',
  properties: { channel: { type: 'string', pattern: '^#[a-z]+$' }, message: { type: 'string', maxLength: 4000 } },
  required: ['channel', 'message'],
};

const config = `
[tools.notify_channel]
risk_tier = "low"
executor = "worker"
[tools.send_email]
risk_tier = "high"
executor = "worker"
[tools.create_ticket]
risk_tier = "medium"
executor = "worker"
[tools.deploy_service]
risk_tier = "critical"
executor = "worker"
[tools.update_record]
risk_tier = "medium"
[tools.book_room]
risk_tier = "low"
executor = "worker"
[upstreams.files]
command = ${words(python(), resolve(import.meta.dirname, 'raw_upstream.py'), '/dev/null')}
pass = ["keep", "slow"]
[upstreams.mail]
command = ["/no/such/program"]
`;

const CALLS: Record<string, Call> = {
  deceptive: {
    tool_name: 'send_email',
    tool_args: { to: 'ana@partner\u200b.example', subject: 'Invoice \u202egnp.exe', body: 'Please open the attachment.' },
    agent_summary: 'Send the invoice to \u202eAna',
    session_id: 'billing-0412',
  },
  high: {
    tool_name: 'send_email',
    tool_args: {
      to: 'ana.lindqvist@partner.example',
      cc: ['finance@company.example'],
      subject: 'Quarterly numbers for the review on Thursday',
      body: 'Dear Ana,\n\nattached are the numbers for the third quarter. Revenue is 4.2 % above plan.\n\nBest regards\nThe reporting agent',
      attachments: [{ name: 'q3.pdf', bytes: 184223 }],
      smtp_password: 'never shown',
    },
    agent_summary: 'Send the quarterly numbers to Ana, as asked in the weekly review.',
    session_id: 'weekly-review-7f3',
    why: 'The review on Thursday needs the numbers a day before.',
    evidence: { asked_by: 'finance@company.example', thread: 'Q3 review' },
  },
  low: {
    tool_name: 'notify_channel',
    tool_args: { channel: '#ops', message: 'Nightly backup finished: 412 GB in 38 minutes.' },
    agent_summary: 'Tell #ops that the backup is done',
    session_id: 'nightly-backup',
  },
  critical: {
    tool_name: 'deploy_service',
    tool_args: { service: 'checkout', version: '2026.11.3', environment: 'production', replicas: 12, canary: true, previous: null },
    agent_summary: 'Roll out checkout 2026.11.3, whose tests are green',
    session_id: 'release-train-48',
  },
  medium: {
    tool_name: 'create_ticket',
    tool_args: { project: 'WEB', title: 'Login page is slow on mobile', priority: 2, labels: ['performance', 'mobile'] },
    agent_summary: 'File what three customers have reported',
    session_id: 'support-triage',
  },
  long: {
    tool_name: 'update_record',
    tool_args: { path: '/srv/reports/2026/q3/summary.md', text: 'All the words of a long report, line after line.\n'.repeat(300) },
    agent_summary: 'Replace the report by the corrected one, in which the totals of all regions were added up again after the currency rates had been late.',
    session_id: 'a-session-with-a-name-that-is-much-longer-than-what-fits-into-a-row',
  },
};

/** Rules in every state, none of which decides what is parked later. */
async function setRules(agent: Api, person: Api): Promise<Pick<Stage, 'rule' | 'suspendedRule' | 'revokedRule'>> {
  const record = (id: number) => ({ tool_name: 'update_record', tool_args: { id, state: 'closed' }, session_id: 'cleanup' });
  await person.makeRule({
    tool_name: 'send_email',
    description: 'Mail to the team',
    notes: 'Agreed with finance in the weekly review.',
    arg_constraints: { to: { type: 'email', domains: ['company.example'] }, subject: { type: 'any' }, body: { type: 'any' }, smtp_password: { type: 'any' } },
    max_uses: 50,
  });
  await person.makeRule({ tool_name: 'deploy_service', description: 'Never to production by night', effect: 'hold', arg_constraints: { environment: 'production', night: true } });
  const closing = await person.makeRule({
    tool_name: 'update_record',
    description: 'Close records of the old project',
    arg_constraints: { id: { type: 'range', min: 100, max: 104 }, state: { type: 'one_of', values: ['closed', 'archived'] } },
    max_uses: 6,
  });
  for (const id of [100, 101, 102, 103, 104]) await agent.park(record(id));
  await person.makeRule({ tool_name: 'update_record', description: 'Close record 9, once', arg_constraints: { id: 9 }, max_uses: 1 });
  await agent.park(record(9));
  await person.makeRule({ tool_name: 'create_ticket', description: 'All tickets', arg_constraints: {}, confirm_broad: true, max_uses: 100 });
  const old = await person.makeRule({ tool_name: 'send_email', description: 'Everybody at partner.example', arg_constraints: { to: { type: 'pattern', value: '*@partner.example' } }, max_uses: 100 });
  await person.revokeRule(old.id, 'Too broad: it let a mail to a mailing list pass');
  const suspended = await person.makeRule({ tool_name: 'notify_channel', description: 'News of the night', arg_constraints: { channel: '#nights' } });
  return { rule: closing.id, suspendedRule: suspended.id, revokedRule: old.id };
}

async function set(server: Server, { agent, worker, person }: People): Promise<Stage> {
  const ids: Partial<Stage> = {};
  const tell = (channel: string): Call => ({ ...CALLS.low, tool_args: { channel, message: 'The weekly report is out.' } });
  const parked = async (call: Call) => (await agent.park(call)).id;

  Object.assign(ids, await setRules(agent, person));

  ids.rejected = await parked({ ...CALLS.high, agent_summary: 'Send the numbers to a new address' });
  await person.reject(ids.rejected, 'Wrong recipient: Ana has moved to the other team');

  ids.succeeded = await parked(tell('#reports'));
  await person.approve(ids.succeeded);
  const first = await worker.claim(['notify_channel']);
  await worker.report(first!.attempt, { success: true, result: { message_id: 'm-1042', delivered: true } });

  ids.failed = await parked(tell('#archive'));
  await person.approve(ids.failed, { note: 'fine' });
  const second = await worker.claim(['notify_channel']);
  await worker.report(second!.attempt, { success: false, error: 'channel_is_archived: #archive takes no messages' });

  ids.unknown = await parked(tell('#finance'));
  await person.approve(ids.unknown);
  await worker.claim(['notify_channel'], 5);
  await agent.wait(ids.unknown, 20, 'executed');

  ids.waiting = await parked({ tool_name: 'update_record', tool_args: { id: 7, state: 'closed' }, session_id: 'cleanup' });
  await person.approve(ids.waiting);

  const draft = await agent.park({ ...CALLS.high, agent_summary: 'Send the numbers, with a long copy list' });
  const { cc: _, ...kept } = draft.tool_args;
  const edited_args = { ...kept, to: 'ana@partner.example', body: `${kept.body}\n`, priority: 1 };
  await person.approve(draft.id, { args_sha256: draft.args_sha256, edited_args });
  ids.edited = draft.id;

  ids.expired = await parked(tell('#nobody'));
  await server.moveDeadline(ids.expired, -1);
  await person.expireStale();

  // The same again and again: offered as a rule, and a group of what waits.
  const room = (day: number): Call => ({
    tool_name: 'book_room',
    tool_args: { address: 'Northern Lights, 2nd floor', day: `2026-12-${String(day).padStart(2, '0')}` },
    agent_summary: `Book the large room for the stand-up of December ${day}`,
    session_id: 'office-manager',
  });
  for (let day = 1; day <= 6; day++) await person.approve(await parked(room(day)));
  for (let day = 7; day <= 10; day++) await parked(room(day));

  for (const name of ['deceptive', 'high', 'low', 'critical', 'medium', 'long'] as const) ids[name] = await parked(CALLS[name]);
  // One tool in each way of being gated.
  await person.tool('create_ticket', 'pause', { reason: 'The tracker moves to another host tonight' });
  await person.settleTool('notify_channel', { input_schema: SCHEMA, sensitive_args: ['audience'], secret_args: ['webhook key'] });
  await person.tool('notify_channel', 'bypass', { hours: 8, reason: 'Load test of the night shift' });
  // Time left in every colour.
  await server.moveDeadline(ids.high!, 100 * 60);
  await server.moveDeadline(ids.medium!, 3 * 3600);
  return ids as Stage;
}

export const stage = { config, set };
