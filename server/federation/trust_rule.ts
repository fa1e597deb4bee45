import type { Condition } from "./condition.ts";
import type { ProviderName } from "./providers.ts";

/** Which identity tokens of another issuer are exchanged, and for what (RFC 8693). */
export interface TrustRule {
  id: string;
  name: string;
  provider: ProviderName;
  issuer: string;
  /** What `aud` must contain. */
  audience: string;
  /** All must be met. */
  conditions: Condition[];
  scope: string;
  /** Of the access tokens. */
  lifetimeSeconds: number;
  /** The account that the workload acts as. */
  principal: { id: string; kind: "user" | "service_account" };
  /** The rule no longer matches from then on. */
  enabledUntil?: Date;
  /** A disabled rule matches no token until it is enabled again. */
  disabledAt?: Date;
  createdAt: Date;
  /** Which file manages it (`admin apply`), as `file:NAME`; undefined: it is managed by hand. */
  managedBy?: string;
}
