/** `pat edit`: changes a token without a new secret. */
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { brand } from "../../../shared/brand.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import { resolveToken } from "../../pat/resolve.ts";
import type { ApprovalOptions } from "../../auth/management_token.ts";
import { withNameAdvice } from "../../pat/name_taken.ts";
import { formatJson } from "../../output.ts";
import { openTokenApi, type TokenChanges } from "../../pat/api.ts";
import type { PersonalAccessToken } from "../../pat/token.ts";
import type { Selection } from "../../auth/selection.ts";

export interface PatEditOptions extends Selection, ApprovalOptions {
  name?: string;
  /** Empty: none. */
  description?: string;
  /** Those that the token keeps. */
  scope?: string[];
  allowAddress?: string[];
  allowAnyAddress?: boolean;
  /** Its owner, for administrators. */
  owner?: string;
  json?: boolean;
}

export async function patEdit(
  name: string,
  options: PatEditOptions,
  io: ClientIo,
): Promise<number> {
  const changes = readChanges(options);
  await using api = await openTokenApi({ ...options, administer: options.owner !== undefined }, io);
  const { token: before } = await resolveToken(api, name, options.owner, io);
  checkOnlyNarrows(before, changes);
  const after = await withNameAdvice(api.edit(before.id, changes), changes.name ?? "", options);
  if (options.json) io.stdout(formatJson(after));
  const changed = describeChanges(before, after);
  io.stderr(
    changed.length === 0
      ? `Nothing to change: ${displayToken(after)} is as requested.\n`
      : `Changed ${displayToken(after)}: ${changed.join("; ")}.\n`,
  );
  return EXIT.ok;
}

function readChanges(options: PatEditOptions): TokenChanges {
  const { name, description, scope: scopes, allowAddress, allowAnyAddress } = options;
  if (allowAnyAddress && allowAddress !== undefined) {
    throw new ClientError(
      "invalid_option",
      "Use either --allow-address or --allow-any-address, not both.",
    );
  }
  const allowedAddresses = allowAnyAddress ? [] : allowAddress;
  const changes = {
    name,
    description: description?.trim() === "" ? null : description,
    scopes,
    allowedAddresses,
  };
  if (Object.values(changes).some((value) => value !== undefined)) return changes;
  throw new ClientError(
    "invalid_option",
    "Say what to change: --name, --description, --scope, --allow-address or --allow-any-address.",
  );
}

/** The server refuses it too; this is before the user is asked to approve. */
function checkOnlyNarrows({ name, scopes: held }: PersonalAccessToken, { scopes }: TokenChanges) {
  const added = (scopes ?? []).filter((scope) => !held.includes(scope));
  if (added.length === 0) return;
  const token = sanitizeLine(name);
  throw new ClientError(
    "scope_not_held",
    `${token} does not have ${added.map((scope) => sanitizeLine(scope)).join(", ")}, and scopes ` +
      `can only be removed from a token. It has: ${
        sanitizeLine(held.join(" "), 1000) || "none"
      }. ` +
      `For more, create another token: ${brand.binaryName} pat create`,
  );
}

function displayToken({ name, prefix }: PersonalAccessToken): string {
  return `${sanitizeLine(name)} (${sanitizeLine(prefix)}…)`;
}

function describeChanges(before: PersonalAccessToken, after: PersonalAccessToken): string[] {
  const list = (texts: readonly string[], empty: string) =>
    sanitizeLine(texts.join(" "), 1000) || empty;
  const usableFrom = list(after.allowedAddresses, "anywhere");
  return [
    ...before.name === after.name ? [] : [`it was called ${sanitizeLine(before.name)}`],
    ...before.description === after.description
      ? []
      : [after.description === null ? "description removed" : "description set"],
    ...before.scopes.join(" ") === after.scopes.join(" ")
      ? []
      : [`scopes are now ${list(after.scopes, "none")}`],
    ...before.allowedAddresses.join(" ") === after.allowedAddresses.join(" ")
      ? []
      : [`usable from ${usableFrom}`],
  ];
}
