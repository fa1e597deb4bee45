/** The text of the pages that approve a login from a terminal. */
import {
  type ClientChanges,
  setClientDisabled,
  updateClient,
} from "../../../../server/admin/client_operations.ts";
import { brand } from "../../../../shared/brand.ts";
import { MANAGEMENT_SCOPES, managementResource } from "../../../../shared/management.ts";
import { WIDEST_MANAGEMENT_SCOPES } from "../../../support/management_scopes.ts";
import { databaseKinds } from "../../../support/databases.ts";
import { eventually } from "../../../support/eventually.ts";
import { pageGolden } from "../../../support/page_golden.ts";
import { addUserWithPassword, signedIn } from "../../../support/person.ts";
import { type Visitor, visitor } from "../../../support/page_visitor.ts";
import { trustProxy } from "../../../support/page_visitor.ts";
import { describeScopes } from "../../../support/pats.ts";
import { FULL_SCOPE, ISSUER, type TestServer, testServer } from "../../../support/test_server.ts";

const RESOURCE = managementResource(ISSUER);

async function start(
  server: TestServer,
  browser: Visitor,
  scope: string,
  more: Record<string, string> = {},
): Promise<string> {
  const { user_code } = await server.startLogin(scope, more);
  server.clock.advance({ minutes: 3 });
  await browser.get("/device");
  return (await browser.submit("/device", { user_code })).location!;
}

/** Waits until the server has noticed it. */
async function clientIsEnabled(server: TestServer): Promise<void> {
  await eventually("the client is enabled", async () => {
    const form = { client_id: brand.cliClientId };
    return (await server.post("/oauth/device/authorize", form)).status === 200;
  });
}

Deno.test("the text of the pages that approve a login", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, (config) => {
    trustProxy(config);
    describeScopes(config);
    const description = "Put new versions into production";
    config.scopes.push({ name: "launch", description, deviceFlow: ["same-network"] });
  });
  const golden = pageGolden();
  const alice = await addUserWithPassword(server);
  await addUserWithPassword(server, "bob@example.com", "Bob");
  const browser = await signedIn(server);
  await golden.record("enter_code", "empty form", browser.get("/device"));
  await golden.record(
    "enter_code",
    "code in the address",
    browser.get("/device?user_code=BCDFGHJK"),
  );
  for (const [state, user_code] of [["malformed code", "WRNG"], ["unknown code", "BCDF-GHJK"]]) {
    await browser.get("/device");
    await golden.recordProblems("enter_code", state, browser.submit("/device", { user_code }));
  }

  const path = await start(server, browser, `${FULL_SCOPE} deploy operate`, {
    login_name: "alice-laptop (Linux)",
  });
  await golden.record("confirm", "a login from the same address", browser.get(path));
  const approved = await browser.submit("/device/confirm", { decision: "approve" });
  await golden.record("done", "approved", browser.get(approved.location!));
  await golden.record("confirm", "decided already", browser.get(path));

  const away = await signedIn(server, undefined, "203.0.113.7");
  const elsewhere = await start(server, away, FULL_SCOPE);
  await server.parts.sql`update device_authorizations set requester_user_agent = ''`;
  await golden.record("confirm", "a login from another address", away.get(elsewhere));
  const denied = await away.submit("/device/confirm", { decision: "deny" });
  await golden.record("done", "denied", away.get(denied.location!));

  const restricted = await start(server, away, `${FULL_SCOPE} launch`);
  await golden.record("confirm", "a scope for the same network only", away.get(restricted));
  const setDeviceFlow = async (changes: ClientChanges) => {
    await updateClient(server.parts, { id: brand.cliClientId, changes });
  };
  const stopped = await start(server, away, FULL_SCOPE);
  await setDeviceFlow({ deviceFlow: ["same-network"] });
  await golden.record("confirm", "a client for the same network only", away.get(stopped));
  await setDeviceFlow({ deviceFlow: ["off"] });
  await golden.record("confirm", "a client without device logins", away.get(stopped));
  await setDeviceFlow({ deviceFlow: null });
  await setClientDisabled(server.parts, { id: brand.cliClientId, disabled: true });
  await golden.record("confirm", "a disabled client", away.get(stopped));
  await setClientDisabled(server.parts, { id: brand.cliClientId, disabled: false });
  await clientIsEnabled(server);

  const tokens = await start(server, browser, `${MANAGEMENT_SCOPES.write} deploy`, {
    resource: RESOURCE,
  });
  await golden.record("confirm", "managing tokens only", browser.get(tokens));
  const all = [MANAGEMENT_SCOPES.write, ...WIDEST_MANAGEMENT_SCOPES, "deploy"].join(" ");
  const managing = await start(server, browser, all, { resource: RESOURCE });
  await golden.record("confirm", "managing tokens, as a user", browser.get(managing));
  await server.parts.sql`update users set is_admin = true where id = ${alice.id}`;
  await golden.record("confirm", "managing tokens, as an administrator", browser.get(managing));

  const login = await server.login(alice.id, FULL_SCOPE, { login_name: "alice-laptop (Linux)" });
  const sid = JSON.parse(atob(login.access_token.split(".")[1])).sid;
  const further = await start(server, browser, "deploy", { sid, requested_lifetime: "300" });
  await golden.record("confirm", "a further permission for a login", browser.get(further));
  const bob = await signedIn(server, "bob@example.com");
  const other = await start(server, bob, MANAGEMENT_SCOPES.write, { resource: RESOURCE, sid });
  await golden.record("confirm", "another account", bob.get(other));

  for (let guess = 0; guess < 10; guess++) {
    await bob.get("/device");
    await bob.submit("/device", { user_code: "BCDF-GHJK" });
  }
  await bob.get("/device");
  await golden.record(
    "enter_code",
    "rate limited",
    bob.submit("/device", { user_code: "BCDF-GHJK" }),
  );
  server.parts.config.deviceFlow.enabled = false;
  await golden.record("enter_code", "disabled", visitor(server).get("/device"));
  await golden.assert();
});
