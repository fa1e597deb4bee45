import assert from "node:assert/strict";
import { intersectScope, missingScopes, parseScope } from "../../../shared/oauth/scope.ts";

Deno.test("parseScope returns each scope once, and undefined for a malformed parameter", () => {
  assert.deepEqual(parseScope(" a b  a "), ["a", "b"]);
  assert.deepEqual(parseScope(""), []);
  assert.equal(parseScope('a "b"'), undefined);
  assert.equal(parseScope("a\tb"), undefined);
  assert.equal(parseScope("a".repeat(257)), undefined);
});

Deno.test("intersectScope keeps what is allowed, in the order of the parameter", () => {
  assert.equal(intersectScope("c a b", ["b", "c"]), "c b");
  assert.equal(intersectScope("A", ["a"]), "");
  assert.equal(intersectScope('a "', ["a"]), "");
});

Deno.test("missingScopes returns what is not granted, each once", () => {
  assert.deepEqual(missingScopes(["a", "b", "a", "b"], ["b"]), ["a"]);
  assert.deepEqual(missingScopes([], []), []);
});
