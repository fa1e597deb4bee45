/** An independent, unmodified client library works with the server. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as oauth from "oauth4webapi";
import * as oidc from "openid-client";
import { brand } from "../../shared/brand.ts";
import { start } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { ALICE, install, type Installation, POSTGRES } from "../support/installation.ts";
import { addApiClient } from "../support/introspect.ts";

function hasGo(): boolean {
  try {
    return new Deno.Command("go", { args: ["version"], stdout: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

const SCOPE = "openid profile email offline_access";

Deno.test("openid-client completes every flow", async (t) => {
  await using server = await install({ database: POSTGRES });
  const api = await addApiClient(server);
  // Its one setting: a server on this machine needs no https.
  const execute = [oidc.allowInsecureRequests];
  const issuer = new URL(server.issuer);

  const discovered = async (algorithm: "oidc" | "oauth2") => {
    const options = { execute, algorithm };
    return await oidc.discovery(issuer, brand.cliClientId, undefined, oidc.None(), options);
  };
  const terminal = await discovered("oidc");
  const apiServer = await oidc.discovery(
    issuer,
    api.id,
    undefined,
    oidc.ClientSecretBasic(api.secret),
    { execute },
  );

  await t.step("discovery, by OpenID Connect and by RFC 8414", async () => {
    const other = await discovered("oauth2");
    assert.deepEqual(other.serverMetadata(), terminal.serverMetadata());
    assert.equal(terminal.serverMetadata().issuer, server.issuer);
  });

  let tokens!: Awaited<ReturnType<typeof logIn>>;
  await t.step("the device flow, with a validated ID token", async () => {
    tokens = await logIn(terminal, server);
    assert.equal(tokens.claims()?.email, ALICE.email);
    assert.equal(tokens.scope, SCOPE);
  });

  await t.step("userinfo", async () => {
    const sub = tokens.claims()!.sub;
    const userinfo = await oidc.fetchUserInfo(terminal, tokens.access_token, sub);
    assert.equal(userinfo.email, ALICE.email);
  });

  await t.step("refresh", async () => {
    const renewed = await oidc.refreshTokenGrant(terminal, tokens.refresh_token!);
    assert.notEqual(renewed.access_token, tokens.access_token);
    assert.notEqual(renewed.refresh_token, tokens.refresh_token);
    assert.equal(renewed.claims()?.sub, tokens.claims()!.sub);
    tokens = renewed;
  });

  await t.step("introspection, by a client with a secret", async () => {
    const introspection = await oidc.tokenIntrospection(apiServer, tokens.access_token);
    assert.deepEqual(
      [introspection.active, introspection.client_id, introspection.username, introspection.scope],
      [true, brand.cliClientId, ALICE.email, SCOPE],
    );
    const refresh = await oidc.tokenIntrospection(apiServer, tokens.refresh_token!);
    assert.equal(refresh.active, true);
    await assert.rejects(oidc.tokenIntrospection(terminal, tokens.access_token));
  });

  await t.step("revocation", async () => {
    await oidc.tokenRevocation(terminal, tokens.refresh_token!);
    const introspection = await oidc.tokenIntrospection(apiServer, tokens.access_token);
    assert.deepEqual({ ...introspection }, { active: false });
    await assert.rejects(
      oidc.refreshTokenGrant(terminal, tokens.refresh_token!),
      (error: oidc.ResponseBodyError) => error.error === "invalid_grant",
    );
  });

  await t.step("the authorization code flow, by openid-client", async () => {
    const redirect_uri = "http://127.0.0.1:51004/callback";
    const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
    const [expectedState, expectedNonce] = [oidc.randomState(), oidc.randomNonce()];
    const url = oidc.buildAuthorizationUrl(terminal, {
      redirect_uri,
      scope: SCOPE,
      code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: "S256",
      state: expectedState,
      nonce: expectedNonce,
      max_age: "3600",
    });
    const response = await server.alice.authorize(url.href);
    const checks = { pkceCodeVerifier, expectedState, expectedNonce, maxAge: 3600 };
    const login = await oidc.authorizationCodeGrant(terminal, response, checks);
    assert.equal(login.claims()?.email, ALICE.email);
    const renewed = await oidc.refreshTokenGrant(terminal, login.refresh_token!);
    assert.equal(renewed.claims()?.sub, login.claims()?.sub);
    const denied = await server.alice.authorize(url.href, "deny");
    await assert.rejects(
      oidc.authorizationCodeGrant(terminal, denied, checks),
      (error: oidc.AuthorizationResponseError) => error.error === "access_denied",
    );
    // A mix-up: the response of another server (RFC 9207 section 2.4).
    const foreign = new URL(response);
    foreign.searchParams.set("iss", "https://attacker.example");
    await assert.rejects(oidc.authorizationCodeGrant(terminal, foreign, checks));
    // A replay revokes the login.
    await assert.rejects(oidc.authorizationCodeGrant(terminal, response, checks));
    await assert.rejects(oidc.refreshTokenGrant(terminal, renewed.refresh_token!));
  });

  await t.step("the authorization code flow, by oauth4webapi", async () => {
    const insecure = { [oauth.allowInsecureRequests]: true };
    const as = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, insecure),
    );
    assert.equal(as.authorization_response_iss_parameter_supported, true);
    const client = { client_id: brand.cliClientId };
    const redirectUri = "http://[::1]:51004/callback";
    const verifier = oauth.generateRandomCodeVerifier();
    const state = oauth.generateRandomState();
    const url = new URL(as.authorization_endpoint!);
    url.search = new URLSearchParams({
      ...client,
      redirect_uri: redirectUri,
      response_type: "code",
      scope: SCOPE,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
    }).toString();
    const response = await server.alice.authorize(url.href);
    const parameters = oauth.validateAuthResponse(as, client, response, state);
    const answer = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      oauth.None(),
      parameters,
      redirectUri,
      verifier,
      insecure,
    );
    const login = await oauth.processAuthorizationCodeResponse(as, client, answer, {
      requireIdToken: true,
    });
    assert.equal(oauth.getValidatedIdTokenClaims(login)?.email, ALICE.email);
    response.searchParams.delete("iss");
    assert.throws(() => oauth.validateAuthResponse(as, client, response, state));
  });

  await t.step({
    name: "the authorization code flow, by golang.org/x/oauth2",
    ignore: !hasGo(),
    async fn() {
      await using cleanUp = new AsyncDisposableStack();
      const folder = await Deno.makeTempDir();
      cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
      const program = join(folder, "login");
      const built = await new Deno.Command("go", {
        args: ["build", "-o", program, "."],
        cwd: fileURLToPath(new URL("../support/go_oauth2", import.meta.url)),
      }).output();
      assert.ok(built.success, new TextDecoder().decode(built.stderr));
      const args = [server.issuer, brand.cliClientId, "code"];
      const running = cleanUp.use(start(args, { stdin: "", timeoutMs: 120_000 }, program));
      const lines = () => running.stdout().split("\n").slice(0, -1).map((line) => JSON.parse(line));
      const url = await eventually("the address", () => lines()[0]?.auth_url as string);
      const left = await server.alice.authorize(url);
      await (await fetch(left)).body?.cancel();
      const { code, stdout } = await running.ended;
      assert.equal(code, 0, stdout);
      const [, redeemed, outcome, , renewed] = lines();
      // The first attempt must succeed: the second one would be a replay.
      assert.deepEqual([redeemed.status, redeemed.basic], [200, true]);
      assert.deepEqual([outcome.token_type, renewed.renewed], ["Bearer", true]);
    },
  });

  await t.step("a login that is denied", async () => {
    const started = await oidc.initiateDeviceAuthorization(terminal, { scope: "openid" });
    await server.alice.decide(started.user_code, "deny");
    await assert.rejects(
      oidc.pollDeviceAuthorizationGrant(terminal, started),
      (error: oidc.ResponseBodyError) => error.error === "access_denied",
    );
  });
});

async function logIn(client: oidc.Configuration, server: Installation) {
  const started = await oidc.initiateDeviceAuthorization(client, { scope: SCOPE });
  const polling = oidc.pollDeviceAuthorizationGrant(client, started);
  await server.alice.decide(started.user_code, "approve");
  return await polling;
}
