import { recordAuditEvent } from "../store/audit_events.ts";
import { type SigningKeyState, signingKeyState } from "../tokens/signing_keys.ts";
import type { Empty, Operation } from "./operation.ts";

export interface ListedKey {
  kid: string;
  algorithm: string;
  state: SigningKeyState;
  createdAt: string;
  activatesAt?: string;
  expiresAt?: string;
}

/** The published keys and their states. */
export const listKeys: Operation<Empty, ListedKey[]> = async ({ keys, clock }) => {
  const now = new Date(clock.now());
  const stored = await keys.list();
  return stored.map((key) => ({
    kid: key.kid,
    algorithm: key.algorithm,
    state: signingKeyState(key, stored, now),
    createdAt: key.createdAt.toISOString(),
    activatesAt: key.activatesAt?.toISOString(),
    expiresAt: key.expiresAt?.toISOString(),
  }));
};

/** Makes the next key sign, see SigningKeys.rotate. */
export const rotateKeys: Operation<{ force: boolean }, { activatesAt: string }> = async (
  { sql, clock, keys },
  { force },
) => {
  const activatesAt = await keys.rotate(force);
  await recordAuditEvent(sql, clock, {
    event: "signing_key.rotated",
    actor: "operator",
    details: { activates_at: activatesAt.toISOString(), forced: force },
  });
  return { activatesAt: activatesAt.toISOString() };
};
