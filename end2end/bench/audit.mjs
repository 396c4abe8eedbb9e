// A long trail: verified, exported, and archived and purged while calls are parked. Its entries are written by SQL with the
// hashes that the program would give them; the program seals them.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** `count` entries as those of parked calls are, sealed. */
async function addTrail(server, count) {
  await server.sql(`
    INSERT INTO approval_events (event_id, action_id, event_type, actor, event_metadata, occurred_at, content_hash)
    SELECT e, a, 'action_parked', 'agent:bench', m::jsonb, at, encode(sha256(convert_to(
        '{"action_id":"' || a || '","actor":"agent:bench","event_id":"' || e || '","event_metadata":' || m
        || ',"event_type":"action_parked","occurred_at":"' || to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
        || '","reason":null,"rule_id":null}', 'UTF8')), 'hex')
    FROM generate_series(1, ${count}) n, LATERAL (SELECT gen_random_uuid() AS e, gen_random_uuid() AS a,
        now() - interval '400 days' + n * interval '1 second' AS at,
        '{"args_sha256":"' || encode(sha256(n::text::bytea), 'hex') || '","pending_code":"no_rule","risk_tier":"medium","session_id":"session-'
            || n / 20 || '","tool_name":"tool_' || n % 50 || '"}' AS m) t;
    INSERT INTO unsealed_events SELECT seq FROM approval_events e WHERE actor = 'agent:bench'
        AND NOT EXISTS (SELECT FROM event_seals s WHERE e.seq = ANY(s.event_seqs))`);
  for (let tries = 0; (await server.sql('SELECT count(*) FROM unsealed_events')) !== '0'; tries += 1) {
    if (tries > 600) throw new Error('the sealer does not get to its end');
    await sleep(500);
  }
  await server.sql('VACUUM ANALYZE approval_events');
}

/** Seconds of processor time that the server's own process has used. */
async function processorSeconds(server) {
  const stat = await readFile(`/proc/${server.child.pid}/stat`, 'utf8');
  const [utime, stime] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').slice(11, 13);
  return (Number(utime) + Number(stime)) / 100;
}

const ask = (server, token, path, init = {}) =>
  fetch(`http://${server.addr}/api/approvals${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });

const data = async (answer) => {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text}`);
  return JSON.parse(text).data;
};

async function verify(server, token, report) {
  const [before, resident] = [await processorSeconds(server), await server.residentMegabytes()];
  const found = await data(await ask(server, token, '/events/verify'));
  if (!found.whole) throw new Error(`the trail is not whole: ${found.faults[0]}`);
  const used = (await processorSeconds(server)) - before;
  const grown = (await server.residentMegabytes()) - resident;
  const perCore = found.events / used;
  const wall = Math.round(found.events / (found.milliseconds / 1_000));
  report(`Verify ${found.events} entries, each second of the server's processor time (by the clock ${wall} /s)`, `${Math.round(perCore)} /s`, '>= 200,000 /s', perCore >= 200_000);
  report('The memory that verifying leaves', `${grown.toFixed(0)} MB`, '< 40 MB', grown < 40);
}

async function exported(server, token, format, report) {
  const resident = await server.residentMegabytes();
  const started = performance.now();
  const answer = await ask(server, token, `/events/export?format=${format}&sort=seq`);
  let [rows, most] = [0, 0];
  for await (const piece of answer.body) {
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) rows += 1;
    if (rows % 50 === 0) most = Math.max(most, (await server.residentMegabytes()) - resident);
  }
  const perSecond = rows / ((performance.now() - started) / 1_000);
  report(`Export ${rows} rows as ${format} (at most ${most.toFixed(0)} MB more memory)`, `${Math.round(perSecond)} /s`, '>= 50,000 /s, < 40 MB', perSecond >= 50_000 && most < 40);
}

async function retention(server, token, admin, parks, report) {
  await server.sql(`ALTER TABLE event_seals DISABLE TRIGGER USER; UPDATE event_seals SET sealed_at = sealed_at - interval '366 days';
    ALTER TABLE event_seals ENABLE TRIGGER USER`);
  const alone = await parks();
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' };
  const { id } = await data(await ask(server, admin, '/retention/run', post));
  const started = performance.now();
  const during = [];
  let run;
  do {
    during.push(await parks());
    run = await data(await ask(server, token, `/retention/runs/${id}`));
    if (run.trouble) throw new Error(run.trouble);
  } while (run.state !== 'done');
  const took = ((performance.now() - started) / 1_000).toFixed(0);
  // The last round may have outlived the run.
  const counted = during.length > 1 ? during.slice(0, -1) : during;
  const ratio = counted.reduce((sum, one) => sum + one, 0) / counted.length / alone;
  report(`Parks while ${run.events_purged} entries are archived and purged (${took} s), of parks without`, ratio.toFixed(2), '>= 0.70', ratio >= 0.7);
  const found = await data(await ask(server, token, '/events/verify?archives=true'));
  if (!found.whole) throw new Error(`the trail is not whole after the run: ${found.faults[0]}`);
}

/** `parks`: parks for a while, and answers how many in a second. */
export async function audit(server, count, parks, report) {
  const token = await server.token('bench-auditor', 'audit:read');
  const admin = await server.token('bench-administrator', 'admin,audit:read', '--user', 'admin');
  await addTrail(server, count);
  await verify(server, token, report);
  for (const format of ['ndjson', 'csv']) await exported(server, token, format, report);
  await retention(server, token, admin, parks, report);
}
