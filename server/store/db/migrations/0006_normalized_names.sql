-- What accounts and tokens are found by, whatever the database's locale: see
-- shared/name_key.ts. Rows that exist are filled by 0006_normalized_names.ts.
alter table users add column email_key text;
alter table personal_access_tokens add column name_key text;

-- Rows from elsewhere, an operator's psql or an older server beside this one, get the
-- part of it that every database does alike.
create function set_email_key() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    if new.email is distinct from old.email and new.email_key is not distinct from old.email_key
    then new.email_key := null;
    end if;
  end if;
  new.email_key := coalesce(new.email_key, lower(new.email collate "C"));
  return new;
end
$$;
create trigger users_email_key before insert or update of email, email_key on users
  for each row execute function set_email_key();

create function set_name_key() returns trigger language plpgsql as $$
begin
  new.name_key := coalesce(new.name_key, lower(new.name collate "C"));
  return new;
end
$$;
create trigger personal_access_tokens_name_key before insert on personal_access_tokens
  for each row execute function set_name_key();

-- One row, written to find out whether the database takes writes.
create table write_probe (
  id smallint primary key check (id = 1),
  written_at timestamptz not null,
  -- Something long after the disk was full, so that the table has to grow.
  padding bytea
);
insert into write_probe (id, written_at) values (1, now());
