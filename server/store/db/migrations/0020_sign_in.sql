-- How the user signed in: the authentication context class and methods of RFC 9068 section 2.2.1.
-- Null: before these columns, which counts as one factor.
alter table sessions
  add column acr text,
  add column amr jsonb,
  -- What was used, if it was no password: the session starts only while it exists.
  add column passkey_id uuid,
  add column identity_id uuid,
  -- The sid that the identity provider gave its session (OpenID Connect Back-Channel Logout 1.0).
  add column upstream_session_id text;

alter table device_authorizations
  add column acr text,
  add column amr jsonb,
  -- What the request asks for (RFC 9470 section 4). Null: anything.
  add column required_acr text;

alter table authorization_codes
  add column acr text,
  add column amr jsonb;

alter table refresh_token_families
  add column acr text,
  add column amr jsonb;

-- A browser in which the first factor was accepted, until the second one is.
create table pending_sign_ins (
  token_hash bytea primary key,
  -- Of the cookie that the forms of this browser are bound to.
  browser_hash bytea not null,
  user_id uuid not null references users (id) on delete cascade,
  first_factor jsonb not null,
  next text not null,
  required_acr text,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index pending_sign_ins_user_id on pending_sign_ins (user_id);
create index pending_sign_ins_expires_at on pending_sign_ins (expires_at);

-- Authenticator apps (RFC 6238). The secret is encrypted with secret_key.
create table totp_authenticators (
  user_id uuid primary key references users (id) on delete cascade,
  secret bytea not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  -- The time step of the last accepted code: each is accepted once (RFC 6238 section 5.2).
  last_step bigint not null
);

-- A secret that is shown to a browser, until its first code confirms it.
create table totp_enrollments (
  -- Of the browser session, or of the pending sign-in.
  holder text primary key,
  user_id uuid not null references users (id) on delete cascade,
  secret bytea not null,
  expires_at timestamptz not null
);
create index totp_enrollments_user_id on totp_enrollments (user_id);
create index totp_enrollments_expires_at on totp_enrollments (expires_at);

create table recovery_codes (
  user_id uuid not null references users (id) on delete cascade,
  code_hash bytea not null,
  created_at timestamptz not null,
  primary key (user_id, code_hash)
);
