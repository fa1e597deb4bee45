/** Invariant: nobody is led to another server by signing in to this one. */
import assert from "node:assert/strict";
import { safeRedirect } from "../../../server/pages/http/safe_redirect.ts";

Deno.test("a path on this server is where one returns to", () => {
  for (const path of ["/", "/device", "/device?user_code=BCDF-GHJK", "/a/../b%2f?x=//y"]) {
    const { pathname, search } = new URL(path, "http://here");
    assert.equal(safeRedirect(path), pathname + search);
  }
});

Deno.test("anything else leads to the start page", () => {
  const foreign = [
    undefined,
    "",
    "device",
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\\evil.example",
    "/.//evil.example",
    "/x/..//evil.example",
    "/%2e//evil.example",
    "javascript:alert(1)",
    " //evil.example",
    `/${"x".repeat(512)}`,
  ];
  for (const next of foreign) assert.equal(safeRedirect(next), "/", JSON.stringify(next));
});
