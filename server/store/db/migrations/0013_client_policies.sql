-- Public clients, and what each client may do. The built-in command line has a row only once the
-- operator has changed it.
alter table clients
  alter column secret_hash drop not null,
  -- The secret before the last rotation, accepted until then.
  add column previous_secret_hash bytea,
  add column previous_secret_expires_at timestamptz,
  add column is_public boolean not null default false,
  -- Clients that exist already were allowed to use every grant.
  add column grants jsonb not null default '["device", "exchange"]',
  -- Null: all scopes that the catalog lets the client request.
  add column scope text,
  add column homepage text,
  -- In seconds; null: as configured.
  add column access_token_lifetime integer,
  add column refresh_token_idle_lifetime integer,
  add column refresh_token_absolute_lifetime integer,
  add column disabled_at timestamptz,
  add constraint clients_secret check (is_public = (secret_hash is null));
alter table clients alter column grants drop default;

-- What tokens and logins depend on, not only the secret. A row of the built-in command line
-- replaces what the program has for it, so an insert is a change too.
drop trigger clients_changed on clients;
create trigger clients_changed
  after delete or update on clients
  for each row execute function tell_token_change('client', 'id');
create function tell_client_added() returns trigger language plpgsql as $$
begin
  perform pg_notify('token_changes', 'client:' || new.id);
  return null;
end
$$;
create trigger clients_added
  after insert on clients
  for each row execute function tell_client_added();
