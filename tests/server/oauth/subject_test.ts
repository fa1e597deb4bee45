/** A user who was imported keeps the id of the other system as the `sub` of every token. */
import assert from "node:assert/strict";
import { setUserDisabled } from "../../../server/admin/user_operations.ts";
import { unverifiedClaims } from "../../../client/oauth/unverified_jwt.ts";
import { brand } from "../../../shared/brand.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { ACCESS_TOKEN_TYPE, REFRESH_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { eventually } from "../../support/eventually.ts";
import { call, createPat, describeScopes, verify } from "../../support/pats.ts";
import { FULL_SCOPE, testServer } from "../../support/test_server.ts";

const SUBJECT = "auth0|5f7c8ec7c33c6c004bbafe82";

testOnEachDatabase(
  "issues and accepts tokens with the subject that a user has",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const { id, email } = await server.addUser();
    await server.parts.sql`update users set subject = ${SUBJECT} where id = ${id}`;
    const { authorization } = await server.addClient();
    const introspect = (token: string) =>
      server.post("/oauth/introspect", { token }, { authorization }).then(({ body }) => body);
    const subjectOf = (token: string) => unverifiedClaims(token)?.sub;

    const login = await server.login(id, `${FULL_SCOPE} deploy`);
    const narrow = await server.post("/oauth/token", {
      grant_type: TOKEN_EXCHANGE_GRANT,
      client_id: brand.cliClientId,
      subject_token: login.refresh_token!,
      subject_token_type: REFRESH_TOKEN_TYPE,
      scope: "deploy",
    });
    const narrower = await server.post("/oauth/token", {
      grant_type: TOKEN_EXCHANGE_GRANT,
      client_id: brand.cliClientId,
      subject_token: narrow.body.access_token,
      subject_token_type: ACCESS_TOKEN_TYPE,
    });
    const management = (await server.approveManagement(id, "manage:tokens deploy")).access_token;
    const pat = (await createPat(server, { management })).token;
    const exchanged = await server.post("/oauth/token", {
      grant_type: TOKEN_EXCHANGE_GRANT,
      subject_token: pat,
      subject_token_type: ACCESS_TOKEN_TYPE,
    });
    const forwarded = (await verify(server, pat, "?jwt=1")).headers.get("x-auth-jwt")!;
    const jwts = [
      login.access_token,
      narrow.body.access_token,
      narrower.body.access_token,
      exchanged.body.access_token,
      forwarded,
    ];
    for (const jwt of [...jwts, login.id_token!]) assert.equal(subjectOf(jwt), SUBJECT);
    for (const token of [...jwts, pat, login.refresh_token!]) {
      assert.equal((await introspect(token)).sub, SUBJECT, token);
    }
    for (const token of [...jwts, pat]) {
      const { status, headers } = await verify(server, token);
      assert.deepEqual([status, headers.get("x-auth-user")], [200, SUBJECT]);
    }
    const { body: claims } = await call(server, login.access_token, "GET", "/oauth/userinfo");
    assert.deepEqual([claims.sub, claims.email], [SUBJECT, email]);
    const renewed = await server.refresh(login.refresh_token!);
    assert.equal(subjectOf(renewed.body.access_token), SUBJECT);

    // Revoking one is audited with the id of the account.
    await server.post("/oauth/revoke", {
      client_id: brand.cliClientId,
      token: narrow.body.access_token,
    });
    const [{ actor }] = await server.parts.sql`
    select actor from audit_log where event = 'token.delegation_revoked'`;
    assert.equal(actor, id);

    await setUserDisabled(server.parts, { email: SUBJECT, disabled: true });
    for (const token of [...jwts, pat]) {
      await eventually(
        "the token is rejected",
        async () => (await verify(server, token)).status === 401 || undefined,
      );
    }
  },
);
