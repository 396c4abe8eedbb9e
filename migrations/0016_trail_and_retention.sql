-- The trail as a person reads it: narrowed, verified, and in time archived and purged.

-- What the trail's page and API are narrowed by; `seq` gives the order in each.
CREATE INDEX approval_events_type_idx ON approval_events (event_type, seq);
CREATE INDEX approval_events_actor_idx ON approval_events (actor, seq);
CREATE INDEX approval_events_named_tool_idx ON approval_events ((event_metadata ->> 'tool_name'), seq)
    WHERE (event_metadata ->> 'tool_name') IS NOT NULL;
CREATE UNIQUE INDEX approval_events_event_id_key ON approval_events (event_id);
-- Which seal holds an entry: the first whose last place is not before it, but for the few that were committed late.
CREATE INDEX event_seals_last_idx ON event_seals ((event_seqs[cardinality(event_seqs)]));

-- When the chain was verified, by whom, and what was found. The newest thousand are kept.
CREATE TABLE trail_checks (
    id           bigint      GENERATED ALWAYS AS IDENTITY,
    checked_at   timestamptz NOT NULL DEFAULT now(),
    checked_by   text        NOT NULL,
    -- The last place that a seal holds, and the newest seal: 0 and NULL in a trail without seals.
    through_seq  bigint      NOT NULL,
    seals        bigint      NOT NULL,
    seal_sha256  text,
    events       bigint      NOT NULL,
    purged       bigint      NOT NULL,
    faults       bigint      NOT NULL,
    first_fault  text,
    milliseconds bigint      NOT NULL,
    CONSTRAINT trail_checks_pkey PRIMARY KEY (id),
    CONSTRAINT trail_checks_fault_check CHECK ((faults = 0) = (first_fault IS NULL)),
    CONSTRAINT trail_checks_seal_check CHECK ((seals = 0) = (seal_sha256 IS NULL))
);

-- A run of the retention: started, archived (written, and read back), purging, done. Its cut-off times are settled when
-- it starts, so what goes is the same however often it is interrupted. Of the trail whole seals go, from the first on.
CREATE TABLE retention_runs (
    id                uuid        NOT NULL,
    state             text        NOT NULL,
    asked_by          text        NOT NULL,
    started_at        timestamptz NOT NULL,
    decided_before    timestamptz NOT NULL,
    executed_before   timestamptz NOT NULL,
    events_before     timestamptz NOT NULL,
    -- Where its archives are: the name of the machine, and the folder there.
    host              text        NOT NULL,
    directory         text        NOT NULL,
    -- What goes, known once it is archived.
    actions           bigint      NOT NULL DEFAULT 0,
    attempts          bigint      NOT NULL DEFAULT 0,
    events            bigint      NOT NULL DEFAULT 0,
    first_seal        bigint,
    last_seal         bigint,
    -- How far it is.
    written           bigint      NOT NULL DEFAULT 0,
    actions_purged    bigint      NOT NULL DEFAULT 0,
    attempts_purged   bigint      NOT NULL DEFAULT 0,
    events_purged     bigint      NOT NULL DEFAULT 0,
    actions_through_at timestamptz,
    actions_through   uuid,
    purged_through    bigint,
    -- Set inside a purge's transaction alone: which seals' entries leave with it.
    batch_through     bigint,
    archived_at       timestamptz,
    finished_at       timestamptz,
    -- Why it does not go on. It is tried again.
    trouble           text,
    CONSTRAINT retention_runs_pkey PRIMARY KEY (id),
    CONSTRAINT retention_runs_state_check CHECK (state IN ('started', 'archived', 'purging', 'done')),
    -- Nothing younger than a day goes, whatever a configuration says.
    CONSTRAINT retention_runs_floor_check CHECK (
        greatest(decided_before, executed_before, events_before) <= started_at - interval '1 day'),
    CONSTRAINT retention_runs_seals_check CHECK (
        (first_seal IS NULL) = (last_seal IS NULL) AND (first_seal IS NULL) = (purged_through IS NULL)
        AND first_seal <= last_seal AND purged_through BETWEEN first_seal - 1 AND last_seal),
    CONSTRAINT retention_runs_purged_check CHECK (
        actions_purged <= actions AND events_purged <= events
        AND (state <> 'done' OR events_purged = events)),
    CONSTRAINT retention_runs_archived_check CHECK ((state = 'started') = (archived_at IS NULL)),
    CONSTRAINT retention_runs_finished_check CHECK ((state = 'done') = (finished_at IS NOT NULL))
);
-- One at a time, over all servers and all crashes.
CREATE UNIQUE INDEX retention_runs_open_key ON retention_runs ((true)) WHERE state <> 'done';
CREATE INDEX retention_runs_started_idx ON retention_runs (started_at, id);

CREATE TABLE archives (
    id         uuid        NOT NULL,
    run_id     uuid        NOT NULL,
    kind       text        NOT NULL,
    file       text        NOT NULL,
    entries    bigint      NOT NULL,
    bytes      bigint      NOT NULL,
    sha256     text        NOT NULL,
    from_time  timestamptz NOT NULL,
    to_time    timestamptz NOT NULL,
    -- Of entries of the trail: which seals they fill.
    first_seal bigint,
    last_seal  bigint,
    written_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT archives_pkey PRIMARY KEY (id),
    CONSTRAINT archives_run_id_fkey FOREIGN KEY (run_id) REFERENCES retention_runs (id),
    CONSTRAINT archives_kind_key UNIQUE (run_id, kind),
    CONSTRAINT archives_kind_check CHECK (kind IN ('actions', 'events')),
    CONSTRAINT archives_seals_check CHECK ((kind = 'events') = (first_seal IS NOT NULL) AND first_seal <= last_seal),
    CONSTRAINT archives_entries_check CHECK (entries > 0 AND bytes > 0 AND from_time <= to_time),
    CONSTRAINT archives_sha256_check CHECK (sha256 ~ '^[0-9a-f]{64}$')
);
CREATE TRIGGER archives_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON archives
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_trail_change();

