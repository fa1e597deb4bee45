/** `status`: who is logged in, where the credentials are stored, and when they expire. */
import { sanitizeLine } from "../../shared/sanitize.ts";
import { type Command } from "commander";
import { examples } from "../../shared/command_examples.ts";
import type { Run } from "../../shared/command_line.ts";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { formatTimeWithDistance } from "../../shared/format_time.ts";
import { colorState } from "../../shared/table.ts";
import { wrapForStdout } from "../../shared/wrap_text.ts";
import { splitScope } from "../../shared/oauth/scope.ts";
import {
  type FederationStatus,
  type LoginStatus,
  type StatusReport,
  statusReport,
} from "../auth/status_report.ts";
import type { EnvironmentSource } from "../auth/environment_token.ts";
import { notLoggedIn } from "../errors.ts";
import type { ClientIo } from "../io.ts";
import { formatJson, stdoutStyle } from "../output.ts";

export interface StatusOptions {
  json?: boolean;
}

export async function status(options: StatusOptions, io: ClientIo): Promise<number> {
  const report = await statusReport(io);
  if (options.json) {
    io.stdout(formatJson(toJson(report)));
    return EXIT.ok;
  }
  const { source, expired, environment, logins, federation } = report;
  const print = (text: string) => io.stdout(wrapForStdout(text, io));
  if (environment) {
    print(`${describeEnvironment(environment, expired, io)}\n`);
    if (logins.length > 0) print("While it is set, these logins are not used:\n");
  }
  for (const login of logins) print(describeLogin(login, io));
  if (federation) print(describeFederation(federation, source === "federation"));
  if (source === undefined) throw notLoggedIn();
  return expired ? EXIT.authenticationRequired : EXIT.ok;
}

/** As `--json` prints it: docs/schemas/status.schema.json. */
function toJson({ source, expired, environment, active, logins, federation }: StatusReport) {
  const { server } = environment ?? active ?? (source === "federation" ? federation : undefined) ??
    {};
  return {
    loggedIn: source !== undefined && !expired,
    source: source ?? null,
    server: server ?? null,
    account: environment ? null : active?.account ?? null,
    expiresAt: isoTime((environment ?? active)?.expiresAt),
    logins: logins.map(({ storeDescription: _, scope, ...login }) => ({
      ...login,
      name: login.name ?? null,
      expiresAt: isoTime(login.expiresAt),
      scopes: scope === undefined ? null : splitScope(scope),
      narrowTokens: login.narrowTokens.map(({ actor, scope, resource, expiresAt }) => ({
        actor,
        scopes: splitScope(scope),
        resource,
        expiresAt: isoTime(expiresAt),
      })),
      problem: login.problem?.code ?? null,
    })),
    federation: federation === undefined ? null : {
      provider: federation.provider,
      server: federation.server ?? null,
      problem: federation.problem?.code ?? null,
    },
  };
}

function describeFederation({ provider, server, problem }: FederationStatus, used: boolean) {
  if (problem) return `The identity of this job (${provider}) cannot be used: ${problem.message}\n`;
  const action = `\`token\` exchanges the identity of this job (${provider}) at ${server}.\n`;
  return `${used ? "Not logged in:" : "With --federation auto,"} ${action}`;
}

function describeLogin(login: LoginStatus, io: ClientIo): string {
  const style = stdoutStyle(io);
  const lines = [
    `${style.bold(login.account)} on ${login.server}${
      login.active ? ` (${colorState("active", style)})` : ""
    }`,
    ...login.name === undefined ? [] : [`  name: ${sanitizeLine(login.name)}`],
    `  credentials: ${login.storeDescription}`,
  ];
  if (login.problem) lines.push(`  ${style.red(login.problem.message)}`);
  if (login.expiresAt !== undefined) {
    lines.push(
      `  access token: ${describeExpiry(login.expiresAt, login.renewable, io)}`,
      `  scopes: ${sanitizeLine(login.scope ?? "", 1000) || "none"}`,
    );
    if (login.resources.length > 0) {
      lines.push(`  resources: ${sanitizeLine(login.resources.join(" "), 1000)}`);
    }
  }
  for (const { actor, scope, expiresAt } of login.narrowTokens) {
    const scopes = sanitizeLine(scope, 1000) || "no scopes";
    const time = formatTimeWithDistance(expiresAt, io.clock.now(), io.timeZone);
    lines.push(`  narrow token: ${sanitizeLine(actor)}, ${scopes}, expires ${time}`);
  }
  return `${lines.join("\n")}\n`;
}

function describeExpiry(expiresAt: number, renewable: boolean, io: ClientIo): string {
  const time = formatTimeWithDistance(expiresAt, io.clock.now(), io.timeZone);
  const end = expiresAt > io.clock.now()
    ? "expires"
    // An expired token is renewed when it is needed.
    : renewable
    ? "expired"
    : colorState("expired", stdoutStyle(io));
  return `${end} ${time}, ${renewable ? "renewed automatically" : "cannot be renewed"}`;
}

function describeEnvironment(
  { expiresAt, socket, actor }: EnvironmentSource,
  expired: boolean,
  io: ClientIo,
): string {
  const name = `${brand.envPrefix}_TOKEN`;
  if (socket !== undefined) {
    return `Using the token in ${name}, renewed by the exec that started this command.`;
  }
  if (expiresAt === undefined) return `Using the token in ${name}.`;
  const time = formatTimeWithDistance(expiresAt, io.clock.now(), io.timeZone);
  if (actor !== undefined) {
    return expired
      ? `The narrow token of ${sanitizeLine(actor)} in ${name} ${
        colorState("expired", stdoutStyle(io))
      } ${time}. Start the program again with ${brand.binaryName} exec.`
      : `Using the narrow token of ${sanitizeLine(actor)} in ${name}, which expires ${time} and ` +
        `cannot be renewed.`;
  }
  return expired
    ? `The token in ${name} ${colorState("expired", stdoutStyle(io))} ${time}. ` +
      `Set it to a new one, or unset it to use a login.`
    : `Using the token in ${name}, which expires ${time}.`;
}

function isoTime(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : new Date(epochMs).toISOString();
}

export function declare(command: Command, client: Run<ClientIo>): void {
  const bin = brand.binaryName;
  command.option("--json", "print JSON; exits 0 even if not logged in")
    .addHelpText(
      "after",
      examples([`${bin} status`, "show all logins"], [
        `${bin} status --json | jq -r .expiresAt`,
        "for a script",
      ]),
    )
    .action((options) => client((io) => status(options, io)));
}
