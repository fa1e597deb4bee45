import { createHash } from "node:crypto";
import { Buffer } from "node:buffer";
import type { ListedClient } from "../store/clients.ts";

/**
 * Changes whenever the policy or the secret of a client does. A form that has it is not applied to
 * a client that was changed in the meantime, such as by the same form.
 */
export function clientVersion(client: ListedClient): string {
  const { createdAt: _, disabledAt: __, previousSecret: ___, secretHash, ...policy } = client;
  const secret = secretHash === undefined ? null : Buffer.from(secretHash).toString("hex");
  const members = Object.entries({ ...policy, secret }).filter(([, value]) => value !== undefined)
    .sort(([left], [right]) => left < right ? -1 : 1);
  return createHash("sha256").update(JSON.stringify(members)).digest("base64url").slice(0, 22);
}
