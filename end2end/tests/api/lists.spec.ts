// A list holds what was asked for, all of it, and nothing that is masked is found.
import { ADMIN } from '../../support/server';
import { expect, test } from '../../support/test';
import { ACTIONS, approve, ask, claim, count, each, park, report, times } from './kit';

test('every filter narrows the list, and together they narrow it further', async ({ server }) => {
  const ana = await server.token('lists-ana', ['actions:read', 'decisions:write'], ADMIN);
  const mailer = await server.token('lists-mailer', ['actions:submit']);
  const payer = await server.token('lists-payer', ['actions:submit']);
  const mail = await park(server, mailer, {
    tool_name: 'lists_mail',
    tool_args: { to: 'ana.lindqvist@partner.example', api_key: 'canary-91c2f7' },
    session_id: 'lists-1',
    agent_summary: 'Send the figures; the key is canary-91c2f7',
  });
  const pay = await park(server, payer, { tool_name: 'lists_pay', tool_args: { amount: 4200.5 }, session_id: 'lists-1' });
  const soon = await park(server, payer, { tool_name: 'lists_pay', tool_args: { amount: 7 }, expires_in_hours: 3 });
  await approve(server, ana, pay.id);

  const ids = async (query: string) => {
    const answer = await ask(server, 'GET', `${ACTIONS}?${query}`, { token: ana });
    expect(answer.status, `${query}: ${answer.text}`).toBe(200);
    return answer.data.map((action: { id: string }) => action.id);
  };
  expect(await ids('session_id=lists-1')).toEqual([mail.id, pay.id]);
  expect(await ids('session_id=lists-1&status=approved')).toEqual([pay.id]);
  expect(await ids('tool_name=lists_pay')).toEqual([pay.id, soon.id]);
  expect(await ids('agent=lists-payer&sort=-requested_at')).toEqual([soon.id, pay.id]);
  expect(await ids('agent=lists-payer&risk_tier=critical')).toEqual([]);
  expect(await ids('tool_name=lists_pay&expiring_within_hours=4')).toEqual([soon.id]);
  expect(await ids('q=lindqvist')).toEqual([mail.id]);
  expect(await ids('q=LIND+figur')).toEqual([mail.id]);
  expect(await ids('q=4200&tool_name=lists_pay')).toEqual([pay.id]);
  expect(await ids(`since=${encodeURIComponent(soon.requested_at)}&agent=lists-payer`)).toEqual([soon.id]);
  expect(await ids(`until=${encodeURIComponent(soon.requested_at)}&agent=lists-payer`)).toEqual([pay.id]);
  for (const hidden of ['canary', '91c2f7', 'canary-91c2f7', 'redacted']) expect(await ids(`q=${hidden}`), hidden).toEqual([]);
});

test('a filter that is not understood is refused by name', async ({ server, person }) => {
  for (const [query, name] of [
    ['risk_tier=severe', 'risk_tier'],
    ['since=2026-11-25', 'since'],
    ['until=2027-02-30T00:00:00Z', 'until'],
    ['q=%3F', 'q'],
    ['expiring_within_hours=soon', 'expiring_within_hours'],
    ['rule_id=7', 'rule_id'],
    ['tool=send_email', 'tool'],
  ]) {
    const answer = await ask(server, 'GET', `${ACTIONS}?${query}`, { token: person.token });
    expect([answer.status, answer.code], query).toEqual([422, 'invalid_request']);
    expect(answer.json.errors.map((error: { pointer: string }) => error.pointer), query).toEqual([name]);
  }
});

test('what has ended is listed with its outcome, and its pages have no gaps', async ({ server }) => {
  const ana = await server.token('ended-ana', ['actions:read', 'decisions:write'], ADMIN);
  const agent = await server.token('ended-agent', ['actions:submit']);
  const worker = await server.token('ended-worker', ['actions:execute']);
  const parked = await each(times(7), 1, (at) => park(server, agent, { tool_name: 'ended', tool_args: { at } }));
  for (const action of parked) await approve(server, ana, action.id);
  for (const at of times(6)) {
    const { attempt } = (await claim(server, worker, ['ended'])).data;
    await report(server, worker, attempt, at % 2 ? { success: true } : { success: false, error: 'no' });
  }
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page = await ask(server, 'GET', `${ACTIONS}/executed?tool_name=ended&limit=4${cursor && `&cursor=${cursor}`}`, { token: ana });
    expect(page.json.meta.total).toBe(6);
    for (const action of page.data) {
      expect(action.execution_result.success).toBe(action.execution_state === 'succeeded');
      seen.push(action.id);
    }
    cursor = page.json.meta.next_cursor;
  }
  expect(seen).toEqual(parked.slice(0, 6).map((action) => action.id).reverse());
  expect(await count(server, agent)).toBe(7);
});
