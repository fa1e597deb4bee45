-- Groups that scopes can name. One that only a directory has needs no row, `user` has none, and
-- `admin` only if directories fill it. Members of `admin` by `users.is_admin` have no membership.
create table groups (
  id uuid primary key,
  name text not null check (name <> 'user'),
  description text,
  -- ["okta:Deployers"]: the groups of directories whose members belong to it. Null: those of any
  -- directory that have its name.
  sources jsonb,
  -- Whether the config file declares it.
  is_declared boolean not null default false,
  created_at timestamptz not null
);
create unique index groups_name on groups (lower(name collate "C"));
-- What each source last said about a user. The name is that of the source.
create table group_memberships (
  user_id uuid not null references users (id) on delete cascade,
  -- `local`, `idp:NAME` or `scim:NAME`.
  source text not null,
  name text not null,
  primary key (user_id, source, name),
  check (source <> 'local' or name not in ('admin', 'user'))
);
create index group_memberships_name on group_memberships (name, source);

-- Which groups count for a user, by whatever source.
create view effective_groups as
  select user_id, name, source, name as source_name
  from group_memberships where source = 'local'
  union all
  select m.user_id, m.name, m.source, m.name
  from group_memberships m
  where m.source <> 'local' and m.name not in ('admin', 'user')
    and not exists (select 1 from groups g where g.name = m.name and g.sources is not null)
  union all
  select m.user_id, g.name, m.source, m.name
  from group_memberships m
  join groups g on jsonb_exists(g.sources, split_part(m.source, ':', 2) || ':' || m.name)
  where m.source <> 'local';

-- Kept by the triggers below, so that whatever selects a user has both: the names of the groups that
-- count, without the roles admin and user, and whether a directory makes the user an administrator.
alter table users
  add column groups jsonb not null default '[]',
  add column group_admin boolean not null default false;

drop trigger users_changed on users;
create trigger users_changed
  after delete or update of disabled_at, is_admin, email, groups, group_admin on users
  for each row execute function tell_token_change('principal', 'id');

create function refresh_user_groups(ids uuid[]) returns void language plpgsql as $$
begin
  -- In a statement of its own: the next one then sees what was committed until the locks were held.
  perform 1 from users where id = any (ids) order by id for no key update;
  update users u
  set groups = effective.names, group_admin = effective.is_admin
  from (
    select i.id, g.names, g.is_admin
    from unnest(ids) as i (id)
    cross join lateral (
      select
        coalesce(
          jsonb_agg(distinct e.name collate "C") filter (where e.name <> 'admin'), '[]'
        ) as names,
        coalesce(bool_or(e.name = 'admin'), false) as is_admin
      from effective_groups e where e.user_id = i.id
    ) g
  ) effective
  where u.id = effective.id
    and (u.groups, u.group_admin) is distinct from (effective.names, effective.is_admin);
end
$$;

-- A change of a group and one of memberships must not miss each other: the former excludes the
-- latter until it is committed.
create function lock_group_memberships() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(7225902);
  return null;
end
$$;
create trigger group_memberships_lock
  before insert or update or delete on group_memberships
  for each statement execute function lock_group_memberships();
create function lock_groups() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(7225902);
  return null;
end
$$;
create trigger groups_lock
  before insert or update or delete on groups
  for each statement execute function lock_groups();

create function refresh_members() returns trigger language plpgsql as $$
begin
  perform refresh_user_groups(array(select distinct user_id from changed));
  return null;
end
$$;
create trigger group_memberships_inserted
  after insert on group_memberships referencing new table as changed
  for each statement execute function refresh_members();
create trigger group_memberships_deleted
  after delete on group_memberships referencing old table as changed
  for each statement execute function refresh_members();
create trigger group_memberships_updated_from
  after update on group_memberships referencing old table as changed
  for each statement execute function refresh_members();
create trigger group_memberships_updated_to
  after update on group_memberships referencing new table as changed
  for each statement execute function refresh_members();

create function refresh_groups() returns trigger language plpgsql as $$
begin
  perform refresh_user_groups(array(
    select m.user_id from group_memberships m join changed c on m.name = c.name
    union
    select m.user_id from group_memberships m
    join changed c on jsonb_exists(c.sources, split_part(m.source, ':', 2) || ':' || m.name)
    where m.source <> 'local'
  ));
  return null;
end
$$;
create trigger groups_inserted
  after insert on groups referencing new table as changed
  for each statement execute function refresh_groups();
create trigger groups_deleted
  after delete on groups referencing old table as changed
  for each statement execute function refresh_groups();
create trigger groups_updated_from
  after update on groups referencing old table as changed
  for each statement execute function refresh_groups();
create trigger groups_updated_to
  after update on groups referencing new table as changed
  for each statement execute function refresh_groups();
