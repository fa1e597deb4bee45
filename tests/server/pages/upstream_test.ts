/** Signing in with an identity provider. */
import assert from "node:assert/strict";
import { clearAuditLog } from "../../support/audit_log.ts";
import { databaseKinds } from "../../support/databases.ts";
import { type Visitor, visitor } from "../../support/page_visitor.ts";
import { addUserWithPassword, PASSWORD, signedIn } from "../../support/person.ts";
import { type TestServer, testServer } from "../../support/test_server.ts";
import {
  leavesTo,
  startAt,
  startUpstream,
  type UpstreamProvider,
} from "../../support/upstream_provider.ts";
import type { IdentityProvider } from "../../../server/store/identity_providers.ts";
import type { ServerConfig } from "../../../server/config/server_config.ts";

interface Parts {
  server: TestServer;
  upstream: UpstreamProvider;
  /** Signs in in a new browser; returns the page of the callback, and the browser. */
  signIn(
    options?: { changes?: Record<string, string | null>; next?: string },
  ): Promise<{ browser: Visitor; page: Awaited<ReturnType<Visitor["get"]>> }>;
}

type Test = (t: Deno.TestContext, shared: Pick<Parts, "server">) => Promise<void>;
const TESTS: Test[] = [];

function upstreamTest(
  name: string,
  test: (parts: Parts) => Promise<void>,
  { provider = {}, config = () => {} }: {
    provider?: Partial<IdentityProvider>;
    config?: (config: ServerConfig) => void;
  } = {},
): void {
  TESTS.push(async (t, { server }) => {
    await t.step(name, async () => {
      await server.parts.sql`
        truncate users, identity_providers, failed_attempts cascade`;
      await clearAuditLog(server.parts.sql);
      Object.assign(server.parts.config, {
        privateIdentityProviders: true,
        passwordSignIn: { enabled: true, breakGlass: [] },
      });
      config(server.parts.config);
      await using upstream = await startUpstream(server.clock);
      await upstream.add(server, provider);
      await addUserWithPassword(server, "root@example.com");
      await test({
        server,
        upstream,
        async signIn({ changes, next = "/devices" } = {}) {
          const browser = visitor(server);
          await browser.get(`/signin?next=${encodeURIComponent(next)}`);
          const callback = await upstream.authenticate(await startAt(browser), changes);
          return { browser, page: await browser.get(callback) };
        },
      });
    });
  });
}

Deno.test("identity providers", async (t) => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  for (const test of TESTS) await test(t, { server });
});

const users = async ({ parts: { sql } }: TestServer) =>
  (await sql`select email, email_verified, name from users order by email desc`)
    .map((row) => ({ ...row }));

upstreamTest("creates a user at the first sign-in, and signs the same in later", async (parts) => {
  const { server, upstream, signIn } = parts;
  const { page, browser } = await signIn({ next: "/tokens" });
  assert.deepEqual([page.status, page.location], [303, "/tokens"]);
  assert.equal((await browser.get("/")).page, "home");
  const created = { email: "alice@acme.com", email_verified: true, name: "Alice Acme" };
  assert.deepEqual((await users(server)).at(-1), created);
  upstream.claims.email = "renamed@acme.com";
  assert.equal((await signIn()).page.status, 303);
  assert.equal((await users(server)).length, 2);
  const [session] = await server.parts.sql`
    select acr, amr, identity_id is not null as linked from sessions order by created_at desc`;
  assert.deepEqual({ ...session }, { acr: "1fa", amr: ["fed"], linked: true });
  const events = await server.parts.sql`select event from audit_log order by occurred_at, seq`;
  const names = new Set(events.map(({ event }) => event));
  assert.deepEqual(names, new Set(["user.created", "identity.linked", "signin.succeeded"]));
});

