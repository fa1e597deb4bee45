import { parseDurationSeconds } from "../../../shared/duration.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { EXPIRY_EXAMPLES, parseExpiry } from "../../../shared/expiry.ts";
import { formatScope } from "../../../shared/oauth/scope.ts";
import { escapeUnsafe, formatJson, sanitizeLine } from "../../../shared/sanitize.ts";
import { formatTable } from "../../../shared/table.ts";
import type { TrustRuleRequest } from "../../admin/trust_operations.ts";
import type { SettingFlags } from "../../config/gather.ts";
import { loadConfig } from "../../config/load.ts";
import { describeCondition } from "../../federation/condition.ts";
import { DomainError } from "../../domain_error.ts";
import { buildRule, byNameNote, type RuleOptions } from "../../federation/build_rule.ts";
import { isProviderName, provider, providers } from "../../federation/providers.ts";
import { repositoryNumberLookUp } from "../../federation/repository_number.ts";
import { machineNetwork } from "../../outbound/network.ts";
import { OutboundHttp } from "../../outbound/outbound_http.ts";
import type { ServerIo } from "../../io.ts";
import { adminCommand } from "./command.ts";
import { reportProblems } from "../failure.ts";

/** Options of `admin trust add`, as the command line gives them. */
export interface TrustAddOptions {
  branch?: string;
  tag?: string;
  environment?: string;
  issuer?: string;
  audience?: string;
  repositoryId?: string;
  condition?: string[];
  scope?: string[];
  lifetime?: string;
  user?: string;
  serviceAccount?: string;
  expires?: string;
  name?: string;
  force?: boolean;
  dataDir?: string;
  databaseUrl?: string;
  config?: string;
}

/** Seconds a workload's token lives where the rule says nothing. */
const DEFAULT_LIFETIME = "10m";

/** `admin trust add`: from a provider's template and a few words to a rule. */
export async function adminTrustAdd(
  providerName: string,
  subject: string | undefined,
  options: TrustAddOptions,
  io: ServerIo,
): Promise<number> {
  if (!isProviderName(providerName)) {
    io.stderr(
      `"${sanitizeLine(providerName, 100)}" is not a known provider. Use one of ` +
        `${providers.map(({ name }) => name).join(", ")}.\n`,
    );
    return EXIT.usage;
  }
  const lifetimeSeconds = parseDurationSeconds(options.lifetime ?? DEFAULT_LIFETIME);
  if (lifetimeSeconds === undefined) {
    io.stderr(`--lifetime: "${options.lifetime}" is no duration; write it like 10m\n`);
    return EXIT.usage;
  }
  const expiry = parseExpiry(options.expires ?? "never", io.clock.now());
  if (expiry === undefined) {
    io.stderr(
      `--expires "${sanitizeLine(options.expires)}" is not a time in the future. ` +
        `Examples: ${EXPIRY_EXAMPLES}.\n`,
    );
    return EXIT.usage;
  }
  // What this command calls issuer is the provider's, not the server's setting.
  const { dataDir, databaseUrl, config } = options;
  const loaded = await loadConfig({ dataDir, databaseUrl, config }, io);
  if (loaded.problems.length > 0) return reportProblems(loaded.problems, io);
  const http = new OutboundHttp(machineNetwork(io.env));
  const draft = await buildRule(
    providerName,
    { ...options, subject, conditions: options.condition ?? [] },
    repositoryNumberLookUp(http, loaded.config.federation.privateIssuers),
  );
  if (draft instanceof DomainError) {
    io.stderr(`${sanitizeLine(describeOptionError(draft), 1000)}\n`);
    return EXIT.usage;
  }
  const request: TrustRuleRequest = {
    name: options.name ?? draft.name,
    provider: providerName,
    issuer: draft.issuer,
    audience: options.audience,
    conditions: draft.conditions,
    scope: (options.scope ?? []).join(" "),
    lifetimeSeconds,
    userEmail: options.user,
    serviceAccount: options.serviceAccount,
    enabledUntil: expiry === null ? undefined : new Date(expiry).toISOString(),
    force: options.force === true,
  };
  if (draft.byName !== undefined) {
    io.stderr(`Note: ${byNameNote(draft.byName)} Use --repository-id NUMBER.\n`);
  }
  return await adminCommand(
    "addTrustRule",
    request,
    { dataDir, databaseUrl, config },
    io,
    (added) => {
      io.stdout(`Added ${request.name}: ${provider(providerName).title} is trusted where\n`);
      for (const condition of request.conditions) {
        io.stdout(`  ${describeCondition(condition)}\n`);
      }
      io.stdout(
        `It acts as ${added.actsAs}, with ${request.scope}.\n${
          provider(providerName).jobSetup?.(added.audience) ??
            `Its tokens must have the audience ${added.audience}.\n`
        }`,
      );
      return EXIT.ok;
    },
    async (error) => {
      if (error.code !== "conflict" || error.field !== "serviceAccount") return undefined;
      const question =
        `There is a service account ${request.name} already. Shall the rule act as it?`;
      return await io.confirm(question) ? { ...request, serviceAccount: request.name } : undefined;
    },
  );
}

