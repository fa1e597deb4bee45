/** The text of the pages for identity providers: those of administrators and those of a sign-in. */
import assert from "node:assert/strict";
import { databaseKinds } from "../../../support/databases.ts";
import { type PageGolden, pageGolden } from "../../../support/page_golden.ts";
import { type Shown, visitor } from "../../../support/page_visitor.ts";
import { addUserWithPassword, signedIn } from "../../../support/person.ts";
import { testServer } from "../../../support/test_server.ts";
import {
  allowPrivateProviders,
  leavesTo,
  startUpstream,
} from "../../../support/upstream_provider.ts";

const PAGES = "/admin/identity-providers";

Deno.test("the text of the pages for identity providers", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, allowPrivateProviders);
  await using upstream = await startUpstream(server.clock);
  const { sql } = server.parts;
  const root = await addUserWithPassword(server, "root@example.com");
  await sql`update users set is_admin = true where id = ${root.id}`;
  const admin = await signedIn(server, "root@example.com");
  const pages = pageGolden();
  const hidePort = async (response: Shown | Promise<Shown>) => {
    const { html, ...others } = await response;
    return { ...others, html: html.replaceAll(upstream.issuer.url, "https://login.acme.com") };
  };
  const golden: PageGolden = {
    ...pages,
    record: (page, state, response) => pages.record(page, state, hidePort(response)),
  };

  await golden.record("identity_providers", "none", admin.get(PAGES));
  await golden.record("identity_provider_add", "empty", admin.get(`${PAGES}/add`));
  const form = { template: "generic", name: "acme", clientId: "client", clientSecret: "secret" };
  const wrong: Record<string, string>[] = [
    { firstSignIn: "" },
    { template: "other" },
    { name: "Acme" },
    { issuer: "" },
    { issuer: "login.acme.com" },
    { issuer: "http://login.acme.com" },
    { issuer: "https://login.acme.com/?a=b" },
    { issuer: "https://login.acme.com/.well-known/openid-configuration" },
    { clientId: "" },
    { clientSecret: "" },
    { title: "\u202eAcme" },
    { domains: "acme" },
    { required: "on" },
    { template: "google", issuer: "", firstSignIn: "allow" },
    { groupsClaim: "two words" },
    { trustAcr: "on", acrValues: "gold" },
    { scopes: 'a"b' },
  ];
  for (const fields of wrong) {
    await admin.get(`${PAGES}/add`);
    const sent = admin.submit(`${PAGES}/add`, {
      ...form,
      issuer: upstream.issuer.url,
      firstSignIn: "queue",
      ...fields,
    });
    const state = JSON.stringify(fields).replace("\u202e", "RLO");
    await golden.recordProblems("identity_provider_add", state, sent);
    assert.equal((await sent).status, 422, state);
  }
  const added = await admin.submit(`${PAGES}/add`, {
    ...form,
    issuer: upstream.issuer.url,
    firstSignIn: "queue",
    domains: "acme.com",
    required: "on",
    groupsClaim: "groups",
    trustAcr: "on",
    acrValues: "gold=2fa",
    title: "Acme",
  });
  await golden.record("identity_provider", "added", admin.get(added.location!));
  await golden.record("identity_provider_edit", "", admin.get(`${PAGES}/edit?provider=acme`));
  for (const page of ["test", "disable", "enable", "remove"]) {
    await golden.record(
      `identity_provider_${page}`,
      "",
      admin.get(`${PAGES}/${page}?provider=acme`),
    );
  }
  await golden.record("identity_provider", "unknown", admin.get(`${PAGES}/show?provider=gone`));

  // A round trip of the administrator.
  await admin.get(`${PAGES}/test?provider=acme`);
  const url = leavesTo(await admin.submit(`${PAGES}/test`));
  upstream.claims = { ...upstream.claims, groups: ["dev"], acr: "gold", amr: ["pwd"] };
  const callback = await upstream.authenticate(url);
  const result = await admin.get(callback);
  assert.equal(result.page, "provider_test_result");
  assert.match(result.html, /data-outcome="queue"/);

  // A user, whose address leads to the provider.
  const alice = visitor(server);
  const signInPage = alice.get("/signin");
  await golden.record("sign_in_providers", "with a required provider", signInPage);
  await golden.record("upstream_start", "", alice.get("/signin/upstream/acme"));
  await alice.get("/signin");
  const leaving = await alice.submit("/signin", { email: "alice@acme.com", password: "" });
  const waiting = alice.get(await upstream.authenticate(leavesTo(leaving)));
  await golden.record("upstream_failure", "waiting_for_approval", waiting);
  assert.equal((await waiting).error, "waiting_for_approval");
  await golden.record("identity_providers", "one waits", admin.get(PAGES));
  await golden.record("sign_in_requests", "one", admin.get(`${PAGES}/requests`));
  const [{ id }] = await sql`select id from queued_sign_ins`;
  for (const verb of ["approve", "deny"]) {
    const path = `${PAGES}/requests/${verb}?request=${id}`;
    await golden.record(`sign_in_${verb}`, "", admin.get(path));
  }
  await admin.get(`${PAGES}/requests/approve?request=${id}`);
  assert.equal((await admin.submit(`${PAGES}/requests/approve`)).location, `${PAGES}/requests`);
  await golden.record("sign_in_requests", "approved", admin.get(`${PAGES}/requests`));
  await golden.record(
    "sign_in_approve",
    "again",
    admin.get(`${PAGES}/requests/approve?request=${id}`),
  );

  // Failures, each as a user sees it.
  const failures: [error: string, change: () => Record<string, string | null> | void][] = [
    ["denied", () => ({ code: null, error: "access_denied" })],
    ["wrong_issuer", () => ({ iss: "https://evil.test" })],
    ["unreachable", () => {
      upstream.tokenResponse = () => new Response("", { status: 503 });
    }],
    ["domain_not_allowed", () => {
      upstream.claims.email = "alice@other.com";
    }],
    ["no_verified_address", () => {
      upstream.claims = { ...upstream.claims, sub: "new", email_verified: false };
    }],
    ["subject_changed", () => {
      upstream.claims = { ...upstream.claims, sub: "new" };
    }],
    ["user_disabled", () => {}],
  ];
  const { claims } = upstream;
  for (const [error, change] of failures) {
    upstream.claims = { ...claims };
    upstream.tokenResponse = undefined;
    const changes = change() ?? {};
    if (error === "user_disabled") {
      await sql`update users set disabled_at = now() where email = 'alice@acme.com'`;
    }
    const browser = visitor(server);
    await browser.get("/signin");
    const path = leavesTo(await browser.submit("/signin/upstream/acme"));
    const failed = browser.get(await upstream.authenticate(path, changes));
    await golden.record("upstream_failure", error, failed);
    assert.equal((await failed).error, error);
  }
  const lost = visitor(server).get("/signin/upstream/acme/callback?code=c&state=s");
  await golden.record("upstream_failure", "unknown_state", lost);
  const unknown = visitor(server).get("/signin/test-provider?test=x");
  await golden.record("provider_test_link", "used", unknown);

  // With passwords turned off.
  server.parts.config.passwordSignIn = { enabled: false, breakGlass: ["root@example.com"] };
  await golden.record("sign_in_providers", "without passwords", visitor(server).get("/signin"));
  await golden.record(
    "sign_in_providers",
    "break-glass",
    visitor(server).get("/signin?password=1"),
  );
  await golden.assert();
});
