-- A call that a person changed while approving it: `edited_args` (masked) and `edited_args_text` (exact) stand beside what
-- was parked, and the digest of what runs is stored with them, as that of the parked arguments is.

ALTER TABLE pending_actions ADD COLUMN edited_args_sha256 text;
ALTER TABLE pending_actions
    ADD CONSTRAINT pending_actions_edited_args_sha256_check CHECK (edited_args_sha256 ~ '^[0-9a-f]{64}$'),
    ADD CONSTRAINT pending_actions_edited_check CHECK (
        (edited_args IS NULL) = (edited_args_text IS NULL) AND (edited_args IS NULL) = (edited_args_sha256 IS NULL)),
    -- Only an approval edits.
    ADD CONSTRAINT pending_actions_edited_status_check CHECK (
        edited_args IS NULL OR status IN ('approved', 'executed', 'abandoned'));
