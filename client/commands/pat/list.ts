/** `pat list`: lists tokens and warns of those that expire soon. */
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { shellWord } from "../../../shared/shell_word.ts";
import { nameKey } from "../../../shared/name_key.ts";
import {
  printTable,
  stateCell,
  type Table,
  type TableOptions,
  timeCell,
} from "../../../shared/table.ts";
import { ClientError } from "../../errors.ts";
import type { ClientIo } from "../../io.ts";
import { expiresSoon, warnOfExpiry } from "../../pat/expiry_warnings.ts";
import { isActive } from "../../pat/format.ts";
import { stateOf } from "../../pat/state.ts";
import { openTokenApi } from "../../pat/api.ts";
import { displayName } from "../../pat/resolve.ts";
import type { PersonalAccessToken } from "../../pat/token.ts";
import type { Selection } from "../../auth/selection.ts";

export interface PatListOptions extends Selection, TableOptions {
  search?: string;
  /** Revoked and expired tokens as well. */
  inactive?: boolean;
  /** All users' tokens, for administrators. */
  all?: boolean;
  /** One account's, for administrators. */
  owner?: string;
}

export async function patList(options: PatListOptions, io: ClientIo): Promise<number> {
  const { search, inactive, json, wide, owner } = options;
  if (options.all && owner !== undefined) {
    throw new ClientError("invalid_option", "Use either --all or --owner ACCOUNT, not both.");
  }
  const all = options.all || owner !== undefined;
  await using api = await openTokenApi({ ...options, administer: all }, io);
  const matches = await api.list({ search, all });
  const tokens = matches
    .filter((token) => owner === undefined || nameKey(token.owner.username) === nameKey(owner))
    .filter((token) => inactive || isActive(token, io.clock));
  const empty = describeEmpty(options, matches.length > 0);
  printTable({ ...table({ all }, io), empty }, tokens, { json, wide }, io);
  // A search by prefix matches a token without its replacement.
  const isPartial = search !== undefined && tokens.some((token) => expiresSoon(token, io.clock));
  warnOfExpiry(tokens, isPartial ? await api.list({ all }) : matches, io);
  return EXIT.ok;
}

const table = (
  { all }: { all: boolean },
  { clock }: Pick<ClientIo, "clock">,
): Omit<Table<PersonalAccessToken>, "empty"> => ({
  columns: [
    { title: "NAME", cell: ({ name }) => name, flexible: true },
    { title: "PREFIX", cell: ({ prefix }) => prefix, priority: 3 },
    { title: "STATE", cell: (token) => stateCell(stateOf(token, clock)) },
    { title: "SCOPES", cell: ({ scopes }) => scopes.join(" "), flexible: true, priority: 4 },
    {
      title: "EXPIRES",
      // When a revoked token would have expired does not matter.
      cell: ({ expiresAt, revokedAt }) => revokedAt === null ? timeCell(expiresAt) : "-",
      absent: "never",
      priority: 5,
    },
    {
      title: "LAST USED",
      cell: ({ lastUsedAt }) => timeCell(lastUsedAt),
      absent: "never",
      priority: 2,
    },
    {
      title: "OWNER",
      cell: ({ owner }) => owner.username,
      flexible: true,
      priority: 6,
      wideOnly: !all,
    },
    { title: "DESCRIPTION", cell: ({ description }) => description, wideOnly: true },
    { title: "CREATED", cell: ({ createdAt }) => timeCell(createdAt), wideOnly: true },
    { title: "REVOKED", cell: ({ revokedAt }) => timeCell(revokedAt), wideOnly: true },
    { title: "ID", cell: ({ id }) => id, wideOnly: true },
    {
      title: "RESOURCE",
      cell: ({ resource }) => resource,
      absent: "default",
      flexible: true,
      wideOnly: true,
    },
    {
      title: "USABLE FROM",
      cell: ({ allowedAddresses }) => allowedAddresses.join(" ") || null,
      absent: "anywhere",
      wideOnly: true,
    },
  ],
  toJson: (token) => token,
});

/** `hasOthers`: there are tokens that the options exclude. */
function describeEmpty({ search, inactive, owner }: PatListOptions, hasOthers: boolean) {
  const list = `${brand.binaryName} pat list`;
  if (search !== undefined && !hasOthers) {
    return `No token matches ${displayName(search)}. To list all, run: ${list}`;
  }
  const create = `To create one, run: ${brand.binaryName} pat create --name NAME --scope SCOPES${
    owner === undefined ? "" : ` --owner ${shellWord(owner)}`
  }`;
  return hasOthers && !inactive && owner === undefined
    ? `There are no active tokens. With revoked and expired ones: ${list} --inactive\n${create}`
    : `There are no tokens. ${create}`;
}