upstreamTest("requests a code with PKCE, state and nonce", async ({ server }) => {
  const browser = visitor(server);
  await browser.get("/signin");
  const url = new URL(await startAt(browser));
  const query = Object.fromEntries(url.searchParams);
  assert.match(query.state, /^[\w-]{43}$/);
  assert.match(query.nonce, /^[\w-]{43}$/);
  assert.match(query.code_challenge, /^[\w-]{43}$/);
  const { state: _, nonce: __, code_challenge: ___, ...others } = query;
  assert.deepEqual(others, {
    client_id: "client",
    code_challenge_method: "S256",
    max_age: String(server.parts.config.session.absoluteSeconds),
    redirect_uri: "https://auth.example.test/signin/upstream/acme/callback",
    response_type: "code",
    scope: "openid email profile",
  });
  const stored = JSON.stringify(await server.parts.sql`select * from upstream_sign_ins`);
  assert.ok(!stored.includes(query.state) && !stored.includes(query.nonce));
});

upstreamTest("takes a response once, and only in the browser that started", async (parts) => {
  const { server, upstream } = parts;
  const browser = visitor(server);
  await browser.get("/signin");
  const callback = await upstream.authenticate(await startAt(browser));
  const other = visitor(server);
  await other.get("/signin");
  const elsewhere = await other.get(callback);
  assert.deepEqual([elsewhere.status, elsewhere.error], [400, "other_browser"]);
  assert.equal((await visitor(server).get(callback)).error, "unknown_state");
  const cookies = new Map(browser.cookies);
  assert.equal((await browser.get(callback)).status, 303);
  for (const [name, value] of cookies) browser.cookies.set(name, value);
  const again = await browser.get(callback);
  assert.deepEqual([again.status, again.error], [410, "used_state"]);

  await browser.get("/signin?other=1");
  const late = await upstream.authenticate(await startAt(browser));
  server.clock.advance({ minutes: 15 });
  const expired = await browser.get(late);
  assert.deepEqual([expired.status, expired.error], [410, "expired_state"]);
  const invented = await browser.get("/signin/upstream/acme/callback?code=c&state=invented");
  assert.equal(invented.error, "unknown_state");
  assert.equal((await browser.get("/signin/upstream/nowhere/callback?code=c")).status, 404);
});

upstreamTest("starts a sign-in only by a form of this browser", async ({ server }) => {
  const browser = visitor(server);
  const page = await browser.get("/signin/upstream/acme?login_hint=alice@acme.com&next=/tokens");
  assert.equal(page.page, "upstream_start");
  assert.equal((await server.parts.sql`select 1 from upstream_sign_ins`).length, 0);
  const forged = await browser.submit("/signin/upstream/acme", {}, { origin: "https://evil.test" });
  assert.equal(forged.error, "csrf");
  await browser.get("/signin/upstream/acme?login_hint=alice@acme.com&next=//evil.test");
  const url = new URL(leavesTo(await browser.submit("/signin/upstream/acme")));
  assert.equal(url.searchParams.get("login_hint"), "alice@acme.com");
  const [{ next }] = await server.parts.sql`select next from upstream_sign_ins`;
  assert.equal(next, "/");
});

