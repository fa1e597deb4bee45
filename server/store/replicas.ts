/** The processes that serve from this database. All times are the database's. */
import type { Sql } from "./db/connect.ts";

export interface NewReplica {
  id: string;
  name: string;
  host: string;
  pid: number;
  worker?: number;
  version: string;
  /** The id of the secret key that encrypts; undefined: none. */
  secretKeyId?: string;
  /** The ids of all that decrypt; undefined: not known. */
  acceptedKeyIds?: readonly string[];
  /** Peers that sent X-Forwarded-For and are not trusted proxies. */
  untrustedForwarders?: readonly string[];
}

export interface StoredReplica extends NewReplica {
  startedAt: Date;
  lastSeenAt: Date;
  /** Whether it was seen in the last `ALIVE_SECONDS`. */
  isAlive: boolean;
}

/** Three heartbeats. */
const ALIVE_SECONDS = 30;

/** Records that the replica is alive; also after its row was deleted, for instance while it was suspended. */
export async function recordHeartbeat(
  sql: Sql,
  { id, name, host, pid, worker, version, secretKeyId, acceptedKeyIds, untrustedForwarders = [] }:
    NewReplica,
): Promise<void> {
  await sql`
    insert into replicas (
      id, name, host, pid, worker, version, secret_key_id, accepted_key_ids, untrusted_forwarders,
      started_at, last_seen_at
    )
    values (
      ${id}, ${name}, ${host}, ${pid}, ${worker ?? null}, ${version}, ${secretKeyId ?? null},
      ${acceptedKeyIds === undefined ? null : sql.json([...acceptedKeyIds])},
      ${sql.json([...untrustedForwarders])}, now(), now()
    )
    on conflict (id) do update
    set last_seen_at = now(), untrusted_forwarders = excluded.untrusted_forwarders`;
}

export async function deleteReplica(sql: Sql, id: string): Promise<void> {
  await sql`delete from replicas where id = ${id}`;
}

/** For a database that one process at a time can open. */
export async function deleteReplicas(sql: Sql): Promise<void> {
  await sql`delete from replicas`;
}

/** The oldest first. */
export async function listReplicas(sql: Sql): Promise<StoredReplica[]> {
  const rows = await sql<
    (Pick<StoredReplica, "id" | "name" | "host" | "pid" | "version"> & {
      worker: number | null;
      secret_key_id: string | null;
      accepted_key_ids: string[] | null;
      untrusted_forwarders: string[] | null;
      started_at: Date;
      last_seen_at: Date;
      is_alive: boolean;
    })[]
  >`
    select id, name, host, pid, worker, version, secret_key_id, accepted_key_ids, untrusted_forwarders,
      started_at, last_seen_at,
      last_seen_at > now() - make_interval(secs => ${ALIVE_SECONDS}) as is_alive
    from replicas order by started_at, id`;
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    host: row.host,
    pid: row.pid,
    version: row.version,
    worker: row.worker ?? undefined,
    secretKeyId: row.secret_key_id ?? undefined,
    acceptedKeyIds: row.accepted_key_ids ?? undefined,
    untrustedForwarders: row.untrusted_forwarders ?? undefined,
    startedAt: row.started_at,
    lastSeenAt: row.last_seen_at,
    isAlive: row.is_alive,
  }));
}

/** Deletes the rows of replicas that stopped without a trace, such as killed ones. */
export async function deleteOldReplicas(sql: Sql, limit: number): Promise<number> {
  const { count } = await sql`
    delete from replicas where ctid = any(array(
      select ctid from replicas where last_seen_at < now() - interval '1 day' limit ${limit}))`;
  return count;
}
