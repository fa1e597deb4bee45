import { brand } from "../../../shared/brand.ts";
import { DomainError } from "../../domain_error.ts";
import type { Claims, Condition } from "../../federation/condition.ts";
import { narrowestRule } from "../../federation/narrow_rule.ts";
import type { ProviderName } from "../../federation/providers.ts";
import { TRUST_REQUEST_AGE_MS } from "../../federation/record_trust_request.ts";
import { findRuleRisks } from "../../federation/rule_lint.ts";
import { describeWorkloads } from "../../federation/rule_sentence.ts";
import { recordAuditEvent } from "../../store/audit_events.ts";
import {
  deleteTrustRequest,
  dismissTrustRequestRow,
  findTrustRequest,
  listTrustRequests,
  type TrustRequest,
} from "../../store/trust_requests.ts";
import { adminEvent } from "../admin_event.ts";
import type { Empty, TrustDeps } from "../operation.ts";
import { type AddedRule, createTrustRule } from "./add_rule.ts";

/** A workload that no rule trusts, and the rule that would trust only it. */
export interface TrustRequestView {
  id: number;
  provider: ProviderName;
  issuer: string;
  audience: string;
  claims: Claims;
  /** That it requested last; null: none. */
  scope: string | null;
  address: string;
  count: number;
  /** ISO 8601. */
  firstSeenAt: string;
  lastSeenAt: string;
  rule: ProposedRule;
}

export interface ProposedRule {
  name: string;
  conditions: Condition[];
  /** As the beginning of a sentence: see describeWorkloads. */
  workloads: string;
  /** Why the rule cannot be approved; empty if it can. */
  risks: string[];
}

export type RequestDeps = Pick<TrustDeps, "sql" | "clock">;

/** The pending requests, the latest first. */
export async function listAllTrustRequests(
  deps: RequestDeps,
  _params: Empty,
): Promise<TrustRequestView[]> {
  const requests = await listTrustRequests(deps.sql, oldest(deps));
  const views = await Promise.all(requests.map(toView));
  return views.filter((view) => view !== undefined);
}

export async function showTrustRequest(
  deps: RequestDeps,
  { id }: { id: number },
): Promise<TrustRequestView | DomainError> {
  const request = isId(id)
    ? await findTrustRequest(deps.sql, { id, since: oldest(deps) })
    : undefined;
  return (request && await toView(request)) ?? noSuchRequest(id);
}

/** What an administrator decides about the rule; the rest is what the request says. */
export interface TrustApproval {
  id: number;
  /**
   * As it was shown: the workload may have requested another one since. Only a dry run has a default,
   * what was requested last.
   */
  scope?: string;
  /** Default: that of the request. */
  name?: string;
  /** Whom the workload acts as; without either, a new service account of the rule's name. */
  userEmail?: string;
  serviceAccount?: string;
  /** Only check it, and add nothing. */
  dryRun?: boolean;
}

export interface ApprovedRule extends AddedRule {
  name: string;
  provider: ProviderName;
  conditions: Condition[];
  scope: string;
}

const LIFETIME_SECONDS = 600;

/** Adds the rule of a request, which is then no longer pending. */
export async function approveTrustRequest(
  deps: TrustDeps,
  { id, scope: chosen, name: chosenName, dryRun, ...account }: TrustApproval,
): Promise<ApprovedRule | DomainError> {
  const request = await showTrustRequest(deps, { id });
  if (request instanceof DomainError) return request;
  const scope = chosen ?? (dryRun ? request.scope : null) ?? "";
  if (scope === "") {
    const message = request.scope === null
      ? "The workload requested no scope. Name the scopes to grant."
      : "Name the scopes to grant.";
    return new DomainError("invalid", message, { field: "scope" });
  }
  const { provider, issuer, audience, rule } = request;
  const name = chosenName ?? rule.name;
  const rejection = rule.risks.length === 0 ? undefined : riskyRequest(rule.risks);
  if (rejection !== undefined) return rejection;
  const { conditions } = rule;
  const added = await createTrustRule(deps, {
    name,
    provider,
    issuer,
    audience,
    conditions,
    scope,
    lifetimeSeconds: LIFETIME_SECONDS,
    ...account,
    force: false,
    dryRun,
  }, async (tx) => {
    if (!await deleteTrustRequest(tx, id)) return noSuchRequest(id);
    const details = { request: id, workload: rule.workloads };
    const event = adminEvent(deps, { event: "trust_request.approved", subject: name, details });
    await recordAuditEvent(tx, deps.clock, event);
  });
  return added instanceof DomainError ? added : { ...added, name, provider, conditions, scope };
}

/** Dismisses a request: the workload does not come back while it is seen. */
export async function dismissTrustRequest(
  deps: Omit<TrustDeps, "catalog" | "issuer">,
  { id }: { id: number },
): Promise<TrustRequestView | DomainError> {
  const request = await showTrustRequest(deps, { id });
  if (request instanceof DomainError) return request;
  const { sql, clock } = deps;
  return await sql.begin(async (tx) => {
    if (!await dismissTrustRequestRow(tx, { id, now: new Date(clock.now()) })) {
      return noSuchRequest(id);
    }
    const details = { request: id, workload: request.rule.workloads };
    const subject = request.rule.name;
    const event = adminEvent(deps, { event: "trust_request.dismissed", subject, details });
    await recordAuditEvent(tx, clock, event);
    return request;
  }) as TrustRequestView | DomainError;
}

/** Undefined if a newer version of the server would not identify the workload. */
async function toView(request: TrustRequest): Promise<TrustRequestView | undefined> {
  const draft = await narrowestRule(request);
  if (draft === undefined) return undefined;
  const { id, provider, issuer, audience, claims, scope, address, count } = request;
  const { conditions } = draft;
  return {
    id,
    provider,
    issuer,
    audience,
    claims,
    scope: scope ?? null,
    address,
    count,
    firstSeenAt: request.firstSeenAt.toISOString(),
    lastSeenAt: request.lastSeenAt.toISOString(),
    rule: {
      name: draft.name,
      conditions,
      workloads: describeWorkloads({ provider, issuer, conditions }),
      risks: findRuleRisks({ provider, issuer, conditions }).map(({ message }) => message),
    },
  };
}

function oldest({ clock }: Pick<RequestDeps, "clock">): Date {
  return new Date(clock.now() - TRUST_REQUEST_AGE_MS);
}

function isId(id: number): boolean {
  return Number.isSafeInteger(id) && id > 0;
}

function riskyRequest(risks: readonly string[]): DomainError {
  return new DomainError(
    "forbidden",
    `This workload cannot be approved, since the rule would trust workloads of others. ${
      risks.join(" ")
    } Add a rule yourself if you want to trust it.`,
    { reason: "risky" },
  );
}

function noSuchRequest(id: number): DomainError {
  return new DomainError(
    "not_found",
    `There is no pending request ${id}. It may have been approved or dismissed, or the workload ` +
      "was not seen for 7 days.",
    { commandHint: `To list pending requests, run: ${brand.binaryName} admin trust requests` },
  );
}
