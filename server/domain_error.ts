/** The kinds of failure a use case can return. Each edge maps them once. */
export type DomainErrorCode =
  | "invalid" // a value of the request; `field` names it
  | "forbidden" // this caller may not, whatever they send
  | "insufficient_scope" // an approval that covers `scopes` is missing
  | "not_found" // there is none, or none that this caller may see
  | "conflict" // the state it needs has changed or is taken
  | "managed_by_file" // only applying that file changes it; `reason` is its name
  | "rate_limited" // too often; `retryAfterSeconds` says when again
  | "unavailable"; // a part that it needs does not answer; try again

/** What an edge may need beside the message. */
export interface DomainErrorDetails {
  /** The part of the request that is at fault, by its name in the use case's parameters. */
  field?: string;
  /** A finer code, where an edge or the audit log distinguishes causes. */
  reason?: string;
  /** With `insufficient_scope`: what the approval must cover. */
  scopes?: readonly string[];
  /** Where a lifetime is too long: the longest there is, in seconds. */
  maxLifetime?: number;
  /** Where a name is taken: a similar one that is not. */
  suggestedName?: string;
  /** With `rate_limited`: seconds after which the same request may succeed. */
  retryAfterSeconds?: number;
  /** What an operator can run next, in a sentence. Only the command line adds it to the message. */
  commandHint?: string;
}

/**
 * Why a use case did not do what it was asked to. Returned, never thrown, but inside a
 * transaction that it must roll back. `message` is for the caller and says what to do next; it
 * holds no secret.
 */
export class DomainError extends Error {
  override readonly name = "DomainError";
  readonly field?: string;
  readonly reason?: string;
  readonly scopes: readonly string[];
  readonly maxLifetime?: number;
  readonly suggestedName?: string;
  readonly retryAfterSeconds?: number;
  readonly commandHint?: string;
  constructor(readonly code: DomainErrorCode, message: string, details: DomainErrorDetails = {}) {
    super(message);
    this.field = details.field;
    this.reason = details.reason;
    this.scopes = details.scopes ?? [];
    this.maxLifetime = details.maxLifetime;
    this.suggestedName = details.suggestedName;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.commandHint = details.commandHint;
  }
}
