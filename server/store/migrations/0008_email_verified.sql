-- Whether an operator vouches that the address is the person's.
alter table users add column email_verified boolean not null default false;
