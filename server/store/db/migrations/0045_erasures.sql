-- Users who were deleted, and whose personal data is still in events: it is removed in batches, and
-- by another process if the first one stopped. `person` is deleted with the row.
create table erasures (
  user_id uuid primary key,
  person jsonb not null,
  requested_at timestamptz not null,
  -- Events with a higher number are of later: another user may have the address then.
  max_seq bigint not null,
  -- Events up to this one are done, first those of programs before 0029.
  in_table text not null default 'audit_events' check (in_table in ('audit_events', 'audit_log')),
  after_time timestamptz not null default '-infinity',
  after_id uuid not null default '00000000-0000-0000-0000-000000000000'
);
