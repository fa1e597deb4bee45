-- Directories, such as Okta, that provision users and groups over SCIM 2.0 (RFC 7643, RFC 7644).
create table directories (
  id uuid primary key,
  -- Also the name of the source of group memberships (scim:NAME).
  name text not null unique,
  -- Mail domains whose accounts it may take over; empty: none, and it may create any.
  domains jsonb not null default '[]',
  token_hash bytea not null unique,
  token_prefix text not null,
  token_created_at timestamptz not null,
  -- The token before the last rotation, accepted until then.
  previous_token_hash bytea unique,
  previous_token_expires_at timestamptz,
  created_at timestamptz not null,
  last_used_at timestamptz,
  disabled_at timestamptz
);

create table directory_users (
  -- The id of the SCIM resource. That of the account is user_id.
  id uuid primary key,
  directory_id uuid not null references directories (id) on delete cascade,
  user_id uuid not null references users (id) on delete cascade,
  user_name text not null,
  -- See shared/name_key.ts.
  user_name_key text not null,
  external_id text,
  -- Further attributes of RFC 7643, as the directory sent them.
  attributes jsonb not null,
  -- The same with strings as they are compared.
  keys jsonb not null,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- Deleted in the directory: the resource is gone, the account stays disabled.
  deleted_at timestamptz
);
create unique index directory_users_name
  on directory_users (directory_id, user_name_key) where deleted_at is null;
-- An account belongs to one directory at most.
create unique index directory_users_account on directory_users (user_id) where deleted_at is null;
create index directory_users_user on directory_users (user_id);
create index directory_users_external on directory_users (directory_id, external_id);
create index directory_users_age on directory_users (directory_id, created_at, id);

create table directory_groups (
  id uuid primary key,
  directory_id uuid not null references directories (id) on delete cascade,
  display_name text not null,
  display_name_key text not null,
  external_id text,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (directory_id, display_name_key)
);
create index directory_groups_external on directory_groups (directory_id, external_id);
create index directory_groups_age on directory_groups (directory_id, created_at, id);

create table directory_group_members (
  group_id uuid not null references directory_groups (id) on delete cascade,
  member_id uuid not null references directory_users (id) on delete cascade,
  primary key (group_id, member_id)
);
create index directory_group_members_member on directory_group_members (member_id);

-- Who disabled the account: scim:NAME, or null for an administrator. A directory enables only what
-- it disabled itself.
alter table users add column disabled_by text;
