/** Scopes with a factor, and requests for a stronger sign-in: every door, with every sign-in. */
import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { brand } from "../../../shared/brand.ts";
import { managementResource } from "../../../shared/management.ts";
import type { ServerConfig } from "../../../server/config/server_config.ts";
import type { Acr } from "../../../shared/oauth/acr.ts";
import { shownKey, totpCode } from "../../support/authenticator_app.ts";
import { destination, redeem, requestPath } from "../../support/authorization.ts";
import { databaseKinds } from "../../support/databases.ts";
import { type Visitor, visitor } from "../../support/page_visitor.ts";
import { addUserWithPassword, PASSWORD, signedIn } from "../../support/person.ts";
import { call } from "../../support/pats.ts";
import { ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

const SCOPES = { any: "read", "2fa": "deploy", phr: "destroy" } as const;
type Required = keyof typeof SCOPES;
const LOGIN = "openid offline_access";

/** How the user signed in; `before`: with a version that did not record it. */
const SIGN_INS = ["before", "1fa", "2fa", "phr"] as const;
type SignIn = typeof SIGN_INS[number];

function withFactors(config: ServerConfig): void {
  config.scopes.push(
    { name: SCOPES.any, description: "Read" },
    { name: SCOPES["2fa"], description: "Deploy", factor: "2fa" },
    { name: SCOPES.phr, description: "Destroy", factor: "phr" },
  );
}

/** What the sessions of the user are worth, as if they had signed in so. */
async function setSignIn({ parts: { sql } }: TestServer, signIn: SignIn): Promise<void> {
  const acr = signIn === "before" ? null : signIn;
  await sql`update sessions set acr = ${acr}, amr = ${acr === null ? null : sql.json(["pwd"])}`;
}

async function enterCode(browser: Visitor, userCode: string) {
  await browser.get("/device");
  const { location } = await browser.submit("/device", { user_code: userCode });
  return await browser.get(location!);
}

/** Where a page asks for which sign-in. */
function askedAcr(location: string | null): string | null {
  const { pathname, searchParams } = new URL(location ?? "/", ISSUER);
  return pathname === "/signin" && searchParams.get("again") === "1"
    ? searchParams.get("acr")
    : null;
}

interface Door {
  /** Tries to get `scope`; the acr that the user is asked for, or what they got of it. */
  (server: TestServer, browser: Visitor, scope: string): Promise<{ asked: string } | string>;
}

async function approveDevice(
  server: TestServer,
  browser: Visitor,
  scope: string,
  more: Record<string, string> = {},
): Promise<{ asked: string } | { access_token: string; scope: string; refresh_token?: string }> {
  const { user_code, device_code } = await server.startLogin(scope, more);
  const page = await enterCode(browser, user_code);
  if (page.status === 303) return { asked: askedAcr(page.location)! };
  const decided = await browser.submit("/device/confirm", { decision: "approve" });
  if (!decided.location!.startsWith("/device/done")) return { asked: askedAcr(decided.location)! };
  const { body, status } = await server.poll(device_code);
  assert.equal(status, 200, JSON.stringify(body));
  return body;
}

const DOORS: Record<string, Door> = {
  async "a login by code"(server, browser, scope) {
    const got = await approveDevice(server, browser, `${LOGIN} ${scope}`);
    return "asked" in got ? got : got.scope;
  },
  async "a further approval"(server, browser, scope) {
    const login = await approveDevice(server, browser, LOGIN);
    assert.ok("access_token" in login);
    const { sid } = decodeJwt(login.access_token) as { sid: string };
    const got = await approveDevice(server, browser, scope, { sid });
    return "asked" in got ? got : got.scope;
  },
  async "a login in the browser"(server, browser, scope) {
    const page = await browser.get(requestPath({ scope: `${LOGIN} ${scope}` }));
    if (page.status === 303) return { asked: askedAcr(page.location)! };
    const left = destination(await browser.submit("/consent", { decision: "approve" }));
    const { body } = await redeem(server, left.searchParams.get("code"));
    return body.scope;
  },
  async "a token on the page"(_server, browser, scope) {
    const form = await browser.get("/tokens/new");
    const page = await browser.submit("/tokens/new", {
      name: `a token ${scope} ${form.status}`,
      [`scope:${scope}`]: "on",
      expiry: "90",
    });
    if (page.page === "token_created") return scope;
    assert.deepEqual(page.problems, ["insufficient_factor #scopes"], page.text);
    return { asked: /data-acr="(\w+)"/.exec(page.html)![1] };
  },
  async "a token over REST"(server, browser, scope) {
    const resource = managementResource(ISSUER);
    const got = await approveDevice(server, browser, `manage:tokens ${scope}`, { resource });
    if ("asked" in got) return got;
    const created = await call(server, got.access_token, "POST", "/api/v1/tokens", {
      name: `over REST ${scope}`,
      scopes: [scope],
    });
    assert.equal(created.status, 201, JSON.stringify(created.body));
    return scope;
  },
};

const RANK = ["any", "1fa", "2fa", "phr"];

function isSufficient(signIn: SignIn, required: Required): boolean {
  return RANK.indexOf(signIn === "before" ? "1fa" : signIn) >= RANK.indexOf(required);
}

Deno.test("gives a scope with a factor at no door to a sign-in without it", async (t) => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, withFactors);
  await addUserWithPassword(server);
  for (const [name, door] of Object.entries(DOORS)) {
    for (const signIn of SIGN_INS) {
      for (const required of Object.keys(SCOPES) as Required[]) {
        await t.step(`${name}: ${signIn} for ${required}`, async () => {
          const browser = await signedIn(server);
          await setSignIn(server, signIn);
          await server.parts.sql`delete from personal_access_tokens`;
          const got = await door(server, browser, SCOPES[required]);
          if (isSufficient(signIn, required)) {
            assert.ok(String(got).split(" ").includes(SCOPES[required]), String(got));
          } else {
            assert.deepEqual(got, { asked: required });
          }
        });
      }
    }
  }
});

