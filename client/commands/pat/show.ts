/** `pat show`: one token, or the one in the environment. */
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import { namedToken } from "../../pat/resolve.ts";
import { formatJson } from "../../output.ts";
import { describeEnd, describeLastUse, endsSoon, moment, warnOfEnds } from "../../pat/format.ts";
import { openTokenApi, type PersonalAccessToken } from "../../pat/api.ts";
import { environmentSession, type Selection } from "../../auth/token_source.ts";

export interface PatShowOptions extends Selection {
  /** Whose it is, for administrators. */
  for?: string;
  json?: boolean;
}

export async function patShow(
  name: string | undefined,
  options: PatShowOptions,
  io: ClientIo,
): Promise<number> {
  if (name === undefined && environmentSession(options, io) === undefined) {
    throw new ClientError(
      EXIT.usage,
      `Which token? Name one of: ${brand.binaryName} pat list. ` +
        `Without a name it is the one in ${brand.envPrefix}_TOKEN, which is not set.`,
    );
  }
  await using api = await openTokenApi({ ...options, administer: options.for !== undefined }, io);
  const token = name === undefined
    ? await api.own()
    : (await namedToken(api, name, options.for, io)).token;
  io.stdout(options.json ? formatJson(token) : describe(token, io));
  if (endsSoon(token, io)) {
    // What replaces a token has its name. A token itself may not ask for others.
    const all = options.for !== undefined;
    const known = name === undefined ? undefined : await api.list({ search: token.name, all });
    warnOfEnds([token], known, io);
  }
  return EXIT.ok;
}

function describe(token: PersonalAccessToken, io: ClientIo): string {
  const { owner, rotated_from: rotatedFrom, leak } = token;
  const lines: [string, string][] = [
    ["name", sanitizeLine(token.name)],
    ["id", sanitizeLine(token.id)],
    ["begins with", sanitizeLine(token.prefix)],
    ["owner", sanitizeLine(owner.username)],
    ["scopes", sanitizeLine(token.scopes.join(" "), 1000) || "none"],
    ["usable from", sanitizeLine(token.allowed_addresses.join(", "), 1000) || "anywhere"],
    ["made", moment(token.created_at)],
    ["ends", describeEnd(token, io)],
    ["last used", describeLastUse(token)],
    ...leak ? [["found", describeLeak(leak)] as [string, string]] : [],
    ...rotatedFrom === null ? [] : [["replaces", sanitizeLine(rotatedFrom)] as [string, string]],
  ];
  return lines.map(([label, value]) => `${`${label}:`.padEnd(13)}${value}\n`).join("");
}

/** Where a token was found that should lie nowhere. */
function describeLeak({ at, reporter, place }: NonNullable<PersonalAccessToken["leak"]>): string {
  const where = place === null ? "" : `, at ${sanitizeLine(place, 500)}`;
  return `in the open${where}, reported by ${sanitizeLine(reporter)} ${moment(at)}`;
}
