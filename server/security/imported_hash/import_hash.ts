import { DomainError } from "../../domain_error.ts";
import { costProblem } from "./cost_limits.ts";
import { formatHash } from "./format_hash.ts";
import { parseHash } from "./parse_hash.ts";
import type { ParsedHash } from "./parsed_hash.ts";

const SUPPORTED = "bcrypt ($2a$, $2b$, $2y$), argon2id, argon2i, scrypt and pbkdf2";

/** The form in which a hash of another system is stored, if its passwords can be checked. */
export function importHash(text: string): string | DomainError {
  const hash = parseHash(text);
  return hash === undefined
    ? new DomainError(
      "invalid",
      `The password hash has an unknown format. Supported are ${SUPPORTED}. Leave it out, and send ` +
        "the user a link to choose a password.",
      { field: "password_hash" },
    )
    : checkedHash(hash);
}

export function checkedHash(hash: ParsedHash): string | DomainError {
  const problem = costProblem(hash);
  return problem === undefined ? formatHash(hash) : new DomainError(
    "invalid",
    `The password hash cannot be used: ${problem}. Leave it out, and send the user a link to ` +
      "choose a password.",
    { field: "password_hash" },
  );
}