Deno.test("applies a factor that the operator adds to logins that were approved with less", async (t) => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, withFactors);
  const { config } = server.parts;
  await addUserWithPassword(server);
  const deploy = config.scopes.find(({ name }) => name === "deploy")!;
  const api = await server.addClient();
  for (const signIn of SIGN_INS) {
    await t.step(signIn, async () => {
      deploy.factor = undefined;
      const browser = await signedIn(server);
      await setSignIn(server, signIn);
      const login = await approveDevice(server, browser, `${LOGIN} deploy`);
      assert.ok("scope" in login && login.scope.includes("deploy"));
      deploy.factor = "2fa";
      const keeps = signIn === "2fa" || signIn === "phr";
      const has = (scope: string) => assert.equal(scope.split(" ").includes("deploy"), keeps);
      const introspect = async (token: string) => {
        const { body } = await server.post("/oauth/introspect", { token }, {
          authorization: api.authorization,
        });
        return body.scope as string;
      };
      has(await introspect(login.access_token));
      has(await introspect(login.refresh_token!));
      const verified = await server.request("/auth/verify?scope=deploy", {
        headers: { authorization: `Bearer ${login.access_token}` },
      });
      assert.equal(verified.status, keeps ? 200 : 403);
      const exchanged = await server.post("/oauth/token", {
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        client_id: brand.cliClientId,
        subject_token: login.refresh_token!,
        subject_token_type: "urn:ietf:params:oauth:token-type:refresh_token",
        scope: "deploy",
      });
      assert.equal(exchanged.status, keeps ? 200 : 400, JSON.stringify(exchanged.body));
      has((await server.refresh(login.refresh_token!)).body.scope);
    });
  }
});

Deno.test("asks for the factor before a token with its scope is edited or rotated", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, withFactors);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  await setSignIn(server, "2fa");
  await browser.get("/tokens/new");
  await browser.submit("/tokens/new", { name: "CI", "scope:deploy": "on", expiry: "90" });
  const [{ id }] = await server.parts.sql`select id from personal_access_tokens`;
  for (const action of ["edit", "rotate"]) {
    const path = `/tokens/${id}/${action}`;
    await setSignIn(server, "2fa");
    assert.equal((await browser.get(path)).status, 200);
    await setSignIn(server, "1fa");
    for (const page of [await browser.submit(path, { name: "x" }), await browser.get(path)]) {
      assert.equal(askedAcr(page.location), "2fa");
    }
  }
  assert.equal((await browser.get(`/tokens/${id}`)).status, 200);
  await browser.get(`/tokens/${id}/revoke`);
  const revoked = await browser.submit(`/tokens/${id}/revoke`);
  assert.equal(revoked.status, 303, "revoking needs no factor");
});

Deno.test("steps up on the spot, with an app that the user sets up on the way", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, withFactors);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const { user_code, device_code } = await server.startLogin(`${LOGIN} deploy`);
  const refused = await enterCode(browser, user_code);
  const signIn = await browser.get(refused.location!);
  assert.equal(signIn.page, "sign_in");
  const password = { email: "alice@example.com", password: PASSWORD };
  const enrolling = await browser.submit("/signin", password);
  const key = shownKey((await browser.get(enrolling.location!)).html);
  const code = totpCode(key, server.clock.now());
  const done = await browser.submit("/signin/set-up", { code });
  const next = /class="button main" href="([^"]*)"/.exec(done.html)![1];
  assert.match(next, /^\/device\?user_code=/);
  assert.equal((await enterCode(browser, user_code)).page, "approve_login");
  await browser.submit("/device/confirm", { decision: "approve" });
  const { acr } = decodeJwt((await server.poll(device_code)).body.access_token);
  assert.equal(acr, "2fa");
});

