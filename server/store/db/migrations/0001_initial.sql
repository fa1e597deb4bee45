-- People. Without a password a person can sign in nowhere.
create table users (
  id uuid primary key,
  email text not null,
  name text not null,
  password_hash text,
  is_admin boolean not null default false,
  created_at timestamptz not null,
  disabled_at timestamptz
);
create unique index users_email on users (lower(email));

-- Single-use links that make the first administrator.
create table setup_links (
  token_hash bytea primary key,
  created_at timestamptz not null,
  expires_at timestamptz not null
);

-- Browser sessions of the pages; the cookie holds the token, we hold its hash.
create table sessions (
  id uuid primary key,
  token_hash bytea not null unique,
  user_id uuid not null references users (id) on delete cascade,
  created_at timestamptz not null,
  authenticated_at timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null,
  address text not null,
  user_agent text not null
);
create index sessions_user on sessions (user_id, address);
create index sessions_expiry on sessions (expires_at);

-- Registered clients. The built-in command line client is not among them.
create table clients (
  id text primary key,
  name text not null,
  secret_hash bytea not null,
  created_at timestamptz not null
);

-- RFC 8628: one row from the request on the device to the redemption of its code.
create table device_authorizations (
  id uuid primary key,
  device_code_hash bytea not null unique,
  user_code text not null unique,
  client_id text not null,
  scope text not null,
  status text not null default 'pending'
    check (status in ('pending', 'approved', 'denied', 'redeemed')),
  interval_seconds integer not null,
  last_polled_at timestamptz,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  requester_address text not null,
  -- What limits count the requester by: the address, or its IPv6 network.
  requester_network text not null,
  requester_user_agent text not null,
  -- The browser session that entered the code; it alone may decide.
  entered_session_id uuid references sessions (id) on delete set null,
  entered_at timestamptz,
  user_id uuid references users (id) on delete cascade,
  authenticated_at timestamptz,
  decided_at timestamptz
);
create index device_authorizations_expiry on device_authorizations (expires_at);
create index device_authorizations_pending
  on device_authorizations (requester_network, expires_at) where status = 'pending';

-- One row per login with offline access, whatever the number of rotations:
-- the newest token and the one before it are all that may ever be presented.
create table refresh_token_families (
  id uuid primary key,
  -- Hash of the part that all tokens of the family share: finds the family of a spent token.
  handle_hash bytea not null unique,
  current_hash bytea not null,
  previous_hash bytea,
  user_id uuid not null references users (id) on delete cascade,
  client_id text not null,
  scope text not null,
  authenticated_at timestamptz not null,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  idle_expires_at timestamptz not null,
  absolute_expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_reason text,
  address text not null,
  user_agent text not null
);
create index refresh_token_families_user on refresh_token_families (user_id);
create index refresh_token_families_expiry on refresh_token_families (absolute_expires_at);

-- Access tokens revoked one by one, kept until they would have ended anyway.
create table revoked_access_tokens (
  jti text primary key,
  expires_at timestamptz not null
);
create index revoked_access_tokens_expiry on revoked_access_tokens (expires_at);

-- A key is next before activates_at (or while it is null), then signs until a
-- younger one activates, and is published until expires_at.
create table signing_keys (
  kid text primary key,
  algorithm text not null,
  public_jwk jsonb not null,
  private_key bytea not null,
  created_at timestamptz not null,
  activates_at timestamptz,
  expires_at timestamptz
);

-- Random secrets of the server itself, made on first start.
create table server_secrets (
  name text primary key,
  value bytea not null
);

-- Failed guesses at passwords and user codes; success deletes none of them.
create table failed_attempts (
  id uuid primary key,
  kind text not null,
  subject text not null,
  failed_at timestamptz not null
);
create index failed_attempts_subject on failed_attempts (kind, subject, failed_at);
create index failed_attempts_age on failed_attempts (failed_at);

create table audit_events (
  id uuid primary key,
  occurred_at timestamptz not null,
  event text not null,
  actor text,
  subject text,
  address text,
  details jsonb not null
);
create index audit_events_time on audit_events (occurred_at);
