import { randomUUID } from "node:crypto";
import { LAST_TIME } from "../../shared/clock.ts";
import { DomainError } from "../domain_error.ts";
import { describeCondition } from "../federation/condition.ts";
import type { Condition } from "../federation/condition.ts";
import { judge, passes } from "../federation/match.ts";
import type { ProviderName } from "../federation/providers.ts";
import { findRuleRisks } from "../federation/rule_lint.ts";
import { claimedIssuer, verifySubjectToken } from "../federation/subject_token.ts";
import type { TrustRule } from "../federation/trust_rule.ts";
import { findAuditDetails, recordAuditEvent } from "../store/audit_events.ts";
import type { Transaction } from "../store/db/connect.ts";
import {
  createServiceAccount,
  findPrincipal,
  findServiceAccountByName,
} from "../store/service_accounts.ts";
import {
  deleteTrustRule,
  insertTrustRule,
  listTrustRules,
  trustRuleExists,
  trustRulesOfIssuer,
} from "../store/trust_rules.ts";
import { findUserByEmail } from "../store/users.ts";
import { type Operation, OperationError } from "./operation.ts";
import { workloadScope } from "./service_account_operations.ts";

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
   * Whom it acts for; without either, a new service account of the rule's name. An account that
   * exists has to be named.
   */
  userEmail?: string;
  serviceAccount?: string;
  /** ISO 8601. */
  enabledUntil?: string;
  /** Although it would let strangers in. */
  force: boolean;
}

export interface ListedRule {
  name: string;
  provider: ProviderName;
  issuer: string;
  audience: string;
  conditions: string[];
  scope: string;
  lifetimeSeconds: number;
  actsAs: string;
  enabledUntil?: string;
}

/** Longest life of a workload's token, in seconds. */
const MAX_LIFETIME = 3600;

/** Adds a rule, unless it would let strangers in and the operator does not insist. */
export const addTrustRule: Operation<TrustRuleRequest, { audience: string; actsAs: string }> =
  async (parts, request) => {
    const { sql, clock, config, issuer, actor } = parts;
    const risks = findRuleRisks(request);
    if (risks.length > 0 && !request.force) {
      const messages = risks.map(({ message }) => message).join(" ");
      const why = `This rule would trust workloads of others. ${messages}`;
      throw new OperationError(`${why} Insist (--force) to add it all the same.`, {
        fields: ["subject", "conditions"],
        onPage: `${why} Change it, or tick the last box to add it all the same.`,
      });
    }
    checkRequest(request, clock.now());
    const scope = workloadScope(request.scope, config);
    if (scope instanceof DomainError) {
      throw new OperationError(scope.message, { fields: ["scope"] });
    }
    const now = new Date(clock.now());
    const audience = request.audience ?? issuer;
    return await sql.begin(async (tx) => {
      const ruleExists = () =>
        new OperationError(`there is a rule ${request.name} already; choose another --name`, {
          fields: ["name"],
          onPage: `There is a rule ${request.name} already. Choose another name.`,
        });
      if (await trustRuleExists(tx, request.name)) throw ruleExists();
      const principal = await findOrMakePrincipal(tx, request, scope, now);
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
        enabledUntil: request.enabledUntil === undefined
          ? undefined
          : new Date(request.enabledUntil),
        createdAt: now,
      });
      if (!inserted) throw ruleExists();
      await recordAuditEvent(tx, clock, {
        event: "trust_rule.created",
        actor: actor ?? "operator",
        subject: request.name,
        details: {
          issuer: request.issuer,
          conditions: request.conditions.map(describeCondition).join("; "),
          scope,
          forced: risks.length > 0,
        },
      });
      return { audience, actsAs: principal.name };
    }) as { audience: string; actsAs: string };
  };

function checkRequest(
  { lifetimeSeconds, enabledUntil, name }: TrustRuleRequest,
  now: number,
): void {
  if (!(lifetimeSeconds >= 60 && lifetimeSeconds <= MAX_LIFETIME)) {
    throw new OperationError(`a token's life is between 60 s and ${MAX_LIFETIME / 60} min`, {
      fields: ["lifetimeSeconds"],
    });
  }
  if (enabledUntil !== undefined && !(Date.parse(enabledUntil) <= LAST_TIME)) {
    throw new OperationError(`"${enabledUntil}" is no date; write it like 2027-01-31`, {
      fields: ["enabledUntil"],
    });
  }
  if (enabledUntil !== undefined && Date.parse(enabledUntil) <= now) {
    throw new OperationError(`${enabledUntil} is past: the rule would never match`, {
      fields: ["enabledUntil"],
    });
  }
  if (!/^[\w.:/-]{1,100}$/.test(name)) {
    throw new OperationError(`"${name}" is no name: letters, digits and . _ : / - alone`, {
      fields: ["name"],
    });
  }
}

