/** Invariant: no open redirect after sign-in (RFC 9700 section 4.11). */
import assert from "node:assert/strict";
import { safeRedirect } from "../../../server/pages/http/safe_redirect.ts";

Deno.test("returns paths on this server unchanged", () => {
  for (const path of ["/", "/device", "/device?user_code=BCDF-GHJK", "/a/../b%2f?x=//y"]) {
    const { pathname, search } = new URL(path, "http://here");
    assert.equal(safeRedirect(path), pathname + search);
  }
});

Deno.test("returns the start page for anything else", () => {
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
    `/${"x".repeat(5000)}`,
  ];
  for (const next of foreign) assert.equal(safeRedirect(next), "/", JSON.stringify(next));
});
