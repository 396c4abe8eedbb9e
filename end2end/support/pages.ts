// Every page and state of the console, by name: how somebody who has signed in gets there. What looks at all of them
// (the tests of the look, the screenshots) shares this list.
import type { Page } from '@playwright/test';

import { submit, visit } from './browser';
import type { Stage } from './stage';

export const PAGES: Record<string, (page: Page, scene: Stage) => Promise<unknown>> = {
  'the queue': (page) => visit(page, '/approvals'),
  'an empty list': (page) => visit(page, '/approvals?status=withdrawn'),
  'a list of outcomes': (page) => visit(page, '/approvals?status=all'),
  'a filter that is none': (page) => visit(page, '/approvals?status=nonsense'),
  'a call of low risk': (page, scene) => visit(page, `/approvals/${scene.low}`),
  'a deceptive call': (page, scene) => visit(page, `/approvals/${scene.deceptive}`),
  'a long call, unfolded': async (page, scene) => {
    await visit(page, `/approvals/${scene.long}`);
    await page.locator('.detail summary', { hasText: /more characters/ }).first().click();
    await page.getByRole('link', { name: /more characters/ }).first().waitFor();
  },
  'all values of a call': (page, scene) => page.goto(`/approvals/${scene.long}/full?of=arguments`),
  'all of a long text': (page, scene) => page.goto(`/approvals/${scene.long}/full?of=arguments&place=1`),
  'rows that are selected': async (page) => {
    await visit(page, '/approvals');
    for (const box of (await page.getByRole('checkbox').all()).slice(0, 3)) await box.check();
  },
  'what a decision on many did not touch': async (page) => {
    await visit(page, '/approvals');
    for (const box of (await page.getByRole('checkbox').all()).slice(0, 2)) await box.check();
    await page.locator('.bulk summary', { hasText: 'Reject' }).click();
    await page.locator('.bulk').getByRole('button', { name: 'Reject' }).click();
    await page.getByText('The reason is missing').waitFor();
  },
  'the second look at a call of high risk': async (page, scene) => {
    await visit(page, `/approvals/${scene.high}`);
    await page.locator('.detail summary', { hasText: 'Approve' }).click();
  },
  'the name of a critical call, to be typed': async (page, scene) => {
    await visit(page, `/approvals/${scene.critical}`);
    await page.locator('.detail summary', { hasText: 'Approve' }).click();
  },
  'a rejection': async (page, scene) => {
    await visit(page, `/approvals/${scene.low}`);
    await page.locator('.detail summary', { hasText: 'Reject' }).click();
  },
  'more time for a call': async (page, scene) => {
    await visit(page, `/approvals/${scene.low}`);
    await page.locator('.detail summary', { hasText: 'Extend' }).click();
  },
  'the filter': async (page) => {
    await visit(page, '/approvals');
    await page.keyboard.press('/');
    await page.getByRole('dialog', { name: 'Show only actions' }).waitFor();
  },
  'a narrowed list': (page) => visit(page, '/approvals?status=all&q=an&expiring_within_hours=8000'),
  'a search that finds nothing': (page) => visit(page, '/approvals?q=nothingofthekind'),
  'a call that has succeeded': (page, scene) => visit(page, `/approvals/${scene.succeeded}`),
  'a call that has failed': async (page, scene) => {
    await visit(page, `/approvals/${scene.failed}`);
    await page.locator('.detail summary', { hasText: 'Settle' }).click();
  },
  'a call whose outcome is unknown': async (page, scene) => {
    await visit(page, `/approvals/${scene.unknown}`);
    await page.locator('.detail summary', { hasText: 'Settle' }).click();
  },
  'a call that was rejected': (page, scene) => visit(page, `/approvals/${scene.rejected}`),
  'a call that has expired': (page, scene) => visit(page, `/approvals/${scene.expired}`),
  'a call that was edited': (page, scene) => visit(page, `/approvals/${scene.edited}`),
  'the form for an edit': (page, scene) => page.goto(`/approvals/${scene.high}/edit`),
  'the form for an edit of a deceptive call': (page, scene) => page.goto(`/approvals/${scene.deceptive}/edit`),
  'the form for an edit of a long call': (page, scene) => page.goto(`/approvals/${scene.long}/edit`),
  'an edit with a field to mend': async (page, scene) => {
    await page.goto(`/approvals/${scene.critical}/edit`);
    await page.locator('.field', { hasText: 'replicas' }).locator('input').fill('12a');
    await submit(page, page.getByRole('button', { name: 'Show what changes' }));
    await page.getByRole('alert').waitFor();
  },
  'what an edit of a critical call changes': async (page, scene) => {
    await page.goto(`/approvals/${scene.critical}/edit`);
    await page.locator('.field', { hasText: 'replicas' }).locator('input').fill('2');
    await page.locator('.field', { hasText: 'canary' }).locator('select').selectOption('false');
    await submit(page, page.getByRole('button', { name: 'Show what changes' }));
    await page.getByRole('button', { name: 'Approve with these arguments' }).waitFor();
  },
  'an edit that is too late': (page, scene) => page.goto(`/approvals/${scene.rejected}/edit`),
  'an action that is none': (page) => visit(page, '/approvals/no-such-action'),
  'the trail': (page) => page.goto('/audit'),
  'the trail, verified': async (page) => {
    await page.goto('/audit');
    await submit(page, page.getByRole('button', { name: 'Verify now' }));
    await page.getByText('Verified to').first().waitFor();
  },
  'the trail about one call': (page, scene) => page.goto(`/audit?action_id=${scene.failed}&sort=seq`),
  'the trail of a filter that holds nothing': (page) => page.goto('/audit?actor=human:nobody'),
  'the trail of a filter that is none': (page) => page.goto('/audit?event_type=nonsense'),
  'an entry of the trail': async (page) => {
    await page.goto('/audit?event_type=tool_changed');
    await page.locator('tbody tr').first().getByRole('link').first().click();
    await page.getByText('What changed').waitFor();
  },
  'an entry with a reason': async (page, scene) => {
    await page.goto(`/audit?action_id=${scene.rejected}`);
    await page.locator('tbody tr').first().getByRole('link').first().click();
    await page.getByText('Content hash').waitFor();
  },
  'an entry that is none': (page) => page.goto('/audit/999999999'),
  'the tools': (page) => page.goto('/tools'),
  'tools of a filter that holds none': (page) => page.goto('/tools?name=nothing&gating=blocked'),
  'tools of a filter that is none': (page) => page.goto('/tools?gating=nonsense'),
  'a tool': (page) => page.goto('/tools/update_record'),
  'a tool, every form of it open': async (page) => {
    await page.goto('/tools/send_email');
    for (const verb of ['Pause', 'Block', 'Bypass']) await page.locator('summary', { hasText: verb }).click();
  },
  'a paused tool': (page) => page.goto('/tools/create_ticket'),
  'an open tool with a schema': (page) => page.goto('/tools/notify_channel'),
  'a tool that is none': (page) => page.goto('/tools/no-such-tool'),
  'what waits in groups': (page) => page.goto('/approvals/groups'),
  'what waits in groups, to be rejected': async (page) => {
    await page.goto('/approvals/groups');
    await page.locator('summary', { hasText: 'Reject' }).first().click();
  },
  'the rules': (page) => page.goto('/approvals/rules'),
  'the rules that have ended': (page) => page.goto('/approvals/rules?active=false'),
  'rules of a filter that holds none': (page) => page.goto('/approvals/rules?tool_name=nothing&hygiene=unused'),
  'rules of a filter that is none': (page) => page.goto('/approvals/rules?state=nonsense'),
  'a rule': (page, scene) => page.goto(`/approvals/rules/${scene.rule}`),
  'a rule, to be revoked, with its replay': async (page, scene) => {
    await page.goto(`/approvals/rules/${scene.rule}?replay=30`);
    await page.locator('summary', { hasText: 'Revoke' }).click();
  },
  'a rule that is suspended': (page, scene) => page.goto(`/approvals/rules/${scene.suspendedRule}`),
  'a rule that was revoked': (page, scene) => page.goto(`/approvals/rules/${scene.revokedRule}`),
  'a call tried on a rule': async (page, scene) => {
    await page.goto(`/approvals/rules/${scene.rule}`);
    await page.getByLabel('Its arguments').fill('{"id": 7, "state": "closed", "force": true}');
    await submit(page, page.getByRole('button', { name: 'Try it' }));
    await page.getByText('The call does not fit this rule.').waitFor();
  },
  'a rule that is none': (page) => page.goto('/approvals/rules/no-such-rule'),
  'the sheet of a rule from a call': (page, scene) => page.goto(`/approvals/${scene.high}/rule`),
  'the sheet of a rule from a critical call': (page, scene) => page.goto(`/approvals/${scene.critical}/rule`),
  'the sheet of a rule from a call that was rejected': (page, scene) => page.goto(`/approvals/${scene.rejected}/rule`),
  'a sheet with things to mend': async (page, scene) => {
    await page.goto(`/approvals/${scene.high}/rule`);
    await page.getByLabel('Description').fill('');
    await page.locator('.field', { hasText: 'cc' }).locator('select').selectOption('this expression');
    await page.locator('.field', { hasText: 'cc' }).locator('textarea').fill('(');
    await submit(page, page.getByRole('button', { name: 'Check' }).last());
    await page.getByRole('alert').waitFor();
  },
  'the tools that a rule can be for': (page) => page.goto('/approvals/rules/new'),
  'the sheet of a rule by hand': (page) => page.goto('/approvals/rules/new?tool=notify_channel'),
  'the sheet of a rule that narrows nothing': async (page) => {
    await page.goto('/approvals/rules/new?tool=update_record');
    await page.getByLabel('Description').fill('All records');
    await submit(page, page.getByRole('button', { name: 'Check' }).last());
    await page.getByText('It narrows nothing').waitFor();
  },
  'the sheet of a rule in the place of one': (page, scene) => page.goto(`/approvals/rules/${scene.rule}/replace`),
  'the metrics': (page) => page.goto('/approvals/metrics'),
  'the metrics of a month, with exact values': async (page) => {
    await page.goto('/approvals/metrics?days=30');
    await page.locator('.charts summary').first().click();
  },
  'the metrics, a tool of an incident to be paused': async (page) => {
    await page.goto('/approvals/metrics');
    await page.locator('.incidents summary', { hasText: 'Pause' }).first().click();
  },
  'the runs that failed': (page) => page.goto('/approvals/metrics/failed'),
  'the runs that failed, of a filter that holds none': (page) => page.goto('/approvals/metrics/failed?tool_name=nothing'),
  'the metrics of a range that is none': (page) => page.goto('/approvals/metrics?days=8'),
  'the keyboard help': async (page) => {
    await visit(page, '/approvals');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  },
  'the dialog for stale actions': async (page) => {
    await visit(page, '/approvals');
    await page.getByRole('button', { name: 'Expire stale' }).click();
  },
  'the REST interface': (page) => page.goto('/api/docs'),
  'the REST interface, a route and a type unfolded': async (page) => {
    await page.goto('/api/docs#approve_action');
    await page.locator('#approve_action').getByRole('link', { name: 'ApproveBody' }).click();
    await page.locator('#type-ApproveBody').waitFor();
  },
  'the settings': (page) => page.goto('/settings'),
  'the policy': (page) => page.goto('/settings/policy'),
  'the alerts': (page) => page.goto('/settings/alerts'),
  'the alerts, with an endpoint': async (page) => {
    await page.goto('/settings/alerts');
    await page.getByLabel('Name').fill('ops');
    await page.getByLabel('URL').fill('https://hooks.example.com/services/T0123/B0456/abcdefghijkl');
    await submit(page, page.getByRole('button', { name: 'Add an endpoint' }));
    await submit(page, page.getByRole('button', { name: 'Send a test: ops' }));
  },
  'the database': (page) => page.goto('/settings/database'),
  'the people': (page) => page.goto('/settings/people'),
  'one person': async (page) => {
    await page.goto('/settings/people/admin');
    await page.locator('summary', { hasText: 'Change role' }).click();
  },
  'the tokens': (page) => page.goto('/settings/tokens'),
  'the retention': (page) => page.goto('/settings/retention'),
  'the retention, counted': (page) => page.goto('/settings/retention?count=now'),
  'the retention after a run': async (page) => {
    await page.goto('/settings/retention');
    await submit(page, page.getByRole('button', { name: 'Archive and purge now' }));
    await page.locator('tbody .word', { hasText: 'done' }).first().waitFor();
  },
  'one’s sessions': (page) => page.goto('/settings/sessions'),
  'one’s password': (page) => page.goto('/settings/password'),
};
