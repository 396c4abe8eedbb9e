-- The deadline of calls whose tool has none of its own: as configured, unless an administrator has settled another, for good
-- or for a while. Asked for in the statement that parks, so that every server goes by it from the same moment on.
CREATE FUNCTION default_expiry_hours(configured integer) RETURNS integer LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT (value ->> 'hours')::integer FROM settings
        WHERE key = 'default_expiry' AND coalesce((value ->> 'until')::timestamptz, 'infinity') > now()
    ), configured)
$$;
