-- The processes that serve from this database. Times are the database's: the clocks of machines differ.
create table replicas (
  id uuid primary key,
  -- Host and process id, for operators.
  name text not null,
  host text not null,
  pid integer not null,
  -- The number of a process of serve --workers.
  worker integer,
  version text not null,
  started_at timestamptz not null,
  last_seen_at timestamptz not null
);

-- One row for each periodic task. The replica that holds the lease runs it.
create table housekeeping (
  task text primary key,
  holder uuid,
  lease_until timestamptz,
  -- Of the latest run, which may be in progress.
  started_at timestamptz not null,
  -- Of the latest run that was not interrupted.
  finished_at timestamptz,
  succeeded_at timestamptz,
  duration_ms integer,
  rows bigint,
  error text
);

-- Token buckets that replicas share. Unlogged: a limit that starts again after a crash does no harm.
create unlogged table rate_buckets (
  key text primary key,
  tokens double precision not null,
  filled_at timestamptz not null
);
create index rate_buckets_age on rate_buckets (filled_at);
