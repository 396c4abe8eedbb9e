// Half a year of decisions and runs, as figures are made of: the same each time, as far back from now.
import type { Server } from './server';

/** Tools whose calls wait, with and without rules; people and a rule that decide; runs that fail in three ways. */
export async function makeHistory(server: Server, days = 100): Promise<void> {
  await server.sql(`
    INSERT INTO tools (name, risk_tier) SELECT unnest(ARRAY['send_email', 'transfer_funds', 'post_message', 'deploy']), 'low' ON CONFLICT DO NOTHING;
    INSERT INTO approval_rules (id, tool_name, effect, arg_constraints, arg_constraints_text, broad, unlisted_args, description, created_by, created_at, use_count)
    VALUES ('0198a3f0-0000-7000-8000-00000000000a', 'send_email', 'allow', '{}', '{}', true, 'ignore', 'Team mail', 'human:admin', now() - interval '60 days', 212);
    INSERT INTO pending_actions (id, tool_name, tool_args, tool_args_text, args_sha256, agent_id, status, risk_tier, requested_at,
        decided_by, decided_at, approval_rule_id, execution_state, executed_at, execution_result, execution_result_text)
    SELECT gen_random_uuid(), tool, '{}', '{}', repeat('0', 64), 'agent', status, 'low', asked, by,
        asked + CASE WHEN by LIKE 'rule:%' THEN interval '0' ELSE n % 47 * interval '9 minutes' + interval '1 second' END,
        CASE WHEN by LIKE 'rule:%' THEN substr(by, 6)::uuid END,
        CASE WHEN status = 'executed' THEN state END, CASE WHEN status = 'executed' THEN asked + interval '8 hours' END,
        CASE WHEN status = 'executed' THEN result END, CASE WHEN status = 'executed' THEN result::text END
    FROM generate_series(1, ${days * 12}) n,
        LATERAL (SELECT now() - interval '9 hours' - n * interval '2 hours' AS asked,
            (ARRAY['send_email', 'post_message', 'send_email', 'transfer_funds', 'deploy'])[1 + n % 5] AS tool,
            CASE WHEN n % 3 > 0 THEN 'rule:0198a3f0-0000-7000-8000-00000000000a' WHEN n % 12 = 0 THEN 'system:expiry' ELSE 'human:' || (ARRAY['ana', 'ben'])[1 + n % 2] END AS by,
            CASE WHEN n % 11 = 0 THEN 'failed' ELSE 'succeeded' END AS state) a,
        LATERAL (SELECT CASE WHEN by LIKE 'system:%' THEN 'expired' WHEN n % 3 = 0 AND n % 4 = 1 THEN 'rejected' ELSE 'executed' END AS status,
            jsonb_build_object('success', state = 'succeeded', 'executed_at', asked + interval '8 hours', 'error', CASE WHEN state = 'failed'
                THEN (ARRAY['connection refused', 'HTTP 403 Forbidden', 'missing argument: to'])[1 + n % 3] END) AS result) b;
    DELETE FROM metric_spans;
    ANALYZE pending_actions`);
}
