-- Peers of a replica that sent X-Forwarded-For although they are not trusted proxies.
alter table replicas add column untrusted_forwarders jsonb;
