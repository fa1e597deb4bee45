-- Providers with which users sign in (OpenID Connect, GitHub), and their accounts there.
create table identity_providers (
  -- In the redirect URI, so it cannot be changed.
  name text primary key,
  template text not null,
  -- On the button of the sign-in page; null: that of the template.
  title text,
  -- The issuer of ID tokens, or the site of a provider without them. Two providers with one issuer
  -- would share the accounts of users, which are known by issuer and subject.
  issuer text not null unique,
  client_id text not null,
  -- Encrypted with secret_key, if there is one.
  client_secret bytea not null,
  -- Domains of e-mail addresses; empty: any.
  domains jsonb not null default '[]',
  -- Users with an address of these domains sign in here and not with a password.
  required boolean not null default false,
  -- Whether every address that it sends counts as verified.
  trusts_addresses boolean not null default false,
  -- allow, queue or refuse an account that is not linked and has no user.
  first_sign_in text not null,
  groups_claim text,
  -- What its acr and amr values count as, besides the standard ones; null: nothing.
  acr_mapping jsonb,
  -- Besides those of the template.
  scopes jsonb not null default '[]',
  -- Whether refresh tokens are kept, to check later that accounts still exist.
  recheck boolean not null default false,
  created_at timestamptz not null,
  disabled_at timestamptz
);

-- The accounts of users at providers.
create table identities (
  id uuid primary key,
  provider text not null references identity_providers (name) on delete cascade,
  issuer text not null,
  subject text not null,
  user_id uuid not null references users (id) on delete cascade,
  email text,
  -- Name, address and groups as the provider sent them last, shortened.
  claims jsonb not null default '{}',
  -- Encrypted with secret_key, if there is one.
  refresh_token bytea,
  last_checked_at timestamptz,
  last_signed_in_at timestamptz,
  created_at timestamptz not null,
  unique (issuer, subject)
);
create index identities_user on identities (user_id);
create index identities_provider on identities (provider, created_at);

-- Sign-ins that a browser has started at a provider. The code verifier (RFC 7636) and the nonce are
-- derived from the state, of which only the hash is stored.
create table upstream_sign_ins (
  state_hash bytea primary key,
  provider text not null references identity_providers (name) on delete cascade,
  -- SHA-256 of the cookie of the browser, which must present the response.
  browser_hash bytea not null,
  -- sign_in, link or test.
  purpose text not null,
  -- Who links an account, or signs in again.
  user_id uuid references users (id) on delete cascade,
  test_id uuid,
  next text not null default '/',
  -- Whether the provider must have authenticated the user after this was started.
  fresh boolean not null default false,
  -- The acr that is needed afterwards.
  acr text,
  network text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index upstream_sign_ins_network on upstream_sign_ins (network, created_at);
create index upstream_sign_ins_expiry on upstream_sign_ins (expires_at);

-- First sign-ins that wait for an administrator.
create table queued_sign_ins (
  id uuid primary key,
  provider text not null references identity_providers (name) on delete cascade,
  issuer text not null,
  subject text not null,
  email text not null,
  name text not null,
  claims jsonb not null default '{}',
  created_at timestamptz not null,
  last_attempt_at timestamptz not null,
  denied_at timestamptz,
  unique (issuer, subject)
);
create index queued_sign_ins_provider on queued_sign_ins (provider, created_at);

-- Round trips that show what a provider sends, and change nothing.
create table identity_provider_tests (
  id uuid primary key,
  -- SHA-256 of the token in the link.
  token_hash bytea not null unique,
  provider text not null references identity_providers (name) on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  result jsonb
);
create index identity_provider_tests_expiry on identity_provider_tests (expires_at);