async function findOrMakePrincipal(
  tx: Transaction,
  { userEmail, serviceAccount, name }: TrustRuleRequest,
  scope: string,
  now: Date,
): Promise<TrustRule["principal"] & { name: string }> {
  if (userEmail !== undefined && serviceAccount !== undefined) {
    throw new OperationError("a rule acts for a user or for a service account, not for both");
  }
  if (userEmail !== undefined) {
    const user = await findUserByEmail(tx, userEmail);
    if (user === undefined) throw new OperationError(`there is no user ${userEmail}`);
    return { id: user.id, kind: "user", name: user.email };
  }
  if (serviceAccount === undefined) {
    const account = await createServiceAccount(tx, { name, scope, now });
    if (account === undefined) throw await accountExists(tx, name);
    return { id: account.id, kind: "service_account", name };
  }
  const account = await findServiceAccountByName(tx, serviceAccount);
  if (account === undefined) {
    throw new OperationError(`there is no service account ${serviceAccount}; add it first`, {
      fields: ["serviceAccount"],
      onPage: `There is no service account ${serviceAccount}. Leave the field empty to have one ` +
        "made, or have an operator add it.",
    });
  }
  return { id: account.id, kind: "service_account", name: account.name };
}

/** An account of the rule's name has rights and tokens of its own: using it must be meant. */
async function accountExists(tx: Transaction, name: string): Promise<OperationError> {
  const account = await findServiceAccountByName(tx, name);
  const scopes = account === undefined ? "" : `, with the scopes ${account.scope}`;
  const why = `there is a service account ${name} already${scopes}`;
  return new OperationError(
    `${why}, which the rule would act as. If that is meant, say --service-account ${name}; else ` +
      "choose another --name",
    {
      fields: ["existing", "name"],
      onPage:
        `T${why.slice(1)}. Tick the box to let the rule act as it, or give the rule another ` +
        "name.",
    },
    name,
  );
}

/** Every rule, in words. */
export const listAllTrustRules: Operation<Record<never, never>, ListedRule[]> = async ({ sql }) =>
  (await listTrustRules(sql)).map((rule) => ({
    name: rule.name,
    provider: rule.provider,
    issuer: rule.issuer,
    audience: rule.audience,
    conditions: rule.conditions.map(describeCondition),
    scope: rule.scope,
    lifetimeSeconds: rule.lifetimeSeconds,
    actsAs: rule.principalName,
    enabledUntil: rule.enabledUntil?.toISOString(),
  }));

/** Removes a rule. The audit event has the whole of it, and `restoreTrustRule` can add it again. */
export const removeTrustRule: Operation<{ name: string }, { event: string }> = async (
  { sql, clock, actor },
  { name },
) =>
  await sql.begin(async (tx) => {
    const rule = await deleteTrustRule(tx, name);
    if (rule === undefined) throw new OperationError(`there is no rule ${name}`);
    const event = await recordAuditEvent(tx, clock, {
      event: REMOVED,
      actor: actor ?? "operator",
      subject: name,
      details: { rule: JSON.stringify(rule) },
    });
    return { event };
  }) as { event: string };

const REMOVED = "trust_rule.removed";

/** How long a removed rule can be added again as it was, in ms. */
const RESTORABLE = 3_600_000;

/** Adds a rule again, just as it was before `event`, which removed it. */
export const restoreTrustRule: Operation<{ event: string }, { name: string }> = async (
  { sql, clock, actor },
  { event },
) =>
  await sql.begin(async (tx) => {
    const since = new Date(clock.now() - RESTORABLE);
    const removed = await findAuditDetails(tx, { id: event, event: REMOVED, since });
    if (removed === undefined) {
      throw new OperationError("the rule was removed too long ago to be restored; add it anew");
    }
    const rule: TrustRule = JSON.parse(String(removed.rule), (key, value) =>
      ["enabledUntil", "createdAt"].includes(key) ? new Date(value) : value);
    if (await findPrincipal(tx, rule.principal.id) === undefined) {
      throw new OperationError(`the account that ${rule.name} acted as no longer exists`);
    }
    if (!await insertTrustRule(tx, rule)) {
      throw new OperationError(`there is a rule ${rule.name} already`);
    }
    await recordAuditEvent(tx, clock, {
      event: "trust_rule.restored",
      actor: actor ?? "operator",
      subject: rule.name,
    });
    return { name: rule.name };
  }) as { name: string };

/** What would become of a token, in full; it is not used up. */
export interface TrustTest {
  issuer?: string;
  /** Why the token itself will not do; undefined if it is genuine. */
  problem?: string;
  claims?: Record<string, unknown>;
  rules: { name: string; passes: boolean; failed: string[]; obstacle?: string }[];
}

export const testTrust: Operation<{ token: string; scope?: string }, TrustTest> = async (
  parts,
  { token, scope },
) => {
  const issuer = claimedIssuer(token);
  if (issuer === undefined) return { problem: "it is no JSON Web Token", rules: [] };
  const rules = await trustRulesOfIssuer(parts.sql, issuer);
  if (rules.length === 0) return { issuer, problem: "no rule trusts this issuer", rules: [] };
  const audiences = [...new Set(rules.map(({ audience }) => audience))];
  const verified = await verifySubjectToken(parts, token, { issuer, audiences });
  if ("reason" in verified) return { issuer, problem: verified.reason, rules: [] };
  const judgements = judge(rules, verified.claims, { scope, now: new Date(parts.clock.now()) });
  return {
    issuer,
    claims: verified.claims,
    rules: judgements.map((judgement) => ({
      name: judgement.rule.name,
      passes: passes(judgement),
      failed: judgement.failed.map(describeCondition),
      obstacle: judgement.obstacle,
    })),
  };
};
