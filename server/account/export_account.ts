import type { Clock } from "../../shared/clock.ts";
import {
  exportApprovals,
  exportAuditEvents,
  exportConsents,
  exportIdentities,
  type ExportList,
  exportLogins,
  exportMemberships,
  exportPasskeys,
  type ExportPosition,
  exportSecondFactors,
  exportSessions,
  exportTokens,
  exportTrustRules,
} from "../store/account_export.ts";
import type { Sql } from "../store/db/connect.ts";
import { findUser } from "../store/users.ts";

/** Rows that are read at a time. */
const PAGE = 500;
/** Rows of each list; if there are more, `truncated` names the list. */
const MAX_ROWS = 100_000;

/** The lists of the export, in its order. */
const LISTS: readonly (readonly [name: string, list: ExportList])[] = [
  ["groups", exportMemberships],
  ["identities", exportIdentities],
  ["passkeys", exportPasskeys],
  ["browserSessions", exportSessions],
  ["logins", exportLogins],
  ["personalAccessTokens", exportTokens],
  ["rememberedApprovals", exportConsents],
  ["approvedDevices", exportApprovals],
  ["trustRules", exportTrustRules],
  ["auditEvents", exportAuditEvents],
];

/**
 * What is stored about a user, without secrets, as the text of a JSON object, piece by piece: an
 * account can have more rows than fit in memory.
 */
export async function* exportAccount(
  { sql, clock, issuer }: { sql: Sql; clock: Clock; issuer: string },
  userId: string,
): AsyncGenerator<string> {
  const user = await findUser(sql, userId);
  yield `{\n${member("issuer", issuer)}`;
  yield `,\n${member("exportedAt", new Date(clock.now()))}`;
  yield `,\n${
    member(
      "account",
      user === undefined ? null : {
        id: user.id,
        subject: user.subject,
        email: user.email,
        emailVerified: user.emailVerified,
        name: user.name,
        isAdmin: user.isAdmin,
        groups: user.groups,
        createdAt: user.createdAt,
        lastSignedInAt: user.lastSignedInAt ?? null,
      },
    )
  }`;
  const factors = await exportSecondFactors(sql, userId);
  const methods = { password: user?.passwordHash !== undefined, ...factors };
  yield `,\n${member("signInMethods", methods)}`;
  const truncated: string[] = [];
  for (const [name, list] of LISTS) {
    yield `,\n  ${JSON.stringify(name)}: [`;
    let count = 0;
    let after: ExportPosition | undefined;
    do {
      const rows = await list(sql, { userId, after, limit: PAGE });
      for (const { row } of rows) {
        yield `${count === 0 ? "" : ","}\n    ${printable(JSON.stringify(row))}`;
        count++;
      }
      after = rows.length < PAGE ? undefined : rows.at(-1)!.position;
    } while (after !== undefined && count < MAX_ROWS);
    if (after !== undefined) truncated.push(name);
    yield count === 0 ? "]" : "\n  ]";
  }
  yield `,\n${member("truncated", truncated)}\n}\n`;
}

function member(name: string, value: unknown): string {
  const text = printable(JSON.stringify(value, null, 2)).replaceAll("\n", "\n  ");
  return `  ${JSON.stringify(name)}: ${text}`;
}

/** Escapes what would hide or reorder text in a terminal or an editor, which JSON leaves as it is. */
function printable(json: string): string {
  return json.replace(
    /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu,
    (text) =>
      text.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join(
        "",
      ),
  );
}
