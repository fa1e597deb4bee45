/** A real Keycloak as the identity provider of the compiled program, and as what users move from. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Account } from "../support/approver.ts";
import { openBrowser, type Page } from "../support/browser.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { install, type Installation, POSTGRES } from "../support/installation.ts";
import { canRunKeycloak, startKeycloak } from "../support/keycloak.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const CAROL: Account = { email: "carol@acme.test", password: "carols password at Keycloak" };
const DAVE: Account = { email: "dave@acme.test", password: "daves password at Keycloak" };
const CLIENT_SECRET = "secret-of-the-client-at-Keycloak";

Deno.test({
  name: "signs users of Keycloak in, signs them out with it, and imports them",
  ignore: !canRunKeycloak,
  async fn(t) {
    const port = freePort();
    await using server = await install({
      database: POSTGRES,
      port,
      args: ["--issuer", `http://localhost:${port}`, "--private-identity-providers", "on"],
    });
    await using keycloak = await startKeycloak([acme(server.issuer)]);
    await using chromium = await openBrowser();
    const context = await chromium.browser.newContext();
    const page = await context.newPage();
    // Keycloak prepares each of its pages when it is first opened.
    page.setDefaultTimeout(180_000);
    page.setDefaultNavigationTimeout(180_000);
    const [carol] = await keycloak.administer("GET", `/acme/users?email=${CAROL.email}`) as [
      { id: string },
    ];

    await t.step("adds the provider", async () => {
      const added = await server.operate(
        [
          ...["admin", "idp", "add", "keycloak", "--issuer", keycloak.issuer("acme")],
          ...["--client-id", "yourapp", "--client-secret-stdin", "--allow-domain", "acme.test"],
          ...["--groups-claim", "groups"],
        ],
        { stdin: CLIENT_SECRET },
      );
      assert.equal(added.code, 0, added.stderr);
    });
    await t.step("creates the user at the first sign-in, with the groups of Keycloak", async () => {
      await page.goto(`${server.issuer}/signin?next=/tokens`);
      await page.getByRole("button", { name: /Keycloak/ }).click();
      await signInAtKeycloak(page, CAROL);
      await page.waitForURL(`${server.issuer}/tokens`);
      const user = await show(server, CAROL.email);
      assert.deepEqual(user.groups, ["deployers"]);
    });
    await t.step("signs the browser out when Keycloak does (back-channel logout)", async () => {
      await keycloak.administer("POST", `/acme/users/${carol.id}/logout`);
      await eventually("signed out", async () => {
        await page.goto(`${server.issuer}/tokens`);
        return new URL(page.url()).pathname === "/signin";
      });
    });
    await t.step("shows the new groups at the next sign-in", async () => {
      const [group] = await keycloak.administer("GET", "/acme/groups") as [{ id: string }];
      await keycloak.administer("DELETE", `/acme/users/${carol.id}/groups/${group.id}`);
      await page.getByRole("button", { name: /Keycloak/ }).click();
      await signInAtKeycloak(page, CAROL);
      await page.waitForURL(`${server.issuer}/tokens`);
      assert.deepEqual((await show(server, CAROL.email)).groups, []);
    });
    await t.step("refuses an account that Keycloak has disabled", async () => {
      await keycloak.administer("PUT", `/acme/users/${carol.id}`, { enabled: false });
      await context.clearCookies();
      await page.goto(`${server.issuer}/signin?next=/tokens`);
      await page.getByRole("button", { name: /Keycloak/ }).click();
      await signInAtKeycloak(page, CAROL);
      await page.getByText("Account is disabled").waitFor();
      await keycloak.administer("PUT", `/acme/users/${carol.id}`, { enabled: true });
    });
    await t.step("imports an export of the realm; passwords stay", async () => {
      await using home = await temporaryHome();
      const file = join(home.folder, "realm.json");
      await Deno.writeTextFile(file, await keycloak.exportRealm("acme"));
      const imported = await server.operate(
        ["admin", "import", "users", file, "--format", "keycloak", "--json"],
      );
      const { imported: count, problems } = JSON.parse(imported.stdout);
      // Carol has an account with this address already, and another id.
      assert.equal(count, 1, imported.stdout);
      assert.equal(problems.length, 1, imported.stdout);
      assert.deepEqual((await show(server, DAVE.email)).groups, ["deployers"]);
      const signedIn = await server.approver(DAVE).submit("/tokens", "/signin", { ...DAVE });
      assert.equal(signedIn, "tokens");
    });
  },
});

/** The realm of a company whose users sign in to `issuer`. */
function acme(issuer: string) {
  const person = ({ email, password }: Account, firstName: string) => ({
    username: firstName.toLowerCase(),
    email,
    emailVerified: true,
    enabled: true,
    firstName,
    lastName: "Example",
    credentials: [{ type: "password", value: password }],
    groups: ["/deployers"],
    // Needed for offline tokens; users that are not imported have it by default.
    realmRoles: ["offline_access"],
  });
  return {
    realm: "acme",
    enabled: true,
    groups: [{ name: "deployers" }],
    users: [person(CAROL, "Carol"), person(DAVE, "Dave")],
    clients: [{
      clientId: "yourapp",
      secret: CLIENT_SECRET,
      enabled: true,
      redirectUris: [`${issuer}/signin/upstream/keycloak/callback`],
      attributes: {
        "backchannel.logout.url": `${issuer}/signin/upstream/keycloak/backchannel-logout`,
        "backchannel.logout.session.required": "true",
        "pkce.code.challenge.method": "S256",
      },
      protocolMappers: [{
        name: "groups",
        protocol: "openid-connect",
        protocolMapper: "oidc-group-membership-mapper",
        config: { "claim.name": "groups", "full.path": "false", "id.token.claim": "true" },
      }],
    }],
  };
}

async function signInAtKeycloak(page: Page, { email, password }: Account): Promise<void> {
  await page.getByLabel("Username or email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign In" }).click();
}

async function show(server: Installation, user: string): Promise<{ groups: string[] }> {
  const result = await server.operate(["admin", "user", "show", user, "--json"]);
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}
