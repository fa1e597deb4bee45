import { createHash } from "node:crypto";
import { listText, valueText } from "../../../shared/list_text.ts";
import { formatScope, missingScopes, parseScope } from "../../../shared/oauth/scope.ts";
import { DomainError } from "../../domain_error.ts";
import { buildConditions, type RunOptions } from "../../federation/build_rule.ts";
import { type Condition, describeCondition, sameConditions } from "../../federation/condition.ts";
import { isUsableIssuer } from "../../federation/issuer.ts";
import { findRuleRisks } from "../../federation/rule_lint.ts";
import { splitConditions } from "../../federation/rule_options.ts";
import type { TrustRule } from "../../federation/trust_rule.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import { auditedChanges } from "../../store/audited_changes.ts";
import type { Transaction } from "../../store/db/connect.ts";
import { findServiceAccountByName, setServiceAccountScope } from "../../store/service_accounts.ts";
import {
  countRulesOfAccount,
  type ListedTrustRule,
  lockTrustRule,
  updateTrustRule,
} from "../../store/trust_rules.ts";
import { adminEvent } from "../admin_event.ts";
import { editing } from "../managed.ts";
import type { TrustOperation } from "../operation.ts";
import { validateWorkloadScope } from "../service_account_operations.ts";
import { checkTimes, riskyRule } from "./add_rule.ts";

/** What to change about a rule; what is undefined stays. Its account and its provider stay. */
export interface TrustRuleChanges {
  /** Of the rule to change. */
  name: string;
  issuer?: string;
  audience?: string;
  /** All conditions, or those of some fields. */
  conditions?: Condition[];
  options?: RunOptions & { conditions?: string[] };
  scope?: string;
  lifetimeSeconds?: number;
  /** ISO 8601; null: the rule does not expire. */
  enabledUntil?: string | null;
  /** Change the rule although it has risks then. */
  force: boolean;
  /** The scopes that the account may get, if it was created with the rule and lacks them. */
  extendAccount?: string;
  /** The `version` of the rule that the changes were prepared for; undefined: any. */
  version?: string;
  /** Only check the changes, and change nothing. */
  dryRun?: boolean;
}

export interface EditedRule {
  name: string;
  actsAs: string;
  /** Scopes that the account could not have before. */
  newAccountScopes: string[];
}

/** Changes a rule. Tokens that it has issued stay as they are. */
export const editTrustRule: TrustOperation<TrustRuleChanges, EditedRule | DomainError> = editing(
  "trust-rule",
  ({ name }) => name,
  async (
    deps,
    changes,
  ) => {
    const { sql, clock, catalog } = deps;
    return await sql.begin(async (tx) => {
      const rule = await lockTrustRule(tx, changes.name);
      if (rule === undefined) return noRule(changes.name);
      if (changes.version !== undefined && changes.version !== ruleVersion(rule)) {
        return new DomainError(
          "conflict",
          `The rule ${rule.name} was changed in the meantime. Open it again and repeat your changes.`,
          { field: "version" },
        );
      }
      const conditions = changes.conditions ?? changedConditions(rule, changes);
      if (conditions instanceof DomainError) return conditions;
      const issuer = changes.issuer ?? rule.issuer;
      const problem = checkChanges(rule, { ...changes, issuer, conditions }, new Date(clock.now()));
      if (problem !== undefined) return problem;
      const scope = changes.scope === undefined
        ? rule.scope
        : validateWorkloadScope(changes.scope, catalog);
      if (scope instanceof DomainError) return scope;
      const edited = {
        id: rule.id,
        issuer,
        audience: changes.audience ?? rule.audience,
        conditions,
        scope,
        lifetimeSeconds: changes.lifetimeSeconds ?? rule.lifetimeSeconds,
        enabledUntil: changes.enabledUntil === undefined
          ? rule.enabledUntil
          : changes.enabledUntil === null
          ? undefined
          : new Date(changes.enabledUntil),
      };
      const account = await accountScope(tx, rule, scope, changes.extendAccount ?? "");
      if (account instanceof DomainError) return account;
      const result: EditedRule = {
        name: rule.name,
        actsAs: rule.principalName,
        newAccountScopes: account?.added ?? [],
      };
      if (changes.dryRun) return result;
      if (account !== undefined) await setServiceAccountScope(tx, account);
      if (!await updateTrustRule(tx, edited)) return noRule(rule.name);
      const event = adminEvent(deps, {
        event: "trust_rule.changed",
        subject: rule.name,
        details: {
          issuer,
          conditions: conditions.map(describeCondition).join("; "),
          scope,
          lifetime: edited.lifetimeSeconds,
          expires: edited.enabledUntil?.toISOString() ?? null,
          account_scope: account?.scope ?? null,
          ...auditedChanges(describeRule(rule), describeRule(edited)),
        },
      });
      await recordAuditEvent(tx, clock, event);
      return result;
    }) as EditedRule | DomainError;
  },
);