/** What a provider sends, and the error that follows. */
const RESPONSES: [
  what: string,
  error: string,
  status: number,
  change: (upstream: UpstreamProvider) => Record<string, string | null> | void,
][] = [
  ["an error", "denied", 403, () => ({ code: null, error: "access_denied" })],
  ["another error", "provider_error", 403, () => ({ code: null, error: "server_error" })],
  ["no code", "invalid_response", 403, () => ({ code: null })],
  ["another iss in its response", "wrong_issuer", 403, () => ({ iss: "https://evil.test" })],
  ["no iss in its response", "wrong_issuer", 403, () => ({ iss: null })],
  ["another iss in its ID token", "wrong_issuer", 403, ({ claims }) => {
    claims.iss = "https://evil.test";
  }],
  ["another nonce", "wrong_nonce", 403, ({ claims }) => {
    claims.nonce = "another";
  }],
  ["another audience", "invalid_response", 403, ({ claims }) => {
    claims.aud = "another";
  }],
  ["an expired ID token", "invalid_response", 403, ({ claims }) => {
    claims.exp = 1;
  }],
  ["an ID token of another key", "invalid_response", 403, (upstream) => {
    upstream.tokenResponse = async (idToken) => {
      await upstream.issuer.rotate();
      return tokens(idToken);
    };
  }],
  ["an ID token without a signature", "invalid_response", 403, (upstream) => {
    upstream.tokenResponse = (idToken) => {
      const header = btoa(JSON.stringify({ alg: "none" })).replaceAll("=", "");
      return tokens(`${header}.${idToken.split(".")[1]}.`);
    };
  }],
  ["no ID token", "invalid_response", 403, (upstream) => {
    upstream.tokenResponse = () => Response.json({ access_token: "a", token_type: "Bearer" });
  }],
  ["HTML", "invalid_response", 403, (upstream) => {
    upstream.tokenResponse = () =>
      new Response("<html>", { headers: { "content-type": "text/html" } });
  }],
  ["a rejection of the client", "client_rejected", 403, (upstream) => {
    upstream.tokenResponse = () => Response.json({ error: "invalid_client" }, { status: 401 });
  }],
  ["a used code", "provider_error", 403, (upstream) => {
    upstream.tokenResponse = () => Response.json({ error: "invalid_grant" }, { status: 400 });
  }],
  ["a failure", "unreachable", 503, (upstream) => {
    upstream.tokenResponse = () => new Response("busy", { status: 503 });
  }],
  ["a redirect", "invalid_response", 403, (upstream) => {
    upstream.tokenResponse = () =>
      new Response(null, { status: 302, headers: { location: "http://127.0.0.1:1/" } });
  }],
  ["300 MB", "too_large", 503, (upstream) => {
    upstream.tokenResponse = () => endless(300 * 1024 * 1024);
  }],
  ["no subject", "invalid_response", 403, ({ claims }) => {
    claims.sub = undefined;
  }],
  ["a subject of 10 kB", "invalid_response", 403, ({ claims }) => {
    claims.sub = "x".repeat(10_000);
  }],
  ["an address of another domain", "domain_not_allowed", 403, ({ claims }) => {
    claims.email = "alice@other.com";
  }],
  ["an address of a subdomain", "domain_not_allowed", 403, ({ claims }) => {
    claims.email = "alice@evil.acme.com";
  }],
  ["an address that is not verified", "no_verified_address", 403, ({ claims }) => {
    claims.email_verified = false;
  }],
  ["no address", "no_verified_address", 403, ({ claims }) => {
    claims.email = undefined;
  }],
  ["two addresses", "no_verified_address", 403, ({ claims }) => {
    claims.email = "alice@acme.com, root@acme.com";
  }],
  ["the UserInfo of another user", "invalid_response", 403, (upstream) => {
    upstream.claims.name = undefined;
    upstream.userInfo = { sub: "bob-1" };
  }],
];

function tokens(idToken: string): Response {
  return Response.json({ access_token: "a", token_type: "Bearer", id_token: idToken });
}

function endless(bytes: number): Response {
  const piece = new TextEncoder().encode(" ".repeat(64 * 1024));
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(piece);
      sent += piece.length;
      if (sent >= bytes) controller.close();
    },
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
}

upstreamTest("rejects a response that does not pass every check", async ({ server, ...parts }) => {
  const { upstream, signIn } = parts;
  const { claims } = upstream;
  for (const [what, error, status, change] of RESPONSES) {
    upstream.claims = { ...claims };
    upstream.userInfo = {};
    upstream.tokenResponse = undefined;
    const changes = change(upstream) ?? undefined;
    const { page, browser } = await signIn({ changes });
    assert.deepEqual([page.error, page.status], [error, status], `${what}: ${page.text}`);
    assert.equal((await browser.get("/devices")).status, 303, what);
    server.clock.advance({ minutes: 11 });
  }
  assert.deepEqual((await users(server)).map(({ email }) => email), ["root@example.com"]);
  const events = await server.parts.sql`
    select details from audit_log where event = 'signin.failed'`;
  const recorded = new Set(events.map(({ details }) => details.error));
  assert.deepEqual(recorded, new Set(RESPONSES.map(([, error]) => error)));
});

upstreamTest("says that a provider is down, and lets others sign in", async (parts) => {
  const { server, upstream } = parts;
  upstream.issuer.answer(
    "/.well-known/openid-configuration",
    () => new Response("", { status: 502 }),
  );
  const browser = visitor(server);
  await browser.get("/signin");
  const page = await browser.submit("/signin/upstream/acme");
  assert.deepEqual([page.status, page.error], [503, "unreachable"]);
  await browser.get("/signin");
  const entered = { email: "root@example.com", password: PASSWORD };
  assert.equal((await browser.submit("/signin", entered)).status, 303);
});

