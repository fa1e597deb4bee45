import { Buffer } from "node:buffer";
import { batchesPerDatabase } from "./db/batched_writes.ts";
import type { Sql } from "./db/connect.ts";
import type { RefreshTokenHashes } from "./refresh_token_families.ts";

interface Rotation {
  current: RefreshTokenHashes;
  successorHash: Uint8Array;
  idleExpiresAt: Date;
  now: Date;
}

/**
 * Replaces the current token by its successor, in one statement and only while the family is active
 * and its user may log in: of many requests with the current token at the same time, one succeeds,
 * and the others find it `previous`. Returns when the login expires if it is not used, or undefined
 * if nothing changed.
 */
export async function rotateRefreshToken(
  sql: Sql,
  rotation: Rotation,
): Promise<Date | undefined> {
  return await rotations(sql).write(rotation) ?? undefined;
}

const rotations = batchesPerDatabase<Rotation, Date | null>({
  key: ({ current }) => Buffer.from(current.handleHash).toString("hex"),
  writeSingle: rotateOne,
  writeTogether: rotateMany,
});

async function rotateOne(sql: Sql, rotation: Rotation): Promise<Date | null> {
  const { current, now } = rotation;
  const rows = await sql<{ idle_expires_at: Date }[]>`
    update refresh_token_families f set
      previous_hash = f.current_hash,
      current_hash = ${rotation.successorHash},
      last_used_at = ${now},
      idle_expires_at = least(${rotation.idleExpiresAt}, f.absolute_expires_at)
    from users u
    where f.handle_hash = ${current.handleHash} and f.current_hash = ${current.hash}
      and f.revoked_at is null and f.idle_expires_at > ${now} and f.absolute_expires_at > ${now}
      and u.id = f.user_id and u.disabled_at is null
    returning f.idle_expires_at`;
  return rows[0]?.idle_expires_at ?? null;
}

/**
 * The same for tokens of different families. A family that another statement has locked is left
 * out: a batch never waits for a lock, so it takes part in no deadlock. What does not change here
 * is tried on its own, and that decides.
 */
async function rotateMany(
  sql: Sql,
  rotations: readonly Rotation[],
): Promise<(Date | undefined)[]> {
  const presented = rotations.map(({ current, successorHash, idleExpiresAt, now }, n) => ({
    n,
    handle: Buffer.from(current.handleHash).toString("hex"),
    hash: Buffer.from(current.hash).toString("hex"),
    successor: Buffer.from(successorHash).toString("hex"),
    idle_expires_at: idleExpiresAt,
    now,
  }));
  const rows = await sql<{ n: number; idle_expires_at: Date }[]>`
    with presented as materialized (
      select (value ->> 'n')::int as n, decode(value ->> 'handle', 'hex') as handle,
        decode(value ->> 'hash', 'hex') as hash, decode(value ->> 'successor', 'hex') as successor,
        (value ->> 'idle_expires_at')::timestamptz as idle_expires_at,
        (value ->> 'now')::timestamptz as now
      from unnest(array(select jsonb_array_elements(${
    sql.json(presented as never)
  }::jsonb))) as value
    ), locked as (
      select p.*, f.id from presented p cross join lateral (
        select id from refresh_token_families
        where handle_hash = p.handle and current_hash = p.hash and revoked_at is null
          and idle_expires_at > p.now and absolute_expires_at > p.now
          and exists (select from users u where u.id = user_id and u.disabled_at is null)
        limit 1 for update skip locked
      ) f
    )
    update refresh_token_families f set
      previous_hash = f.current_hash,
      current_hash = locked.successor,
      last_used_at = locked.now,
      idle_expires_at = least(locked.idle_expires_at, f.absolute_expires_at)
    from locked
    where f.id = locked.id
    returning locked.n, f.idle_expires_at`;
  const results = new Array<Date | undefined>(rotations.length);
  for (const row of rows) results[row.n] = row.idle_expires_at;
  return results;
}
