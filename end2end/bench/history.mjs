// A long history, made of one real action: what the pages and the search are measured on.

/** So that there are `total` actions: a twentieth of them pending, over 90 days, of 50 tools, with words of every frequency. */
export async function grow(server, total) {
  const have = Number(await server.sql('SELECT count(*) FROM pending_actions'));
  await server.sql(`
    INSERT INTO pending_actions (id, tool_name, tool_args, tool_args_text, args_sha256, agent_summary, session_id, agent_id,
        status, risk_tier, requested_at, expires_at, decided_by, decided_at, execution_state, executed_at, execution_result,
        execution_result_text, words)
    SELECT gen_random_uuid(), 'tool_' || n % 50, s.tool_args, s.tool_args_text, s.args_sha256, s.agent_summary,
        'session_' || n / 20, s.agent_id, CASE WHEN waits THEN 'pending' ELSE 'executed' END, s.risk_tier, at,
        now() + interval '1 day' + n * interval '1 second',
        CASE WHEN NOT waits THEN 'human:admin' END, CASE WHEN NOT waits THEN at + interval '1 minute' END,
        CASE WHEN NOT waits THEN 'succeeded' END, CASE WHEN NOT waits THEN at + interval '2 minutes' END,
        CASE WHEN NOT waits THEN outcome END, CASE WHEN NOT waits THEN outcome::text END,
        s.words || array_to_tsvector(ARRAY['everywhere', 'often' || n % 10, 'sometimes' || n % 1000, 'once' || n])
    FROM (SELECT * FROM pending_actions LIMIT 1) s, generate_series(${have + 1}, ${total}) n,
        LATERAL (SELECT n % 20 = 0 AS waits, now() - interval '90 days' * (1 - n::float8 / ${total}) AS at) t,
        LATERAL (SELECT jsonb_build_object('success', true, 'result', NULL, 'error', NULL, 'executed_at', at) AS outcome) o`);
  await server.sql('VACUUM ANALYZE pending_actions');
}
