import { narrowestRule, workloadHash } from "../../server/federation/narrow_rule.ts";
import type { Sql } from "../../server/store/db/connect.ts";
import { recordTrustRequest } from "../../server/store/trust_requests.ts";

/** Records a rejected job of acme/web for a Git reference. */
export async function addTrustRequest(
  sql: Sql,
  { issuer, audience, ref, scope, now, claims: more = {} }: {
    issuer: string;
    audience: string;
    ref: string;
    scope?: string;
    now: Date;
    claims?: Record<string, string>;
  },
): Promise<void> {
  const claims = {
    sub: "repo:acme/web:ref",
    repository: "acme/web",
    repository_id: "75",
    repository_owner_id: "65",
    ref,
    ...more,
  };
  const seen = { provider: "github", issuer, audience, claims } as const;
  await recordTrustRequest(sql, {
    ...seen,
    workloadHash: workloadHash(seen, (await narrowestRule(seen))!),
    claims: JSON.stringify(claims),
    scope,
    address: "192.0.2.1",
    now,
  }, { perIssuer: 10, total: 10 });
}
