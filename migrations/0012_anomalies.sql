-- What is not as it usually is. Whom a call reaches is kept as digests; who was ever reached with somebody's approval stays
-- known when the calls themselves are purged.
ALTER TABLE pending_actions ADD COLUMN recipients bytea[];

CREATE TABLE known_recipients (
    tool_name        text        NOT NULL,
    recipient_sha256 bytea       NOT NULL,
    first_action_id  uuid        NOT NULL,
    first_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT known_recipients_pkey PRIMARY KEY (tool_name, recipient_sha256),
    CONSTRAINT known_recipients_recipient_sha256_check CHECK (octet_length(recipient_sha256) = 32)
);

-- In the approval's own transaction, whichever way it comes. In order: two approvals never wait for each other.
CREATE FUNCTION remember_recipients() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO known_recipients (tool_name, recipient_sha256, first_action_id)
    SELECT NEW.tool_name, recipient, NEW.id
    FROM (SELECT DISTINCT unnest(NEW.recipients) AS recipient ORDER BY 1) reached
    ON CONFLICT ON CONSTRAINT known_recipients_pkey DO NOTHING;
    RETURN NULL;
END
$$;

-- What ran because its tool was open nobody has approved.
CREATE TRIGGER pending_actions_recipients AFTER INSERT OR UPDATE OF status ON pending_actions
    FOR EACH ROW WHEN (NEW.status = 'approved' AND NEW.decided_by !~ '^system:' AND cardinality(NEW.recipients) > 0)
    EXECUTE FUNCTION remember_recipients();
