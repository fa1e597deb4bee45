import type { ConcurrentIndex } from "../concurrent_indexes.ts";

/** For what would read whole tables that grow. Columns that each refresh changes have none. */
export const scaleIndexes: readonly ConcurrentIndex[] = [
  {
    name: "device_authorizations_user",
    table: "device_authorizations",
    definition: "(user_id) where user_id is not null",
  },
  {
    name: "device_authorizations_session",
    table: "device_authorizations",
    definition: "(entered_session_id) where entered_session_id is not null",
  },
  {
    name: "device_authorizations_client",
    table: "device_authorizations",
    definition: "(client_id)",
  },
  {
    name: "authorization_codes_client",
    table: "authorization_codes",
    definition: "(client_id)",
  },
  {
    name: "upstream_sign_ins_user",
    table: "upstream_sign_ins",
    definition: "(user_id) where user_id is not null",
  },
  {
    name: "upstream_sign_ins_provider",
    table: "upstream_sign_ins",
    definition: "(provider)",
  },
  {
    name: "refresh_token_families_client",
    table: "refresh_token_families",
    definition: "(client_id)",
  },
  {
    name: "refresh_token_families_revoked",
    table: "refresh_token_families",
    definition: "(revoked_at) where revoked_at is not null",
  },
  {
    name: "users_administrators",
    table: "users",
    definition: "(id) where is_admin or group_admin",
  },
  {
    name: "users_disabled_by",
    table: "users",
    definition: "(disabled_by) where disabled_by is not null",
  },
];
