-- The registry of tools in full: schemas as they were sent, and what its pages ask for.

-- `input_schema` is for queries and scripts. What is shown and compiled is the text: jsonb forgets how a number was
-- written and in which order the keys stood.
ALTER TABLE tools ADD COLUMN input_schema_text text;

-- A tool's own entries in the trail, newest first.
CREATE INDEX approval_events_tool_idx ON approval_events ((event_metadata ->> 'tool_name'), seq)
    WHERE event_type IN ('tool_registered', 'tool_changed');

-- How the runs of the last hour ended.
CREATE INDEX execution_attempts_finished_idx ON execution_attempts (finished_at) WHERE finished_at IS NOT NULL;
