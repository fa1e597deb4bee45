-- Of a further approval for a login: the largest age of the sign-in that may give it (RFC 9470), and
-- the longest lifetime of its token; in seconds. Null: any, and as configured.
alter table device_authorizations
  add column max_age integer,
  add column requested_lifetime integer;
