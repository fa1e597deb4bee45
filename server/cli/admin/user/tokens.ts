import { EXIT } from "../../../../shared/exit_codes.ts";
import { printTable, type Table, type TableOptions, timeCell } from "../../../../shared/table.ts";
import type { UserToken } from "../../../admin/user_tokens.ts";
import type { ServerIo } from "../../../io.ts";
import { reportUsage } from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { formatExactCount } from "../../../../shared/exact_count.ts";

const TOKENS: Table<UserToken> = {
  columns: [
    { title: "ID", cell: ({ id }) => id },
    { title: "NAME", cell: ({ name }) => name, flexible: true },
    { title: "PREFIX", cell: ({ prefix }) => prefix, priority: 1 },
    {
      title: "EXPIRES",
      cell: ({ expiresAt }) => timeCell(expiresAt),
      absent: "never",
      priority: 3,
    },
    {
      title: "LAST USED",
      cell: ({ lastUsedAt }) => timeCell(lastUsedAt),
      absent: "never",
      priority: 2,
    },
    { title: "CREATED", cell: ({ createdAt }) => timeCell(createdAt), wideOnly: true },
    { title: "SCOPE", cell: ({ scope }) => scope, wideOnly: true },
  ],
  toJson: (token) => token,
  empty: "The user has no active personal access tokens.",
};

/** `admin user tokens`. */
export async function adminUserTokens(
  user: string,
  { json, wide, ...options }: DatabaseOptions & TableOptions,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listUserTokens", { email: user }, options, io, ({ tokens }) => {
    printTable(TOKENS, tokens, { json, wide }, io);
    return EXIT.ok;
  });
}

/** `admin user revoke-token`. */
export async function adminUserRevokeToken(
  user: string,
  tokenId: string | undefined,
  { all, ...options }: DatabaseOptions & { all?: boolean },
  io: ServerIo,
): Promise<number> {
  if ((tokenId === undefined) !== (all === true)) {
    return reportUsage("Name one token by its id, or use --all to revoke all of them.", io);
  }
  const params = { email: user, tokenId };
  return await adminCommand("revokeUserTokens", params, options, io, ({ email, tokens }) => {
    io.stdout(`Revoked ${formatExactCount(tokens, "personal access token")} of ${email}.\n`);
    return EXIT.ok;
  });
}
