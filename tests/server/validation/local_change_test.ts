/**
 * Invariants of a replica's cache of tokens: it rejects what it revoked immediately, before a
 * notification of the database; and no revocation is lost to a concurrent read or a lost channel.
 */
import assert from "node:assert/strict";
import { TokenValidator } from "../../../server/validation/token_validator.ts";
import type { ChangeListener } from "../../../server/store/db/cache_invalidation.ts";
import { brand } from "../../../shared/brand.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { ACCESS_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { managementResource } from "../../../shared/management.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { narrowToken } from "../../support/narrow_token.ts";
import { call, createPat, describeScopes, verify } from "../../support/pats.ts";
import { addPerson, addUserWithPassword, type Person, signedIn } from "../../support/person.ts";
import { ISSUER, type TestServer, testServer } from "../../support/test_server.ts";

/** From now on the database notifies no replica. */
async function silenceNotifications({ parts: { sql } }: TestServer): Promise<void> {
  const triggers = await sql`
    select t.tgname as name, t.tgrelid::regclass::text as "table"
    from pg_trigger t join pg_proc p on p.oid = t.tgfoid
    where not t.tgisinternal and p.prosrc like '%pg_notify%'`;
  assert.ok(triggers.length > 0);
  for (const { name, table } of triggers) {
    await sql.unsafe(`alter table ${table} disable trigger ${name}`);
  }
}

testOnEachDatabase(
  "rejects what this replica revoked, without a notification",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const { sql } = server.parts;
    const alice = await addPerson(server);
    await silenceNotifications(server);

    interface Login extends Pick<Person, "id" | "email" | "login"> {
      refreshToken: string;
    }
    const logIn = async (): Promise<Login> => {
      const { id, email } = await server.addUser();
      const tokens = await server.login(id);
      return { id, email, login: tokens.access_token, refreshToken: tokens.refresh_token! };
    };
    const revoke = (token: string) =>
      server.post("/oauth/revoke", { client_id: brand.cliClientId, token });
    const logins: Record<string, (login: Login) => Promise<unknown>> = {
      async "replay of a refresh token"({ refreshToken }) {
        const first = await server.refresh(refreshToken);
        await server.refresh(first.body.refresh_token);
        const replayed = await server.refresh(refreshToken);
        assert.equal(replayed.body.error, "invalid_grant");
      },
      "revocation of a refresh token": ({ refreshToken }) => revoke(refreshToken),
      "revocation of an access token": ({ login }) => revoke(login),
    };
    for (const [name, end] of Object.entries(logins)) {
      const login = await logIn();
      const child = await narrowToken(server, login.login);
      for (const jwt of [login.login, child]) {
        assert.equal((await verify(server, jwt)).status, 200, name);
      }
      await end(login);
      for (const jwt of [login.login, child]) {
        assert.equal((await verify(server, jwt)).status, 401, name);
      }
    }
    const agent = await narrowToken(server, (await logIn()).refreshToken);
    const tool = await narrowToken(server, agent);
    for (const jwt of [agent, tool]) assert.equal((await verify(server, jwt)).status, 200);
    await revoke(agent);
    for (const jwt of [agent, tool]) assert.equal((await verify(server, jwt)).status, 401);

    const tokens: Record<string, (id: string, token: string) => Promise<unknown>> = {
      "revocation of a personal access token": (id) =>
        call(server, alice.management, "DELETE", `/api/v1/tokens/${id}`),
      "rotation without an overlap": (id) =>
        call(server, alice.management, "POST", `/api/v1/tokens/${id}/rotate`, { overlap: 0 }),
      "report of a leak": (_id, token) =>
        call(server, undefined, "POST", "/api/v1/revocations", { token }),
      "revocation at the OAuth endpoint": (_id, token) => revoke(token),
    };
    for (const [name, end] of Object.entries(tokens)) {
      const pat = await createPat(server, alice);
      assert.equal((await verify(server, pat.token)).status, 200, name);
      await end(pat.id, pat.token);
      assert.equal((await verify(server, pat.token)).status, 401, name);
    }

    // A JWT that was exchanged for it, as well.
    const traded = await createPat(server, alice);
    const exchanged = await server.post("/oauth/token", {
      grant_type: TOKEN_EXCHANGE_GRANT,
      subject_token_type: ACCESS_TOKEN_TYPE,
      subject_token: traded.token,
    });
    const jwt = exchanged.body.access_token;
    assert.equal((await verify(server, jwt)).status, 200);
    await call(server, alice.management, "DELETE", `/api/v1/tokens/${traded.id}`);
    assert.equal((await verify(server, jwt)).status, 401);

    // Revoked with the login it was created with.
    const { access_token, refresh_token } = await server.login(
      alice.id,
      "offline_access manage:tokens deploy",
    );
    const managing = await server.refresh(refresh_token!, {
      resource: managementResource(ISSUER),
    });
    const ofLogin = await createPat(server, { ...alice, management: managing.body.access_token });
    for (const known of [access_token, ofLogin.token]) {
      assert.equal((await verify(server, known)).status, 200);
    }
    const form = { client_id: brand.cliClientId, token: refresh_token!, revoke_tokens: "true" };
    assert.equal((await server.post("/oauth/revoke", form)).status, 200);
    for (const known of [access_token, ofLogin.token]) {
      assert.equal((await verify(server, known)).status, 401);
    }

    // In the browser.
    const root = await addUserWithPassword(server, "root@example.com", "Root");
    await sql`update users set is_admin = true where id = ${root.id}`;
    const browser = await signedIn(server, root.email);
    const loggedIn = (await server.login(root.id)).access_token;
    assert.equal((await verify(server, loggedIn)).status, 200);
    await browser.get("/logins/revoke-all");
    assert.equal((await browser.submit("/logins/revoke-all")).status, 303);
    assert.equal((await verify(server, loggedIn)).status, 401);
    const ofOwner = await createPat(server, alice);
    assert.equal((await verify(server, ofOwner.token)).status, 200);
    await browser.get(`/admin/tokens/revoke?owner=${alice.id}`);
    assert.equal((await browser.submit("/admin/tokens/revoke")).status, 303);
    assert.equal((await verify(server, ofOwner.token)).status, 401);

    // That it was answered from memory until then: a change behind its back stays unseen.
    const pat = await createPat(server, alice);
    assert.equal((await verify(server, pat.token)).status, 200);
    await sql`update personal_access_tokens set revoked_at = created_at where id = ${pat.id}`;
    assert.equal((await verify(server, pat.token)).status, 200);
  },
);

