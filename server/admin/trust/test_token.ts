import type { Claims } from "../../federation/condition.ts";
import { decideExchange, type Decision } from "../../federation/decide_exchange.ts";
import { isMatch, type Mismatch } from "../../federation/match.ts";
import { commandLineClient, findClient } from "../../store/clients.ts";
import { findPrincipal } from "../../store/principals.ts";
import { trustRulesOfIssuer } from "../../store/trust_rules.ts";
import type { Operation } from "../operation.ts";

/** What the exchange of a token would result in. The token is not used up. */
export interface TrustTest {
  issuer?: string;
  /** Why no access token would be issued, unless it is that no rule matches. */
  rejection?: { code: string; message: string };
  claims?: Claims;
  rules: { name: string; matches: boolean; mismatches: Mismatch[] }[];
  /** The access token that would be issued. */
  grant?: { rule: string; actsAs: string; scope: string; lifetimeSeconds: number };
}

/** Decides as the token endpoint does for the command line's client. */
export const testTrust: Operation<{ token: string; scope?: string }, TrustTest> = async (
  deps,
  { token, scope },
) => {
  const { sql } = deps;
  const decision = await decideExchange(deps, token, {
    rulesOf: (issuer) => trustRulesOfIssuer(sql, issuer),
    principalOf: (rule) => findPrincipal(sql, rule.principal.id),
    scope,
    client: await findClient(sql, commandLineClient.id) ?? commandLineClient,
  });
  const { issuer, claims, matches } = decision;
  return {
    issuer,
    claims,
    ...outcomeOf(decision),
    rules: matches.map((match) => ({
      name: match.rule.name,
      matches: isMatch(match),
      mismatches: match.mismatches,
    })),
  };
};

function outcomeOf({ outcome }: Decision): Pick<TrustTest, "rejection" | "grant"> {
  if ("rejection" in outcome) {
    const { rejection } = outcome;
    return rejection.code === "no_matching_rule" ? {} : { rejection };
  }
  const { rule, principal, scope } = outcome.grant;
  const { name, lifetimeSeconds } = rule;
  return { grant: { rule: name, actsAs: principal.username, scope, lifetimeSeconds } };
}
