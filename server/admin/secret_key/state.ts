import { SEALED_COLUMNS, type SealedColumn } from "../../security/sealed_columns.ts";
import type { Sql } from "../../store/db/connect.ts";
import { listReplicas } from "../../store/replicas.ts";
import { countSealedValues } from "../../store/sealed_values.ts";
import { bindsValues } from "../../store/sealing.ts";
import type { AdminDeps } from "../operation.ts";

/** The secret keys of a server that runs. */
export interface ReplicaKeys {
  name: string;
  /** The id of the key that encrypts; null: none. */
  secretKey: string | null;
  /** The ids of all keys that decrypt; null: not known. */
  acceptedKeys: readonly string[] | null;
}

export interface SecretKeyState {
  /** The id of this program's `secret_key`; null: none. */
  secretKey: string | null;
  acceptedKeys: readonly string[];
  /** Whether new values are bound to their row. */
  bindsValues: boolean;
  /**
   * How many values each key encrypts: by its id, `plain` for those that are not encrypted, and
   * `unnamed` for the format that does not name its key.
   */
  keys: { key: string; count: number; columns: { column: SealedColumn; count: number }[] }[];
  replicas: ReplicaKeys[];
}

type StateDeps = Pick<AdminDeps, "sql" | "encryption">;

export async function readState(deps: StateDeps): Promise<SecretKeyState> {
  return (await readStateUpTo(deps, Infinity)).state;
}

/** The state by the first `maxRows` of each table, and whether these are all. */
export async function readStateUpTo(
  { sql, encryption }: StateDeps,
  maxRows: number,
): Promise<{ state: SecretKeyState; isWhole: boolean }> {
  const { counts, isWhole } = await countSealedValues(sql, { maxRows });
  const keys = [...new Set(counts.map(({ key }) => key))].sort().map((key) => {
    const columns = counts.filter((count) => count.key === key)
      .map(({ column, count }) => ({ column, count }));
    return { key, count: columns.reduce((total, { count }) => total + count, 0), columns };
  });
  const state = {
    secretKey: encryption.keyId ?? null,
    acceptedKeys: [...encryption.acceptedKeyIds],
    bindsValues: await bindsValues(sql),
    keys,
    replicas: await aliveReplicas(sql),
  };
  return { state, isWhole };
}

async function aliveReplicas(sql: Sql): Promise<ReplicaKeys[]> {
  return (await listReplicas(sql)).filter(({ isAlive }) => isAlive)
    .map(({ name, secretKeyId, acceptedKeyIds }) => ({
      name,
      secretKey: secretKeyId ?? null,
      acceptedKeys: acceptedKeyIds ?? null,
    }));
}

/** How values are named that have the current format and key of this program. */
export function targetKey({ secretKey }: Pick<SecretKeyState, "secretKey">): string {
  return secretKey ?? "plain";
}

/** How many values the rotation still has to encrypt. */
export function pendingValues(state: Pick<SecretKeyState, "secretKey" | "keys">): number {
  return state.keys.filter(({ key }) => key !== targetKey(state))
    .reduce((total, { count }) => total + count, 0);
}

export const SEALED_COLUMN_NAMES: readonly SealedColumn[] = SEALED_COLUMNS.map(
  ({ table, column }) => `${table}.${column}` as SealedColumn,
);
