-- The resource that a device asks access to (RFC 8707); null: the API.
alter table device_authorizations
  add column resource text,
  -- The login of the command that asks, where it has one: what is approved ends with it.
  add column login_id uuid;

-- The login that a token was created with; null: created in a browser, or the login is
-- no longer known.
alter table personal_access_tokens
  add column created_by_login uuid references refresh_token_families (id) on delete set null;
create index personal_access_tokens_login
  on personal_access_tokens (created_by_login) where created_by_login is not null;
