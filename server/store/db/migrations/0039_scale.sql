-- Indexes for what would read whole tables that grow. Columns that each refresh changes have none.
create index device_authorizations_user on device_authorizations (user_id)
  where user_id is not null;
create index device_authorizations_session on device_authorizations (entered_session_id)
  where entered_session_id is not null;
create index device_authorizations_client on device_authorizations (client_id);
create index authorization_codes_client on authorization_codes (client_id);
create index upstream_sign_ins_user on upstream_sign_ins (user_id) where user_id is not null;
create index upstream_sign_ins_provider on upstream_sign_ins (provider);
create index refresh_token_families_client on refresh_token_families (client_id);
create index refresh_token_families_revoked on refresh_token_families (revoked_at)
  where revoked_at is not null;
create index users_administrators on users (id) where is_admin or group_admin;
create index users_disabled_by on users (disabled_by) where disabled_by is not null;
