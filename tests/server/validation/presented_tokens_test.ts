/** Invariant: a remembered hash is the hash, and few texts are remembered, for a short time. */
import assert from "node:assert/strict";
import { tokenHashHex } from "../../../server/tokens/token_hash.ts";
import {
  MAX_LENGTH,
  MAX_TEXTS,
  PresentedTokens,
} from "../../../server/validation/presented_tokens.ts";

/** Counts the hashes that are computed. */
function counting() {
  const hashed: string[] = [];
  const presented = new PresentedTokens((text) => {
    hashed.push(text);
    return tokenHashHex(text);
  });
  return { hashed, presented };
}

Deno.test("returns the SHA-256 of a text, and computes it once", () => {
  const { hashed, presented } = counting();
  using _ = presented;
  for (const text of ["a", "b", "a"]) assert.equal(presented.hashOf(text), tokenHashHex(text));
  assert.deepEqual(hashed, ["a", "b"]);
});

Deno.test("forgets a text that was not presented between two renewals", () => {
  const { hashed, presented } = counting();
  using _ = presented;
  for (const text of ["kept", "forgotten"]) presented.hashOf(text);
  presented.renew();
  presented.hashOf("kept");
  presented.renew();
  for (const text of ["kept", "forgotten"]) presented.hashOf(text);
  assert.deepEqual(hashed, ["kept", "forgotten", "forgotten"]);
});

Deno.test("remembers neither many texts nor long ones", () => {
  const { hashed, presented } = counting();
  using _ = presented;
  const long = "x".repeat(MAX_LENGTH + 1);
  for (let index = 0; index <= 2 * MAX_TEXTS; index++) presented.hashOf(`${index}`);
  for (const text of [long, long, "0"]) presented.hashOf(text);
  assert.deepEqual(hashed.slice(2 * MAX_TEXTS + 1), [long, long, "0"]);
});
