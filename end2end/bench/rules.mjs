// Rules by the thousand, and a history to replay: written by SQL, which is how long they would take to make otherwise.

/** `count` rules that allow mail to somebody else each, spread over the tools. */
export async function addRules(server, count, tools) {
  await server.sql(`
    INSERT INTO tools (name, risk_tier, reviewed) SELECT unnest(ARRAY['${tools.join("','")}']), 'medium', true ON CONFLICT DO NOTHING;
    INSERT INTO approval_rules (id, tool_name, effect, arg_constraints, arg_constraints_text, broad, unlisted_args, description, created_by)
    SELECT gen_random_uuid(), (ARRAY['${tools.join("','")}'])[1 + n % ${tools.length}], 'allow', c::jsonb, c, false, 'ignore', 'rule ' || n, 'human:bench'
    FROM generate_series(1, ${count}) n,
        LATERAL (SELECT '{"to":{"type":"exact","value":"somebody' || n || '@else.example"},"subject":{"type":"any"}}' AS c) t`);
  await touch(server);
}

/** Switches rules on or off: all, or those of other tools than one. */
export async function setRules(server, active, but) {
  await server.sql(`UPDATE approval_rules SET active = ${active}${but ? ` WHERE tool_name <> '${but}'` : ''}`);
  await touch(server);
}

async function touch(server) {
  await server.sql('UPDATE tools SET rules_version = rules_version + 1; ANALYZE approval_rules');
}

/** So many decided calls of a tool, made of one real action, over 30 days. */
export async function addHistory(server, tool, count) {
  await server.sql(`
    INSERT INTO pending_actions (id, tool_name, tool_args, tool_args_text, args_sha256, agent_summary, session_id, agent_id,
        status, risk_tier, requested_at, decided_by, decided_at, execution_state)
    SELECT gen_random_uuid(), '${tool}', s.tool_args, replace(s.tool_args_text, 'ana.lindqvist', 'person' || n % 1000), s.args_sha256,
        s.agent_summary, s.session_id, s.agent_id, 'approved', s.risk_tier, at, 'human:admin', at, 'queued'
    FROM (SELECT * FROM pending_actions WHERE tool_name = '${tool}' LIMIT 1) s, generate_series(1, ${count}) n,
        LATERAL (SELECT now() - interval '29 days' * (n::float8 / ${count}) AS at) t`);
  await server.sql('VACUUM ANALYZE pending_actions');
}
