-- A disabled rule matches no token until it is enabled again.
alter table trust_rules add column disabled_at timestamptz;
