/** `pat list`: the tokens there are, with a warning of those that end soon. */
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { nameKey } from "../../../shared/name_key.ts";
import { formatTable } from "../../../shared/table.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import { formatJson } from "../../output.ts";
import { describeEnd, describeLastUse, endsSoon, hasEnded, warnOfEnds } from "../../pat/format.ts";
import { openTokenApi } from "../../pat/api.ts";
import type { Selection } from "../../auth/token_source.ts";

export interface PatListOptions extends Selection {
  search?: string;
  /** Those that have ended as well. */
  ended?: boolean;
  /** Everybody's, for administrators. */
  all?: boolean;
  /** One account's, for administrators. */
  for?: string;
  json?: boolean;
}

export async function patList(options: PatListOptions, io: ClientIo): Promise<number> {
  const { search, ended, json, for: owner } = options;
  if (options.all && owner !== undefined) {
    throw new ClientError(EXIT.usage, "List either --all, or those --for one account.");
  }
  const all = options.all || owner !== undefined;
  await using api = await openTokenApi({ ...options, administer: all }, io);
  const found = await api.list({ search, all });
  const tokens = found
    .filter((token) => owner === undefined || nameKey(token.owner.username) === nameKey(owner))
    .filter((token) => ended || hasEnded(token, io) === undefined);
  if (json) {
    io.stdout(formatJson(tokens));
  } else if (tokens.length === 0) {
    io.stderr("There are no tokens.\n");
  } else {
    io.stdout(formatTable([
      ["NAME", "BEGINS WITH", "SCOPES", "ENDS", "LAST USED", ...options.all ? ["OWNER"] : [], "ID"],
      ...tokens.map((token) => [
        sanitizeLine(token.name, 40),
        sanitizeLine(token.prefix, 20),
        sanitizeLine(token.scopes.join(" "), 60) || "-",
        describeEnd(token, io),
        describeLastUse(token),
        ...options.all ? [sanitizeLine(token.owner.username, 40)] : [],
        sanitizeLine(token.id, 40),
      ]),
    ]));
  }
  // A search by its beginning finds a token without what replaced it.
  const isPartial = search !== undefined && tokens.some((token) => endsSoon(token, io));
  warnOfEnds(tokens, isPartial ? await api.list({ all }) : found, io);
  return EXIT.ok;
}
