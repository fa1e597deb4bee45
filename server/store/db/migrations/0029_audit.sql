-- The audit log, in one partition for each week. Rows are only appended: a trigger rejects changes
-- but for seals, the removal of a user's personal data, and what tidies the default partition.
create sequence audit_log_seq;

-- A number that is not visible yet belongs to a transaction that snapshots know: it gets its id
-- first (server/audit/tail.ts).
create function next_audit_seq() returns bigint language plpgsql as $$
begin
  perform pg_current_xact_id();
  return nextval('audit_log_seq');
end $$;

create table audit_log (
  id uuid not null,
  -- In the order of insertion, not of commits; 0 of events that were copied from audit_events.
  seq bigint not null default next_audit_seq(),
  occurred_at timestamptz not null,
  -- "C", so that an index finds names by their beginning.
  event text collate "C" not null,
  actor text,
  -- On whose behalf the actor acted, if on that of another account.
  acting_for text,
  subject text,
  address text,
  result text not null default 'ok' check (result in ('ok', 'refused', 'failed')),
  request_id text,
  -- The process that recorded it; null: a program that is older than this table.
  replica uuid,
  details jsonb not null,
  -- The seal: the chain, the position in it, the commitment to the content with its salt, and the
  -- link, which covers the commitment and the link before it (server/audit/seal.ts).
  chain uuid,
  position bigint,
  salt bytea,
  commitment bytea,
  link bytea,
  -- Proves that the server itself removed personal data from the content.
  amendment bytea,
  primary key (id, occurred_at)
) partition by range (occurred_at);

create index audit_log_time on audit_log (occurred_at, seq);
create index audit_log_seq_order on audit_log (seq);
create index audit_log_actor on audit_log (actor, occurred_at);
create index audit_log_acting_for on audit_log (acting_for, occurred_at)
  where acting_for is not null;
create index audit_log_subject on audit_log (subject, occurred_at);
create index audit_log_event on audit_log (event, occurred_at);
create index audit_log_address on audit_log (address, occurred_at) where address is not null;
create index audit_log_request on audit_log (request_id) where request_id is not null;
create index audit_log_unsealed on audit_log (replica, seq)
  where chain is null and replica is not null;
create index audit_log_chain on audit_log (chain, position) where chain is not null;

create function protect_audit_log() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    if row(new.id, new.seq, new.occurred_at, new.event, new.acting_for, new.address, new.result,
        new.request_id, new.replica)
      is distinct from row(old.id, old.seq, old.occurred_at, old.event, old.acting_for, old.address,
        old.result, old.request_id, old.replica) then
      null;
    -- Sealing.
    elsif old.chain is null and new.chain is not null
      and row(new.actor, new.subject, new.details) is not distinct from
        row(old.actor, old.subject, old.details) then
      return new;
    elsif current_setting('audit.erasing', true) = 'on'
      and row(new.chain, new.position, new.commitment, new.link) is not distinct from
        row(old.chain, old.position, old.commitment, old.link) then
      return new;
    end if;
  elsif tg_op = 'DELETE' and current_setting('audit.tidying', true) = 'on' then
    return old;
  end if;
  raise exception 'the audit log is append-only'
    using errcode = 'object_not_in_prerequisite_state',
      hint = 'Old events are removed in whole partitions, as audit_retention says.';
end $$;

create trigger audit_log_protected before update or delete on audit_log
  for each row execute function protect_audit_log();

-- For events of weeks without a partition, so that none is lost.
create table audit_log_default partition of audit_log default;
create trigger audit_log_kept before truncate on audit_log
  for each statement execute function protect_audit_log();
create trigger audit_log_kept before truncate on audit_log_default
  for each statement execute function protect_audit_log();

-- Creates the partition of a week by its Monday, with the events of that week from the default one.
-- Returns false if it exists. Attaching locks the default partition, but not the others.
create function create_audit_partition(monday date) returns boolean language plpgsql as $$
declare
  partition text := 'audit_log_' || to_char(monday, 'YYYYMMDD');
  since timestamptz := monday::timestamp at time zone 'UTC';
  until timestamptz := (monday + 7)::timestamp at time zone 'UTC';
