-- For searches of refused and failed events, which are few of many. Where the audit log is large
-- already, only its new partitions get the index, so that nothing waits until it is built.
do $$
begin
  if exists (
    select from pg_inherits
    where inhparent = 'audit_log'::regclass and pg_relation_size(inhrelid) > 16 * 1024 * 1024
  ) then
    create index audit_log_not_ok on only audit_log (result, occurred_at) where result <> 'ok';
  else
    create index audit_log_not_ok on audit_log (result, occurred_at) where result <> 'ok';
  end if;
end $$;