/** A replica whose channel is the test's: nothing comes on it but what the test sends. */
async function replicaOf(server: TestServer, sql = server.parts.sql) {
  const channel = { current: true };
  let listener!: ChangeListener;
  const check = await TokenValidator.start({
    ...server.parts,
    database: {
      sql,
      listen(options) {
        listener = options;
        return Promise.resolve({
          isFresh: () => channel.current,
          staleness: () => channel.current ? 0 : Infinity,
          close: () => Promise.resolve(),
        });
      },
    },
  });
  const state = async (token: string) => (await check.validate(token, {})).state;
  return { channel, listener, state, [Symbol.asyncDispose]: () => check.close() };
}

testOnEachDatabase(
  "a token revoked while the channel was lost stays revoked",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const { sql } = server.parts;
    const alice = await addPerson(server);
    await using replica = await replicaOf(server);
    const { channel, listener, state } = replica;
    const { token } = await createPat(server, alice);
    for (const known of [token, alice.login]) assert.equal(await state(known), "active");

    channel.current = false;
    const now = new Date(server.clock.now());
    await sql`update personal_access_tokens set revoked_at = ${now}`;
    await sql`update refresh_token_families set revoked_at = ${now}`;
    for (const known of [token, alice.login]) assert.equal(await state(known), "revoked");

    listener.clear();
    channel.current = true;
    for (const known of [token, alice.login]) assert.equal(await state(known), "revoked");
  },
);

testOnEachDatabase(
  "does not cache a token as active that is revoked while it is read",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const { sql } = server.parts;
    const alice = await addPerson(server);
    const { token, id } = await createPat(server, alice);
    // The answer of the database is on its way when the change and its notification come.
    let onAnswer: (() => Promise<void>) | undefined;
    const delayed = new Proxy(sql, {
      apply(target, self, args) {
        const query = Reflect.apply(target, self, args);
        const hook = onAnswer;
        const isStatement = Array.isArray(args[0]) && "raw" in args[0] &&
          args[0].length > 1;
        if (hook === undefined || !isStatement) return query;
        onAnswer = undefined;
        return query.then(async (rows: unknown) => {
          await hook();
          return rows;
        });
      },
    });
    await using replica = await replicaOf(server, delayed);
    const { listener, state } = replica;
    let read = false;
    onAnswer = async () => {
      read = true;
      await sql`update personal_access_tokens set revoked_at = created_at where id = ${id}`;
      listener.invalidate(`token:${id}`);
    };
    assert.equal(await state(token), "active");
    assert.ok(read);
    assert.equal(await state(token), "revoked");
  },
);

testOnEachDatabase(
  "a disabled user cannot manage tokens, although their token is cached",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const { sql } = server.parts;
    const alice = await addPerson(server);
    await silenceNotifications(server);
    const list = () => call(server, alice.management, "GET", "/api/v1/tokens");
    assert.equal((await list()).status, 200);
    await sql`update users set disabled_at = ${new Date(server.clock.now())}
      where id = ${alice.id}`;
    assert.ok([401, 403].includes((await list()).status));
    const body = { name: "CI", scopes: ["deploy"] };
    const created = await call(server, alice.management, "POST", "/api/v1/tokens", body);
    assert.ok([401, 403].includes(created.status));
  },
);
