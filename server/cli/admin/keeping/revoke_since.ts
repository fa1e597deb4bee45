import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatTime } from "../../../../shared/format_time.ts";
import { formatJson, sanitizeLine } from "../../../../shared/sanitize.ts";
import { printTable, type Table } from "../../../../shared/table.ts";
import type { Revocation, RevokedSince } from "../../../admin/revoke_since.ts";
import { OperationSession } from "../../../admin/run_operation.ts";
import {
  type AuditedRevocations,
  AuditFileError,
  readRevocations,
} from "../../../backup/read_revocations.ts";
import { loadAdminConfig } from "../../../config/load.ts";
import type { ServerIo } from "../../../io.ts";
import {
  reportConfigFile,
  reportDatabase,
  reportFailure,
  reportProblems,
  reportUsage,
} from "../../failure.ts";
import type { DatabaseOptions } from "../../options.ts";
import { openInput } from "../import/input.ts";

type RevokeSinceOptions = DatabaseOptions & {
  audit?: string;
  allLogins?: boolean;
  allTokens?: boolean;
  recoveryCodes?: boolean;
  apply?: boolean;
  json?: boolean;
};

/** Revocations of one call: far below the size of a request to a running server. */
const BATCH = 1000;

interface Row {
  kind: string;
  count: number;
}

const NAMES: Record<string, string> = {
  setup_link: "setup links",
  password_link: "links to choose a password",
  address_link: "links to confirm an address",
  device_authorization: "device logins that wait or are approved",
  authorization_code: "authorization codes",
  pending_sign_in: "sign-ins in progress",
  session: "browser sessions",
  login: "logins",
  token: "personal access tokens",
  narrow_token: "narrow tokens",
  recovery_code: "recovery codes",
  passkey: "passkeys",
  signing_key: "signing keys",
  user: "users",
  service_account: "service accounts",
  client: "clients",
  trust_rule: "trust rules",
  directory: "directories",
  identity_provider: "identity providers",
};

const TABLE: Table<Row> = {
  columns: [
    { title: "KIND", cell: ({ kind }) => NAMES[kind] ?? kind },
    { title: "COUNT", cell: ({ count }) => String(count) },
  ],
  toJson: (row) => row,
  empty: "There is nothing to end.",
};

/** `admin revoke-since`. */
export async function adminRevokeSince(
  time: string,
  { audit, allLogins = false, allTokens = false, recoveryCodes = false, ...rest }:
    RevokeSinceOptions,
  io: ServerIo,
): Promise<number> {
  const { apply = false, json = false, ...options } = rest;
  const since = parseTime(time);
  if (since === undefined || since > io.clock.now()) {
    return reportUsage(
      `${time} is not a time in the past. Write the time of the backup as the command restore ` +
        "prints it, such as 2026-11-26T20:36:25Z.",
      io,
    );
  }
  try {
    const audited = await readAudit(audit, new Date(since), io);
    if (typeof audited === "string") return reportUsage(audited, io);
    const loaded = await loadAdminConfig(options, io);
    if (loaded.problems.length > 0) return reportProblems(loaded.problems, io);
    reportConfigFile(loaded, io);
    await using session = new OperationSession(loaded.config, io, (database) => {
      reportDatabase(database, io);
    });
    const result: RevokedSince = { counts: {}, refused: [] };
    for (const [index, revocations] of batches(audited.revocations).entries()) {
      const part = await session.run("revokeSince", {
        since: new Date(since).toISOString(),
        dryRun: !apply,
        revocations,
        ...index === 0
          ? { always: true, allLogins, allTokens, recoveryCodes }
          : { always: false, allLogins: false, allTokens: false, recoveryCodes: false },
      });
      for (const [kind, count] of Object.entries(part.counts)) {
        result.counts[kind] = (result.counts[kind] ?? 0) + count;
      }
      result.refused.push(...part.refused);
    }
    const lifetime = loaded.config.accessTokenLifetime;
    const expiresAt = since + lifetime * 1000;
    if (json) {
      io.stdout(formatJson(toJson(since, apply, result, audited.byHand)));
      return EXIT.ok;
    }
    const rows = Object.entries(result.counts).map(([kind, count]) => ({ kind, count }))
      .filter(({ count }) => count > 0);
    printTable(TABLE, rows, {}, io);
    io.stderr(describe(result, audited, { audit, allLogins, allTokens, apply }));
    if (expiresAt > io.clock.now()) {
      io.stderr(
        `Access tokens that were issued before that time and revoked after it are valid until ${
          formatTime(expiresAt, io.timeZone)
        }. If that is too long, remove the signing key with admin keys remove.\n`,
      );
    }
    return EXIT.ok;
  } catch (error) {
    if (error instanceof AuditFileError) return reportUsage(`${audit}: ${error.message}`, io);
    return reportFailure(error, io);
  }
}

/** Milliseconds since 1970; undefined if it is not a complete time. */
function parseTime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

async function readAudit(
  path: string | undefined,
  since: Date,
  io: ServerIo,
): Promise<AuditedRevocations | string> {
  if (path === undefined) return { revocations: [], byHand: [], events: 0 };
  const input = await openInput(path, io);
  return typeof input === "string" ? input : await readRevocations(linesOf(input), since);
}

async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of bytes) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  yield rest;
}

/** At least one, for links, codes and browser sessions. */
function batches(revocations: readonly Revocation[]): Revocation[][] {
  const all: Revocation[][] = [];
  do {
    all.push(revocations.slice(all.length * BATCH, (all.length + 1) * BATCH));
  } while (all.length * BATCH < revocations.length);
  return all;
}

function describe(
  { refused }: RevokedSince,
  { byHand, events }: AuditedRevocations,
  { audit, allLogins, allTokens, apply }: {
    audit?: string;
    allLogins: boolean;
    allTokens: boolean;
    apply: boolean;
  },
): string {
  const lines: string[] = [];
  if (audit !== undefined) lines.push(`${audit} has ${events} events after that time.`);
  for (const { kind, id, message } of refused) {
    lines.push(`Not changed: ${NAMES[kind] ?? kind}: ${id}: ${message}`);
  }
  if (byHand.length > 0) lines.push("Changes since then that are to be repeated by hand:");
  for (const { time, event, subject } of byHand) lines.push(`  ${time}  ${event}  ${subject}`);
  if (audit === undefined && !(allLogins && allTokens)) {
    lines.push(
      "Logins and personal access tokens that were revoked since are valid again. Without --audit, " +
        "it is not known which: --all-logins and --all-tokens revoke all that there were, and " +
        "--recovery-codes deletes recovery codes, which may have been used.",
    );
  }
  if (audit === undefined) {
    lines.push(
      "Signing keys that were removed since sign and verify tokens again. If one had leaked, remove it " +
        "with admin keys remove before the server starts.",
    );
  }
  lines.push(
    apply
      ? "A login whose refresh token was replaced since is revoked at its next use, without an alarm."
      : "Nothing was changed. To end this, run the same command with --apply.",
  );
  return `${lines.map((line) => sanitizeLine(line, 1000)).join("\n")}\n`;
}

function toJson(
  since: number,
  applied: boolean,
  { counts, refused }: RevokedSince,
  byHand: AuditedRevocations["byHand"],
) {
  return {
    since: new Date(since).toISOString(),
    applied,
    counts: Object.entries(counts).map(([kind, count]) => ({ kind, count })),
    refused,
    byHand,
  };
}
