import type { SigningAlgorithm } from "../config/server_config.ts";
import type { ScopeDescription } from "../scopes.ts";

/** Claims that the access tokens of a resource can have besides those of every token. */
export const RESOURCE_CLAIMS = ["email", "groups"] as const;
export type ResourceClaim = typeof RESOURCE_CLAIMS[number];

/** What access tokens are issued for (RFC 8707): one token is for one resource. */
export interface Resource {
  /** `default`: for requests that name no resource. `management`: our own `/api/v1`. */
  kind: "default" | "management" | "registered";
  /** How operators, commands and `/auth/verify?resource=` call it. */
  name: string;
  /** The audience of its access tokens (RFC 8707 section 2). */
  identifier: string;
  /** How users know it. */
  title?: string;
  /** The scopes that only its tokens can have; undefined: those of no registered resource. */
  scopes?: readonly string[];
  /** Seconds; undefined: as configured. */
  accessTokenLifetime?: number;
  /** Undefined: as configured. */
  signingAlgorithm?: SigningAlgorithm;
  claims: readonly ResourceClaim[];
}

/** A resource that the operator registered, in the config file or in the database. */
export interface RegisteredResource {
  name: string;
  identifier: string;
  title?: string;
  scopes: readonly ScopeDescription[];
  accessTokenLifetime?: number;
  signingAlgorithm?: SigningAlgorithm;
  claims: readonly ResourceClaim[];
}

/** Names that every server uses. */
export const DEFAULT_RESOURCE = "default";
export const MANAGEMENT_RESOURCE = "management";
