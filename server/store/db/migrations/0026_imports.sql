-- The `sub` of a user's tokens: the id, unless the user was imported with one of another system.
alter table users add column subject text;
update users set subject = id::text;
alter table users alter column subject set not null;
create unique index users_subject on users (subject);

create function set_user_subject() returns trigger language plpgsql as $$
begin
  new.subject := coalesce(new.subject, new.id::text);
  return new;
end
$$;
create trigger users_subject before insert on users
  for each row execute function set_user_subject();

-- Users whose password has another kind of hash than new ones, or other parameters: see
-- security/password_hash.ts. A change of the parameters replaces this index.
create index users_other_password_hash on users (id)
  where password_hash not like '$scrypt$ln=15,r=8,p=3$%';

-- Tokens of other systems that were imported as personal access tokens: how to recognize one, and
-- how its hash is computed.
create table token_formats (
  name text primary key,
  pattern text not null,
  hash_function text not null,
  -- Of an HMAC, encrypted.
  hash_key bytea,
  created_at timestamptz not null
);

create function tell_token_format_change() returns trigger language plpgsql as $$
begin
  perform pg_notify('token_changes', 'token_format:' || coalesce(new.name, old.name));
  return null;
end
$$;
create trigger token_formats_changed
  after insert or update or delete on token_formats
  for each row execute function tell_token_format_change();

-- The name of its format; null: our own, or one with the same hash.
alter table personal_access_tokens add column format text;
