-- Resources (RFC 8707) besides the default one and the management interface. Those of the config
-- file have no row.
create table resources (
  name text primary key,
  -- The audience of its access tokens.
  identifier text not null unique,
  title text,
  -- [{"name", "description", "roles"?, "clients"?, "tokens"?}], as in the config file.
  scopes jsonb not null default '[]',
  -- In seconds; null: as configured.
  access_token_lifetime integer,
  signing_algorithm text,
  claims jsonb not null default '[]',
  created_at timestamptz not null
);

create function tell_resource_change() returns trigger language plpgsql as $$
begin
  perform pg_notify('token_changes', 'resource:' || coalesce(new.name, old.name));
  return null;
end
$$;
create trigger resources_changed
  after insert or update or delete on resources
  for each row execute function tell_resource_change();

-- The identifiers of the resources that a login was approved for; null: the default one only.
alter table refresh_token_families add column resources jsonb;
-- The identifiers of the resources that are requested; null: the one in `resource`, if any.
alter table device_authorizations add column resources jsonb;
-- The names of the resources that a client may use; null: all, and introspection of the default one.
alter table clients add column resources jsonb;
-- The identifier of the registered resource that a token is for; null: the default one.
alter table personal_access_tokens add column resource text;
