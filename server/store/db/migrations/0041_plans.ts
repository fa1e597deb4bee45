import type { ConcurrentIndex } from "../concurrent_indexes.ts";

/** For searches, counts and removals that would read whole tables. */
export const planIndexes: readonly ConcurrentIndex[] = [
  // The orders of the list of users. None is of the last sign-in: each sign-in would write to all indexes.
  { name: "users_age", table: "users", definition: "(created_at, id)" },
  { name: "users_name", table: "users", definition: "(lower(name), id)" },
  {
    name: "users_disabled",
    table: "users",
    definition: "(created_at, id) where disabled_at is not null",
  },
  {
    name: "users_without_password",
    table: "users",
    definition: "(created_at, id) where password_hash is null and disabled_at is null",
  },
  { name: "users_groups", table: "users", definition: "using gin (groups jsonb_path_ops)" },
  {
    name: "users_search",
    table: "users",
    definition: "using gin (search_grams(email_key, lower(name)))",
  },
  {
    name: "refresh_token_families_resources",
    table: "refresh_token_families",
    definition: "using gin (resources jsonb_path_ops) " +
      "where revoked_at is null and resources is not null",
  },
  {
    name: "refresh_token_families_scope",
    table: "refresh_token_families",
    definition: "using gin (scope_names(scope)) where revoked_at is null",
  },
  {
    name: "consents_resources",
    table: "consents",
    definition: "using gin (resources jsonb_path_ops) where resources is not null",
  },
  {
    name: "consents_scope",
    table: "consents",
    definition: "using gin (scope_names(scope))",
  },
  {
    name: "personal_access_tokens_resource",
    table: "personal_access_tokens",
    definition: "(resource) where revoked_at is null and resource is not null",
  },
  {
    name: "personal_access_tokens_leaked",
    table: "personal_access_tokens",
    definition: "(leaked_at) where leaked_at is not null",
  },
];