/** Options by the fields of a rule that errors name. */
const OPTIONS: Partial<Record<string, string>> = {
  issuer: "--issuer",
  branch: "--branch",
  tag: "--tag",
  environment: "--environment",
  repositoryId: "--repository-id",
  conditions: "--condition",
} satisfies Partial<Record<keyof RuleOptions, string>>;

function describeOptionError({ field = "", message }: DomainError): string {
  const option = OPTIONS[field];
  return option === undefined ? message : `${option}: ${message}`;
}

export async function adminTrustList(
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("listAllTrustRules", {}, options, io, (rules) => {
    if (options.json === true) {
      io.stdout(formatJson(rules.map((rule) => ({
        ...rule,
        enabledUntil: rule.enabledUntil ?? null,
      }))));
      return EXIT.ok;
    }
    io.stdout(formatTable([
      ["NAME", "CONDITIONS", "SCOPE", "ACTS AS", "UNTIL"],
      ...rules.map((rule) => [
        rule.name,
        rule.conditions.join(", "),
        rule.scope,
        rule.actsAs,
        rule.enabledUntil ?? "-",
      ]),
    ]));
    return EXIT.ok;
  });
}

export async function adminTrustRemove(
  name: string,
  options: SettingFlags,
  io: ServerIo,
): Promise<number> {
  return await adminCommand("removeTrustRule", { name }, options, io, () => {
    io.stdout(`Removed ${name}. Tokens it gave end within their life.\n`);
    return EXIT.ok;
  });
}

/** `admin trust test`: what would become of a token, read from standard input. */
export async function adminTrustTest(
  { scope, ...options }: SettingFlags & { scope?: string[] },
  io: ServerIo,
): Promise<number> {
  const token = (await io.readStdin()).trim();
  const params = { token, scope: scope && formatScope(scope) };
  return await adminCommand("testTrust", params, options, io, (result) => {
    if (options.json === true) {
      io.stdout(formatJson({
        issuer: result.issuer ?? null,
        problem: result.problem ?? null,
        claims: result.claims ?? null,
        rules: result.rules.map((rule) => ({ ...rule, obstacle: rule.obstacle ?? null })),
      }));
    } else {
      if (result.issuer !== undefined) io.stdout(`issuer: ${inlineJson(result.issuer)}\n`);
      if (result.problem !== undefined) {
        io.stdout(`The token is refused: ${sanitizeLine(result.problem, 1000)}.\n`);
      }
      for (const [claim, value] of Object.entries(result.claims ?? {})) {
        // A name could otherwise read as a claim and its value.
        const name = /^[\w.:/-]+$/.test(claim) ? claim : inlineJson(claim);
        io.stdout(`  ${name}: ${inlineJson(value)}\n`);
      }
      for (const rule of result.rules) {
        const reasons = [...rule.failed, ...rule.obstacle ? [rule.obstacle] : []];
        io.stdout(
          rule.passes
            ? `${rule.name}: passes\n`
            : `${rule.name}: does not pass; it wants ${
              sanitizeLine(reasons.join(", and "), 2000)
            }\n`,
        );
      }
    }
    return result.rules.some((rule) => rule.passes) ? EXIT.ok : EXIT.failure;
  });
}

function inlineJson(value: unknown): string {
  return escapeUnsafe(JSON.stringify(value));
}
