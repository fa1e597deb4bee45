/** The address of a server, as users type and paste it. */
import { strict as assert } from "node:assert";
import {
  parseIssuer,
  parseServer,
  serverCandidates,
} from "../../../client/oauth/server_address.ts";
import { ClientError } from "../../../client/errors.ts";
import { brand } from "../../../shared/brand.ts";
import { EXIT } from "../../../shared/exit_codes.ts";
import { formatToken } from "../../../shared/tokens/format.ts";

const SERVER = "https://auth.example.com";
const TOKEN = formatToken(brand.tokenPrefixes.personalAccessToken, new Uint8Array(32));
const UUID = "3f2b9d5e-1111-4222-8333-444455556666";

Deno.test("accepts the address of a server as users type it", () => {
  const addresses: [text: string, server: string][] = [
    ["https://auth.example.com/", SERVER],
    ["auth.example.com", SERVER],
    [" <https://auth.example.com> ", SERVER],
    ["HTTPS://AUTH.Example.com:443", SERVER],
    ["https://example.com/tenant/", "https://example.com/tenant"],
    [`https://example.com/${UUID}`, `https://example.com/${UUID}`],
    ["auth-test", "https://auth-test"],
    ["127.0.0.1:8787", "http://127.0.0.1:8787"],
    ["localhost:8787", "http://localhost:8787"],
    ["http://[::1]:8787", "http://[::1]:8787"],
  ];
  for (const [text, server] of addresses) assert.equal(parseServer(text), server, text);
});

Deno.test("finds the server in the address of any of its pages", () => {
  const pages = [
    "/device",
    "/device/",
    "//device",
    "/Device?user_code=BCDF-GHJK",
    "/device?user_code=BCDF-GHJK&next=https://evil.example/",
    "/device/confirm?request=x#top",
    "/devices",
    `/tokens/${UUID}/rotate`,
    "/?tenant=1",
    "/#x",
    "/signin?next=%2Fdevice",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    `/${TOKEN}`,
    "/BCDF-GHJK",
    "/0123456789abcdef0123456789abcdef/x",
  ];
  for (const page of pages) {
    assert.deepEqual(serverCandidates(SERVER + page), [SERVER], page);
    assert.deepEqual(serverCandidates(`AUTH.example.com${page}`), [SERVER], page);
  }
});

Deno.test("tries the longest path of an issuer first, then its parents", () => {
  const tenant = `${SERVER}/a/b`;
  const both = [tenant, `${SERVER}/a`, SERVER];
  assert.deepEqual(serverCandidates(`${tenant}/device?user_code=BCDF-GHJK`), both);
  assert.deepEqual(serverCandidates(`${tenant}/.well-known/openid-configuration`), both);
  assert.deepEqual(
    serverCandidates(`${SERVER}/.well-known/oauth-authorization-server/a/b`),
    both,
  );
  assert.deepEqual(serverCandidates(`${SERVER}/api/docs`), [
    `${SERVER}/api/docs`,
    `${SERVER}/api`,
    SERVER,
  ]);
  assert.equal(serverCandidates(`${SERVER}${"/x".repeat(1000)}`).length, 6);
});

Deno.test("rejects an address that cannot be a server as wrong usage, without repeating it", () => {
  const wrong = [
    "http://auth.example.com/secret?x=secret",
    "http://127.0.0.1.example.com",
    "http://localhost.example.com",
    "ftp://auth.example.com/secret",
    "https://user:secret@auth.example.com",
    "https://secret@auth.example.com",
    "http://evillocalhost",
    "http://localhost.evil",
    "https://",
    "",
    "not an address, but secret",
    "file:///etc/secret",
    TOKEN,
    `https://${TOKEN}/`,
    `eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln`,
    "BCDF-GHJK",
  ];
  for (const text of wrong) {
    assert.throws(() => serverCandidates(text), (error) => {
      assert.ok(error instanceof ClientError, text);
      assert.equal(error.exitCode, EXIT.usage);
      assert.doesNotMatch(error.message, /secret|eyJ|BCDF/);
      assert.ok(!error.message.includes(TOKEN));
      return true;
    }, text);
  }
});

Deno.test("takes an issuer as it is, and rejects one with a query or fragment", () => {
  assert.equal(parseIssuer(`${SERVER}/device/`), `${SERVER}/device`);
  for (const text of [`${SERVER}/?tenant=1`, `${SERVER}/#x`]) {
    assert.throws(() => parseIssuer(text), ClientError, text);
  }
});
