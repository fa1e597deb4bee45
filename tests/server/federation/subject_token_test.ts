/**
 * Verification of identity tokens (RFC 7519 section 4.1, RFC 8725 section 3). Each token here is
 * valid except for one thing.
 */
import assert from "node:assert/strict";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { DomainError } from "../../../server/domain_error.ts";
import { JwksCache } from "../../../server/federation/jwks_cache.ts";
import {
  claimedIssuer,
  type SubjectToken,
  verifySubjectToken,
} from "../../../server/federation/subject_token.ts";
import type { TokenRejection } from "../../../server/federation/token_rejection.ts";
import { OutboundError, type OutboundHttp } from "../../../server/outbound/outbound_http.ts";
import { assertGolden } from "../../support/golden.ts";
import { manualClock } from "../../support/manual_clock.ts";

const ISSUER = "https://ci.example";
const AUDIENCE = "https://auth.example";

/** An issuer, and a way to verify what it signed. */
async function issuer() {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const jwk: JWK = { ...await exportJWK(publicKey), kid: "one" };
  const clock = manualClock();
  const now = clock.now() / 1000;
  const claims = { iss: ISSUER, sub: "job", aud: AUDIENCE, iat: now, exp: now + 600, jti: "one" };
  const sign = (change: Record<string, unknown> = {}) =>
    new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg: "ES256", kid: "one" })
      .sign(privateKey);
  const verify = async (token: string) => {
    const jwksCache = { keySet: () => Promise.resolve({ keys: [jwk] }) } as unknown as JwksCache;
    const expected = { issuer: ISSUER, audiences: [AUDIENCE, "another"] };
    return await verifySubjectToken({ clock, jwksCache }, token, expected);
  };
  const accepts = async (change: Record<string, unknown>) =>
    !("code" in await verify(await sign(change)));
  return { sign, verify, accepts, now };
}

Deno.test("rejects a token for each of its claims", async () => {
  const { sign, verify, accepts, now } = await issuer();
  const good: Record<string, unknown>[] = [
    {},
    { aud: ["elsewhere", "another"] },
    { jti: undefined },
    { jti: "" },
    { jti: 7 },
    { exp: now - 59 },
    { iat: now + 60 },
    { nbf: now + 60 },
  ];
  for (const change of good) assert.equal(await accepts(change), true, JSON.stringify(change));
  const bad: [TokenRejection["code"], Record<string, unknown>][] = [
    ["issuer", { iss: "https://other.example" }],
    ["issuer", { iss: `${ISSUER}/` }],
    ["issuer", { iss: undefined }],
    ["audience", { aud: "elsewhere" }],
    ["audience", { aud: [] }],
    ["audience", { aud: undefined }],
    ["subject", { sub: "" }],
    ["subject", { sub: 7 }],
    ["subject", { sub: undefined }],
    ["expired", { exp: now - 60 }],
    ["times", { exp: undefined }],
    ["times", { exp: "tomorrow" }],
    ["times", { exp: 1e15 }],
    ["issued_in_future", { iat: now + 61 }],
    ["times", { iat: undefined }],
    ["times", { iat: -1 }],
    ["not_yet_valid", { nbf: now + 61 }],
    ["times", { nbf: null }],
    ["times", { nbf: -1 }],
    ["jti", { jti: {} }],
    ["jti", { jti: null }],
  ];
  const messages = new Set<string>();
  for (const [code, change] of bad) {
    const rejection = await verify(await sign(change)) as TokenRejection;
    assert.equal(rejection.code, code, JSON.stringify(change));
    messages.add(`${code}\n  ${rejection.message}\n`);
  }
  await assertGolden("federation/token_rejections.txt", [...messages].join(""));
  const numbered = await verify(await sign({ jti: 7 })) as SubjectToken;
  assert.equal(numbered.claims.jti, "7");
  const empty = await verify(await sign({ jti: "" })) as SubjectToken;
  assert.equal(empty.claims.jti, undefined);
});

Deno.test("reads the issuer only from a token of ordinary size, and only if it is printable ASCII", async () => {
  const { sign } = await issuer();
  assert.equal(claimedIssuer(await sign()), ISSUER);
  assert.equal(claimedIssuer(await sign({ more: "x".repeat(11_000) })), ISSUER);
  assert.equal(claimedIssuer(await sign({ more: "x".repeat(16_000) })), undefined);
  for (const iss of ["", "with space", "ünïcode", "nul\0", 7, null, [ISSUER]]) {
    assert.equal(claimedIssuer(await sign({ iss })), undefined, String(iss));
  }
});

