-- Who is to hear when something is wrong, what was wrong, and who has heard of it.
CREATE TABLE alert_endpoints (
    id         uuid        NOT NULL,
    name       text        NOT NULL,
    url        text        NOT NULL,
    -- How a message is written: as Standard Webhooks has it, or as chat programs take it.
    format     text        NOT NULL,
    -- Signs what is sent. Told once, to whoever made it.
    secret     text        NOT NULL,
    -- Ended: nothing is sent any more; what was sent stays to be read.
    active     boolean     NOT NULL DEFAULT true,
    created_by text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT alert_endpoints_pkey PRIMARY KEY (id),
    CONSTRAINT alert_endpoints_name_check CHECK (name <> ''),
    CONSTRAINT alert_endpoints_format_check CHECK (format IN ('standard', 'slack'))
);
CREATE UNIQUE INDEX alert_endpoints_name_key ON alert_endpoints (name) WHERE active;

CREATE TABLE alerts (
    id        uuid        NOT NULL,
    kind      text        NOT NULL,
    severity  text        NOT NULL,
    title     text        NOT NULL,
    detail    text        NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    CONSTRAINT alerts_pkey PRIMARY KEY (id),
    CONSTRAINT alerts_kind_check CHECK (kind IN ('backlog', 'auto_rate', 'failures', 'trail_fault', 'test')),
    CONSTRAINT alerts_severity_check CHECK (severity IN ('critical', 'high', 'medium', 'info'))
);
-- Of each kind one is open at a time, whoever finds it.
CREATE UNIQUE INDEX alerts_open_key ON alerts (kind) WHERE closed_at IS NULL;
CREATE INDEX alerts_opened_idx ON alerts (opened_at DESC, id DESC);

CREATE TABLE deliveries (
    id           uuid        NOT NULL,
    alert_id     uuid        NOT NULL,
    endpoint_id  uuid        NOT NULL,
    says         text        NOT NULL,
    attempts     integer     NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),
    -- When it is tried next; NULL: it arrived, or was given up.
    next_at      timestamptz DEFAULT now(),
    delivered_at timestamptz,
    last_status  integer,
    last_error   text,
    CONSTRAINT deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT deliveries_alert_id_fkey FOREIGN KEY (alert_id) REFERENCES alerts (id),
    CONSTRAINT deliveries_endpoint_id_fkey FOREIGN KEY (endpoint_id) REFERENCES alert_endpoints (id),
    CONSTRAINT deliveries_says_check CHECK (says IN ('opened', 'closed')),
    CONSTRAINT deliveries_delivered_check CHECK (delivered_at IS NULL OR next_at IS NULL)
);
CREATE INDEX deliveries_due_idx ON deliveries (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_created_idx ON deliveries (created_at DESC, id DESC);
