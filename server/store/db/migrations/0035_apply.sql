-- Which file manages a row (`admin apply`), as `file:NAME`; null: it is managed by hand.
alter table clients
  add column managed_by text,
  -- The same of its secret, which can be managed by hand where the rest is not.
  add column secret_managed_by text;
alter table resources add column managed_by text;
alter table groups
  add column managed_by text,
  -- The same of the members who are added here.
  add column members_managed_by text;
alter table identity_providers add column managed_by text;
alter table trust_rules add column managed_by text;
alter table service_accounts add column managed_by text;
alter table directories add column managed_by text;

-- Scopes of the default resource besides those of the config file.
create table scopes (
  name text primary key,
  -- {"name", "description", "roles"?, "groups"?, …}, as those of resources.
  definition jsonb not null,
  managed_by text,
  created_at timestamptz not null
);
create trigger scopes_changed
  after insert or update or delete on scopes
  for each row execute function tell_resource_change();
