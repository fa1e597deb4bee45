/**
 * The audit log. Invariant: whatever grants, changes or revokes something leaves one event
 * with who did it, to what and from where; what changed nothing leaves none.
 */
import assert from "node:assert/strict";
import { decodeJwt } from "jose";
import { DomainError } from "../../server/domain_error.ts";
import { addClient, removeClient } from "../../server/admin/client_operations.ts";
import { rotateKeys } from "../../server/admin/key_operations.ts";
import {
  addServiceAccount,
  setServiceAccountDisabled,
} from "../../server/admin/service_account_operations.ts";
import { deleteUser } from "../../server/admin/delete_user.ts";
import { createUserPasswordLink } from "../../server/admin/password_link_operations.ts";
import { addUser, setUserDisabled, updateUser } from "../../server/admin/user_operations.ts";
import { brand } from "../../shared/brand.ts";
import { managementResource } from "../../shared/management.ts";
import { clearAuditLog } from "../support/audit_log.ts";
import { testOnEachDatabase } from "../support/databases.ts";
import { visitor } from "../support/page_visitor.ts";
import { call, createPat, describeScopes } from "../support/pats.ts";
import { addPerson, addUserWithPassword, PASSWORD, signedIn } from "../support/person.ts";
import { ISSUER, type TestServer, testServer } from "../support/test_server.ts";

/** An event as `name actor subject address`, with `-` for what it does not have. */
async function recorded(
  { parts: { sql } }: TestServer,
  action: () => Promise<unknown>,
): Promise<string[]> {
  await clearAuditLog(sql);
  await action();
  const rows = await sql`select event, actor, subject, address from audit_log order by event`;
  return rows.map(({ event, actor, subject, address }) =>
    [event, actor ?? "-", subject ?? "-", address ?? "-"].join(" ")
  );
}

testOnEachDatabase("records what clients do to logins and tokens once", async (location) => {
  await using server = await testServer(location, describeScopes);
  const alice = await addPerson(server, { admin: true });
  const from = "192.0.2.1";
  const api = (method: string, path: string, body?: unknown) =>
    call(server, alice.management, method, `/api/v1/tokens${path}`, body);
  const revoke = (token: string, more: Record<string, string> = {}) =>
    server.post("/oauth/revoke", { client_id: brand.cliClientId, token, ...more });

  const started = await server.startLogin("offline_access manage:tokens deploy");
  await server.decide(started.user_code, alice.id);
  let polled!: Awaited<ReturnType<TestServer["poll"]>>;
  const login = await recorded(server, async () => polled = await server.poll(started.device_code));
  const tokens = polled.body;
  const { sid } = decodeJwt(tokens.access_token);
  assert.deepEqual(login, [`login.succeeded ${alice.id} ${sid} ${from}`]);

  // deno-lint-ignore no-explicit-any
  let createdToken: any;
  const created = await recorded(server, async () => createdToken = await createPat(server, alice));
  assert.deepEqual(created, [`token.created ${alice.id} ${createdToken.id} ${from}`]);
  const rotated = await recorded(
    server,
    async () =>
      createdToken = (await api("POST", `/${createdToken.id}/rotate`, { overlap: 60 })).body,
  );
  assert.deepEqual(rotated, [`token.rotated ${alice.id} ${createdToken.id} ${from}`]);
  const end = () => api("DELETE", `/${createdToken.id}`);
  assert.deepEqual(await recorded(server, end), [
    `token.revoked ${alice.id} ${createdToken.id} ${from}`,
  ]);
  assert.deepEqual(await recorded(server, end), [], "it was revoked before");
  const again = () => api("POST", `/${createdToken.id}/rotate`, { overlap: 60 });
  assert.deepEqual(await recorded(server, again), [], "nor is a revoked one rotated");

  const hash = { token_hash: "ab".repeat(32), owner: alice.email, expires_at: null };
  server.parts.config.personalAccessTokens.neverExpire = true;
  let imported!: Awaited<ReturnType<typeof api>>;
  const import_ = async () =>
    imported = await api("POST", "/import", { name: "old", scopes: ["deploy"], ...hash });
  const takenOver = await recorded(server, import_);
  assert.equal(imported.status, 201, JSON.stringify(imported.body));
  assert.deepEqual(takenOver, [`token.imported ${alice.id} ${imported.body.id} ${from}`]);
  assert.deepEqual(await recorded(server, import_), [], "its hash is known");

  const managing = await server.refresh(tokens.refresh_token, {
    resource: managementResource(ISSUER),
  });
  const ofLogin = await createPat(server, { ...alice, management: managing.body.access_token });
  const logout = () => revoke(managing.body.refresh_token, { revoke_tokens: "true" });
  assert.deepEqual(await recorded(server, logout), [
    `login.revoked ${alice.id} ${sid} ${from}`,
    `token.revoked ${alice.id} ${ofLogin.id} ${from}`,
  ]);
  assert.deepEqual(await recorded(server, logout), [], "it was revoked before");

  const held = await createPat(server, alice);
  const byHolder = () => revoke(held.token);
  assert.deepEqual(await recorded(server, byHolder), [
    `token.revoked ${brand.cliClientId} ${held.id} ${from}`,
  ]);
  assert.deepEqual(await recorded(server, byHolder), []);
});

