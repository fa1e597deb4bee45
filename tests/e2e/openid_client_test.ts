/** An independent, unmodified client library works with the server. */
import assert from "node:assert/strict";
import * as oidc from "openid-client";
import { brand } from "../../shared/brand.ts";
import { ALICE, install, type Installation, POSTGRES } from "../support/installation.ts";
import { addApiClient } from "../support/introspect.ts";

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
