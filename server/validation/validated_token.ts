import type { NetworkList } from "../http/ip_address.ts";
import type { Resource } from "../tokens/resource.ts";
import type { Workload } from "../tokens/access_token.ts";

/** A token that is ours, as a check remembers it: personal access token or JWT. */
export interface ValidatedToken {
  kind: "personal_access_token" | "access_token";
  /** Of its row, or the JWT's `jti`. */
  id: string;
  /** Whom it speaks for. */
  subject: string;
  /** A person's e-mail address, or a service account's name. */
  username: string;
  clientId: string;
  /** What it may do now: for a personal access token no more than its owner may. */
  scopes: readonly string[];
  scope: string;
  audience: string;
  /** What it is for: only there does it count (RFC 9068 section 4). */
  resource: Resource;
  /** In ms since 1970; Infinity: never. */
  issuedAt: number;
  expiresAt: number;
  /** It counts no more, whatever the time. */
  ended?: { why: "revoked" | "disabled"; at?: Date };
  /** Where it may be used from; undefined: anywhere. */
  allowed?: NetworkList;
  /** When a person last proved who they are: of JWTs from logins alone. */
  authenticatedAt?: number;
  /** The login it came of, if that can be revoked as a whole. */
  loginId?: string;
  /** The run on whose behalf a workload's token was issued. */
  act?: Workload["act"];
  workload?: Workload["run"];
  /** What this depends on, by the names under which the database tells of changes. */
  dependsOn: readonly string[];
}

/** What a check found. */
export type ValidationResult =
  | { state: "active"; token: ValidatedToken }
  | { state: "unknown" }
  /** It is for another resource than the one that asks. */
  | { state: "other_resource"; token: ValidatedToken }
  | { state: "expired"; token: ValidatedToken }
  | { state: "revoked"; token: ValidatedToken }
  /** Its owner is shut out. */
  | { state: "disabled"; token: ValidatedToken }
  /** It may not be used from where it is. */
  | { state: "address_not_allowed"; token: ValidatedToken };
