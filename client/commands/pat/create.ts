/** `pat create`: creates a personal access token; its secret goes to stdout and nowhere else. */
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import type { ClientIo } from "../../io.ts";
import type { ApprovalOptions } from "../../auth/management_token.ts";
import { describeExpiry } from "../../pat/format.ts";
import { chooseScopes } from "../../pat/choose_scopes.ts";
import { createWithExpiry, parseLifetime } from "../../pat/expiry.ts";
import { withNameAdvice } from "../../pat/name_taken.ts";
import { openTokenApi } from "../../pat/api.ts";
import { printSecret } from "../../pat/print_secret.ts";
import type { CreatedToken } from "../../pat/token.ts";
import type { Selection } from "../../auth/selection.ts";

export interface PatCreateOptions extends Selection, ApprovalOptions {
  name: string;
  description?: string;
  scope?: string[];
  /** As typed, see parseExpiry. */
  expires?: string;
  allowAddress?: string[];
  /** A service account that will own it. */
  owner?: string;
  /** The name or identifier of the resource that accepts it. */
  for?: string;
  json?: boolean;
}

export async function patCreate(options: PatCreateOptions, io: ClientIo): Promise<number> {
  // Reports a mistake before the user is asked to approve.
  parseLifetime(options.expires, io.clock);
  const scopes = options.scope ?? await chooseScopes(options, io);
  await using api = await openTokenApi({ ...options, administer: options.owner !== undefined }, io);
  const create = createWithExpiry(options.expires, (expiresIn) =>
    api.create({
      name: options.name,
      description: options.description,
      scopes,
      expiresIn,
      allowedAddresses: options.allowAddress,
      owner: options.owner,
      resource: options.for,
    }), io.clock);
  const created = await withNameAdvice(create, options.name, options);
  await printSecret(api, created, options, io);
  io.stderr(`Created ${describeCreated(created, io)}\n`);
  if (created.scopes.length === 0) {
    io.stderr("Without a scope it identifies its owner and permits nothing.\n");
  }
  return EXIT.ok;
}

/** `ci (its prefix…) with deploy, until …`. */
export function describeCreated(
  created: CreatedToken,
  io: Pick<ClientIo, "clock" | "timeZone">,
): string {
  const { name, prefix, scopes, resource, expiresAt } = created;
  return `${sanitizeLine(name)} (${sanitizeLine(prefix)}…) with ` +
    `${sanitizeLine(scopes.join(" ")) || "no scope"}${
      resource === null ? "" : ` for ${sanitizeLine(resource, 250)}`
    }, ` +
    (expiresAt === null ? "never expires" : `until ${describeExpiry(created, io)}`);
}
