-- Whether an operator vouches that the address is the person's.
alter table users add column email_verified boolean not null default false;

-- The newest tick of a polling client: polls that it sends together get one answer.
alter table device_authorizations
  add column tick_started_at timestamptz,
  add column tick_polls smallint not null default 0,
  add column tick_too_fast boolean not null default false;
