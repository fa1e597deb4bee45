/** Invariant: a code goes only where the client has registered (RFC 9700 section 2.1). */
import assert from "node:assert/strict";
import {
  findRedirectUri,
  redirectTarget,
  redirectUriProblem,
  withParameters,
} from "../../../shared/oauth/redirect_uri.ts";

Deno.test("registers https, loopback and private-use redirect URIs", () => {
  const valid = [
    "loopback",
    "https://app.example/callback",
    "https://app.example:8443/callback?tenant=1",
    "http://127.0.0.1/callback",
    "http://[::1]:8080/callback",
    "http://localhost:8080/callback",
    "com.example.app:/callback",
  ];
  for (const uri of valid) assert.equal(redirectUriProblem(uri), undefined, uri);
});

Deno.test("rejects redirect URIs that could lead elsewhere or run code", () => {
  const invalid = [
    "",
    "Loopback",
    "/callback",
    "app.example/callback",
    "http://app.example/callback",
    "http://127.0.0.1.evil.example/callback",
    "http://127.0.0.2/callback",
    "http://localhost.evil.example/",
    "http://user@127.0.0.1/callback",
    "https://user:password@app.example/",
    "https://app.example/callback#fragment",
    "https://app.example/call back",
    "https://app.example/\n",
    "https://app.exämple/",
    "HTTPS://app.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "acme:/callback",
    "urn:ietf:wg:oauth:2.0:oob",
    `https://app.example/${"x".repeat(500)}`,
  ];
  for (const uri of invalid) assert.ok(redirectUriProblem(uri), uri);
});

Deno.test("matches registered URIs exactly", () => {
  const registered = ["https://app.example/callback", "com.example.app:/callback"];
  for (const uri of registered) assert.equal(findRedirectUri(registered, uri), uri);
  const others = [
    "https://app.example/callback/",
    "https://app.example/callback/../evil",
    "https://app.example/Callback",
    "https://APP.example/callback",
    "https://app.example:443/callback",
    "https://app.example/callback?x=1",
    "https://app.example/callback#",
    "https://app.example@evil.example/callback",
    "http://app.example/callback",
    "com.example.app:/callback2",
    "com.example.app://callback",
    "loopback",
    "http://127.0.0.1/callback",
  ];
  for (const uri of others) assert.equal(findRedirectUri(registered, uri), undefined, uri);
});

Deno.test("matches a loopback redirect on any port, and no other host", () => {
  const matching = [
    "http://127.0.0.1",
    "http://127.0.0.1/",
    "http://127.0.0.1:1/callback",
    "http://127.0.0.1:65535/a/b",
    "http://[::1]:8080/callback",
  ];
  for (const uri of matching) assert.equal(findRedirectUri(["loopback"], uri), "loopback", uri);
  const others = [
    "http://localhost:8080/callback",
    "https://127.0.0.1/callback",
    "http://127.0.0.1:65536/callback",
    "http://127.0.0.1:0/callback",
    "http://127.0.0.1:/callback",
    "http://127.1/callback",
    "http://2130706433/callback",
    "http://127.0.0.1.evil.example/callback",
    "http://127.0.0.1@evil.example/callback",
    "http://127.0.0.1:80@evil.example/callback",
    "http://127.0.0.1\\@evil.example/callback",
    "http://127.0.0.1/callback#fragment",
    "http://127.0.0.1/callback?next=x",
    "http://[::ffff:127.0.0.1]/callback",
    "http://127.0.0.1/\tcallback",
  ];
  for (const uri of others) assert.equal(findRedirectUri(["loopback"], uri), undefined, uri);
});

Deno.test("matches a registered loopback URI on any port, on its own path only", () => {
  const registered = ["http://127.0.0.1/callback", "http://localhost:8080/callback"];
  const find = (uri: string) => findRedirectUri(registered, uri);
  assert.equal(find("http://127.0.0.1:51004/callback"), registered[0]);
  assert.equal(find("http://127.0.0.1:51004/other"), undefined);
  assert.equal(find("http://[::1]:51004/callback"), undefined);
  assert.equal(find("http://localhost:8080/callback"), registered[1]);
  assert.equal(find("http://localhost:8081/callback"), undefined);
});

Deno.test("returns what a redirect leads to", () => {
  assert.deepEqual(redirectTarget("http://[::1]:8080/"), { kind: "loopback" });
  assert.deepEqual(redirectTarget("http://localhost:8080/"), { kind: "loopback" });
  assert.deepEqual(redirectTarget("https://localhost:8080/"), {
    kind: "site",
    host: "localhost:8080",
  });
  assert.deepEqual(redirectTarget("com.example.app:/callback"), {
    kind: "app",
    scheme: "com.example.app",
  });
});

Deno.test("appends parameters to the registered query", () => {
  assert.equal(withParameters("https://a.example/", { code: "1" }), "https://a.example/?code=1");
  assert.equal(
    withParameters("https://a.example/?x=%20", { state: "a b&c" }),
    "https://a.example/?x=%20&state=a+b%26c",
  );
  assert.equal(withParameters("com.example:/cb", { code: "1" }), "com.example:/cb?code=1");
});
