import { valueText } from "../../../shared/list_text.ts";
import { randomUUID } from "node:crypto";
import { LAST_TIME } from "../../../shared/clock.ts";
import { DomainError } from "../../domain_error.ts";
import { type Condition, describeCondition } from "../../federation/condition.ts";
import type { ProviderName } from "../../federation/providers.ts";
import { findRuleRisks } from "../../federation/rule_lint.ts";
import type { RuleRisk } from "../../federation/rule_risk.ts";
import type { TrustRule } from "../../federation/trust_rule.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import type { Transaction } from "../../store/db/connect.ts";
import { setOwner } from "../../store/owners.ts";
import { createServiceAccount, findServiceAccountByName } from "../../store/service_accounts.ts";
import { insertTrustRule, trustRuleExists } from "../../store/trust_rules.ts";
import { findUserByEmail } from "../../store/users.ts";
import { adminEvent } from "../admin_event.ts";
import type { TrustDeps, TrustOperation } from "../operation.ts";
import { validateWorkloadScope } from "../service_account_operations.ts";

/** A rule as an operator asks for it. */
export interface TrustRuleRequest {
  name: string;
  provider: ProviderName;
  issuer: string;
  /** Undefined: this server's issuer. */
  audience?: string;
  conditions: Condition[];
  scope: string;
  lifetimeSeconds: number;
  /**
   * Whom the workload acts as; without either, a new service account of the rule's name. An
   * account that exists has to be named.
   */
  userEmail?: string;
  serviceAccount?: string;
  /** ISO 8601. */
  enabledUntil?: string;
  /** Add the rule although it has risks. */
  force: boolean;
  /** Only check the rule, and add nothing. */
  dryRun?: boolean;
}

export interface AddedRule {
  audience: string;
  /** Name of the user or service account. */
  actsAs: string;
}

const MAX_LIFETIME_SECONDS = 3600;

/** Adds a rule, unless it would trust workloads of others and the operator does not insist. */
export const addTrustRule: TrustOperation<TrustRuleRequest, AddedRule | DomainError> = async (
  deps,
  request,
) => await createTrustRule(deps, request);

/** `within` runs in the same transaction, which it rolls back by returning a failure. */
export async function createTrustRule(
  deps: TrustDeps,
  request: TrustRuleRequest,
  within: (tx: Transaction) => Promise<DomainError | undefined> = () => Promise.resolve(undefined),
): Promise<AddedRule | DomainError> {
  const { sql, clock, catalog, issuer, actor } = deps;
  const risks = findRuleRisks(request);
  if (risks.length > 0 && !request.force) return riskyRule(risks);
  const now = new Date(clock.now());
  const problem = checkName(request.name) ?? checkTimes(request, now);
  if (problem !== undefined) return problem;
  const scope = validateWorkloadScope(request.scope, catalog);
  if (scope instanceof DomainError) return scope;
  const audience = request.audience ?? issuer;
  const nameTaken = () =>
    new DomainError("conflict", `There is already a rule ${request.name}. Choose another name.`, {
      field: "name",
    });
  return await sql.begin(async (tx) => {
    if (await trustRuleExists(tx, request.name)) return nameTaken();
    const principal = await findOrCreatePrincipal(tx, request, scope, now);
    if (principal instanceof DomainError) return principal;
    const inserted = await insertTrustRule(tx, {
      id: randomUUID(),
      name: request.name,
      provider: request.provider,
      issuer: request.issuer,
      audience,
      conditions: request.conditions,
      scope,
      lifetimeSeconds: request.lifetimeSeconds,
      principal,
      enabledUntil: request.enabledUntil === undefined ? undefined : new Date(request.enabledUntil),
      createdAt: now,
    });
    // Thrown, so that the account created above does not stay.
    if (!inserted) throw nameTaken();
    if (actor !== undefined) {
      await setOwner(tx, { kind: "trust-rule", name: request.name, ownerId: actor });
      // The account that was created for the rule, which has its name.
      if (request.userEmail === undefined && request.serviceAccount === undefined) {
        await setOwner(tx, { kind: "service-account", name: request.name, ownerId: actor });
      }
    }
    const event = adminEvent(deps, {
      event: "trust_rule.created",
      subject: request.name,
      details: {
        issuer: request.issuer,
        conditions: request.conditions.map(describeCondition).join("; "),
        scope,
        forced: risks.length > 0,
      },
    });
    await recordAuditEvent(tx, clock, event);
    const failure = await within(tx);
    if (failure !== undefined) throw failure;
    const added: AddedRule = { audience, actsAs: principal.name };
    if (request.dryRun) throw new DryRun(added);
    return added;
  }).catch((error) => {
    if (error instanceof DryRun) return error.result;
    if (error instanceof DomainError) return error;
    throw error;
  }) as AddedRule | DomainError;
}

