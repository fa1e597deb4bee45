-- Who looks after what workloads and programs use; null: the operator. Not who may use or change it.
alter table service_accounts add column owner_id uuid references users (id) on delete set null;
alter table trust_rules add column owner_id uuid references users (id) on delete set null;
alter table clients add column owner_id uuid references users (id) on delete set null;
alter table resources add column owner_id uuid references users (id) on delete set null;

-- The browser session in which a login was approved; null: not known. Plain columns, since sessions
-- are deleted earlier.
alter table refresh_token_families add column session_id uuid;
alter table authorization_codes add column session_id uuid;
create index refresh_token_families_session
  on refresh_token_families (session_id) where session_id is not null;

-- What an identity provider may report besides sign-ins. One row for each provider, by its name;
-- without a row as with the defaults.
create table provider_signals (
  provider text primary key,
  -- Whether its back-channel logout also revokes the logins that were approved in those browsers.
  logout_revokes_logins boolean not null default false,
  -- SHA-256 of the bearer token with which it pushes events (RFC 8935); null: it may not.
  events_token_hash bytea,
  -- The issuer of its security event tokens; null: the one of its ID tokens.
  events_issuer text,
  -- Their audience; null: the client id, or the address that receives them.
  events_audience text,
  -- Whether a disabled account disables its user here; otherwise it only signs the user out.
  disables_users boolean not null default true,
  last_event_at timestamptz,
  created_at timestamptz not null
);

-- Checks of identities that are being made or did not succeed.
create table identity_checks (
  identity_id uuid primary key,
  -- One replica checks at a time; it has the row until then.
  claimed_until timestamptz not null,
  -- When the provider rejected its refresh token.
  rejected_since timestamptz
);
create index identity_checks_rejected
  on identity_checks (rejected_since) where rejected_since is not null;
