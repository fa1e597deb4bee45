/** The text of the pages for signing in, setting up, and a user's logins and browsers. */
import { createSetupLink } from "../../../../server/store/setup_links.ts";
import { MANAGEMENT_SCOPES, managementResource } from "../../../../shared/management.ts";
import { brand } from "../../../../shared/brand.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { narrowToken } from "../../../support/narrow_token.ts";
import { pageGolden } from "../../../support/page_golden.ts";
import { addUserWithPassword, PASSWORD, signedIn } from "../../../support/person.ts";
import { trustProxy, type Visitor, visitor } from "../../../support/page_visitor.ts";
import { call, describeScopes } from "../../../support/pats.ts";
import { seedTokens } from "../../../support/seed_tokens.ts";
import { FULL_SCOPE, ISSUER, type TestServer, testServer } from "../../../support/test_server.ts";

const DAY = 86_400;
const FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";

Deno.test("the text of the set-up pages", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location);
  const { sql } = server.parts;
  const golden = pageGolden();
  const browser = visitor(server);
  await golden.record("home_before_setup", "no administrator yet", browser.get("/"));
  await golden.record("sign_in_before_setup", "no administrator yet", browser.get("/signin"));
  const path = `/setup?token=${await createSetupLink(sql, server.clock)}`;
  await golden.record("setup", "empty form", browser.get(path));
  const entered = {
    name: "Alice Example",
    email: "alice@example.com",
    password: PASSWORD,
    repeated_password: PASSWORD,
  };
  const mistakes: [state: string, fields: Record<string, string>][] = [
    ["nothing entered", { name: "", email: "", password: "", repeated_password: "" }],
    ["name too long", { name: "x".repeat(101) }],
    ["name with invisible characters", { name: "Alice\u202e" }],
    ["name that shows nothing", { name: "\u3164" }],
    ["invalid e-mail address", { email: "alice" }],
    ["password too long", { password: "x".repeat(257), repeated_password: "x".repeat(257) }],
    ["passwords differ", { repeated_password: "another one" }],
  ];
  for (const [state, fields] of mistakes) {
    await browser.get(path);
    await golden.recordProblems(
      "setup",
      state,
      browser.submit("/setup", { ...entered, ...fields }),
    );
  }
  await golden.record("setup", "invalid link", browser.get("/setup?token=x"));
  await browser.get(path);
  await browser.submit("/setup", entered);
  await golden.record("setup", "already set up", browser.get(path));
  await golden.record("home_before_setup", "new administrator", browser.get("/"));
  await golden.assert();
});

Deno.test("the text of the sign-in page", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    trustProxy(config);
    config.deviceFlow.freshSignInSeconds = 60;
  });
  const golden = pageGolden();
  await addUserWithPassword(server);
  const browser = visitor(server);
  await golden.record("home_signed_out", "signed out", browser.get("/"));
  await golden.record("sign_in", "empty form", browser.get("/signin"));
  const toDevice = await browser.get("/device");
  await golden.record("sign_in", "to approve a login", browser.get(toDevice.location!));
  const wrong = { email: "alice@example.com", password: "wrong" };
  await golden.record("sign_in", "wrong password", browser.submit("/signin", wrong));
  const user = await signedIn(server);
  server.clock.advance({ minutes: 2 });
  const freshFor = async (path: string) => (await user.get(path)).location!;
  await golden.record(
    "sign_in",
    "again, to approve a login",
    user.get(await freshFor("/device")),
  );
  await golden.record(
    "sign_in",
    "again, to create a token",
    user.get(await freshFor("/tokens/new")),
  );
  await user.get("/");
  const signedOut = await user.submit("/signout");
  await golden.record("home_signed_out", "just signed out", user.get(signedOut.location!));
  const guesser = visitor(server, "198.51.100.7");
  for (let guess = 0; guess < 9; guess++) {
    await guesser.get("/signin");
    await guesser.submit("/signin", wrong);
  }
  await guesser.get("/signin");
  await golden.record("sign_in", "rate limited", guesser.submit("/signin", wrong));
  server.parts.config.mail = { url: "smtp://127.0.0.1:9", from: "Example <auth@example.test>" };
  await guesser.get("/signin");
  await golden.record(
    "sign_in",
    "rate limited, with a mail server",
    guesser.submit("/signin", wrong),
  );
  await golden.assert();
});

/** Logs a device in and returns the id of the login. */
async function logIn(server: TestServer, user: { id: string }, name?: string) {
  const scope = `${FULL_SCOPE} ${MANAGEMENT_SCOPES.write}`;
  const more: Record<string, string> = name === undefined ? {} : { login_name: name };
  const tokens = await server.login(user.id, scope, more);
  const managing = await server.refresh(tokens.refresh_token!, {
    resource: managementResource(ISSUER),
  });
  // The session that approved, which is not one of the browsers of the test.
  await server.parts.sql`
    update sessions set expires_at = ${new Date(server.clock.now())} where address = ''`;
  return {
    id: claimsOf(tokens.access_token).sid,
    managing: managing.body.access_token as string,
    accessToken: tokens.access_token,
    refreshToken: managing.body.refresh_token as string,
  };
}

