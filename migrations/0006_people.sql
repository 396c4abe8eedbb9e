-- People and tokens in the console: when somebody was last here (a session's own row goes with the session), and
-- indexes for the pages of sessions and tokens.

ALTER TABLE users ADD COLUMN last_seen_at timestamptz;
UPDATE users u SET last_seen_at = (SELECT max(s.last_seen_at) FROM sessions s WHERE s.user_id = u.id);

-- A person's sessions, newest first; it begins as the index before it did, and takes its place.
CREATE INDEX sessions_user_created_idx ON sessions (user_id, created_at, id);
DROP INDEX sessions_user_id_idx;

-- Tokens are listed newest first: all of them, or one person's.
CREATE INDEX api_tokens_created_idx ON api_tokens (created_at, id);
CREATE INDEX api_tokens_user_idx ON api_tokens (user_id, created_at, id) WHERE user_id IS NOT NULL;
-- A new link takes the place of the person's older ones.
CREATE INDEX sign_in_links_user_idx ON sign_in_links (user_id);
