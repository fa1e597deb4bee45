-- What a terminal calls itself when it logs in, such as its host name. The user may change it.
alter table device_authorizations add column login_name text;
alter table refresh_token_families add column name text;
