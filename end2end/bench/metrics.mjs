// The page of figures, over a short history and a long one with its trail.
import { setTimeout as sleep } from 'node:timers/promises';

import { grow } from './history.mjs';

/** So many actions over 90 days, and so many entries of the trail; what is over has been counted. */
export async function makeFigures(server, actions, events) {
  await grow(server, actions);
  // What waits ends after its 48 hours, as it would have.
  await server.sql(`UPDATE pending_actions SET status = 'expired', decided_by = 'system:expiry', decided_at = requested_at + interval '48 hours'
    WHERE status = 'pending' AND requested_at < now() - interval '48 hours'`);
  await server.sql('VACUUM ANALYZE pending_actions');
  await server.sql(`
    INSERT INTO approval_events (event_id, action_id, event_type, actor, event_metadata, occurred_at, content_hash)
    SELECT gen_random_uuid(), gen_random_uuid(), 'action_approved', 'human:admin', '{}', now() - n * interval '1 second', repeat('0', 64)
    FROM generate_series((SELECT count(*) FROM approval_events) + 1, ${events}) n`);
  await server.sql('VACUUM ANALYZE approval_events');
  await server.sql('DELETE FROM metric_spans');
  await counted(server);
}

/** Until the server has closed what is over: two looks in a row find as many spans. */
async function counted(server) {
  const spans = () => server.sql('SELECT count(*) FROM metric_spans');
  for (let before = '-1'; ; await sleep(15_000)) {
    const now = await spans();
    if (now === before && Number(now) >= 88) return;
    before = now;
  }
}
