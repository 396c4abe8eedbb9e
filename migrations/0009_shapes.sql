-- Calls that do the same: one tool, the same critical arguments. What the queue groups, and what is offered as a rule.
-- Calls from before have no shape: they are grouped with nothing and count for no offer.
ALTER TABLE pending_actions ADD COLUMN shape_sha256 bytea;
ALTER TABLE pending_actions
    ADD CONSTRAINT pending_actions_shape_sha256_check CHECK (octet_length(shape_sha256) = 32) NOT VALID;
ALTER TABLE pending_actions VALIDATE CONSTRAINT pending_actions_shape_sha256_check;
-- What people go on approving is looked up by when they decided. A park touches no index for it.
CREATE INDEX pending_actions_habits_idx ON pending_actions (decided_at, tool_name, shape_sha256)
    WHERE decided_by LIKE 'human:%' AND shape_sha256 IS NOT NULL;
