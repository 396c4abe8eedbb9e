-- The executor `http`: `tools.executor_config` holds its URL and its signing secrets.

-- Whether something is set up that would run an approved call. In one place, so that a queue, a claim and a console
-- cannot disagree about it.
CREATE FUNCTION executor_is_ready(executor text, executor_config jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(executor IN ('worker', 'agent') OR (executor = 'http' AND executor_config ? 'url'), false)
$$;
