import type { Encryption } from "../security/encryption.ts";
import type { Sql } from "../store/db/connect.ts";
import { listReplicas } from "../store/replicas.ts";

/** Which running servers cannot read what this one encrypts, as sentences for operators. */
export async function secretKeyWarnings(
  sql: Sql,
  { encryption: { keyId } }: { encryption: Pick<Encryption, "keyId"> },
): Promise<string[]> {
  if (keyId === undefined) return [];
  const replicas = await listReplicas(sql);
  return replicas
    .filter(({ isAlive, acceptedKeyIds }) => isAlive && !acceptedKeyIds?.includes(keyId))
    .map(({ name }) =>
      `the server ${name} does not accept the key ${keyId} of this one, so it cannot read what ` +
      "this one encrypts: add the key to its secret_key or previous_secret_keys and restart it"
    );
}
