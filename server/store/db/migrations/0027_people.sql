-- Single-use links with which a user confirms a new e-mail address. Nothing changes before that.
create table address_links (
  token_hash bytea primary key,
  user_id uuid not null references users (id) on delete cascade,
  -- The new address, as entered.
  email text not null,
  -- Whether it was sent to the new address: using it proves that the address is the user's.
  mailed boolean not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index address_links_user on address_links (user_id);
create index address_links_expiry on address_links (expires_at);

-- A user's own events, for the export of an account.
create index audit_events_actor on audit_events (actor, occurred_at);
create index audit_events_subject on audit_events (subject, occurred_at);
