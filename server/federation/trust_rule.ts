import type { Condition } from "./condition.ts";
import type { ProviderName } from "./providers.ts";

/** Which tokens of another issuer are traded for ours, and for what (RFC 8693). */
export interface TrustRule {
  id: string;
  name: string;
  provider: ProviderName;
  issuer: string;
  /** What the foreign token's `aud` must hold. */
  audience: string;
  /** All must hold. */
  conditions: Condition[];
  scope: string;
  /** Longest life of a token we give, in seconds. */
  lifetimeSeconds: number;
  /** Whom the workload acts as. */
  principal: { id: string; kind: "user" | "service_account" };
  /** The rule sleeps from then on. */
  enabledUntil?: Date;
  createdAt: Date;
}
