-- The span of the request that started a login (W3C Trace Context), for the requests that follow.
alter table device_authorizations add column trace_context text;
alter table authorization_codes add column trace_context text;
