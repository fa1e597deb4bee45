import type { ConcurrentIndex } from "../concurrent_indexes.ts";

/** For sign-outs that an identity provider sends, and codes of browsers that are signed out. */
export const sessionIndexes: readonly ConcurrentIndex[] = [
  {
    name: "sessions_identity",
    table: "sessions",
    definition: "(identity_id) where identity_id is not null",
  },
  {
    name: "authorization_codes_session",
    table: "authorization_codes",
    definition: "(session_id) where session_id is not null",
  },
];
