import type { Clock } from "../../shared/clock.ts";
import { recordAuditEvent } from "../store/audit_events.ts";
import type { Transaction } from "../store/db/connect.ts";
import type { NewToken } from "../store/pats/types.ts";

/** Who acts, for the audit log. */
export interface Actor {
  /** A user's id, or a client's if a program revokes a token that it holds. */
  id: string;
  /** Undefined for the operator. */
  address?: string;
  /** The login they act through, if any. */
  loginId?: string;
}

const GIVING = new Set(["token.created", "token.imported", "token.rotated", "token.edited"]);

export async function auditToken(
  tx: Transaction,
  deps: { clock: Clock },
  event: string,
  token: Pick<NewToken, "id" | "owner" | "name" | "scope" | "prefix" | "expiresAt">,
  actor: Actor,
  /** Further details. */
  details: Record<string, unknown> = {},
): Promise<void> {
  await recordAuditEvent(tx, deps.clock, {
    event,
    actor: actor.id,
    // An administrator who gives a token to an account, or has one of it.
    ...GIVING.has(event) && actor.id !== token.owner.id && { actingFor: token.owner.id },
    subject: token.id,
    address: actor.address,
    details: {
      owner: token.owner.id,
      name: token.name,
      prefix: token.prefix,
      scope: token.scope,
      expires_at: token.expiresAt?.toISOString() ?? "never",
      ...details,
    },
  });
}