Deno.test("asks for the factor that a client requests with acr_values", async (t) => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, withFactors);
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  const cases: [requested: string, signIn: Acr, asked: string | null][] = [
    ["2fa", "1fa", "2fa"],
    ["2fa", "2fa", null],
    ["2fa", "phr", null],
    ["phr 2fa", "1fa", "2fa"],
    ["gold 2fa", "1fa", "2fa"],
    ["phr", "2fa", "phr"],
    ["1fa", "1fa", null],
  ];
  for (const [acr_values, signIn, asked] of cases) {
    await t.step(`${acr_values} with ${signIn}`, async () => {
      await setSignIn(server, signIn);
      const { user_code } = await server.startLogin(LOGIN, { acr_values });
      assert.equal(askedAcr((await enterCode(browser, user_code)).location), asked);
      const page = await browser.get(requestPath({ acr_values }));
      assert.equal(askedAcr(page.location), asked);
      const silent = await browser.get(requestPath({ acr_values, prompt: "none" }));
      const error = destination(silent).searchParams.get("error");
      assert.equal(error, asked === null ? "consent_required" : "login_required");
    });
  }
  const anonymous = await visitor(server).get(requestPath({ acr_values: "2fa" }));
  assert.match(anonymous.location!, /acr=2fa/);
  for (const acr_values of ["gold", "0 1"]) {
    const form = { client_id: brand.cliClientId, scope: LOGIN, acr_values };
    const { status, body } = await server.post("/oauth/device/authorize", form);
    assert.deepEqual([status, body.error], [400, "unmet_authentication_requirements"]);
    const page = await browser.get(requestPath({ acr_values }));
    const error = destination(page).searchParams.get("error");
    assert.equal(error, "unmet_authentication_requirements");
  }
});

Deno.test("/auth/verify?acr requires a sign-in that is worth as much (RFC 9470)", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, withFactors);
  await addUserWithPassword(server);
  const tokens: Record<string, string> = {};
  for (const signIn of SIGN_INS) {
    const browser = await signedIn(server);
    await setSignIn(server, signIn);
    const login = await approveDevice(server, browser, `${LOGIN} read`);
    assert.ok("access_token" in login);
    tokens[signIn] = login.access_token;
  }
  const browser = await signedIn(server);
  await browser.get("/tokens/new");
  const created = await browser.submit("/tokens/new", { name: "CI", expiry: "90" });
  tokens.pat = /id="secret"[^>]*value="([^"]*)"/.exec(created.html)![1];
  const verify = async (signIn: string, query: string, headers: HeadersInit = {}) => {
    const response = await server.request(`/auth/verify${query}`, {
      headers: { authorization: `Bearer ${tokens[signIn]}`, ...headers },
    });
    return [response.status, response.headers.get("www-authenticate")] as const;
  };
  for (const signIn of [...SIGN_INS, "pat"] as const) {
    assert.equal((await verify(signIn, ""))[0], 200, signIn);
    for (const acr of ["1fa", "2fa", "phr"] as const) {
      const isMet = signIn !== "pat" &&
        (acr === "1fa" || isSufficient(signIn, acr));
      for (
        const [status, challenge] of [
          await verify(signIn, `?acr=${acr}`),
          await verify(signIn, "", { "x-auth-required-acr": acr }),
          await verify(signIn, "/", { "x-auth-required-acr": acr }),
          await verify(signIn, `?acr=1fa&acr=${acr}`),
          // A client's own condition only adds to that of the proxy.
          await verify(signIn, "?acr=1fa", { "x-auth-required-acr": acr }),
        ]
      ) {
        assert.equal(status, isMet ? 200 : 401, `${signIn} for ${acr}`);
        if (isMet) continue;
        assert.match(challenge!, /error="insufficient_user_authentication"/);
        assert.match(challenge!, new RegExp(`acr_values="${acr}"`));
      }
    }
  }
  const [, both] = await verify("1fa", "?acr=2fa&max_age=60&scope=read");
  assert.match(both!, /scope="read".*acr_values="2fa".*max_age="60"/);
  for (const query of ["?acr=gold", "?acr=", "?acr=2fa&acr=gold"]) {
    assert.equal((await verify("phr", query))[0], 400, query);
  }
});