function claimsOf(token: string): { sid: string; jti: string } {
  return JSON.parse(atob(token.split(".")[1]));
}

Deno.test("the text of the pages of logins and browsers", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    trustProxy(config);
    describeScopes(config);
  });
  const golden = pageGolden();
  const alice = await addUserWithPassword(server);
  const browser = await signedIn(server);
  await golden.record("home", "signed in, without logins", browser.get("/"));
  await golden.record("devices", "this browser only", browser.get("/devices"));
  server.clock.advance({ seconds: 30 });
  const { id, managing } = await logIn(server, alice, "alice-laptop (Linux)");
  await call(server, managing, "POST", "/api/v1/tokens", { name: "CI", scopes: ["openid"] });
  server.clock.advance({ hours: 3 });
  const other = await logIn(server, alice);
  await signedIn(server, undefined, "203.0.113.7", FIREFOX);
  server.clock.advance({ minutes: 5 });
  await seedTokens(server, alice, [{ name: "Release", expiresIn: 3 * DAY, lifetime: 30 * DAY }]);
  await golden.record("home", "with logins and an expiring token", browser.get("/"));
  const list = await golden.record("devices", "logins and browsers", browser.get("/devices"));

  const agent = { actor_name: "Claude Code", scope: "openid", requested_lifetime: "3600" };
  const { accessToken, refreshToken } = await logIn(server, alice);
  await narrowToken(server, accessToken);
  server.clock.advance({ seconds: 1 });
  const narrow = claimsOf(await narrowToken(server, refreshToken, agent)).jti;
  await golden.record("devices", "with narrow tokens", browser.get("/devices"));
  const question = `/logins/revoke-narrow?narrow=${narrow}&back=/devices`;
  await golden.record("revoke_narrow_token", "confirmation", browser.get(question));
  await golden.record(
    "devices",
    "narrow token revoked",
    follow(browser, await browser.submit("/logins/revoke-narrow")),
  );
  await golden.record(
    "devices",
    "narrow token revoked already",
    follow(browser, await browser.get(question)),
  );
  const form = { client_id: brand.cliClientId, token: refreshToken };
  await server.post("/oauth/revoke", form);

  const rename = `/logins/rename?login=${id}&back=/devices`;
  await golden.record("rename_login", "with its name", browser.get(rename));
  for (const [state, name] of [["no name", " "], ["name too long", "x".repeat(81)]]) {
    await golden.recordProblems(
      "rename_login",
      state,
      browser.submit("/logins/rename", { name }),
    );
  }
  await golden.record(
    "devices",
    "login renamed",
    follow(browser, await browser.submit("/logins/rename", { name: "Work laptop" })),
  );

  await revokeLogin(golden, "without tokens", browser, other.id);
  await revokeLogin(golden, "with a token", browser, id, { tokens: "on" });
  await golden.record(
    "devices",
    "login revoked already",
    follow(browser, await browser.get(`/logins/revoke?login=${id}&back=/devices`)),
  );

  const session = /name="session" value="([^"]*)"/.exec(list.html)![1];
  const signOut = `/sessions/sign-out?session=${session}`;
  await golden.record("sign_out_browser", "confirmation", browser.get(signOut));
  await golden.record(
    "devices",
    "browser signed out",
    follow(browser, await browser.submit("/sessions/sign-out")),
  );
  await golden.record(
    "devices",
    "browser signed out already",
    follow(browser, await browser.get(signOut)),
  );

  for (let count = 0; count < 2; count++) await logIn(server, alice);
  await signedIn(server, undefined, "203.0.113.8");
  await golden.record("revoke_all_logins", "confirmation", browser.get("/logins/revoke-all"));
  await golden.record(
    "devices",
    "all logins revoked",
    follow(browser, await browser.submit("/logins/revoke-all")),
  );
  await golden.assert();
});

Deno.test("the text of the start page while device logins are disabled", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    config.deviceFlow.enabled = false;
  });
  const golden = pageGolden();
  await addUserWithPassword(server);
  const browser = await signedIn(server);
  await golden.record("home_without_device_flow", "signed in", browser.get("/"));
  await golden.assert();
});

async function revokeLogin(
  golden: ReturnType<typeof pageGolden>,
  state: string,
  browser: Visitor,
  login: string,
  fields: Record<string, string> = {},
) {
  const path = `/logins/revoke?login=${login}&back=/devices`;
  await golden.record("revoke_login", `confirmation, ${state}`, browser.get(path));
  const response = await browser.submit("/logins/revoke", fields);
  await golden.record(
    "devices_without_device_flow",
    `login revoked, ${state}`,
    follow(browser, response),
  );
}

function follow(browser: Visitor, { location }: { location: string | null }) {
  return browser.get(location!);
}
