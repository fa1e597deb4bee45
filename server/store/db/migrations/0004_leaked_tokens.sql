-- Where a token was found in the open, so that its owner can see it.
alter table personal_access_tokens
  add column leaked_at timestamptz,
  -- Who reported it.
  add column leak_reporter text,
  -- As the reporter wrote it; null: not told.
  add column leak_place text;

-- Finds tokens that ended long ago; those that expired have an index already.
create index personal_access_tokens_revoked
  on personal_access_tokens (revoked_at) where revoked_at is not null;