upstreamTest("rejects a discovery document of another issuer, or without https", async (parts) => {
  const { server, upstream } = parts;
  for (
    const [metadata, error] of [
      [{ issuer: "https://evil.test" }, "wrong_issuer"],
      // What it reports later names its own issuer (OpenID Connect Discovery 1.0 section 4.3).
      [{ issuer: `${upstream.issuer.url}/` }, "wrong_issuer"],
      [{ authorization_endpoint: "javascript:alert(1)" }, "invalid_response"],
      [{ authorization_endpoint: "data:text/html,x" }, "invalid_response"],
      [{ authorization_endpoint: undefined }, "invalid_response"],
    ] as const
  ) {
    upstream.metadata = metadata;
    server.clock.advance({ minutes: 11 });
    const browser = visitor(server);
    await browser.get("/signin");
    assert.equal((await browser.submit("/signin/upstream/acme")).error, error);
  }
});

upstreamTest("does not reach a private address unless the operator allows it", async (parts) => {
  const browser = visitor(parts.server);
  await browser.get("/signin");
  assert.equal((await browser.submit("/signin/upstream/acme")).error, "not_allowed");
}, { config: (config) => config.privateIdentityProviders = false });

upstreamTest("links a user with the same address if the provider vouches for it", async (parts) => {
  const { server, upstream, signIn } = parts;
  const alice = await addUserWithPassword(server, "Alice@acme.com");
  upstream.claims.email_verified = false;
  assert.equal((await signIn()).page.error, "no_verified_address");
  upstream.claims.email_verified = true;
  const { page } = await signIn();
  assert.equal(page.status, 303);
  const [identity] = await server.parts.sql`select user_id, subject from identities`;
  assert.deepEqual({ ...identity }, { user_id: alice.id, subject: "alice-1" });
  // The account was deleted and created again, or another one got its address.
  upstream.claims.sub = "alice-2";
  assert.equal((await signIn()).page.error, "subject_changed");
});

upstreamTest(
  "never links a user by an address for whose domain the provider is not trusted",
  async (parts) => {
    const { server, signIn } = parts;
    await addUserWithPassword(server, "alice@acme.com");
    assert.equal((await signIn()).page.error, "address_taken");
    assert.deepEqual([...await server.parts.sql`select 1 from identities`], []);
  },
  { provider: { domains: [] } },
);

upstreamTest("queues a first sign-in", async ({ server, signIn }) => {
  assert.equal((await signIn()).page.error, "waiting_for_approval");
  assert.equal((await signIn()).page.error, "waiting_for_approval");
  const [queued] = await server.parts.sql`select email, name from queued_sign_ins`;
  assert.deepEqual({ ...queued }, { email: "alice@acme.com", name: "Alice Acme" });
  await server.parts.sql`update queued_sign_ins set denied_at = now()`;
  assert.equal((await signIn()).page.error, "approval_denied");
  assert.equal((await users(server)).length, 1);
}, { provider: { firstSignIn: "queue" } });

upstreamTest("refuses a first sign-in", async ({ signIn }) => {
  assert.equal((await signIn()).page.error, "not_linked");
}, { provider: { firstSignIn: "refuse" } });

upstreamTest("signs in neither a disabled user nor with a disabled provider", async (parts) => {
  const { server, upstream, signIn } = parts;
  assert.equal((await signIn()).page.status, 303);
  await server.parts.sql`update users set disabled_at = now() where email = 'alice@acme.com'`;
  assert.equal((await signIn()).page.error, "user_disabled");
  const browser = visitor(server);
  await browser.get("/signin");
  const callback = await upstream.authenticate(await startAt(browser));
  await server.parts.sql`update identity_providers set disabled_at = now()`;
  assert.equal((await browser.get(callback)).error, "provider_disabled");
  assert.ok(!(await browser.get("/signin")).html.includes("data-provider"));
  assert.equal((await browser.submit("/signin/upstream/acme")).error, "provider_not_found");
});

