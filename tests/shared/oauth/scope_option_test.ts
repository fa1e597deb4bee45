import assert from "node:assert/strict";
import { collectScopes } from "../../../shared/oauth/scope_option.ts";

Deno.test("--scope accepts repetition, commas and spaces, and removes duplicates", () => {
  const scopes = ["deploy", "read,write", " read  deploy ", ""]
    .reduce<string[]>((previous, value) => collectScopes(value, previous), []);
  assert.deepEqual(scopes, ["deploy", "read", "write"]);
});
