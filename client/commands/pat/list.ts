/** `pat list`: lists tokens and warns of those that expire soon. */
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { nameKey } from "../../../shared/name_key.ts";
import { formatTable } from "../../../shared/table.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import { formatJson } from "../../output.ts";
import { expiresSoon, warnOfExpiry } from "../../pat/expiry_warnings.ts";
import { describeExpiry, describeLastUse, isActive } from "../../pat/format.ts";
import { openTokenApi } from "../../pat/api.ts";
import type { PersonalAccessToken } from "../../pat/token.ts";
import type { Selection } from "../../auth/selection.ts";

export interface PatListOptions extends Selection {
  search?: string;
  /** Revoked and expired tokens as well. */
  inactive?: boolean;
  /** All users' tokens, for administrators. */
  all?: boolean;
  /** One account's, for administrators. */
  for?: string;
  json?: boolean;
}

export async function patList(options: PatListOptions, io: ClientIo): Promise<number> {
  const { search, inactive, json, for: owner } = options;
  if (options.all && owner !== undefined) {
    throw new ClientError("invalid_option", "Use either --all or --for ACCOUNT, not both.");
  }
  const all = options.all || owner !== undefined;
  await using api = await openTokenApi({ ...options, administer: all }, io);
  const matches = await api.list({ search, all });
  const tokens = matches
    .filter((token) => owner === undefined || nameKey(token.owner.username) === nameKey(owner))
    .filter((token) => inactive || isActive(token, io.clock));
  if (json) {
    io.stdout(formatJson(tokens));
  } else if (tokens.length === 0) {
    io.stderr("There are no tokens.\n");
  } else {
    io.stdout(table(tokens, options, io));
  }
  // A search by prefix matches a token without its replacement.
  const isPartial = search !== undefined && tokens.some((token) => expiresSoon(token, io.clock));
  warnOfExpiry(tokens, isPartial ? await api.list({ all }) : matches, io);
  return EXIT.ok;
}

function table(
  tokens: readonly PersonalAccessToken[],
  { all }: PatListOptions,
  { clock }: Pick<ClientIo, "clock">,
): string {
  return formatTable([
    ["NAME", "PREFIX", "SCOPES", "EXPIRES", "LAST USED", ...all ? ["OWNER"] : [], "ID"],
    ...tokens.map((token) => [
      sanitizeLine(token.name, 40),
      sanitizeLine(token.prefix, 20),
      sanitizeLine(token.scopes.join(" "), 60) || "-",
      describeExpiry(token, clock),
      describeLastUse(token),
      ...all ? [sanitizeLine(token.owner.username, 40)] : [],
      sanitizeLine(token.id, 40),
    ]),
  ]);
}
