/** `pat create`: makes a personal access token; its secret goes to stdout and nowhere else. */
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { githubAddMask } from "../../process/github_add_mask.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import type { ApprovalOptions } from "../../auth/management_token.ts";
import { formatJson } from "../../output.ts";
import { createWithExpiry, describeEnd, parseExpiry } from "../../pat/format.ts";
import { type MadeToken, openTokenApi, type TokenApi } from "../../pat/api.ts";
import type { Selection } from "../../auth/token_source.ts";

export interface PatCreateOptions extends Selection, ApprovalOptions {
  name: string;
  scope?: string[];
  /** As typed, see parseExpiry. */
  expires?: string;
  allowAddress?: string[];
  /** A service account to make it for. */
  for?: string;
  json?: boolean;
}

export async function patCreate(options: PatCreateOptions, io: ClientIo): Promise<number> {
  // A mistake in it is reported before anybody is asked to approve.
  parseExpiry(options.expires, io);
  await using api = await openTokenApi({ ...options, administer: options.for !== undefined }, io);
  const made = await createWithExpiry(options.expires, (expiresIn) =>
    api.create({
      name: options.name,
      scopes: scopesIn(options.scope ?? []),
      ...(expiresIn !== undefined && { expires_in: expiresIn }),
      ...(options.allowAddress !== undefined && { allowed_addresses: options.allowAddress }),
      ...(options.for !== undefined && { owner: options.for }),
    }), io);
  await giveOut(api, made, options, io);
  io.stderr(`Made ${describeMade(made, io)}\n`);
  if (made.scopes.length === 0) {
    io.stderr("Without a scope it says who its owner is and permits nothing: add --scope NAME.\n");
  }
  return EXIT.ok;
}

/**
 * Writes the secret, alone, for whoever reads our standard output. Where that fails
 * nobody has the token, and nobody could: it is revoked. Throws ClientError then.
 */
export async function giveOut(
  api: TokenApi,
  made: MadeToken,
  { json, replaced = "" }: {
    json?: boolean;
    /** What became of the token it replaces, for when it is lost. */
    replaced?: string;
  },
  io: ClientIo,
): Promise<void> {
  githubAddMask(made.token, io);
  try {
    if (!io.stdout(json ? formatJson(made) : `${made.token}\n`)) {
      throw new Error("nobody reads standard output");
    }
  } catch (error) {
    throw await revokeLost(api, made, { reason: error, replaced }, io);
  }
  if (io.stdoutIsTerminal && !json) {
    io.stderr("Copy it now: it is not shown again.\n");
  }
}

async function revokeLost(
  api: TokenApi,
  { id, name, prefix }: MadeToken,
  { reason, replaced }: { reason: unknown; replaced: string },
  io: ClientIo,
): Promise<ClientError> {
  const lost = `The secret of ${sanitizeLine(name)} (${
    sanitizeLine(prefix)
  }…) could not be written: ${sanitizeLine(reason instanceof Error ? reason.message : reason)}. `;
  try {
    await api.revoke(id);
  } catch (error) {
    if (!(error instanceof ClientError) || io.signal.aborted) throw error;
    return new ClientError(
      EXIT.failure,
      `${lost}It lives all the same (${error.message}). ` +
        `End it with: ${brand.binaryName} pat revoke ${sanitizeLine(id)}`,
    );
  }
  return new ClientError(
    EXIT.failure,
    `${lost}It is revoked again. ${replaced}Make a new one with: ${brand.binaryName} pat create`,
  );
}

/** `ci (its beginning…) with deploy, until …`. */
export function describeMade(made: MadeToken, io: ClientIo): string {
  const { name, prefix, scopes, expires_at: expiresAt } = made;
  return `${sanitizeLine(name)} (${sanitizeLine(prefix)}…) with ` +
    `${sanitizeLine(scopes.join(" ")) || "no scope"}, ` +
    (expiresAt === null ? "without an end" : `until ${describeEnd(made, io)}`);
}

/** `--scope` may be given several times, and may hold several scopes. */
function scopesIn(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap((text) => text.split(/[\s,]+/)))].filter((each) => each !== "");
}