testOnEachDatabase("records every action in the browser once", async (location) => {
  await using server = await testServer(location, describeScopes);
  const { id, email } = await addUserWithPassword(server);
  const from = "192.0.2.1";
  const browser = visitor(server);
  const signIn = (password: string) => async () => {
    await browser.get("/signin");
    await browser.submit("/signin", { email, password });
  };
  assert.deepEqual(await recorded(server, signIn("not the password")), [
    `signin.failed - ${id} ${from}`,
  ]);
  assert.deepEqual(await recorded(server, signIn(PASSWORD)), [`signin.succeeded ${id} - ${from}`]);

  for (const [decision, event] of [["approve", "approved"], ["deny", "denied"]] as const) {
    const { user_code } = await server.startLogin();
    const [row] = await server.parts.sql`
      select id from device_authorizations where status = 'pending'`;
    const decide = async () => {
      await browser.get("/device");
      const entered = await browser.submit("/device", { user_code });
      await browser.get(entered.location!);
      await browser.submit("/device/confirm", { decision });
    };
    assert.deepEqual(
      await recorded(server, decide),
      [
        `device.${event} ${id} ${row.id} ${from}`,
        `device.code_entered ${id} ${row.id} ${from}`,
      ].sort(),
    );
    const unknown = async () => {
      await browser.get("/device");
      await browser.submit("/device", { user_code });
    };
    assert.deepEqual(await recorded(server, unknown), [`device.code_unknown ${id} - ${from}`]);
  }

  const change = async (current_password: string, password: string) => {
    await browser.get("/account/password");
    const fields = { current_password, password, repeated_password: password };
    await browser.submit("/account/password", fields);
  };
  const other = "another calm pass phrase";
  assert.deepEqual(await recorded(server, () => change("wrong", other)), [
    `password.change_failed ${id} ${id} ${from}`,
  ]);
  const changed = `password.changed ${id} ${id} ${from}`;
  assert.deepEqual(await recorded(server, () => change(PASSWORD, other)), [changed]);
  assert.deepEqual(await recorded(server, () => change(other, PASSWORD)), [changed]);

  const login = await server.login(id);
  const { sid } = decodeJwt(login.access_token);
  const endLogin = async () => {
    await browser.get("/devices");
    await browser.submit("/logins/revoke", { login: sid as string });
  };
  assert.deepEqual(await recorded(server, endLogin), [`login.revoked ${id} ${sid} ${from}`]);
  assert.deepEqual(await recorded(server, endLogin), []);

  await signedIn(server);
  const sessions = (await server.parts.sql`
    select id from sessions where user_agent = 'Browser/1'`).map((row) => row.id);
  const events: string[] = [];
  for (const session of sessions) {
    events.push(
      ...await recorded(server, async () => {
        await browser.get("/devices");
        await browser.submit("/sessions/sign-out", { session });
      }),
    );
  }
  assert.equal(events.length, 1, "one for the other browser: this one is left by signing out");
  assert.match(events[0], new RegExp(`^session.ended ${id} [0-9a-f-]{36} ${from}$`));

  const out = async () => {
    await browser.get("/");
    await browser.submit("/signout");
  };
  assert.deepEqual(await recorded(server, out), [`signout ${id} - ${from}`]);
});

testOnEachDatabase("records once what operators do", async (location) => {
  await using server = await testServer(location, describeScopes);
  const { parts } = server;
  const email = "bob@example.test";
  const user = { email, name: "Bob", passwordHash: "$scrypt$", isAdmin: false };
  const id = async () => (await parts.sql`select id from users where email = ${email}`)[0]?.id;
  const created = await recorded(server, () => addUser(parts, user));
  assert.deepEqual(created, [`user.created operator ${await id()} -`]);
  const taken = async () => {
    const error = await addUser(parts, user);
    assert.ok(error instanceof DomainError);
    assert.equal(error.code, "conflict");
  };
  assert.deepEqual(await recorded(server, taken), []);
  for (const [disabled, event] of [[true, "user.disabled"], [false, "user.enabled"]] as const) {
    assert.deepEqual(await recorded(server, () => setUserDisabled(parts, { email, disabled })), [
      `${event} operator ${await id()} -`,
    ]);
  }
  assert.deepEqual(await recorded(server, () => updateUser(parts, { email, isAdmin: true })), [
    `user.changed operator ${await id()} -`,
  ]);
  const link = { lifetimeSeconds: 60, mail: false };
  assert.deepEqual(await recorded(server, () => createUserPasswordLink(parts, { email, link })), [
    `password_link.created operator ${await id()} -`,
  ]);
  const bobId = await id();
  assert.deepEqual(await recorded(server, () => deleteUser(parts, { email, force: true })), [
    `user.deleted operator ${bobId} -`,
  ]);

  const account = { name: "ci", scope: "deploy" };
  const createdToken = await recorded(server, () => addServiceAccount(parts, account));
  const [{ id: accountId }] = await parts.sql`select id from service_accounts`;
  assert.deepEqual(createdToken, [`service_account.created operator ${accountId} -`]);
  for (const [disabled, what] of [[true, "disabled"], [false, "enabled"]] as const) {
    const change = () => setServiceAccountDisabled(parts, { name: "ci", disabled });
    assert.deepEqual(await recorded(server, change), [`service_account.${what} operator ci -`]);
  }

  const client = "client-api";
  const add = () =>
    addClient(parts, { id: client, name: "an API", grants: [], secretHash: "ab".repeat(32) });
  assert.deepEqual(await recorded(server, add), [`client.created operator ${client} -`]);
  assert.deepEqual(await recorded(server, () => removeClient(parts, { id: client })), [
    `client.removed operator ${client} -`,
  ]);
  const absent = async () => {
    const error = await removeClient(parts, { id: client });
    assert.ok(error instanceof DomainError);
    assert.equal(error.code, "not_found");
  };
  assert.deepEqual(await recorded(server, absent), []);
  assert.deepEqual(
    (await recorded(server, () => rotateKeys(parts, { force: true }))).map((event) =>
      event.split(" ").slice(0, 2).join(" ")
    ),
    ["signing_key.rotated operator"],
  );
});
