import { EXIT } from "../../../../shared/exit_codes.ts";
import { type Field, formatFields } from "../../../../shared/fields.ts";
import { formatTime, formatTimeWithDistance } from "../../../../shared/format_time.ts";
import { formatJson, sanitizeLine } from "../../../../shared/sanitize.ts";
import { colorState } from "../../../../shared/table.ts";
import { createStyle, hasStyle } from "../../../../shared/terminal_style.ts";
import { type ShownUser, userState } from "../../../admin/list_users.ts";
import type { ServerIo } from "../../../io.ts";
import type { DatabaseOptions } from "../../options.ts";
import { adminCommand } from "../command.ts";
import { formatExactCount } from "../../../../shared/exact_count.ts";

/** `admin user show`. */
export async function adminUserShow(
  user: string,
  { json, ...options }: DatabaseOptions & { json?: boolean },
  io: ServerIo,
): Promise<number> {
  return await adminCommand("showUser", { email: user }, options, io, (details) => {
    io.stdout(json ? formatJson(toJson(details)) : describe(details, io));
    return EXIT.ok;
  });
}

function toJson({ belongings, methods, ...user }: ShownUser) {
  return { ...user, ...methods, ...belongings };
}

function describe(user: ShownUser, io: ServerIo): string {
  const style = createStyle(hasStyle(io.stdoutIsTerminal, io.env));
  const { browsers, logins, tokens, trustRules } = user.belongings;
  const time = (iso: string) =>
    formatTimeWithDistance(Date.parse(iso), io.clock.now(), io.timeZone);
  const state = user.disabledAt === null
    ? colorState(userState(user), style)
    : `${colorState("disabled", style)} since ${
      formatTime(Date.parse(user.disabledAt), io.timeZone)
    }`;
  const fields: Field[] = [
    ["email", `${sanitizeLine(user.email, 254)} (${user.emailVerified ? "" : "not "}verified)`],
    ["name", sanitizeLine(user.name)],
    ["id", user.id],
    ...user.sub === user.id ? [] : [["sub", user.sub] as const],
    ["role", user.isAdmin ? "admin" : "user"],
    ["groups", sanitizeLine(user.groups.join(", "), 2000) || "none"],
    ...user.groups.length > 0
      ? [["groups", user.groups.map((group) => sanitizeLine(group, 200)).join(", ")] as const]
      : [],
    ["state", state],
    ["created", time(user.createdAt)],
    ["last sign-in", user.lastSignedInAt === null ? "never" : time(user.lastSignedInAt)],
    ["sign-in", describeMethods(user)],
    ["browsers", `${browsers} signed in`],
    ["logins", `${logins} active`],
    ["tokens", `${tokens} active`],
    ...trustRules > 0 ? [["trust rules", `${trustRules} act as this user`] as const] : [],
  ];
  return formatFields(fields, io);
}

function describeMethods({ hasPassword, methods }: ShownUser): string {
  const { authenticatorApp, passkeys, recoveryCodes, linkedAccounts } = methods;
  const parts = [
    ...hasPassword ? ["password"] : [],
    ...passkeys > 0 ? [formatExactCount(passkeys, "passkey")] : [],
    ...authenticatorApp ? ["authenticator app"] : [],
    ...recoveryCodes > 0 ? [formatExactCount(recoveryCodes, "recovery code")] : [],
    ...linkedAccounts > 0 ? [formatExactCount(linkedAccounts, "linked account")] : [],
  ];
  return parts.join(", ") || "none";
}