/** Rolls the transaction back after everything in it succeeded. */
class DryRun extends Error {
  constructor(readonly result: AddedRule) {
    super("dry run");
  }
}

/** `invalid` with the field `force` is this failure only. */
export function riskyRule(risks: readonly RuleRisk[]): DomainError {
  const messages = risks.map(({ message }) => message).join(" ");
  return invalid("force", `This rule would trust workloads of others. ${messages}`);
}

function checkName(name: string): DomainError | undefined {
  if (/^[\w.:/-]{1,100}$/.test(name)) return undefined;
  return invalid(
    "name",
    `"${name}" is not a valid name. Use up to 100 letters, digits and the characters . _ : / -`,
  );
}

/** The lifetime of tokens, and when the rule expires. */
export function checkTimes(
  { lifetimeSeconds, enabledUntil }: Pick<TrustRuleRequest, "lifetimeSeconds" | "enabledUntil">,
  now: Date,
): DomainError | undefined {
  if (!(lifetimeSeconds >= 60 && lifetimeSeconds <= MAX_LIFETIME_SECONDS)) {
    return invalid(
      "lifetimeSeconds",
      `The lifetime of a token must be between 1 minute and ${MAX_LIFETIME_SECONDS / 60} minutes.`,
    );
  }
  if (enabledUntil !== undefined && !(Date.parse(enabledUntil) <= LAST_TIME)) {
    return invalid(
      "enabledUntil",
      `"${enabledUntil}" is not a valid date. Write it like 2027-01-31.`,
    );
  }
  if (enabledUntil !== undefined && Date.parse(enabledUntil) <= now.getTime()) {
    return invalid("enabledUntil", `${enabledUntil} is in the past. Name a later date.`);
  }
}

async function findOrCreatePrincipal(
  tx: Transaction,
  { userEmail, serviceAccount, name }: TrustRuleRequest,
  scope: string,
  now: Date,
): Promise<(TrustRule["principal"] & { name: string }) | DomainError> {
  if (userEmail !== undefined && serviceAccount !== undefined) {
    return invalid("userEmail", "Name a user or a service account, not both.");
  }
  if (userEmail !== undefined) {
    const user = await findUserByEmail(tx, userEmail);
    if (user === undefined) {
      return notFound("userEmail", `There is no user ${valueText(userEmail)}.`);
    }
    return { id: user.id, kind: "user", name: user.email };
  }
  if (serviceAccount === undefined) {
    const account = await createServiceAccount(tx, { name, scope, now });
    if (account === undefined) return await accountExists(tx, name);
    return { id: account.id, kind: "service_account", name };
  }
  const account = await findServiceAccountByName(tx, serviceAccount);
  if (account === undefined) {
    return notFound(
      "serviceAccount",
      `There is no service account ${
        valueText(serviceAccount)
      }. Leave it out to have one created, or have ` +
        "an operator add it.",
    );
  }
  return { id: account.id, kind: "service_account", name: account.name };
}

/**
 * An account of the rule's name has permissions and tokens of its own, so a rule acts as it only
 * if the operator says so. `conflict` with the field `serviceAccount` is this failure only.
 */
async function accountExists(tx: Transaction, name: string): Promise<DomainError> {
  const account = await findServiceAccountByName(tx, name);
  const scopes = account === undefined ? "" : ` (scopes: ${account.scope})`;
  return new DomainError(
    "conflict",
    `There is already a service account ${name}${scopes}. Confirm that the rule acts as it, or ` +
      "give the rule another name.",
    { field: "serviceAccount" },
  );
}

function invalid(field: keyof TrustRuleRequest, message: string): DomainError {
  return new DomainError("invalid", message, { field });
}

function notFound(field: keyof TrustRuleRequest, message: string): DomainError {
  return new DomainError("not_found", message, { field });
}
