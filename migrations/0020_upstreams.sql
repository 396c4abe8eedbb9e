-- MCP servers behind the gateway, as they were last heard of; by whichever server of ours heard of them last.
CREATE TABLE upstreams (
    name       text        NOT NULL,
    state      text        NOT NULL,
    -- Why it is down, in words.
    why        text,
    -- What it calls itself, and the revision of the protocol that it speaks.
    server     text,
    protocol   text,
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT upstreams_pkey PRIMARY KEY (name),
    CONSTRAINT upstreams_state_check CHECK (state IN ('up', 'down')),
    CONSTRAINT upstreams_why_check CHECK ((state = 'down') = (why IS NOT NULL))
);

-- What they offer, as it was last listed: each of their tools is one of ours.
CREATE TABLE upstream_tools (
    -- UPSTREAM/NAME
    tool_name  text        NOT NULL,
    upstream   text        NOT NULL,
    name       text        NOT NULL,
    -- To the letter.
    definition text        NOT NULL,
    -- The configuration lets its calls pass ungated: they leave no row.
    passes     boolean     NOT NULL,
    -- It is still in the upstream's list.
    offered    boolean     NOT NULL DEFAULT true,
    seen_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT upstream_tools_pkey PRIMARY KEY (tool_name),
    CONSTRAINT upstream_tools_tool_name_fkey FOREIGN KEY (tool_name) REFERENCES tools (name),
    CONSTRAINT upstream_tools_name_key UNIQUE (upstream, name)
);

-- Calls through the gateway whose outcome their agent has not been told: the same call again gets it, and is no second call.
-- Written before the call is parked, so that a crash in between leaves nothing twice.
CREATE TABLE unanswered_calls (
    action_id  uuid        NOT NULL,
    agent_id   text        NOT NULL,
    call_key   text        NOT NULL,
    -- The request that is held for it, as its agent numbers them, and until when: what the agent cancels.
    request_id text,
    held_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT unanswered_calls_pkey PRIMARY KEY (action_id),
    CONSTRAINT unanswered_calls_call_key UNIQUE (agent_id, call_key)
);
CREATE INDEX unanswered_calls_created_idx ON unanswered_calls (created_at);

CREATE OR REPLACE FUNCTION executor_is_ready(executor text, executor_config jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(executor IN ('worker', 'agent') OR (executor = 'http' AND executor_config ? 'url')
        OR (executor = 'mcp' AND executor_config ? 'upstream'), false)
$$;
