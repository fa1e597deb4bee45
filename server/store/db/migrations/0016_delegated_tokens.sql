-- Narrow access tokens that a login was exchanged for (RFC 8693), such as an agent's. The id is the
-- token's jti.
create table delegated_tokens (
  id uuid primary key,
  login_id uuid not null references refresh_token_families (id) on delete cascade,
  -- What the client calls the program that it gave the token to; null: the client itself.
  actor_name text,
  scope text not null,
  resource text not null,
  -- The jti of the access tokens that it was exchanged from; revoking one revokes this one.
  ancestors jsonb not null default '[]',
  address text not null,
  user_agent text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason text
);
create index delegated_tokens_login on delegated_tokens (login_id, created_at desc);
create index delegated_tokens_expiry on delegated_tokens (expires_at);

create trigger delegated_tokens_changed
  after delete or update of revoked_at on delegated_tokens
  for each row execute function tell_token_change('token', 'id');
