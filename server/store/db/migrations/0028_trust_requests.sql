-- Workloads whose verified identity token matched no rule, until an administrator approves or
-- dismisses them or they are not seen again. The token is not stored.
create table trust_requests (
  id bigint generated always as identity primary key,
  -- Of the issuer, the audience and the conditions of the rule that would trust it: a workload has
  -- one row, however often it is rejected.
  workload_hash bytea not null unique,
  provider text not null,
  issuer text not null,
  audience text not null,
  -- Those that rules can name, as in the audit log.
  claims jsonb not null,
  -- That it requested last.
  scope text,
  address text not null,
  count integer not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  -- Kept, so that the workload does not come back.
  dismissed_at timestamptz
);
create index trust_requests_issuer on trust_requests (issuer, last_seen_at);
create index trust_requests_last_seen on trust_requests (last_seen_at);
