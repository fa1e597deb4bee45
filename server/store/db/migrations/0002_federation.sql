-- Principals without a password: what workloads act as.
create table service_accounts (
  id uuid primary key,
  name text not null unique,
  -- Scopes it may carry at most, space-separated.
  scope text not null,
  created_at timestamptz not null,
  disabled_at timestamptz
);

-- Whoever a token can speak for.
create view principals as
  select id, email as username, name, disabled_at, null::text as scope from users
  union all
  select id, name as username, name, disabled_at, scope from service_accounts;

-- Which tokens of other issuers are traded for ours, and for what.
create table trust_rules (
  id uuid primary key,
  name text not null unique,
  provider text not null,
  issuer text not null,
  audience text not null,
  -- [{"claim": …, "operator": "equals" | "glob", "values": […]}]: all must hold.
  conditions jsonb not null,
  scope text not null,
  lifetime_seconds integer not null check (lifetime_seconds > 0),
  user_id uuid references users (id) on delete cascade,
  service_account_id uuid references service_accounts (id) on delete cascade,
  enabled_until timestamptz,
  created_at timestamptz not null,
  check ((user_id is null) <> (service_account_id is null))
);
create index trust_rules_issuer on trust_rules (issuer);

-- Assertions that were traded, so that none is traded twice; kept until they expire.
create table used_assertions (
  issuer text not null,
  jti text not null,
  expires_at timestamptz not null,
  primary key (issuer, jti)
);
create index used_assertions_expiry on used_assertions (expires_at);
