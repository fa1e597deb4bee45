-- How values are encrypted with secret_key. One row.
create table sealing (
  id boolean primary key default true check (id),
  -- Since when new values are bound to their row and name their key. Null: not yet, since programs
  -- before this migration cannot read them. `admin secret-key rotate` sets it.
  bound_since timestamptz
);
-- No program before this one has used a new database.
insert into sealing (bound_since)
  select case when exists (select from server_secrets) then null else now() end;

-- The ids of the secret keys of each replica: what is encrypted must be readable by all of them.
alter table replicas
  -- Of the one that encrypts; null: none.
  add column secret_key_id text,
  -- Of all that decrypt; null: not known.
  add column accepted_key_ids jsonb;

-- Keys that were removed since they leaked: never published or accepted again.
create table removed_signing_keys (
  kid text primary key,
  removed_at timestamptz not null
);

-- Where the private part is: null for the database, file or command for those that never enter it.
alter table signing_keys add column source text;

create function tell_key_change() returns trigger language plpgsql as $$
begin
  perform pg_notify('token_changes', tg_table_name || ':');
  return null;
end
$$;
create trigger signing_keys_changed after insert or update or delete on signing_keys
  for each statement execute function tell_key_change();
create trigger sealing_changed after insert or update on sealing
  for each statement execute function tell_key_change();
