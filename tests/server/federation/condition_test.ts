/** Conditions on the claims of identity tokens. */
import assert from "node:assert/strict";
import { isMet } from "../../../server/federation/condition.ts";
import { equals, glob } from "../../support/conditions.ts";

Deno.test("a star in a glob crosses neither colon nor slash, two stars cross both", () => {
  const cases: [string, string, boolean][] = [
    ["repo:acme/api:*", "repo:acme/api:pull_request", true],
    ["repo:acme/api:*", "repo:acme/api-evil", false],
    ["repo:acme/api:*", "repo:acme/api-evil:ref", false],
    ["repo:acme/api:*", "repo:acme/api:ref:refs/heads/main", false],
    ["repo:acme/api:**", "repo:acme/api:ref:refs/heads/main", true],
    ["repo:acme/api:**", "repo:acme/api-evil:ref:refs/heads/main", false],
    ["repo:acme/*:ref:refs/heads/main", "repo:acme/api:ref:refs/heads/main", true],
    ["repo:acme/*:ref:refs/heads/main", "repo:acme/evil:x:ref:refs/heads/main", false],
    ["refs/heads/release-*", "refs/heads/release-1", true],
    ["refs/heads/release-*", "refs/heads/release-1/evil", false],
    ["refs/heads/main", "refs/heads/main2", false],
    ["a.c", "abc", false],
    ["(a|b)", "a", false],
    ["*", "", true],
    ["main", "main\n", false],
  ];
  for (const [pattern, value, matches] of cases) {
    assert.equal(isMet(glob("x", pattern), { x: value }), matches, `${pattern} on ${value}`);
  }
});

Deno.test("claims are compared as text, in lists and at paths", () => {
  const claims = {
    id: 42,
    flag: true,
    groups: ["a", "b"],
    google: { compute_engine: { project_id: "p" } },
    "kubernetes.io": { namespace: "ci", serviceaccount: { name: "deployer" } },
    "oidc.circleci.com/project-id": "x",
    object: { a: 1 },
  };
  assert.ok(isMet(equals("id", "42"), claims));
  assert.ok(isMet(equals("flag", "true"), claims));
  assert.ok(isMet(equals("groups", "b"), claims));
  assert.ok(isMet(equals("google.compute_engine.project_id", "p"), claims));
  assert.ok(isMet(equals("kubernetes.io.serviceaccount.name", "deployer"), claims));
  assert.ok(isMet(equals("oidc.circleci.com/project-id", "x"), claims));
  assert.ok(isMet(equals("id", "41", "42"), claims));
  for (const claim of ["object", "missing", "toString", "__proto__", "constructor.name"]) {
    assert.ok(!isMet(glob(claim, "**"), claims), claim);
  }
});

Deno.test("a star is a wildcard only in a glob, and only a token's own claims count", () => {
  assert.equal(isMet(equals("ref", "refs/heads/*"), { ref: "refs/heads/main" }), false);
  assert.equal(isMet(equals("ref", "refs/heads/*"), { ref: "refs/heads/*" }), true);
  assert.equal(isMet(glob("ref", "refs/heads/*"), { ref: "refs/heads/main" }), true);
  // Text that every object has, but no token.
  for (const [claim, value] of [["toString.name", "toString"], ["constructor.name", "Object"]]) {
    assert.equal(isMet(equals(claim, value), { nested: {} }), false, claim);
    assert.equal(isMet(equals(`nested.${claim}`, value), { nested: {} }), false, claim);
  }
});
