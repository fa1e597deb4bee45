import assert from "node:assert/strict";
import {
  bearerChallenge,
  bearerToken,
  decodeBasicCredentials,
  encodedBasicCredentials,
} from "../../../server/http/authorization.ts";
import { OAuthError } from "../../../shared/oauth/errors.ts";

const headers = (authorization: string) => new Headers({ authorization });

Deno.test("bearerToken takes the scheme in any case, followed by spaces", () => {
  for (const header of ["Bearer abc", "bearer abc", "BEARER   abc", "Bearer abc "]) {
    assert.equal(bearerToken(headers(header)), "abc", header);
  }
});

Deno.test("bearerToken returns undefined for other schemes and for other than one token", () => {
  for (const header of ["Bearer", "Bearer ", "Bearer a b", "Bearerabc", "Basic abc", "abc"]) {
    assert.equal(bearerToken(headers(header)), undefined, header);
  }
  assert.equal(bearerToken(new Headers()), undefined);
});

Deno.test("basic credentials are the same, however their scheme is written", () => {
  const encoded = btoa("user:pass:word");
  for (const scheme of ["Basic ", "basic ", "BASIC   "]) {
    assert.equal(encodedBasicCredentials(headers(scheme + encoded)), encoded);
  }
  assert.deepEqual(decodeBasicCredentials(encoded), { user: "user", password: "pass:word" });
  assert.equal(decodeBasicCredentials(btoa("no colon")), undefined);
});

Deno.test("encodedBasicCredentials returns undefined for what is not base64", () => {
  for (const header of ["Basic %%%", "Basic", "Basic a b", "Bearer YTpi"]) {
    assert.equal(encodedBasicCredentials(headers(header)), undefined, header);
  }
});

Deno.test("bearerChallenge has no attributes without an error, and escapes what has quotes", () => {
  assert.equal(bearerChallenge(), "Bearer");
  assert.equal(bearerChallenge(undefined, { realm: "oauth" }), 'Bearer realm="oauth"');
  assert.equal(
    bearerChallenge(new OAuthError("insufficient_scope", 'Ask for "ä".'), { scope: "a b" }),
    'Bearer error="insufficient_scope", error_description="Ask for ???.", scope="a b"',
  );
});
