-- Figures that are closed: what was parked, decided and run in a stretch of time that is over. A page that shows 90 days reads
-- 90 rows and counts only what has happened since the last full hour. See server/README.md, "Figures".

CREATE TABLE metric_spans (
    -- A span that is counted anew is another row: a server may keep in memory what it has read under an id.
    id        bigint           GENERATED ALWAYS AS IDENTITY,
    -- In which a day begins and ends: servers of different zones on one database keep their own spans.
    timezone  text             NOT NULL,
    -- A day of the zone, or an hour of the day that is not over yet, counted from its beginning.
    starts_at timestamptz      NOT NULL,
    ends_at   timestamptz      NOT NULL,
    figures   jsonb            NOT NULL,
    -- How long people's decisions took, in seconds, in order: percentiles of many days are exact.
    latencies double precision[] NOT NULL,
    CONSTRAINT metric_spans_pkey PRIMARY KEY (timezone, starts_at),
    CONSTRAINT metric_spans_id_key UNIQUE (id),
    CONSTRAINT metric_spans_order_check CHECK (starts_at < ends_at),
    CONSTRAINT metric_spans_figures_check CHECK (jsonb_typeof(figures) = 'object')
);

-- Failed runs, for their causes: few among many.
CREATE INDEX pending_actions_failed_idx ON pending_actions (executed_at) WHERE execution_state = 'failed';
CREATE INDEX approval_rules_revoked_idx ON approval_rules (revoked_at) WHERE revoked_at IS NOT NULL;
