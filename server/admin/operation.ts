import type { AppParts } from "../app_parts.ts";
import type { FormHints } from "../form_hints.ts";

/** What operations work on. */
export type OperationParts =
  & Pick<AppParts, "sql" | "clock" | "keys" | "jwksCache" | "config" | "issuer">
  /** The administrator who does it in a browser; without one, whoever has the command line. */
  & { actor?: string };

/** What an operator asked for cannot be done; `message` says why and what to do. */
export class OperationError extends Error {
  override readonly name = "OperationError";
  constructor(
    message: string,
    readonly hints: FormHints = {},
    /** A service account that the operator may agree to, and ask again. */
    readonly existingAccount?: string,
  ) {
    super(message);
  }
}

/**
 * One thing an operator does from the command line. Arguments and results are
 * JSON, since the embedded database is reached through the server that holds it.
 */
export type Operation<Arguments, Result> = (
  parts: OperationParts,
  given: Arguments,
) => Promise<Result>;
