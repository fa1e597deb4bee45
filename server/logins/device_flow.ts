/**
 * What operators require of logins by device code. A code can be phished (RFC 8628 section 5.4):
 * these rules limit which logins a user can be persuaded to approve.
 */
import { formatScope, parseScope } from "../../shared/oauth/scope.ts";
import { isLoopbackHost } from "../config/parsers.ts";
import { rateLimitKey } from "../http/client_ip.ts";
import type { ClientPolicy } from "../store/clients.ts";
import { DEVICE_FLOW_RULES, type DeviceFlowRule, type ScopeDescription } from "../scopes.ts";

/** Largest age of a sign-in that counts as fresh: the password was typed for this login. */
export const FRESH_SIGN_IN_SECONDS = 5 * 60;

/** A rule that a login by device code is subject to, and why. */
export interface AppliedRule {
  rule: DeviceFlowRule;
  /** Whether it holds for every login of the client. */
  forClient: boolean;
  /** The requested scopes that it holds for. */
  scopes: string[];
}

/** Where and when a login was requested and approved. */
export interface ApprovalFacts {
  requesterAddress: string;
  approverAddress: string;
  authenticatedAt: Date;
  approvedAt: Date;
}

/** All rules of the client and of each scope: the strictest of them decides. */
export function deviceFlowRules(
  client: Pick<ClientPolicy, "grants" | "deviceFlow">,
  catalog: readonly ScopeDescription[],
  scope: string,
): AppliedRule[] {
  const requested = parseScope(scope) ?? [];
  return DEVICE_FLOW_RULES.map((rule) => ({
    rule,
    forClient: client.deviceFlow?.includes(rule) ||
      rule === "off" && !client.grants.includes("device"),
    scopes: catalog
      .filter(({ name, deviceFlow }) => requested.includes(name) && deviceFlow?.includes(rule))
      .map(({ name }) => name),
  })).filter(({ forClient, scopes }) => forClient || scopes.length > 0);
}

/** The rules that prevent this approval. */
export function unmetRules(
  rules: readonly AppliedRule[],
  facts: ApprovalFacts,
): AppliedRule[] {
  return rules.filter(({ rule }) => {
    switch (rule) {
      case "off":
        return true;
      case "same-network":
        return !isSameNetwork(facts.requesterAddress, facts.approverAddress);
      case "fresh-sign-in":
        return facts.approvedAt.getTime() - facts.authenticatedAt.getTime() >
          FRESH_SIGN_IN_SECONDS * 1000;
    }
  });
}

/** What the audit log has of a login that a rule prevents. */
export function restrictionDetails(
  unmet: readonly AppliedRule[],
  clientId: string,
  requesterAddress: string,
): Record<string, string> {
  return {
    client_id: clientId,
    rules: unmet.map(({ rule }) => rule).join(" "),
    scope: formatScope([...new Set(unmet.flatMap(({ scopes }) => scopes))]),
    requester_address: requesterAddress,
  };
}

/** The same IPv4 address or IPv6 network. The two loopback addresses count as the same. */
export function isSameNetwork(address: string, other: string): boolean {
  if (isLoopbackHost(address) && isLoopbackHost(other)) return true;
  return rateLimitKey(address) === rateLimitKey(other);
}
