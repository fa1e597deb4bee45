/** Prints the secret of a new token, once. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { brand } from "../../shared/brand.ts";
import { githubAddMask } from "../process/github_add_mask.ts";
import { ClientError } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { formatJson } from "../output.ts";
import type { TokenApi } from "./api.ts";
import type { CreatedToken } from "./token.ts";

/**
 * Writes only the secret to standard output. If that fails, the token is lost to everyone
 * and is revoked. Throws ClientError then.
 */
export async function printSecret(
  api: Pick<TokenApi, "revoke">,
  created: CreatedToken,
  { json, replaced = "" }: {
    json?: boolean;
    /** What happened to the token it replaces, in case the new one is lost. */
    replaced?: string;
  },
  io: ClientIo,
): Promise<void> {
  githubAddMask(created.token, io);
  try {
    if (!io.stdout(json ? formatJson(created) : `${created.token}\n`)) {
      throw new Error("standard output is closed");
    }
  } catch (error) {
    throw await revokeLost(api, created, { reason: error, replaced }, io);
  }
  if (io.stdoutIsTerminal && !json) {
    io.stderr("Copy it now: it is not shown again.\n");
  }
}

async function revokeLost(
  api: Pick<TokenApi, "revoke">,
  { id, name, prefix }: CreatedToken,
  { reason, replaced }: { reason: unknown; replaced: string },
  io: Pick<ClientIo, "signal">,
): Promise<ClientError> {
  const lost = `The secret of ${sanitizeLine(name)} (${
    sanitizeLine(prefix)
  }…) could not be written: ${sanitizeLine(reason instanceof Error ? reason.message : reason)}. `;
  try {
    await api.revoke(id);
  } catch (error) {
    if (!(error instanceof ClientError) || io.signal.aborted) throw error;
    return new ClientError(
      "secret_not_printed",
      `${lost}The token could not be revoked either (${error.message}). ` +
        `Revoke it with: ${brand.binaryName} pat revoke ${sanitizeLine(id)}`,
    );
  }
  return new ClientError(
    "secret_not_printed",
    `${lost}The token was revoked. ${replaced}Create a new one with: ${brand.binaryName} pat create`,
  );
}
