-- The foundation: actions, their attempts, the append-only trail with its seals, tools, people and tokens.
-- Every constraint is named, so that an error can be told in words. See app/domain for what the words mean.

CREATE TABLE users (
    id            uuid        NOT NULL,
    name          text        NOT NULL,
    role          text        NOT NULL,
    password_hash text,
    disabled_at   timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_name_key UNIQUE (name),
    CONSTRAINT users_name_check CHECK (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
    CONSTRAINT users_role_check CHECK (role IN ('viewer', 'operator', 'admin'))
);

-- A browser's session. The cookie's secret is stored hashed; it is rotated, and the old one stays good for
-- a moment so that parallel requests of one page do not sign the person out.
CREATE TABLE sessions (
    id            uuid        NOT NULL,
    user_id       uuid        NOT NULL,
    secret_hash   bytea       NOT NULL,
    previous_hash bytea,
    rotated_at    timestamptz NOT NULL DEFAULT now(),
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_seen_at  timestamptz NOT NULL DEFAULT now(),
    idle_until    timestamptz NOT NULL,
    absolute_end  timestamptz NOT NULL,
    user_agent    text,
    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);

-- Links that sign a person in, once.
CREATE TABLE sign_in_links (
    secret_hash bytea       NOT NULL,
    user_id     uuid        NOT NULL,
    expires_at  timestamptz NOT NULL,
    used_at     timestamptz,
    CONSTRAINT sign_in_links_pkey PRIMARY KEY (secret_hash),
    CONSTRAINT sign_in_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

-- Failed sign-ins, by what is being throttled (a name, an address).
CREATE TABLE sign_in_failures (
    subject      text        NOT NULL,
    failures     integer     NOT NULL,
    window_start timestamptz NOT NULL,
    CONSTRAINT sign_in_failures_pkey PRIMARY KEY (subject),
    CONSTRAINT sign_in_failures_failures_check CHECK (failures >= 0)
);

CREATE TABLE api_tokens (
    id           uuid        NOT NULL,
    name         text        NOT NULL,
    secret_hash  bytea       NOT NULL,
    user_id      uuid,
    scopes       text[]      NOT NULL,
    created_by   text        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    CONSTRAINT api_tokens_pkey PRIMARY KEY (id),
    CONSTRAINT api_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT api_tokens_name_check CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._ -]{0,63}$'),
    CONSTRAINT api_tokens_scopes_check CHECK (
        cardinality(scopes) > 0 AND scopes <@ ARRAY['actions:submit', 'actions:read', 'actions:execute', 'actions:expire',
            'decisions:write', 'rules:read', 'rules:write', 'metrics:read', 'audit:read', 'tools:write', 'admin']),
    CONSTRAINT api_tokens_person_check CHECK (
        user_id IS NOT NULL OR NOT scopes && ARRAY['decisions:write', 'rules:write', 'tools:write', 'admin'])
);
CREATE UNIQUE INDEX api_tokens_name_key ON api_tokens (name) WHERE revoked_at IS NULL;

CREATE TABLE tools (
    name            text        NOT NULL,
    risk_tier       text        NOT NULL,
    gating          text        NOT NULL DEFAULT 'gated',
    gating_reason   text,
    open_until      timestamptz,
    executor        text,
    executor_config jsonb       NOT NULL DEFAULT '{}',
    expiry_hours    integer,
    idempotent      boolean     NOT NULL DEFAULT false,
    reviewed        boolean     NOT NULL DEFAULT false,
    sensitive_args  text[]      NOT NULL DEFAULT '{}',
    secret_args     text[]      NOT NULL DEFAULT '{}',
    input_schema    jsonb,
    schema_sha256   text,
    revision        bigint      NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tools_pkey PRIMARY KEY (name),
    CONSTRAINT tools_name_check CHECK (octet_length(name) BETWEEN 1 AND 200),
    CONSTRAINT tools_risk_tier_check CHECK (risk_tier IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT tools_gating_check CHECK (gating IN ('gated', 'open', 'paused', 'blocked')),
    CONSTRAINT tools_open_check CHECK ((gating = 'open') = (open_until IS NOT NULL)),
    CONSTRAINT tools_executor_check CHECK (executor IN ('worker', 'agent', 'http', 'mcp')),
    CONSTRAINT tools_executor_config_check CHECK (jsonb_typeof(executor_config) = 'object'),
    CONSTRAINT tools_input_schema_check CHECK (jsonb_typeof(input_schema) = 'object'),
    CONSTRAINT tools_schema_sha256_check CHECK (schema_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT tools_expiry_hours_check CHECK (expiry_hours BETWEEN 1 AND 8760)
);

CREATE TABLE pending_actions (
    id                uuid        NOT NULL,
    tool_name         text        NOT NULL,
    -- `tool_args` is for queries and scripts, with secrets masked. What an approval is for, and what runs, is
    -- `tool_args_text`: jsonb forgets how a number was written (1e3, -0) and in which order the keys stood.
    tool_args         jsonb       NOT NULL,
    tool_args_text    text        NOT NULL,
    args_sha256       text        NOT NULL,
    edited_args       jsonb,
    edited_args_text  text,
    agent_summary     text,
    why               text,
    evidence          jsonb,
    session_id        text,
    agent_id          text        NOT NULL,
    -- The token that parked it: only its holder may withdraw, or run what the agent itself runs.
    agent_token_id    uuid,
    status            text        NOT NULL,
    risk_tier         text        NOT NULL,
    pending_code      text,
    pending_reason    text,
    requested_at      timestamptz NOT NULL DEFAULT now(),
    expires_at        timestamptz,
    decided_by        text,
    decided_at        timestamptz,
    decision_reason   text,
    execution_state   text,
    executed_at       timestamptz,
    execution_result  jsonb,
    execution_result_text text,
    approval_rule_id  uuid,
    deduplication_key text,
    CONSTRAINT pending_actions_pkey PRIMARY KEY (id),
    CONSTRAINT pending_actions_tool_args_check CHECK (jsonb_typeof(tool_args) = 'object'),
    CONSTRAINT pending_actions_edited_args_check CHECK (jsonb_typeof(edited_args) = 'object'),
    CONSTRAINT pending_actions_args_sha256_check CHECK (args_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT pending_actions_status_check CHECK (
        status IN ('pending', 'approved', 'rejected', 'expired', 'executed', 'abandoned', 'withdrawn')),
    CONSTRAINT pending_actions_risk_tier_check CHECK (risk_tier IN ('low', 'medium', 'high', 'critical')),
    CONSTRAINT pending_actions_execution_state_check CHECK (
        execution_state IN ('queued', 'running', 'succeeded', 'failed', 'unknown')),
    CONSTRAINT pending_actions_execution_check CHECK (
        (execution_state IS NULL) = (status IN ('pending', 'rejected', 'expired', 'withdrawn'))),
    CONSTRAINT pending_actions_outcome_check CHECK (
        (status = 'executed') <= (executed_at IS NOT NULL AND execution_result IS NOT NULL)),
    CONSTRAINT pending_actions_decision_check CHECK ((status = 'pending') = (decided_at IS NULL)),
    CONSTRAINT pending_actions_decided_by_check CHECK (
        (decided_by IS NULL) = (decided_at IS NULL) AND decided_by ~ '^(human|rule|system):.+$'),
    CONSTRAINT pending_actions_execution_result_check CHECK (
        jsonb_typeof(execution_result) = 'object' AND jsonb_typeof(execution_result -> 'success') = 'boolean')
);
-- Lists run oldest or newest first, within a status or over all.
CREATE INDEX pending_actions_status_requested_idx ON pending_actions (status, requested_at, id);
CREATE INDEX pending_actions_requested_idx ON pending_actions (requested_at, id);
-- The sweep and "expiring soon".
CREATE INDEX pending_actions_expires_idx ON pending_actions (expires_at) WHERE status = 'pending';
-- Claims: oldest decision first.
CREATE INDEX pending_actions_queue_idx ON pending_actions (tool_name, decided_at, id)
    WHERE status = 'approved' AND execution_state = 'queued';
-- Today's figures, latency, the tool's last 30 days.
CREATE INDEX pending_actions_decided_idx ON pending_actions (decided_at) WHERE decided_at IS NOT NULL;
CREATE INDEX pending_actions_executed_idx ON pending_actions (executed_at) WHERE executed_at IS NOT NULL;
CREATE INDEX pending_actions_tool_decided_idx ON pending_actions (tool_name, decided_at) WHERE decided_at IS NOT NULL;
-- Two calls with one key are one call while the first is open.
CREATE UNIQUE INDEX pending_actions_deduplication_key ON pending_actions (agent_id, deduplication_key)
    WHERE deduplication_key IS NOT NULL AND status IN ('pending', 'approved');

CREATE TABLE execution_attempts (
    id             uuid        NOT NULL,
    action_id      uuid        NOT NULL,
    number         integer     NOT NULL,
    state          text        NOT NULL,
    worker         text        NOT NULL,
    worker_token_id uuid,
    args_sha256    text        NOT NULL,
    lease_seconds  integer     NOT NULL,
    claimed_at     timestamptz NOT NULL DEFAULT now(),
    lease_until    timestamptz NOT NULL,
    finished_at    timestamptz,
    -- JSON as text: digit for digit.
    result         text,
    late_report    text,
    CONSTRAINT execution_attempts_pkey PRIMARY KEY (id),
    CONSTRAINT execution_attempts_action_id_fkey FOREIGN KEY (action_id) REFERENCES pending_actions (id) ON DELETE CASCADE,
    CONSTRAINT execution_attempts_number_key UNIQUE (action_id, number),
    CONSTRAINT execution_attempts_number_check CHECK (number > 0),
    CONSTRAINT execution_attempts_state_check CHECK (state IN ('running', 'succeeded', 'failed', 'unknown')),
    CONSTRAINT execution_attempts_finished_check CHECK ((state = 'running') = (finished_at IS NULL)),
    CONSTRAINT execution_attempts_result_check CHECK (jsonb_typeof(result::jsonb) = 'object'),
    CONSTRAINT execution_attempts_late_report_check CHECK (jsonb_typeof(late_report::jsonb) = 'object')
);
-- One attempt of an action runs at a time.
CREATE UNIQUE INDEX execution_attempts_running_key ON execution_attempts (action_id) WHERE state = 'running';
CREATE INDEX execution_attempts_lease_idx ON execution_attempts (lease_until) WHERE state = 'running';

-- The trail. No foreign key to actions: retention purges those first.
CREATE TABLE approval_events (
    seq            bigint      GENERATED ALWAYS AS IDENTITY,
    event_id       uuid        NOT NULL,
    action_id      uuid,
    rule_id        uuid,
    event_type     text        NOT NULL,
    actor          text        NOT NULL,
    reason         text,
    event_metadata jsonb       NOT NULL,
    occurred_at    timestamptz NOT NULL,
    content_hash   text        NOT NULL,
    CONSTRAINT approval_events_pkey PRIMARY KEY (seq),
    CONSTRAINT approval_events_metadata_check CHECK (jsonb_typeof(event_metadata) = 'object'),
    CONSTRAINT approval_events_content_hash_check CHECK (content_hash ~ '^[0-9a-f]{64}$'),
    CONSTRAINT approval_events_actor_check CHECK (actor ~ '^(human|agent|rule|system):.+$')
);
CREATE INDEX approval_events_action_idx ON approval_events (action_id, seq) WHERE action_id IS NOT NULL;
CREATE INDEX approval_events_occurred_idx ON approval_events (occurred_at, seq);

-- What the sealer has yet to seal. A row is written with its event and leaves with its seal, so it does not
-- matter in which order transactions commit: each event is sealed exactly once.
CREATE TABLE unsealed_events (
    seq bigint NOT NULL
);

CREATE TABLE event_seals (
    number          bigint      NOT NULL,
    -- Which events, in order. A list, not a range: transactions commit out of the order of `seq`.
    event_seqs      bigint[]    NOT NULL,
    events_sha256   text        NOT NULL,
    previous_sha256 text,
    seal_sha256     text        NOT NULL,
    sealed_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT event_seals_pkey PRIMARY KEY (number),
    CONSTRAINT event_seals_first_check CHECK ((number = 1) = (previous_sha256 IS NULL)),
    CONSTRAINT event_seals_events_check CHECK (cardinality(event_seqs) > 0)
);

-- Append-only, for everyone. Retention's guarded function is the one way past it, and it comes with the
-- retention: until then nothing leaves the trail.
CREATE FUNCTION refuse_trail_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: the trail is append-only', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER approval_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON approval_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_trail_change();
CREATE TRIGGER event_seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event_seals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_trail_change();

CREATE TABLE settings (
    key        text        NOT NULL,
    value      jsonb       NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text        NOT NULL,
    CONSTRAINT settings_pkey PRIMARY KEY (key)
);

CREATE TABLE idempotency_keys (
    -- Whose key it is (a token or a person), the route, and the key itself.
    principal    text        NOT NULL,
    route        text        NOT NULL,
    key          text        NOT NULL,
    body_sha256  text        NOT NULL,
    -- The id of what the request creates. A request that is run again after a crash creates it again, and
    -- finds it there.
    subject_id   uuid        NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    -- NULL while the first request is still running.
    status       smallint,
    response     bytea,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (principal, route, key)
);
CREATE INDEX idempotency_keys_created_idx ON idempotency_keys (created_at);
