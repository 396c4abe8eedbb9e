-- Finding actions: by tool, session and agent, and by the words in them.

-- The words that the engine found in the masked call (see app/domain/src/search.rs): a secret is in no index.
ALTER TABLE pending_actions ADD COLUMN words tsvector NOT NULL DEFAULT '';

-- What was parked before: its name, its session and its masked arguments. Summaries are kept as the agent wrote them and
-- may repeat a secret, so those of old actions stay out.
UPDATE pending_actions a SET words = array_to_tsvector(ARRAY(
    SELECT DISTINCT left(word, 60)
    FROM regexp_split_to_table(
        lower(a.tool_name || ' ' || coalesce(a.session_id, '') || ' ' || replace(a.tool_args::text, '[REDACTED]', ' ')),
        '[^[:alnum:]]+') word
    WHERE word <> ''
    LIMIT 1000));

CREATE INDEX pending_actions_words_idx ON pending_actions USING gin (words);
CREATE INDEX pending_actions_tool_requested_idx ON pending_actions (tool_name, requested_at, id);
CREATE INDEX pending_actions_session_idx ON pending_actions (session_id, requested_at, id) WHERE session_id IS NOT NULL;
CREATE INDEX pending_actions_agent_idx ON pending_actions (agent_id, requested_at, id);
