import type { NetworkList } from "../http/ip_address.ts";
import type { Authentication } from "../sign_in/authentication.ts";
import type { Actor, Workload } from "../tokens/access_token.ts";

/** A token that we issued, as the cache holds it: a personal access token or a JWT. */
export interface ValidatedToken {
  kind: "personal_access_token" | "access_token";
  /** The id of the personal access token, or the JWT's `jti`. */
  id: string;
  /** The `sub` of its principal. */
  subject: string;
  principalId: string;
  /** A user's e-mail address, or a service account's name. */
  username: string;
  clientId: string;
  /** What it permits now: never more than its owner has. */
  scopes: readonly string[];
  scope: string;
  audience: string;
  /**
   * The name of the only resource that accepts it (RFC 9068 section 4); undefined if that does not
   * exist any more.
   */
  resource?: string;
  /** In ms since 1970. */
  issuedAt: number;
  /** In ms since 1970; Infinity: never. */
  expiresAt: number;
  /** Set once the token was revoked or its owner disabled. */
  inactive?: { reason: "revoked" | "disabled"; since?: Date };
  /** Networks that it may be used from; undefined: all. */
  allowedNetworks?: NetworkList;
  /** Of a JWT from a login: when the user last signed in, in ms since 1970. */
  authenticatedAt?: number;
  /** How. */
  authentication?: Authentication;
  /** The id of the login it came from, which revokes it too. */
  loginId?: string;
  /** Who acts as the subject: the workload that got the JWT, or a program that the login was exchanged for. */
  act?: Actor;
  /** Of a JWT that a workload got: its run. */
  workload?: Workload["run"];
  /** The subjects whose invalidation removes it from the cache. */
  dependsOn: readonly string[];
}

/** The header of a response about a token that could not be checked in the database. */
export const REMEMBERED = { "x-auth-check": "remembered" };

export type ValidationResult =
  /** `remembered`: the database could not be asked whether that is still so. */
  | { state: "active"; token: ValidatedToken; remembered?: true }
  | { state: "unknown" }
  | { state: "other_resource"; token: ValidatedToken }
  | { state: "expired"; token: ValidatedToken }
  | { state: "revoked"; token: ValidatedToken }
  /** Its owner is disabled. */
  | { state: "disabled"; token: ValidatedToken }
  | { state: "address_not_allowed"; token: ValidatedToken };
