import { formatExactCount } from "../../../../shared/exact_count.ts";
import { brand } from "../../../../shared/brand.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { formatTimeWithDistance } from "../../../../shared/format_time.ts";
import { listText } from "../../../../shared/list_text.ts";
import { formatJson, sanitizeLine } from "../../../../shared/sanitize.ts";
import type { OffboardReport } from "../../../admin/offboard_user.ts";
import { browserName } from "../../../http/browser_name.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { withOption } from "../with_option.ts";
import { describeRulesNaming } from "./delete.ts";

type OffboardOptions = DatabaseOptions & {
  dryRun?: boolean;
  transferTo?: string;
  force?: boolean;
  json?: boolean;
};

/** `admin user offboard`. */
export async function adminUserOffboard(
  user: string,
  { dryRun, transferTo, force, json, ...options }: OffboardOptions,
  io: ServerIo,
): Promise<number> {
  const params = { email: user, dryRun, transferTo, force };
  return await adminCommand("offboardUser", params, options, io, (report) => {
    io.stdout(json ? formatJson(report) : describeOffboarding(report, io));
    if (!json) io.stderr(describeRulesNaming(report.user.email, report.rulesNamingUser));
    return EXIT.ok;
  }, { describe: (error) => withOption(error, { transferTo: "--transfer-to" }) });
}

function describeOffboarding(report: OffboardReport, io: ServerIo): string {
  const { user, dryRun } = report;
  const person = `${sanitizeLine(user.name)} <${sanitizeLine(user.email, 254)}>` +
    (user.isAdmin ? ", an administrator" : "");
  const effect = user.disabled ? `${person} is disabled already.` : `This would disable ${person}.`;
  const title = dryRun ? `${effect} Nothing was changed.` : `Disabled ${person}.`;
  return [title, ...ending(report, io), ...ownership(report), ...secrets(report, io)]
    .join("\n") + "\n";
}

type Section = [number: number, noun: string, rows: string[], more?: string];

function ending(report: OffboardReport, io: ServerIo): string[] {
  const { counts, dryRun } = report;
  const used = (iso: string | null) =>
    iso === null ? "never used" : `last used ${relative(iso, io)}`;
  const sections: Section[] = [
    [
      counts.browsers,
      "browser session",
      report.browsers.map((browser) =>
        row(
          browserName(browser.userAgent) ?? browser.userAgent,
          browser.address,
          used(browser.lastSeenAt),
        )
      ),
    ],
    [
      counts.logins,
      "login",
      report.logins.map((login) =>
        row(login.name ?? login.id, login.client, used(login.lastUsedAt))
      ),
    ],
    [counts.narrowTokens, "narrow token", [], " of these logins"],
    [counts.approvals, "approval", [], " not redeemed yet"],
    [
      counts.tokens,
      "personal access token",
      report.tokens.map((token) =>
        row(
          token.name,
          `${token.prefix}…`,
          listText(token.scopes, "no scopes"),
          used(token.lastUsedAt),
        )
      ),
      ", rejected while the account is disabled",
    ],
    [
      report.trustRules.length,
      "trust rule",
      report.trustRules,
      " whose workloads act as the user",
    ],
    [
      report.identities.length,
      "linked account",
      report.identities.map(({ provider, email }) => row(provider, email ?? "")),
    ],
  ];
  const lines = sections.filter(([number]) => number > 0).flatMap((
    [number, noun, rows, more = ""],
  ) => [
    `  ${formatExactCount(number, noun)}${more}`,
    ...rows.map((text) => `    ${text}`),
  ]);
  return [
    "",
    dryRun ? report.user.disabled ? "Still exists:" : "Would end:" : "Ended:",
    ...lines.length > 0 ? lines : ["  no browser session, login or token"],
    ...report.groups.length > 0
      ? [
        "",
        "Groups, without effect while the account is disabled: " +
        report.groups.map((group) => sanitizeLine(group, 200)).join(", "),
      ]
      : [],
  ];
}

function ownership({ owned, dryRun, transferredTo, user }: OffboardReport): string[] {
  if (owned.length === 0) return [];
  const rows = owned.map(({ kind, name }) => `  ${row(kind, name)}`);
  const email = sanitizeLine(transferredTo ?? user.email, 254);
  if (transferredTo !== null) {
    return ["", `${dryRun ? "Would be transferred" : "Transferred"} to ${email}:`, ...rows];
  }
  return [
    "",
    "Needs another owner:",
    ...rows,
    dryRun
      ? "To transfer all of it, use --transfer-to USER."
      : `To transfer it, run: ${brand.binaryName} admin owner set KIND NAME USER`,
  ];
}

function secrets({ knownSecrets }: OffboardReport, io: ServerIo): string[] {
  if (knownSecrets.length === 0) return [];
  return [
    "",
    "Secrets that the user was shown and that still work; rotate them:",
    ...knownSecrets.map(({ kind, name, account, at }) =>
      `  ${
        row(
          kind === "client"
            ? `secret of the client ${name}`
            : `token ${name} of the service account ${account}`,
          `shown ${relative(at, io)}`,
        )
      }`
    ),
  ];
}

function relative(iso: string, io: ServerIo): string {
  return formatTimeWithDistance(Date.parse(iso), io.clock.now(), io.timeZone);
}

function row(...cells: string[]): string {
  return cells.filter((cell) => cell !== "").map((cell) => sanitizeLine(cell, 100)).join("  ");
}
