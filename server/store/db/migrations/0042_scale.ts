import type { ConcurrentIndex } from "../concurrent_indexes.ts";

/** For searches of tokens of all owners by a part of their names. */
export const tokenSearchIndexes: readonly ConcurrentIndex[] = [
  {
    name: "personal_access_tokens_search",
    table: "personal_access_tokens",
    definition: "using gin (search_grams(name_key))",
  },
];
