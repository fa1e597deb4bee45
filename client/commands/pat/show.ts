/** `pat show`: one token, or the one in the environment. */
import { sanitizeLine } from "../../../shared/sanitize.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { type Field, formatFields } from "../../../shared/fields.ts";
import { colorState } from "../../../shared/table.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import { resolveToken } from "../../pat/resolve.ts";
import { formatJson, stdoutStyle } from "../../output.ts";
import { expiresSoon, warnOfExpiry } from "../../pat/expiry_warnings.ts";
import { describeExpiry, describeLastUse, formatIsoTime } from "../../pat/format.ts";
import { stateOf } from "../../pat/state.ts";
import { openTokenApi } from "../../pat/api.ts";
import type { PersonalAccessToken } from "../../pat/token.ts";
import { environmentSource } from "../../auth/environment_token.ts";
import type { Selection } from "../../auth/selection.ts";
import { readTokensFromStdin } from "./token_stdin.ts";

export interface PatShowOptions extends Selection {
  /** Its owner, for administrators. */
  owner?: string;
  tokenStdin?: boolean;
  json?: boolean;
}

export async function patShow(
  argument: string | undefined,
  options: PatShowOptions,
  io: ClientIo,
): Promise<number> {
  const name = options.tokenStdin ? (await readTokensFromStdin([argument], io))[0] : argument;
  if (name === undefined && environmentSource(options, io) === undefined) {
    throw new ClientError(
      "invalid_option",
      `Name a token, or set ${brand.envPrefix}_TOKEN. ` +
        `To see your tokens, run: ${brand.binaryName} pat list`,
    );
  }
  await using api = await openTokenApi({ ...options, administer: options.owner !== undefined }, io);
  const token = name === undefined
    ? await api.own()
    : (await resolveToken(api, name, options.owner, io)).token;
  io.stdout(options.json ? formatJson(token) : describe(token, io));
  if (expiresSoon(token, io.clock)) {
    // A replacement has the same name. A token may not list others.
    const all = options.owner !== undefined;
    const known = name === undefined ? undefined : await api.list({ search: token.name, all });
    warnOfExpiry([token], known, io);
  }
  return EXIT.ok;
}

function describe(token: PersonalAccessToken, io: ClientIo): string {
  const state = stateOf(token, io.clock);
  const { owner, rotatedFrom, leak } = token;
  const fields: Field[] = [
    ["name", sanitizeLine(token.name)],
    ...token.description === null
      ? []
      : [["description", sanitizeLine(token.description, 1000)] as const],
    ["id", sanitizeLine(token.id)],
    ["prefix", sanitizeLine(token.prefix)],
    ["state", colorState(state, stdoutStyle(io))],
    ["owner", sanitizeLine(owner.username)],
    ["scopes", sanitizeLine(token.scopes.join(" "), 1000) || "none"],
    ...token.resource === null ? [] : [["resource", sanitizeLine(token.resource, 250)] as const],
    ["usable from", sanitizeLine(token.allowedAddresses.join(", "), 1000) || "anywhere"],
    ["created", formatIsoTime(token.createdAt, io)],
    ["expires", describeExpiry(token, io)],
    ["last used", describeLastUse(token, io)],
    ...leak ? [["leaked", describeLeak(leak, io)] as const] : [],
    ...rotatedFrom === null ? [] : [["replaces", sanitizeLine(rotatedFrom)] as const],
  ];
  return formatFields(fields, io);
}

function describeLeak(
  { at, reporter, place }: NonNullable<PersonalAccessToken["leak"]>,
  io: ClientIo,
): string {
  const where = place === null ? "" : `found at ${sanitizeLine(place, 500)}, `;
  return `${where}reported by ${sanitizeLine(reporter)} ${formatIsoTime(at, io)}`;
}
