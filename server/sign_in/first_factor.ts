import type { Acr } from "../../shared/oauth/acr.ts";

/**
 * How a user has proven who they are, before it is decided whether that is sufficient. What was used
 * must still exist when the session starts.
 */
export interface FirstFactor {
  method: "password" | "passkey" | "upstream";
  amr: readonly string[];
  acr: Acr;
  /** The one that was checked. */
  passwordHash?: string;
  /** That the user signed in with, or confirmed it with. */
  passkeyId?: string;
  /** The row of the identity at a provider. */
  identityId?: string;
  /** When a provider authenticated the user, in ms; 0: unknown. Undefined: now, by this server. */
  authenticatedAt?: number;
  /** The `sid` of the provider's session. */
  upstreamSessionId?: string;
}

/** A password that was just checked, or chosen with a link that proves the account. */
export function passwordFactor({ passwordHash }: { passwordHash?: string }): FirstFactor {
  return { method: "password", amr: ["pwd"], acr: "1fa", passwordHash };
}
