/** What the audit log keeps of a rejected token, so that rules can be tested with it. */
import assert from "node:assert/strict";
import { decideByClaims } from "../../../server/federation/decide_exchange.ts";
import { parseRecordedClaims, recordedClaims } from "../../../server/federation/recorded_claims.ts";
import type { TrustRule } from "../../../server/federation/trust_rule.ts";
import { jobClaims } from "../../support/oidc_issuer.ts";

const ISSUER = "https://ci.example.test";
const RULE: TrustRule = {
  id: "1",
  name: "api",
  provider: "kubernetes",
  issuer: ISSUER,
  audience: "https://auth.example.test",
  conditions: [
    { claim: "kubernetes.io.namespace", operator: "equals", values: ["other"] },
    { claim: "team", operator: "glob", values: ["pay*"] },
  ],
  scope: "deploy",
  lifetimeSeconds: 600,
  principal: { id: "2", kind: "service_account" },
  createdAt: new Date(0),
};

Deno.test("keeps the claims that rules can name, as far as they fit, and nothing else", async () => {
  const claims = {
    ...await jobClaims("kubernetes"),
    aud: ["https://auth.example.test", "x"],
    team: "payments",
    password: "secret",
    jti: "j",
  };
  const recorded = parseRecordedClaims(recordedClaims([RULE], claims))!;
  assert.equal(recorded["team"], "payments");
  assert.deepEqual(recorded.aud, claims.aud);
  assert.equal(typeof recorded["kubernetes.io.namespace"], "string");
  for (const name of ["password", "jti", "kubernetes.io"]) assert.ok(!(name in recorded), name);
  for (const team of ["p".repeat(501), "a\0b", "\ud800", Array(21).fill("p"), { a: 1 }]) {
    const text = recordedClaims([RULE], { ...claims, team });
    assert.ok(!("team" in parseRecordedClaims(text)!), JSON.stringify(team));
  }
  const many = Array.from({ length: 100 }, (_, index) => `claim${index}`);
  const conditions = many.map((claim) => ({ claim, operator: "equals" as const, values: ["x"] }));
  const bounded = recordedClaims(
    [{ ...RULE, conditions }],
    Object.fromEntries(many.map((claim) => [claim, "x".repeat(500)])),
  );
  assert.ok(bounded.length < 25_000, `${bounded.length}`);
  for (const text of [undefined, 1, "null", "1"]) {
    assert.equal(parseRecordedClaims(text), undefined);
  }
});

Deno.test("decides by recorded claims as by the token", async () => {
  const namespace = (await jobClaims("kubernetes"))["kubernetes.io"] as { namespace: string };
  const claims = { ...await jobClaims("kubernetes"), aud: RULE.audience, team: "payments" };
  const recorded = parseRecordedClaims(recordedClaims([RULE], claims))!;
  const decide = async (values: string[]) => {
    const rule = {
      ...RULE,
      conditions: [{ ...RULE.conditions[0], values }, RULE.conditions[1]],
    };
    const deps = {
      clock: { now: () => 0 },
      catalog: {
        default: { kind: "default", name: "default", identifier: ISSUER, claims: [] } as const,
        find: () => undefined,
        scopes: () => [{ name: "deploy", description: "Deploy" }],
        scopesOf: () => [{ name: "deploy", description: "Deploy" }],
      },
    };
    const { outcome } = await decideByClaims(deps, { issuer: ISSUER, claims: recorded }, {
      rulesOf: () => Promise.resolve([rule]),
      principalOf: () =>
        Promise.resolve({
          groups: [],
          id: "2",
          subject: "2",
          username: "a",
          disabled: false,
          isAdmin: false,
          scope: "deploy",
        }),
      client: { id: "cli" },
    });
    return "grant" in outcome ? outcome.grant.scope : outcome.rejection.code;
  };
  assert.equal(await decide(["other"]), "no_matching_rule");
  assert.equal(await decide([namespace.namespace]), "deploy");
});