upstreamTest(
  "keeps hostile claims from storage and pages",
  async ({ server, upstream, signIn }) => {
    upstream.claims = {
      ...upstream.claims,
      name: `<script>alert(1)</script>\u202e${"x".repeat(10_000)}`,
      given_name: "\u200b",
      preferred_username: ["not", "a", "text"],
      groups: [
        ...Array.from({ length: 10_000 }, (_, index) => `group ${index}`),
        "admin",
        "\u202eadmin",
        "x".repeat(10_000),
        { admin: true },
        "<b>bold</b>",
        "",
      ],
      amr: [..."x".repeat(1000)],
      acr: "x".repeat(10_000),
      sid: "x".repeat(10_000),
    };
    const { page, browser } = await signIn();
    assert.equal(page.status, 303);
    const [user] = await server.parts.sql`
    select name, groups, is_admin, group_admin from users where email = 'alice@acme.com'`;
    assert.ok([...user.name].length <= 100 && !user.name.includes("\u202e"), user.name);
    assert.deepEqual([user.is_admin, user.group_admin], [false, false]);
    assert.ok(user.groups.length <= 1000 && !user.groups.includes("admin"));
    assert.ok(!(await browser.get("/")).html.includes("<script>alert"));
  },
  { provider: { groupsClaim: "groups" } },
);

upstreamTest("replaces the groups of the provider at each sign-in", async (parts) => {
  const { server, upstream, signIn } = parts;
  const groups = async () => {
    assert.equal((await signIn()).page.status, 303);
    const [user] = await server.parts.sql`select groups from users where email like 'alice%'`;
    return user.groups;
  };
  upstream.claims.realm_access = { roles: ["dev", "ops"] };
  assert.deepEqual(await groups(), ["dev", "ops"]);
  upstream.claims.realm_access = { roles: ["dev"] };
  assert.deepEqual(await groups(), ["dev"]);
  upstream.claims.realm_access = undefined;
  upstream.userInfo = { realm_access: { roles: ["ops"] } };
  assert.deepEqual(await groups(), ["ops"]);
  upstream.userInfo = {};
  assert.deepEqual(await groups(), []);
}, { provider: { groupsClaim: "realm_access.roles" } });

upstreamTest("counts acr and amr of a provider that the operator trusts", async (parts) => {
  const { server, upstream, signIn } = parts;
  for (
    const [claims, acr, amr] of [
      [{ amr: ["pwd"] }, "1fa", ["pwd"]],
      [{ amr: ["pwd", "mfa"] }, "2fa", ["pwd", "mfa"]],
      [{ acr: "phr", amr: ["hwk"] }, "phr", ["hwk", "mfa"]],
      [{ acr: "gold" }, "2fa", ["mfa"]],
      [{ acr: "silver" }, "1fa", ["fed"]],
    ] as const
  ) {
    Object.assign(upstream.claims, { acr: undefined, amr: undefined }, claims);
    assert.equal((await signIn()).page.status, 303);
    server.clock.advance({ seconds: 1 });
    const [session] = await server.parts.sql`
      select acr, amr from sessions order by created_at desc limit 1`;
    assert.deepEqual({ ...session }, { acr, amr });
  }
}, { provider: { acrMapping: { gold: "2fa" } } });

upstreamTest("signs in again only with a fresh authentication of the same user", async (parts) => {
  const { server, upstream, signIn } = parts;
  const { browser } = await signIn();
  // Connects again, with the difference between the clocks of this test and of openid-client.
  server.clock.advance({ minutes: 11 });
  const again = async (changes: Record<string, unknown> = {}) => {
    const { claims } = upstream;
    await browser.get("/signin?again=1&next=/tokens");
    const url = await startAt(browser);
    assert.equal(new URL(url).searchParams.get("prompt"), "login");
    assert.equal(new URL(url).searchParams.get("max_age"), "0");
    upstream.claims = { ...claims, ...changes };
    const page = await browser.get(await upstream.authenticate(url));
    upstream.claims = claims;
    return page;
  };
  const earlier = Math.floor(server.clock.now() / 1000) - 200;
  assert.equal((await again({ auth_time: earlier })).error, "not_fresh");
  assert.equal((await again({ auth_time: undefined })).error, "no_auth_time");
  assert.equal((await again({ sub: "bob-1", email: "bob@acme.com" })).error, "other_user");
  assert.equal(
    (await again({ sub: "bob-1", email: "root@example.com" })).error,
    "domain_not_allowed",
  );
  assert.deepEqual(await users(server).then((rows) => rows.length), 2);
  assert.equal((await browser.get("/devices")).status, 200, "still signed in");
  assert.equal((await again()).location, "/tokens");
  const [session] = await server.parts.sql`
    select authenticated_at from sessions order by created_at desc limit 1`;
  assert.ok(server.clock.now() - session.authenticated_at.getTime() < 2000);
});