begin
  if extract(isodow from monday) <> 1 then
    raise exception '% is not a Monday', monday;
  end if;
  if to_regclass(quote_ident(partition)) is not null then
    return false;
  end if;
  execute format('create table %I (like audit_log including all)', partition);
  if exists (select from audit_log_default where occurred_at >= since and occurred_at < until) then
    lock table audit_log_default in access exclusive mode;
    perform set_config('audit.tidying', 'on', true);
    execute format(
      'with moved as (
        delete from audit_log_default where occurred_at >= $1 and occurred_at < $2 returning *
      ) insert into %I select * from moved', partition) using since, until;
    perform set_config('audit.tidying', 'off', true);
  end if;
  execute format('alter table audit_log attach partition %I for values from (%L) to (%L)',
    partition, since, until);
  execute format('create trigger audit_log_kept before truncate on %I
    for each statement execute function protect_audit_log()', partition);
  return true;
end $$;

-- Events that are repeated are counted here for an hour: the first is in the log at once, the
-- number of the others when the hour is over.
create table audit_repeats (
  id uuid primary key,
  ends_at timestamptz not null,
  event text not null,
  actor text,
  acting_for text,
  subject text,
  address text,
  result text not null,
  replica uuid,
  details jsonb not null,
  -- After the first.
  count int not null,
  last_at timestamptz not null
);
create index audit_repeats_end on audit_repeats (ends_at);
create index audit_repeats_event on audit_repeats (event, subject);

-- The results of events whose program did not record one.
create function audit_result(event text) returns text immutable language sql as $$
  select case
    when event ~ '(refused|rejected|denied|throttled|restricted|replayed|_unknown)$' then 'refused'
    when event ~ 'failed$' then 'failed'
    else 'ok'
  end
$$;

-- The program before this migration still writes to audit_events.
create function forward_audit_event() returns trigger language plpgsql as $$
begin
  if new.details ? 'count' and new.details ? 'last_at' then
    insert into audit_repeats (id, ends_at, event, actor, subject, address, result, details, count, last_at)
    values (new.id, date_trunc('hour', new.occurred_at) + interval '1 hour', new.event, new.actor,
      new.subject, new.address, audit_result(new.event), new.details - 'count' - 'last_at',
      (new.details ->> 'count')::int, (new.details ->> 'last_at')::timestamptz)
    on conflict (id) do update set count = excluded.count, last_at = excluded.last_at,
      actor = excluded.actor, subject = excluded.subject, details = excluded.details;
  elsif tg_op = 'INSERT' then
    insert into audit_log (id, occurred_at, event, actor, subject, address, result, details)
    values (new.id, new.occurred_at, new.event, new.actor, new.subject, new.address,
      audit_result(new.event), new.details);
  else
    -- It removes the personal data of users who are deleted.
    perform set_config('audit.erasing', 'on', true);
    update audit_log set actor = new.actor, subject = new.subject, details = new.details
    where id = new.id and occurred_at = new.occurred_at;
    perform set_config('audit.erasing', 'off', true);
  end if;
  return null;
end $$;

-- How far older events are copied, newest first; the server continues in the background.
create table audit_backfill (
  id boolean primary key default true check (id),
  before timestamptz not null,
  before_id uuid not null
);
insert into audit_backfill (before, before_id)
values ('infinity', 'ffffffff-ffff-ffff-ffff-ffffffffffff');

-- Copies the next events that are not older than `since`; returns how many.
create function copy_audit_events(since timestamptz, batch int) returns int language plpgsql as $$
declare
  copied int;
begin
  perform from audit_backfill for update;
  with next as (
    select e.* from audit_events e, audit_backfill b
    where (e.occurred_at, e.id) < (b.before, b.before_id) and e.occurred_at >= since
    order by e.occurred_at desc, e.id desc limit batch
  ), inserted as (
    insert into audit_log (id, seq, occurred_at, event, actor, subject, address, result, details)
    select id, 0, occurred_at, event, actor, subject, address, audit_result(event), details
    from next
    on conflict do nothing
  ), last as (
    select occurred_at, id from next order by occurred_at, id limit 1
  ), moved as (
    update audit_backfill b set before = last.occurred_at, before_id = last.id from last
  )
  select count(*) into copied from next;
  return copied;
end $$;

-- The partitions of events that exist, and the newest of them.
do $$
declare
  monday date;
begin
  for monday in
    select generate_series(
      date_trunc('week', greatest(min(occurred_at), max(occurred_at) - interval '10 years')
        at time zone 'UTC'),
      date_trunc('week', max(occurred_at) at time zone 'UTC'), '7 days')::date
    from audit_events
  loop
    perform create_audit_partition(monday);
  end loop;
  perform copy_audit_events('-infinity', 10000);
end $$;

create trigger audit_events_forwarded after insert or update on audit_events
  for each row execute function forward_audit_event();

-- Chains of seals: one for each process and week. `number` counts all of them, and `genesis` covers
-- the one before it, so that a chain that is removed is missed.
create table audit_chains (
  id uuid primary key,
  number bigint not null unique,
  replica uuid not null,
  week date not null,
  started_at timestamptz not null,
  genesis bytea not null,
  -- The last seal.
  position bigint not null default 0,
  link bytea not null,
  sealed_at timestamptz not null,
  -- When retention removed its events.
  dropped_at timestamptz,
  -- Proves position, link and dropped_at.
  mac bytea not null,
  unique (replica, week)
);
