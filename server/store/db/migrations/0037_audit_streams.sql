-- How far the events of the audit log have been delivered, one row for each target of audit_stream.
create table audit_streams (
  -- Without what may be secret in its address.
  target text primary key,
  -- The replica that delivers now. Times are the database's.
  holder uuid,
  lease_until timestamptz,
  -- After the last event that the target has accepted (server/store/audit_log/tail.ts).
  cursor jsonb not null,
  -- Of the last line, which the next one names.
  signature text not null default '',
  delivered_at timestamptz,
  failing_since timestamptz,
  error text,
  -- Events that retention removed before they were delivered, since this was last reported, and the
  -- number of the last one.
  missed bigint not null default 0,
  missed_to bigint not null default 0
);
