/** What a refusal is about. */
export interface PatErrorDetails {
  /** The part of the request that is at fault, by its name there. */
  field?: "name" | "scopes" | "lifetime" | "allowedAddresses" | "overlap" | "until";
  /** With `insufficient_scope`: what the approval must cover. */
  scopes?: readonly string[];
  /** Where the lifetime is too long: the longest there is, in seconds. */
  maxLifetime?: number;
}

/** Why a token is not made, changed or shown. `message` says what to do. */
export class PatError extends Error {
  override readonly name = "PatError";
  readonly field?: PatErrorDetails["field"];
  readonly scopes: readonly string[];
  readonly maxLifetime?: number;
  constructor(
    readonly code: "invalid" | "forbidden" | "insufficient_scope" | "not_found" | "conflict",
    message: string,
    details: PatErrorDetails = {},
  ) {
    super(message);
    this.field = details.field;
    this.scopes = details.scopes ?? [];
    this.maxLifetime = details.maxLifetime;
  }
}
