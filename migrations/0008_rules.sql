-- Standing rules: decisions that a person makes once.

CREATE TABLE approval_rules (
    id                  uuid        NOT NULL,
    tool_name           text        NOT NULL,
    effect              text        NOT NULL,
    -- `arg_constraints` is for queries and scripts. What judges is the text: jsonb forgets how a number was written and in
    -- which order the keys stood. Secrets are in neither: they are kept as digests.
    arg_constraints     jsonb       NOT NULL,
    arg_constraints_text text       NOT NULL,
    -- Whether it narrows nothing: what the review of rules looks for first.
    broad               boolean     NOT NULL,
    unlisted_args       text        NOT NULL,
    description         text        NOT NULL,
    notes               text,
    created_from        uuid,
    created_by          text        NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT now(),
    expires_at          timestamptz,
    max_uses            bigint,
    use_count           bigint      NOT NULL DEFAULT 0,
    -- Whether it may decide: not revoked, not used up, and no sweep has found its end passed.
    active              boolean     NOT NULL DEFAULT true,
    last_used_at        timestamptz,
    revoked_at          timestamptz,
    revoked_by          text,
    revoked_reason      text,
    replaces_rule_id    uuid,
    suspended_reason    text,
    schema_sha256       text,
    CONSTRAINT approval_rules_pkey PRIMARY KEY (id),
    CONSTRAINT approval_rules_tool_name_fkey FOREIGN KEY (tool_name) REFERENCES tools (name),
    CONSTRAINT approval_rules_replaces_fkey FOREIGN KEY (replaces_rule_id) REFERENCES approval_rules (id),
    CONSTRAINT approval_rules_effect_check CHECK (effect IN ('allow', 'deny', 'hold')),
    CONSTRAINT approval_rules_arg_constraints_check CHECK (jsonb_typeof(arg_constraints) = 'object'),
    CONSTRAINT approval_rules_unlisted_args_check CHECK (unlisted_args IN ('ignore', 'forbid')),
    CONSTRAINT approval_rules_description_check CHECK (description <> ''),
    CONSTRAINT approval_rules_created_by_check CHECK (created_by ~ '^human:.+$'),
    CONSTRAINT approval_rules_max_uses_check CHECK (max_uses > 0),
    CONSTRAINT approval_rules_use_count_check CHECK (use_count >= 0 AND use_count <= max_uses),
    CONSTRAINT approval_rules_bounds_check CHECK (effect = 'allow' OR max_uses IS NULL),
    CONSTRAINT approval_rules_revoked_check CHECK (
        (revoked_at IS NULL) = (revoked_by IS NULL) AND (revoked_at IS NULL) = (revoked_reason IS NULL)
        AND (revoked_at IS NULL OR NOT active)),
    CONSTRAINT approval_rules_schema_sha256_check CHECK (schema_sha256 ~ '^[0-9a-f]{64}$')
);
-- A rule is replaced once.
CREATE UNIQUE INDEX approval_rules_replaces_key ON approval_rules (replaces_rule_id) WHERE replaces_rule_id IS NOT NULL;
-- The gate reads those of one tool; lists run newest first.
CREATE INDEX approval_rules_tool_idx ON approval_rules (tool_name, created_at DESC, id DESC);
CREATE INDEX approval_rules_created_idx ON approval_rules (created_at DESC, id DESC);
CREATE INDEX approval_rules_expires_idx ON approval_rules (expires_at) WHERE active AND expires_at IS NOT NULL;

-- Grows with every change of the tool's rules. What the gate decides on the rules it has read is written only while it
-- stands, by whichever server.
ALTER TABLE tools ADD COLUMN rules_version bigint NOT NULL DEFAULT 1;

-- The rule because of which an action waits: that holds it, or that came nearest.
ALTER TABLE pending_actions ADD COLUMN pending_rule_id uuid;

CREATE INDEX pending_actions_rule_idx ON pending_actions (approval_rule_id, requested_at, id)
    WHERE approval_rule_id IS NOT NULL;
CREATE INDEX approval_events_rule_idx ON approval_events (rule_id, seq) WHERE rule_id IS NOT NULL;
