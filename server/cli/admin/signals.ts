import { createHash, randomBytes } from "node:crypto";
import { EXIT } from "../../../shared/exit_codes.ts";
import { type Field, formatFields } from "../../../shared/fields.ts";
import { formatTimeWithDistance } from "../../../shared/format_time.ts";
import { formatJson, sanitizeLine } from "../../../shared/sanitize.ts";
import type { SignalsView } from "../../admin/provider_signal_operations.ts";
import type { ServerIo } from "../../io.ts";
import { reportUsage } from "../failure.ts";
import type { DatabaseOptions } from "../options.ts";
import { printOnce } from "./client/print_once.ts";
import { adminCommand } from "./command.ts";
import { withOption } from "./with_option.ts";

/** `admin signals show`. */
export async function adminSignalsShow(
  provider: string,
  { json, ...options }: DatabaseOptions & { json?: boolean },
  io: ServerIo,
): Promise<number> {
  return await adminCommand("showSignals", { provider }, options, io, (signals) => {
    io.stdout(json ? formatJson(signals) : describe(signals, io));
    return EXIT.ok;
  });
}

type UpdateOptions = DatabaseOptions & {
  logoutLogins?: boolean;
  disableUsers?: boolean;
  eventsIssuer?: string;
  eventsAudience?: string;
  clear?: string[];
};

/** `admin signals update`. */
export async function adminSignalsUpdate(
  provider: string,
  { logoutLogins, disableUsers, eventsIssuer, eventsAudience, clear = [], ...options }:
    UpdateOptions,
  io: ServerIo,
): Promise<number> {
  const changes = {
    logoutRevokesLogins: logoutLogins,
    disablesUsers: disableUsers,
    eventsIssuer: clear.includes("events-issuer") ? null : eventsIssuer,
    eventsAudience: clear.includes("events-audience") ? null : eventsAudience,
  };
  if (Object.values(changes).every((value) => value === undefined)) {
    return reportUsage(
      "Nothing to change. Use --logout-logins, --disable-users, --events-issuer, " +
        "--events-audience or --clear.",
      io,
    );
  }
  const params = { provider, changes };
  return await adminCommand("updateSignals", params, options, io, (signals) => {
    io.stdout(describe(signals, io));
    return EXIT.ok;
  }, {
    describe: (error) =>
      withOption(error, {
        eventsIssuer: "--events-issuer",
        eventsAudience: "--events-audience",
      }),
  });
}

/** `admin signals token`: standard output has only the token, for a pipe into a vault. */
export async function adminSignalsToken(
  provider: string,
  { revoke = false, ...options }: DatabaseOptions & { revoke?: boolean },
  io: ServerIo,
): Promise<number> {
  const token = revoke ? undefined : randomBytes(32).toString("base64url");
  const params = {
    provider,
    tokenHash: token === undefined ? null : createHash("sha256").update(token).digest("base64"),
  };
  return await adminCommand("setEventsToken", params, options, io, ({ eventsUrl }) => {
    if (token === undefined) {
      io.stdout(`Revoked. Events of ${provider} are rejected.\n`);
      return EXIT.ok;
    }
    io.stderr(
      `Let ${provider} push its events to this URL, with the token in the Authorization header as ` +
        `"Bearer TOKEN":\n  ${eventsUrl}\nThe token follows. It is not shown again.\n`,
    );
    const lost = printOnce(`${token}\n`, io);
    if (lost === undefined) return EXIT.ok;
    io.stderr(`Error: the token could not be printed: ${lost}. Create another one.\n`);
    return EXIT.failure;
  });
}

function describe(signals: SignalsView, io: ServerIo): string {
  const { lastEventAt } = signals;
  const lastEvent = lastEventAt === null
    ? "never"
    : formatTimeWithDistance(Date.parse(lastEventAt), io.clock.now(), io.timeZone);
  const fields: Field[] = [
    ["provider", sanitizeLine(signals.provider)],
    ["back-channel logout URI", signals.backchannelLogoutUri],
    [
      "a logout",
      signals.logoutRevokesLogins
        ? "signs out browsers and revokes the logins approved in them"
        : "signs out browsers",
    ],
    ["events", signals.acceptsEvents ? "accepted with the token" : "rejected (no token)"],
    ["events URL", signals.eventsUrl],
    ["events issuer", sanitizeLine(signals.eventsIssuer, 1000)],
    [
      "events audience",
      signals.eventsAudiences.map((text) => sanitizeLine(text, 1000)).join(" or "),
    ],
    [
      "a disabled account",
      signals.disablesUsers ? "disables its user" : "signs its user out",
    ],
    ["last event", lastEvent],
  ];
  return formatFields(fields, io);
}