upstreamTest("sends users of a required domain to the provider", async (parts) => {
  const { server, upstream } = parts;
  await addUserWithPassword(server, "alice@acme.com");
  const browser = visitor(server);
  for (const email of ["alice@acme.com", "NOBODY@ACME.COM", "root@ａcme.com"]) {
    await browser.get("/signin");
    const url = leavesTo(await browser.submit("/signin", { email, password: PASSWORD }));
    assert.ok(url.startsWith(upstream.issuer.url), email);
    assert.equal(new URL(url).searchParams.get("login_hint"), email);
  }
  assert.deepEqual([...await server.parts.sql`select 1 from sessions`], []);
  // Not administrators are not excepted.
  await browser.get("/signin");
  const listed = await browser.submit("/signin", { email: "op@acme.com", password: PASSWORD });
  leavesTo(listed);
  await addUserWithPassword(server, "op@acme.com");
  await server.parts.sql`update users set is_admin = true where email = 'op@acme.com'`;
  await browser.get("/signin");
  const signedIn = await browser.submit("/signin", { email: "OP@acme.com", password: PASSWORD });
  assert.equal(signedIn.status, 303);
}, {
  provider: { required: true },
  config: (config) => config.passwordSignIn.breakGlass = ["op@acme.com"],
});

upstreamTest("lets only break-glass administrators sign in with a password", async ({ server }) => {
  const browser = visitor(server);
  const page = await browser.get("/signin");
  assert.ok(!page.html.includes('type="password"'));
  const submit = async (email: string, password: string) => {
    await browser.get("/signin?password=1");
    return await browser.submit("/signin", { email, password });
  };
  await addUserWithPassword(server, "alice@example.com");
  for (const email of ["alice@example.com", "root@example.com", "nobody@example.com"]) {
    assert.deepEqual((await submit(email, PASSWORD)).problems, ["password_sign_in_off"]);
  }
  await server.parts.sql`update users set is_admin = true where email = 'root@example.com'`;
  assert.equal((await submit("root@example.com", PASSWORD)).status, 303);
}, {
  config: (config) => config.passwordSignIn = { enabled: false, breakGlass: ["root@example.com"] },
});

upstreamTest("links and unlinks an account, but not the only way to sign in", async (parts) => {
  const { server, upstream } = parts;
  const { id } = await addUserWithPassword(server, "private@example.org");
  const browser = await signedIn(server, "private@example.org");
  upstream.claims.email = undefined;
  await browser.get("/account/security");
  const url = leavesTo(await browser.submit("/account/security/link", { provider: "acme" }));
  const linked = await browser.get(await upstream.authenticate(url));
  assert.equal(linked.location, "/account/security");
  const page = await browser.get("/account/security");
  assert.equal(page.notice, "identity_linked");
  const [identity] = await server.parts.sql`select id, user_id from identities`;
  assert.equal(identity.user_id, id);

  const bob = await addUserWithPassword(server, "bob@example.org");
  const other = await signedIn(server, "bob@example.org");
  await other.get("/account/security");
  const taken = leavesTo(await other.submit("/account/security/link", { provider: "acme" }));
  assert.equal((await other.get(await upstream.authenticate(taken))).error, "linked_to_other_user");
  assert.equal((await other.get(`/account/security/unlink?identity=${identity.id}`)).status, 404);

  await server.parts.sql`update users set password_hash = null where id = ${id}`;
  await browser.get(`/account/security/unlink?identity=${identity.id}`);
  assert.equal((await browser.submit("/account/security/unlink")).error, "conflict");
  await server.parts.sql`
    update users set password_hash = (select password_hash from users where id = ${bob.id})
    where id = ${id}`;
  await browser.get(`/account/security/unlink?identity=${identity.id}`);
  assert.equal((await browser.submit("/account/security/unlink")).location, "/account/security");
  assert.deepEqual([...await server.parts.sql`select 1 from identities`], []);
});

