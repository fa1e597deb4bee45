-- Long-lived tokens of people and service accounts. The token itself is never kept.
create table personal_access_tokens (
  id uuid primary key,
  user_id uuid references users (id) on delete cascade,
  service_account_id uuid references service_accounts (id) on delete cascade,
  name text not null,
  token_hash bytea not null unique,
  -- Its first characters, so that people can tell which one lies in a file.
  token_prefix text not null,
  scope text not null,
  audience text not null,
  -- CIDR networks it may be used from; empty: from anywhere.
  allowed_addresses jsonb not null default '[]',
  created_at timestamptz not null,
  -- Null: never.
  expires_at timestamptz,
  last_used_at timestamptz,
  last_used_address text,
  last_used_agent text,
  revoked_at timestamptz,
  revoked_reason text,
  -- A token has one successor at most: of two rotations at once, one succeeds.
  rotated_from uuid unique references personal_access_tokens (id) on delete set null,
  -- How many of the warnings before its end were given.
  expiry_warnings smallint not null default 0,
  check ((user_id is null) <> (service_account_id is null))
);
create index personal_access_tokens_user
  on personal_access_tokens (user_id, created_at desc, id desc) where user_id is not null;
create index personal_access_tokens_service_account
  on personal_access_tokens (service_account_id, created_at desc, id desc)
  where service_account_id is not null;
create index personal_access_tokens_age on personal_access_tokens (created_at desc, id desc);
create index personal_access_tokens_prefix on personal_access_tokens (token_prefix text_pattern_ops);
create index personal_access_tokens_expiry
  on personal_access_tokens (expires_at) where revoked_at is null;

-- Tells every replica what it must look up afresh. Triggers, so that no way of changing
-- a row can forget it, an operator's psql included.
create function tell_token_change() returns trigger language plpgsql as $$
declare
  changed jsonb := to_jsonb(old);
begin
  perform pg_notify('token_changes', tg_argv[0] || ':' || (changed ->> tg_argv[1]));
  return null;
end
$$;

create trigger personal_access_tokens_changed
  after delete or update of revoked_at, expires_at, scope, allowed_addresses, audience,
    token_hash, user_id, service_account_id
  on personal_access_tokens
  for each row execute function tell_token_change('token', 'id');
create trigger users_changed
  after delete or update of disabled_at, is_admin, email on users
  for each row execute function tell_token_change('principal', 'id');
create trigger service_accounts_changed
  after delete or update of disabled_at, scope, name on service_accounts
  for each row execute function tell_token_change('principal', 'id');
create trigger refresh_token_families_changed
  after delete or update of revoked_at on refresh_token_families
  for each row execute function tell_token_change('login', 'id');
create trigger clients_changed
  after delete or update of secret_hash on clients
  for each row execute function tell_token_change('client', 'id');

create function tell_access_token_revoked() returns trigger language plpgsql as $$
begin
  perform pg_notify('token_changes', 'token:' || new.jti);
  return null;
end
$$;
create trigger access_token_revoked
  after insert on revoked_access_tokens
  for each row execute function tell_access_token_revoked();