/** Keys of an issuer over a network that the test is. */
function keys() {
  const clock = manualClock();
  const state = {
    /** Names of the keys that are published. */
    published: ["one"],
    /** What comes instead of an answer. */
    failure: undefined as Error | number | undefined,
    issuer: ISSUER,
    fetched: 0,
  };
  const http = {
    request(address: string) {
      if (state.failure instanceof Error) return Promise.reject(state.failure);
      const discovery = address.endsWith("/.well-known/openid-configuration");
      if (!discovery) state.fetched++;
      const body = discovery
        ? { issuer: state.issuer, jwks_uri: `${ISSUER}/jwks` }
        : { keys: state.published.map((kid) => ({ kid })) };
      return Promise.resolve({
        status: state.failure ?? 200,
        headers: new Headers(),
        body: new TextEncoder().encode(JSON.stringify(body)),
      });
    },
  } as unknown as OutboundHttp;
  const jwksCache = new JwksCache(clock, http, false);
  /** Names of the keys that a token signed by `kid` is verified with; undefined: not available. */
  const find = async (kid: string) => {
    const keySet = await jwksCache.keySet(
      ISSUER,
      (set) => set.keys.some((key) => key.kid === kid),
    );
    return keySet instanceof DomainError ? undefined : keySet.keys.map((key) => key.kid);
  };
  return { clock, state, find, jwksCache };
}

Deno.test("caches keys for ten minutes, and fetches them again for an unknown key after a pause", async () => {
  const { clock, state, find } = keys();
  assert.deepEqual(await find("one"), ["one"]);
  state.published = ["one", "two"];
  assert.deepEqual(await find("two"), ["one"], "just fetched");
  assert.equal(state.fetched, 1);
  clock.advance({ seconds: 30 });
  assert.deepEqual(await find("one"), ["one"], "known");
  assert.deepEqual(await find("two"), ["one", "two"]);
  assert.equal(state.fetched, 2);
  // A key that was withdrawn is forgotten, though it is known.
  state.published = ["two"];
  clock.advance({ minutes: 9, seconds: 59 });
  assert.deepEqual(await find("one"), ["one", "two"]);
  clock.advance({ seconds: 1 });
  assert.deepEqual(await find("one"), ["two"]);
});

Deno.test("retries an unavailable issuer after a pause, and uses cached keys meanwhile", async () => {
  const { clock, state, find } = keys();
  state.failure = new OutboundError("unreachable", "is away");
  assert.equal(await find("one"), undefined);
  state.failure = undefined;
  clock.advance({ seconds: 9 });
  assert.equal(await find("one"), undefined, "it was asked a moment ago");
  clock.advance({ seconds: 1 });
  assert.deepEqual(await find("one"), ["one"]);

  clock.advance({ minutes: 10 });
  state.failure = new OutboundError("unreachable", "is away");
  assert.deepEqual(await find("one"), ["one"], "known keys are good");
  assert.equal(await find("two"), undefined, "but not for a key that is not among them");
  // After it has answered once, the failure is forgotten.
  state.failure = undefined;
  state.published = ["one", "two"];
  clock.advance({ seconds: 10 });
  assert.deepEqual(await find("two"), ["one", "two"]);
  clock.advance({ seconds: 31 });
  state.published = ["three"];
  assert.deepEqual(await find("three"), ["three"]);
});

Deno.test("requires the issuer in the discovery document, and distinguishes permanent failures from temporary ones", async () => {
  for (const issuer of ["https://other.example", `${ISSUER}/`]) {
    const { state, find } = keys();
    state.issuer = issuer;
    assert.equal(await find("one"), undefined, issuer);
  }
  for (
    const [status, permanent] of [
      [302, true],
      [403, true],
      [404, true],
      [408, false],
      [
        429,
        false,
      ],
      [500, false],
      [503, false],
    ] as const
  ) {
    const { state, jwksCache } = keys();
    state.failure = status;
    const failure = await jwksCache.keySet(ISSUER, () => true);
    const code = permanent ? "forbidden" : "unavailable";
    assert.ok(failure instanceof DomainError && failure.code === code, String(status));
  }
});
