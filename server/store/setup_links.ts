import { randomBytes } from "node:crypto";
import { Buffer } from "node:buffer";
import type { Clock } from "../../shared/clock.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import type { Sql } from "./db/connect.ts";
import { createUser, hasUsers, type NewUser, type User } from "./users.ts";

/** In seconds. */
export const SETUP_LINK_LIFETIME = 24 * 3600;

/** 256 random bits. */
const TOKEN_BYTES = 32;

/** Returns the token of a new single-use link. Only its hash is stored. */
export async function createSetupLink(
  sql: Sql,
  clock: Clock,
  random: (bytes: number) => Uint8Array = randomBytes,
): Promise<string> {
  const token = Buffer.from(random(TOKEN_BYTES)).toString("base64url");
  const now = clock.now();
  await sql`
    insert into setup_links (token_hash, created_at, expires_at)
    values (
      ${tokenHash(token)}, ${new Date(now)}, ${new Date(now + SETUP_LINK_LIFETIME * 1000)}
    )`;
  return token;
}

/** Whether the first administrator can be created, and with this link. */
export type SetupLinkState = "usable" | "unusable" | "already_set_up";

export async function setupLinkState(
  sql: Sql,
  link: { setupToken: string; now: Date },
): Promise<SetupLinkState> {
  if (await hasUsers(sql)) return "already_set_up";
  const rows = await sql`
    select 1 from setup_links
    where token_hash = ${tokenHash(link.setupToken)} and expires_at > ${link.now}`;
  return rows.length === 1 ? "usable" : "unusable";
}

/**
 * Creates the first administrator and deletes every setup link. The table is locked: of many
 * attempts at the same time, with one link, with several or on the command line, one succeeds.
 */
export async function createFirstAdministrator(
  sql: Sql,
  setup: Omit<NewUser, "isAdmin"> & { setupToken: string },
): Promise<User | Exclude<SetupLinkState, "usable">> {
  return await sql.begin(async (tx) => {
    await tx`lock table users in share row exclusive mode`;
    if (await hasUsers(tx)) return "already_set_up";
    const used = await tx`
      delete from setup_links
      where token_hash = ${tokenHash(setup.setupToken)} and expires_at > ${setup.now}
      returning token_hash`;
    if (used.length === 0) return "unusable";
    await tx`delete from setup_links`;
    const user = await createUser(tx, { ...setup, isAdmin: true });
    return user === "email_taken" ? "already_set_up" : user;
  }) as User | Exclude<SetupLinkState, "usable">;
}
