/** Signing in with GitHub, which has OAuth without ID tokens: a small server in its place. */
import { clientSecretPlace, seal } from "../../../server/identity_providers/sealed_text.ts";
import assert from "node:assert/strict";
import { recheckIdentity } from "../../../server/identity_providers/recheck_identity.ts";
import { findIdentityOf } from "../../../server/store/identities.ts";
import { insertIdentityProvider } from "../../../server/store/identity_providers.ts";
import { databaseKinds } from "../../support/databases.ts";
import { visitor } from "../../support/page_visitor.ts";
import { addUserWithPassword } from "../../support/person.ts";
import { testServer } from "../../support/test_server.ts";
import { allowPrivateProviders, startAt } from "../../support/upstream_provider.ts";

Deno.test("users sign in with GitHub, by the id and the verified primary address", async () => {
  await using database = await databaseKinds[0].create();
  await using server = await testServer(database.location, allowPrivateProviders);
  const { sql, encryption, clock } = server.parts;
  await addUserWithPassword(server, "root@example.com");
  const github = {
    user: { id: 42, login: "alice", name: "Alice Acme" } as Record<string, unknown>,
    emails: [
      { email: "alice@other.com", primary: false, verified: true },
      { email: "alice@acme.com", primary: true, verified: true },
    ],
    teams: [{ slug: "dev", organization: { login: "acme" } }],
    tokenError: undefined as string | undefined,
    isRevoked: false,
    verifier: "",
  };
  const api = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/login/oauth/access_token") {
      const form = new URLSearchParams(await request.text());
      github.verifier = form.get("code_verifier") ?? "";
      assert.deepEqual([form.get("client_id"), form.get("client_secret")], ["client", "s3cret"]);
      assert.match(request.headers.get("accept") ?? "", /application\/json/);
      // With status 200, as GitHub does.
      return Response.json(
        github.tokenError === undefined
          ? { access_token: "gho_1", token_type: "bearer", scope: "read:user,user:email" }
          : { error: github.tokenError, error_description: "It is not valid." },
      );
    }
    if (github.isRevoked || request.headers.get("authorization") !== "Bearer gho_1") {
      return Response.json({ message: "Bad credentials" }, { status: 401 });
    }
    switch (pathname) {
      case "/api/v3/user":
        return Response.json(github.user);
      case "/api/v3/user/emails":
        return Response.json(github.emails);
      case "/api/v3/user/teams":
        return Response.json(github.teams);
    }
    return new Response(null, { status: 404 });
  });
  const issuer = `http://127.0.0.1:${api.addr.port}`;
  await insertIdentityProvider(sql, {
    name: "github",
    template: "github",
    issuer,
    clientId: "client",
    clientSecret: seal({ encryption }, "s3cret", clientSecretPlace("github")),
    domains: ["acme.com"],
    required: false,
    trustsAddresses: false,
    firstSignIn: "allow",
    groupsClaim: "teams",
    scopes: [],
    recheck: true,
    createdAt: new Date(clock.now()),
  });
  try {
    const signIn = async () => {
      const browser = visitor(server);
      await browser.get("/signin?next=/tokens");
      const url = new URL(await startAt(browser, "github"));
      assert.equal(url.pathname, "/login/oauth/authorize");
      assert.equal(url.searchParams.get("scope"), "read:user user:email read:org");
      const state = url.searchParams.get("state");
      const page = await browser.get(`/signin/upstream/github/callback?code=c&state=${state}`);
      assert.match(github.verifier, /^[\w-]{43}$|^$/);
      return page;
    };
    assert.equal((await signIn()).location, "/tokens");
    const [user] = await sql`select email, name, groups from users where email like 'alice%'`;
    assert.deepEqual({ ...user }, {
      email: "alice@acme.com",
      name: "Alice Acme",
      groups: ["acme/dev"],
    });

    // A renamed account is the same; another account with the old login is not.
    github.user = { id: 42, login: "alice-renamed", name: null };
    assert.equal((await signIn()).location, "/tokens");
    github.user = { id: 43, login: "alice", name: null };
    assert.equal((await signIn()).error, "subject_changed");
    github.emails[1].verified = false;
    assert.equal((await signIn()).error, "no_verified_address");
    github.emails = [];
    assert.equal((await signIn()).error, "no_verified_address");
    github.user = { id: "42" };
    assert.equal((await signIn()).error, "invalid_response");
    github.tokenError = "bad_verification_code";
    assert.equal((await signIn()).error, "provider_error");
    github.tokenError = "incorrect_client_credentials";
    assert.equal((await signIn()).error, "client_rejected");

    // Re-checking asks GitHub for the user, and forgets a token that is gone.
    github.user = { id: 42, login: "alice", name: null };
    const { identity } = (await findIdentityOf(sql, { issuer, subject: "42" }))!;
    assert.equal(identity.hasRefreshToken, true);
    assert.equal((await recheckIdentity(server.parts, identity)).state, "alive");
    github.user = { id: 7, login: "other", name: null };
    assert.equal((await recheckIdentity(server.parts, identity)).state, "unknown");
    github.isRevoked = true;
    assert.equal((await recheckIdentity(server.parts, identity)).state, "gone");
    assert.equal((await recheckIdentity(server.parts, identity)).state, "not_kept");
  } finally {
    await api.shutdown();
  }
});
