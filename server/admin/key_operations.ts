import { recordAuditEvent } from "../store/audit_events.ts";
import { type SigningKeyState, signingKeyState } from "../tokens/signing_keys.ts";
import type { Operation } from "./operation.ts";

export interface ListedKey {
  kid: string;
  algorithm: string;
  state: SigningKeyState;
  createdAt: string;
  activatesAt?: string;
  expiresAt?: string;
}

/** The keys that are published, and what each does. */
export const listKeys: Operation<Record<never, never>, ListedKey[]> = async ({ keys, clock }) => {
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

/** Lets the next key take over; see SigningKeys.rotate. */
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
