-- What a failed run said, as far as it tells one failure from another; empty: it said nothing.
CREATE FUNCTION failed_with(result jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN coalesce(left(result ->> 'error', 300), '');
