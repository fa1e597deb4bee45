-- Single-use links with which a user chooses a password.
create table password_links (
  token_hash bytea primary key,
  user_id uuid not null references users (id) on delete cascade,
  -- Whether it was sent to the user's e-mail address: using it proves that the address is theirs.
  mailed boolean not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index password_links_user on password_links (user_id);
create index password_links_expiry on password_links (expires_at);

alter table users add column last_signed_in_at timestamptz;
update users set last_signed_in_at =
  (select max(created_at) from sessions where sessions.user_id = users.id);