upstreamTest("sends users of a required domain there from other providers too", async (parts) => {
  const { server, upstream } = parts;
  const { sql } = server.parts;
  await using other = await startUpstream(server.clock);
  const provider = await other.add(server, { name: "other", title: "Other", domains: [] });
  const { id } = await addUserWithPassword(server, "alice@acme.com");
  const signInAtOther = async () => {
    const browser = visitor(server);
    await browser.get("/signin?next=/tokens");
    const callback = await other.authenticate(await startAt(browser, "other"));
    return { browser, page: await browser.get(callback) };
  };
  // Whether the account is linked or would create a user with an address of the domain.
  other.claims = { sub: "new", email: "new@acme.com", email_verified: true, name: "New" };
  assert.ok(leavesTo((await signInAtOther()).page).startsWith(upstream.issuer.url));
  assert.equal((await users(server)).length, 2);
  other.claims = { sub: "alice-elsewhere", email: "alice@private.example", email_verified: true };
  await sql`
    insert into identities (id, provider, issuer, subject, user_id, created_at)
    values (gen_random_uuid(), ${provider.name}, ${provider.issuer}, 'alice-elsewhere', ${id}, now())`;
  const { browser, page } = await signInAtOther();
  const url = leavesTo(page);
  assert.ok(url.startsWith(upstream.issuer.url), url);
  assert.deepEqual([...await sql`select 1 from sessions`], []);
  assert.equal((await browser.get(await upstream.authenticate(url))).location, "/tokens");
}, { provider: { required: true } });

upstreamTest("takes an address and what vouches for it from one document", async (parts) => {
  const { server, upstream, signIn } = parts;
  await addUserWithPassword(server, "root@acme.com");
  upstream.claims = { sub: "mallory-1", email: "root@acme.com" };
  upstream.userInfo = { email: "mallory@acme.com", email_verified: true, name: "Mallory" };
  assert.equal((await signIn()).page.error, "no_verified_address");
  assert.deepEqual([...await server.parts.sql`select 1 from identities`], []);
});

upstreamTest("forgets the groups of an account that is unlinked beside another", async (parts) => {
  const { server, upstream } = parts;
  const { sql } = server.parts;
  const { id } = await addUserWithPassword(server, "private@example.org");
  const browser = await signedIn(server, "private@example.org");
  const link = async (sub: string, groups: string[]) => {
    upstream.claims = { sub, groups };
    await browser.get("/account/security");
    const url = leavesTo(await browser.submit("/account/security/link", { provider: "acme" }));
    assert.equal((await browser.get(await upstream.authenticate(url))).status, 303);
  };
  await link("first", ["dev"]);
  await link("second", ["ops"]);
  const [identity] = await sql`select id from identities where subject = 'second'`;
  await browser.get(`/account/security/unlink?identity=${identity.id}`);
  await browser.submit("/account/security/unlink");
  const [user] = await sql`select groups from users where id = ${id}`;
  assert.deepEqual(user.groups, []);
}, { provider: { groupsClaim: "groups" } });

upstreamTest("notifies users of accounts that are linked to them and unlinked", async (parts) => {
  const { server, upstream, signIn } = parts;
  const alice = await addUserWithPassword(server, "alice@acme.com");
  const sent: string[] = [];
  const { mail } = server.parts;
  const { send } = mail;
  mail.send = ({ to, subject, text }) => void sent.push(`${to} ${subject} ${text}`);
  try {
    const { browser } = await signIn();
    await signIn();
    const [{ id }] = await server.parts.sql`select id from identities`;
    await browser.get(`/account/security/unlink?identity=${id}`);
    await browser.submit("/account/security/unlink");
    upstream.claims = { sub: "new", email: "new@acme.com", email_verified: true };
    await signIn();
  } finally {
    mail.send = send;
  }
  assert.equal(sent.length, 2, "not a user that was created by it");
  assert.ok(
    sent.every((text) => text.startsWith(alice.email) && text.includes("Acme")),
    sent.join(),
  );
  assert.match(sent[0], /was linked to/);
  assert.match(sent[1], /was unlinked from/);
});