-- A run goes forward, step by step; what it settled stays, and no run is forgotten.
CREATE FUNCTION guard_retention_run() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    step constant text[] := ARRAY['started', 'archived', 'purging', 'done'];
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.started_at := now();
        IF NEW.state = 'started' AND NEW.first_seal IS NULL AND NEW.batch_through IS NULL
            AND NEW.actions_purged = 0 AND NEW.events_purged = 0 THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'UPDATE' AND OLD.state <> 'done'
        AND array_position(step, NEW.state) - array_position(step, OLD.state) IN (0, 1)
        AND (OLD.id, OLD.started_at, OLD.decided_before, OLD.executed_before, OLD.events_before)
            = (NEW.id, NEW.started_at, NEW.decided_before, NEW.executed_before, NEW.events_before)
        AND (OLD.state = 'started'
            OR (OLD.actions, OLD.attempts, OLD.events, OLD.first_seal, OLD.last_seal)
                IS NOT DISTINCT FROM (NEW.actions, NEW.attempts, NEW.events, NEW.first_seal, NEW.last_seal))
        AND NEW.actions_purged >= OLD.actions_purged AND NEW.events_purged >= OLD.events_purged
        AND (OLD.purged_through IS NULL OR NEW.purged_through >= OLD.purged_through)
        -- What goes is in an archive.
        AND (NEW.state = 'started'
            OR (NEW.actions = 0 OR EXISTS (SELECT FROM archives WHERE run_id = NEW.id AND kind = 'actions' AND entries = NEW.actions))
            AND (NEW.first_seal IS NULL OR EXISTS (
                SELECT FROM archives WHERE run_id = NEW.id AND kind = 'events' AND entries = NEW.events
                    AND (first_seal, last_seal) = (NEW.first_seal, NEW.last_seal))))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% on retention_runs is refused: a run goes forward, and what it settled stays', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER retention_runs_forward BEFORE INSERT OR UPDATE OR DELETE ON retention_runs
    FOR EACH ROW EXECUTE FUNCTION guard_retention_run();
CREATE TRIGGER retention_runs_kept BEFORE TRUNCATE ON retention_runs
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_trail_change();

-- The one way past the trail's guard. It does not ask who deletes but what: all entries of whole seals, the next ones of
-- a run that has archived them, sealed before the run's cut-off. Anything else stays refused, for everyone.
DROP TRIGGER approval_events_append_only ON approval_events;
CREATE TRIGGER approval_events_append_only BEFORE UPDATE OR TRUNCATE ON approval_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_trail_change();

CREATE FUNCTION require_purge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM retention_runs WHERE state = 'purging' AND batch_through IS NOT NULL) THEN
        RAISE EXCEPTION 'DELETE on approval_events is refused: the trail is append-only'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER approval_events_kept BEFORE DELETE ON approval_events
    FOR EACH STATEMENT EXECUTE FUNCTION require_purge();

CREATE FUNCTION judge_purge() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    run retention_runs;
    fits boolean;
BEGIN
    SELECT * INTO run FROM retention_runs WHERE state = 'purging' AND batch_through IS NOT NULL;
    SELECT count(*) = count(gone.seq) AND count(*) = (SELECT count(*) FROM gone)
        AND bool_and(sealed.sealed_at < run.events_before)
    INTO fits
    FROM (SELECT unnest(event_seqs) AS seq, sealed_at FROM event_seals
          WHERE number > run.purged_through AND number <= run.batch_through) sealed
        LEFT JOIN gone USING (seq);
    IF fits IS NOT TRUE OR run.batch_through > run.last_seal THEN
        RAISE EXCEPTION 'DELETE on approval_events is refused: whole archived seals leave the append-only trail, or nothing'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER approval_events_purge AFTER DELETE ON approval_events
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION judge_purge();

-- Purges the next seals of a run, about `most` entries, at least one seal; returns how many entries went.
CREATE FUNCTION purge_sealed_events(run_id uuid, most bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    run retention_runs;
    through bigint;
    went bigint;
BEGIN
    SELECT * INTO STRICT run FROM retention_runs WHERE id = run_id AND state = 'purging' FOR UPDATE;
    SELECT max(number) INTO through FROM (
        SELECT number, sum(cardinality(event_seqs)) OVER (ORDER BY number) - cardinality(event_seqs) AS before_it
        FROM event_seals WHERE number > run.purged_through AND number <= least(run.last_seal, run.purged_through + 200)
    ) next_seals WHERE before_it < most;
    IF through IS NULL THEN
        RETURN 0;
    END IF;
    UPDATE retention_runs SET batch_through = through WHERE id = run_id;
    DELETE FROM approval_events WHERE seq IN (
        SELECT unnest(event_seqs) FROM event_seals WHERE number > run.purged_through AND number <= through);
    GET DIAGNOSTICS went = ROW_COUNT;
    UPDATE retention_runs SET purged_through = through, batch_through = NULL, events_purged = events_purged + went
    WHERE id = run_id;
    RETURN went;
END
$$;
