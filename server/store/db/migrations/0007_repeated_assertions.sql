-- Some providers give a workload one token for all its life: the caller that used it may use it again.
alter table used_assertions add column caller text;
