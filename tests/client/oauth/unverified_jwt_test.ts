/** Invariant: an id in a token is shown to operators as the token has it. */
import assert from "node:assert/strict";
import { claimText } from "../../../client/federation/trust_arguments.ts";
import { unverifiedClaims } from "../../../client/oauth/unverified_jwt.ts";

Deno.test("keeps all digits of numbers in claims", () => {
  const claims = unverifiedClaims(
    `e30.${btoa('{"project_id":9007199254740993,"exp":1790000000}')}.x`,
  );
  assert.equal(claimText(claims ?? {}, "project_id"), "9007199254740993");
  assert.equal(claims?.exp, 1790000000);
});

Deno.test("reads claims only from a token of three parts", () => {
  const claims = btoa('{"iss":"https://auth.example.com"}').replaceAll("=", "");
  assert.equal(unverifiedClaims(`e30.${claims}.x`)?.iss, "https://auth.example.com");
  for (const text of [`e30.${claims}`, `e30.${claims}.x.y`, `e30.${claims}.x.y.z`, claims]) {
    assert.equal(unverifiedClaims(text), undefined, text);
  }
});