function describeRule(
  { issuer, audience, conditions, scope, lifetimeSeconds, enabledUntil }: Pick<
    TrustRule,
    "issuer" | "audience" | "conditions" | "scope" | "lifetimeSeconds" | "enabledUntil"
  >,
): Record<string, unknown> {
  return {
    ...{ issuer, audience, scope },
    conditions: conditions.map(describeCondition).join("; "),
    lifetime: lifetimeSeconds,
    expires: enabledUntil?.toISOString(),
  };
}

/** The conditions with those of the changed fields replaced. A branch replaces a tag. */
function changedConditions(
  rule: ListedTrustRule,
  { options }: TrustRuleChanges,
): Condition[] | DomainError {
  if (options === undefined) return rule.conditions;
  const { workload, run, further } = splitConditions(rule.provider, rule.conditions);
  const { workflow = run.workflow, branch, tag, environment = run.environment, conditions } =
    options;
  const isRefChanged = branch !== undefined || tag !== undefined;
  const built = buildConditions(rule.provider, {
    ...isRefChanged ? { branch, tag } : { branch: run.branch, tag: run.tag },
    workflow,
    environment,
    conditions: conditions ?? [],
  });
  if (built instanceof DomainError) return built;
  return [...workload, ...built, ...conditions === undefined ? further : []];
}

function checkChanges(
  rule: ListedTrustRule,
  changes: TrustRuleChanges & { issuer: string; conditions: Condition[] },
  now: Date,
): DomainError | undefined {
  const { issuer, conditions } = changes;
  if (!isUsableIssuer(issuer)) {
    return new DomainError(
      "invalid",
      `"${issuer}" is not a valid issuer. Copy it from the iss claim of a token.`,
      { field: "issuer" },
    );
  }
  const isSame = issuer === rule.issuer &&
    sameConditions(conditions, rule.conditions);
  const risks = isSame ? [] : findRuleRisks({ provider: rule.provider, issuer, conditions });
  if (risks.length > 0 && !changes.force) return riskyRule(risks);
  return checkTimes({
    lifetimeSeconds: changes.lifetimeSeconds ?? rule.lifetimeSeconds,
    // A rule that has expired may be changed without a new date.
    enabledUntil: changes.enabledUntil ?? undefined,
  }, now);
}

/**
 * A service account that was created with the rule can get the scopes that the rule grants, if the
 * author of the change was shown them (`extension`). Others have permissions of their own, which a
 * rule does not extend. Undefined: nothing to change.
 */
async function accountScope(
  tx: Transaction,
  { principal, principalName, name, createdAt }: ListedTrustRule,
  scope: string,
  extension: string,
): Promise<{ id: string; scope: string; added: string[] } | undefined | DomainError> {
  const account = principal.kind === "service_account"
    ? await findServiceAccountByName(tx, principalName)
    : undefined;
  if (account === undefined) return undefined;
  const held = parseScope(account.scope) ?? [];
  const added = missingScopes(parseScope(scope) ?? [], held);
  if (added.length === 0) return undefined;
  const createdTogether = account.name === name &&
    account.createdAt.getTime() === createdAt.getTime();
  if (!createdTogether || await countRulesOfAccount(tx, account.id) !== 1) {
    return new DomainError(
      "invalid",
      `The service account ${account.name} cannot have the scope ${added.join(" ")}: it has ` +
        `${listText(held, "none")}. Choose from these, or add a rule with another account.`,
      { field: "scope" },
    );
  }
  if (missingScopes(added, parseScope(extension) ?? []).length > 0) {
    return new DomainError(
      "conflict",
      `The service account ${account.name} would also be allowed ${added.join(" ")}. Confirm it.`,
      { field: "extendAccount" },
    );
  }
  return { id: account.id, scope: formatScope([...held, ...added]), added };
}

/** Identifies the state of what can be edited about a rule. */
export function ruleVersion(rule: TrustRule): string {
  const { issuer, audience, conditions, scope, lifetimeSeconds, enabledUntil } = rule;
  const state = [issuer, audience, conditions, scope, lifetimeSeconds, enabledUntil ?? null];
  return createHash("sha256").update(JSON.stringify(state)).digest("base64url").slice(0, 22);
}

export function noRule(name: string): DomainError {
  return new DomainError("not_found", `There is no rule ${valueText(name)}.`, { field: "name" });
}
