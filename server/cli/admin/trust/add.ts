import { parseDurationSeconds } from "../../../../shared/duration.ts";
import { trustAuthorities } from "../../../../shared/certificate_authorities.ts";
import { wrapForStdout } from "../../../../shared/wrap_text.ts";
import { EXIT } from "../../../../shared/exit_codes.ts";
import { EXPIRY_EXAMPLES, parseExpiry } from "../../../../shared/expiry.ts";
import { sanitizeLine } from "../../../../shared/sanitize.ts";
import type { TrustRuleRequest } from "../../../admin/trust/add_rule.ts";
import { authoritySources } from "../../../config/authority_sources.ts";
import { loadAdminConfig } from "../../../config/load.ts";
import { DomainError } from "../../../domain_error.ts";
import { buildRule, byNameNote, type RuleOptions } from "../../../federation/build_rule.ts";
import { describeCondition } from "../../../federation/condition.ts";
import { isProviderName, provider, providers } from "../../../federation/providers.ts";
import { repositoryNumberLookUp } from "../../../federation/repository_number.ts";
import type { ServerIo } from "../../../io.ts";
import { machineNetwork } from "../../../outbound/network.ts";
import { OutboundHttp } from "../../../outbound/outbound_http.ts";
import { reportDomainError, reportFailure, reportProblems } from "../../failure.ts";
import { adminCommand } from "../command.ts";
import { withOption } from "../with_option.ts";
import { databaseOf, type DatabaseOptions } from "../../options.ts";

/** Options of `admin trust add`, as commander parses them. */
export interface TrustAddOptions extends DatabaseOptions {
  workflow?: string;
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
}

/** Lifetime of tokens by default. */
const DEFAULT_LIFETIME = "10m";

/** The option for each field of a rule that a DomainError can name. */
export const OPTIONS: Record<string, string> = {
  issuer: "--issuer",
  workflow: "--workflow",
  branch: "--branch",
  tag: "--tag",
  environment: "--environment",
  repositoryId: "--repository-id",
  conditions: "--condition",
  scope: "--scope",
  lifetimeSeconds: "--lifetime",
  userEmail: "--user",
  serviceAccount: "--service-account",
  enabledUntil: "--expires",
  name: "--name",
} satisfies Partial<Record<keyof RuleOptions | keyof TrustRuleRequest, string>>;

/** `admin trust add`: a rule from a provider and a few options. */
export async function adminTrustAdd(
  providerName: string,
  subject: string | undefined,
  options: TrustAddOptions,
  io: ServerIo,
): Promise<number> {
  if (!isProviderName(providerName)) {
    io.stderr(
      `Error: "${sanitizeLine(providerName, 100)}" is not a known provider. Use one of ` +
        `${providers.map(({ name }) => name).join(", ")}.\n`,
    );
    return EXIT.usage;
  }
  const lifetimeSeconds = parseDurationSeconds(options.lifetime ?? DEFAULT_LIFETIME);
  if (lifetimeSeconds === undefined) return invalidLifetime(options.lifetime, io);
  const expiry = parseExpiry(options.expires ?? "never", io.clock.now());
  if (expiry === undefined) return invalidExpiry(options.expires, io);
  // What this command calls issuer is the provider's, not the server's setting.
  const loaded = await loadAdminConfig(databaseOf(options), io);
  if (loaded.problems.length > 0) return reportProblems(loaded.problems, io);
  try {
    trustAuthorities(authoritySources(loaded.config, io));
  } catch (error) {
    return reportFailure(error, io);
  }
  const http = new OutboundHttp(machineNetwork(io.env));
  const draft = await buildRule(
    providerName,
    { ...options, subject, conditions: options.condition ?? [] },
    repositoryNumberLookUp(http, loaded.config.federation.privateIssuers),
  );
  if (draft instanceof DomainError) {
    reportDomainError(describe(draft), io);
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
    databaseOf(options),
    io,
    (added) => {
      const print = (text: string) => io.stdout(wrapForStdout(text, io));
      print(`Added ${request.name}. It trusts ${provider(providerName).title} where:\n`);
      for (const condition of request.conditions) {
        io.stdout(`  ${describeCondition(condition)}\n`);
      }
      print(
        `It acts as ${added.actsAs}, with ${request.scope}.\n${
          provider(providerName).jobSetup?.(added.audience) ??
            `Its tokens must have the audience ${added.audience}.\n`
        }`,
      );
      return EXIT.ok;
    },
    {
      revise: async (error) => {
        // An account of this name exists: see findOrCreatePrincipal.
        if (error.code !== "conflict" || error.field !== "serviceAccount") return undefined;
        const question =
          `There is already a service account ${request.name}. Should the rule act as it?`;
        const confirmed = await io.confirm(question);
        return confirmed ? { ...request, serviceAccount: request.name } : undefined;
      },
      describe,
    },
  );
}

function describe(error: DomainError): DomainError {
  if (error.field !== "force") return withOption(error, OPTIONS);
  return new DomainError(error.code, `${error.message} Use --force to add it anyway.`);
}

export function invalidLifetime(text: string | undefined, io: ServerIo): number {
  io.stderr(
    `Error: --lifetime "${sanitizeLine(text)}" is not a valid duration. Write it like 10m.\n`,
  );
  return EXIT.usage;
}

export function invalidExpiry(text: string | undefined, io: ServerIo): number {
  io.stderr(
    `Error: --expires "${sanitizeLine(text)}" is not a duration or a date in the future. ` +
      `Examples: ${EXPIRY_EXAMPLES}.\n`,
  );
  return EXIT.usage;
}
