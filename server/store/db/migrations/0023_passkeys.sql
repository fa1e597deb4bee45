-- WebAuthn credentials of users (https://www.w3.org/TR/webauthn-3/#credential-record).
create table passkeys (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  credential_id bytea not null unique,
  -- As COSE_Key (RFC 9052).
  public_key bytea not null,
  sign_count bigint not null,
  name text not null,
  -- The model of the authenticator, as it says; all zeros: unknown.
  aaguid uuid not null,
  -- How browsers reach the authenticator: ["internal", "hybrid"].
  transports jsonb not null,
  -- Whether it may be synchronized between devices (fixed), and is.
  backup_eligible boolean not null,
  backed_up boolean not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  last_used_address text,
  -- When its counter was not higher than before: there may be a copy, so it is not accepted.
  blocked_at timestamptz
);
create index passkeys_user on passkeys (user_id);

-- Challenges that were answered, until they expire: each is accepted once.
create table used_passkey_challenges (
  challenge_hash bytea primary key,
  expires_at timestamptz not null
);
create index used_passkey_challenges_expiry on used_passkey_challenges (expires_at);
