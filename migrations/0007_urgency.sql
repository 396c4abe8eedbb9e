-- What waits by its deadline, then by its tier: the list by urgency, the sweep and what is near its deadline. It takes the
-- place of the index on the deadline alone.
CREATE INDEX pending_actions_urgency_idx ON pending_actions (
    coalesce(expires_at, 'infinity'::timestamptz),
    (CASE risk_tier WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'medium' THEN 2 ELSE 3 END),
    id
) WHERE status = 'pending';
DROP INDEX pending_actions_expires_idx;
