import { bearerToken } from "../http/authorization.ts";
import { recordRepeatedAuditEvent } from "../store/repeated_audit_events.ts";
import { findDirectoryByToken, recordDirectoryUse } from "../store/directories/directories.ts";
import { isDirectoryToken } from "../tokens/directory_token.ts";
import { tokenHash } from "../tokens/token_hash.ts";
import type { Caller, ScimDeps } from "./deps.ts";
import { ScimError } from "./error.ts";

/** The directory whose token the request has (RFC 7644 section 2). */
export async function authenticateDirectory(
  { sql, clock }: Pick<ScimDeps, "sql" | "clock">,
  request: Request,
  address: string,
): Promise<Caller> {
  const token = bearerToken(request.headers);
  if (token === undefined) {
    throw unauthorized("Send the directory's token in the header Authorization: Bearer.");
  }
  const now = new Date(clock.now());
  const directory = isDirectoryToken(token)
    ? await findDirectoryByToken(sql, { tokenHash: tokenHash(token), now })
    : undefined;
  if (directory === undefined) {
    // One that was replaced or removed, or is someone's guess.
    if (isDirectoryToken(token)) {
      await recordRepeatedAuditEvent(sql, clock, { event: "directory.token_refused", address });
    }
    throw unauthorized(
      "The token is not valid, or it was replaced. An administrator of this server creates a new one.",
      'error="invalid_token"',
    );
  }
  if (directory.disabledAt !== undefined) {
    throw new ScimError(
      403,
      "This directory is disabled here. An administrator of this server can enable it.",
    );
  }
  await recordDirectoryUse(sql, directory, now);
  return { directory, address };
}

/** RFC 6750 section 3. */
function unauthorized(message: string, parameters = ""): ScimError {
  const challenge = `Bearer ${parameters}`.trim();
  return new ScimError(401, message, { headers: { "www-authenticate": challenge } });
}
