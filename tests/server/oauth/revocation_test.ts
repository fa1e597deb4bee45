/**
 * RFC 7009. Invariant: after a 200 the token is inactive; a token that cannot be revoked, or not by
 * this client, gets the standard's error.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { commandLineClient } from "../../../server/store/clients.ts";
import { signAccessToken } from "../../../server/tokens/access_token.ts";
import { brand } from "../../../shared/brand.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { ACCESS_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { createPat, describeScopes, verify } from "../../support/pats.ts";
import { addPerson, type Person } from "../../support/person.ts";
import { ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

const clientId = brand.cliClientId;

async function exchange(server: TestServer, token: string): Promise<string> {
  const answer = await server.post("/oauth/token", {
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token_type: ACCESS_TOKEN_TYPE,
    subject_token: token,
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body.access_token;
}

/** One of every kind of token that the server issues and introspection takes. */
async function everyToken(server: TestServer, alice: Person): Promise<Record<string, string>> {
  const login = await server.login(alice.id);
  const personal = (await createPat(server, alice)).token;
  const account = randomUUID();
  await server.parts.sql`
    insert into service_accounts (id, name, scope, created_at)
    values (${account}, 'ci', 'deploy', ${new Date(server.clock.now())})`;
  const workload = await signAccessToken({ ...server.parts, lifetime: 600 }, {
    subject: account,
    clientId: commandLineClient.id,
    scope: "deploy",
    audience: ISSUER,
    workload: { act: { iss: "https://ci.example", sub: "a job" }, run: {} },
  });
  return {
    "access token of a login": (await server.login(alice.id)).access_token,
    "access token without a login to revoke": (await server.login(alice.id, "openid")).access_token,
    "refresh token": login.refresh_token!,
    "personal access token": (await createPat(server, alice)).token,
    "JWT exchanged for a personal access token": await exchange(server, personal),
    "JWT for the service behind a proxy": (await verify(server, personal, "?jwt=1")).headers.get(
      "x-auth-jwt",
    )!,
    "JWT of a workload": workload,
  };
}

/** What introspection says to the client that authenticates itself so. */
async function isTokenActive(
  server: TestServer,
  authorization: string,
  token: string,
): Promise<boolean> {
  return (await server.post("/oauth/introspect", { token }, { authorization })).body.active;
}

testOnEachDatabase(
  "a token of any kind is inactive after a successful revocation",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await addPerson(server);
    const { authorization } = await server.addClient();
    const isActive = (token: string) => isTokenActive(server, authorization, token);
    for (const [kind, token] of Object.entries(await everyToken(server, alice))) {
      assert.equal(await isActive(token), true, kind);
      const answer = await server.post("/oauth/revoke", { client_id: clientId, token });
      assert.equal(answer.status, 200, `${kind}: ${JSON.stringify(answer.body)}`);
      assert.equal(await isActive(token), false, kind);
      assert.notEqual((await verify(server, token)).status, 200, kind);
      // Repeating it is not an error (section 2.2).
      assert.equal(
        (await server.post("/oauth/revoke", { client_id: clientId, token })).status,
        200,
      );
    }
  },
);

testOnEachDatabase(
  "a client cannot revoke a token that was issued to another",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await addPerson(server);
    const { authorization } = await server.addClient();
    const isActive = (token: string) => isTokenActive(server, authorization, token);
    const tokens = await everyToken(server, alice);
    for (
      const kind of [
        "access token of a login",
        "access token without a login to revoke",
        "refresh token",
        "JWT of a workload",
      ]
    ) {
      const token = tokens[kind];
      const answer = await server.post("/oauth/revoke", { token }, { authorization });
      assert.equal(answer.status, 400, kind);
      assert.equal(answer.body.error, "invalid_grant", kind);
      assert.equal(await isActive(token), true, kind);
    }
  },
);

testOnEachDatabase(
  "revoking an exchanged JWT does not revoke its personal access token",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await addPerson(server);
    const { token } = await createPat(server, alice);
    const [first, second] = [await exchange(server, token), await exchange(server, token)];
    const upstream = async () => (await verify(server, token, "?jwt=1")).headers.get("x-auth-jwt")!;
    const forwarded = await upstream();
    for (const jwt of [first, forwarded]) {
      assert.equal(
        (await server.post("/oauth/revoke", { client_id: clientId, token: jwt })).status,
        200,
      );
    }
    assert.equal((await verify(server, first)).status, 401);
    assert.equal((await verify(server, second)).status, 200);
    assert.equal((await verify(server, token)).status, 200);
    // The service behind gets one that works.
    assert.equal((await verify(server, await upstream())).status, 200);
  },
);

testOnEachDatabase(
  "returns unsupported_token_type for a token that cannot be revoked",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const alice = await addPerson(server);
    const { id_token: idToken } = await server.login(alice.id);
    const { device_code: deviceCode } = await server.startLogin();
    for (const token of [idToken!, deviceCode]) {
      const answer = await server.post("/oauth/revoke", { client_id: clientId, token });
      assert.equal(answer.status, 400);
      assert.equal(answer.body.error, "unsupported_token_type");
    }
    // Expired, it is not taken for a token that could be revoked either.
    server.clock.advance({ hours: 1 });
    const expired = await server.post("/oauth/revoke", { client_id: clientId, token: idToken! });
    assert.equal(expired.body.error, "unsupported_token_type");
    for (const token of ["nonsense", `${idToken!.slice(0, -8)}AAAAAAAA`]) {
      const answer = await server.post("/oauth/revoke", { client_id: clientId, token });
      assert.equal(answer.status, 200, "unknown here (section 2.2)");
    }
  },
);
