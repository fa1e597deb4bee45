-- The authorization code grant: where clients may be redirected to, codes, and consents.
alter table clients
  add column redirect_uris jsonb not null default '[]',
  -- Whether a user who approved the client is asked again.
  add column consent text not null default 'always' check (consent in ('always', 'remember'));

create table authorization_codes (
  code_hash bytea primary key,
  client_id text not null,
  user_id uuid not null references users (id) on delete cascade,
  scope text not null,
  -- Null: the default resource.
  resources jsonb,
  redirect_uri text not null,
  code_challenge text not null,
  nonce text,
  login_name text,
  authenticated_at timestamptz not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  -- Set by the first attempt to redeem it, whether that succeeded or not.
  redeemed_at timestamptz,
  -- What it was redeemed for, which a second attempt revokes. Null: for nothing.
  access_token_id text,
  access_token_expires_at timestamptz,
  login_id uuid
);
create index authorization_codes_user on authorization_codes (user_id, created_at);
create index authorization_codes_expiry on authorization_codes (expires_at);

-- What a user last approved for a client that need not ask again.
create table consents (
  user_id uuid not null references users (id) on delete cascade,
  client_id text not null,
  -- As the client registered it.
  redirect_uri text not null,
  scope text not null,
  resources jsonb,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  primary key (user_id, client_id)
);
