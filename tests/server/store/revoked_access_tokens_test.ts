import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { insertPersonalAccessToken } from "../../../server/store/pats/write.ts";
import { revokeRefreshTokenFamily } from "../../../server/store/refresh_token_families.ts";
import {
  accessTokenStatus,
  deleteOldRevokedAccessTokens,
  revokeAccessToken,
} from "../../../server/store/revoked_access_tokens.ts";
import { commandLineClient, deleteClient, insertClient } from "../../../server/store/clients.ts";
import { tokenHash } from "../../../server/tokens/token_hash.ts";
import { testStore } from "../../support/test_store.ts";

testStore("revoked_access_tokens", {
  async "revokes a token twice without an error, and no other"({ sql, at, addUser }) {
    const { id: subject } = await addUser();
    const isActive = async (jti: string) =>
      (await accessTokenStatus(sql, { jti, subject, clientId: commandLineClient.id, now: at({}) }))
        ?.active;
    assert.equal(await isActive("first"), true);
    await revokeAccessToken(sql, "first", at({ hours: 1 }));
    await revokeAccessToken(sql, "first", at({ hours: 2 }));
    assert.equal(await isActive("first"), false);
    assert.equal(await isActive("second"), true);
  },
  async "returns undefined for a principal that does not exist"({ sql, at }) {
    const token = { clientId: commandLineClient.id, jti: "x", subject: randomUUID(), now: at({}) };
    assert.equal(await accessTokenStatus(sql, token), undefined);
  },
  async "follows the state of the principal"({ sql, at, addUser, addServiceAccount }) {
    const [user, account] = [await addUser(), await addServiceAccount()];
    const status = async (subject: string) =>
      (await accessTokenStatus(sql, {
        jti: "x",
        subject,
        clientId: commandLineClient.id,
        now: at({}),
      }))!;
    assert.deepEqual(await status(user.id), {
      principalId: user.id,
      active: true,
      username: user.email,
      isAdmin: false,
      groups: [],
      ownScope: undefined,
      clientScope: undefined,
      clientResources: undefined,
      allowedAddresses: [],
      personalAccessTokenScope: undefined,
      personalAccessTokenExpiresAt: undefined,
      personalAccessTokenResource: undefined,
    });
    assert.equal((await status(account.id)).ownScope, "deploy");
    await sql`update users set is_admin = true, disabled_at = ${at({})}`;
    const { active, isAdmin } = await status(user.id);
    assert.deepEqual([active, isAdmin], [false, true]);
    assert.equal((await status(account.id)).active, true);
  },
  async "follows the state of the login"({ sql, at, addUser, addLogin }) {
    const { id: subject } = await addUser();
    const [familyId, other] = [await addLogin(subject), await addLogin(subject)];
    const isActive = async (id: string) =>
      (await accessTokenStatus(sql, {
        jti: "x",
        subject,
        clientId: commandLineClient.id,
        familyId: id,
        now: at({}),
      }))?.active;
    assert.equal(await isActive(familyId), true);
    await revokeRefreshTokenFamily(sql, { id: familyId, reason: "user", now: at({}) });
    assert.equal(await isActive(familyId), false);
    assert.equal(await isActive(other), true);
    assert.equal(await isActive(randomUUID()), false, "a login that was deleted");
  },
  async "follows the state of the client"({ sql, at, addServiceAccount }) {
    const { id: subject } = await addServiceAccount();
    const isActive = async () =>
      (await accessTokenStatus(sql, { jti: "x", subject, clientId: "app", now: at({}) }))?.active;
    assert.equal(await isActive(), false, "not registered");
    await insertClient(sql, { id: "app", name: "App", grants: ["exchange"], now: at({}) });
    assert.equal(await isActive(), true);
    await sql`update clients set disabled_at = ${at({})}`;
    assert.equal(await isActive(), false, "disabled");
    assert.equal(await deleteClient(sql, "app"), true);
    assert.equal(await isActive(), false, "removed after it was disabled");
  },
  async "follows the state of the personal access token"({ sql, at, addUser }) {
    const { id: subject } = await addUser();
    const id = randomUUID();
    await insertPersonalAccessToken(sql, {
      id,
      owner: { kind: "user", id: subject },
      name: "ci",
      tokenHash: tokenHash(id),
      prefix: "prefix",
      scope: "deploy",
      audience: "x",
      allowedAddresses: ["192.0.2.0/24"],
      createdAt: at({}),
      expiresAt: at({ hours: 1 }),
    });
    const status = async (minutes: number) =>
      (await accessTokenStatus(sql, {
        clientId: commandLineClient.id,
        jti: "x",
        subject,
        personalAccessTokenId: id,
        now: at({ minutes }),
      }))!;
    const { active, allowedAddresses, personalAccessTokenScope, personalAccessTokenExpiresAt } =
      await status(59);
    assert.equal(personalAccessTokenScope, "deploy");
    assert.deepEqual([active, allowedAddresses], [true, ["192.0.2.0/24"]]);
    assert.deepEqual(personalAccessTokenExpiresAt, at({ hours: 1 }));
    assert.equal((await status(60)).active, false);
    await sql`update personal_access_tokens set revoked_at = ${at({})}`;
    assert.equal((await status(0)).active, false);
  },
  async "deletes only what expired before"({ sql, at }) {
    await revokeAccessToken(sql, "old", at({}));
    await revokeAccessToken(sql, "new", at({ hours: 1 }));
    await deleteOldRevokedAccessTokens(sql, at({ minutes: 1 }), 10);
    const rows = await sql`select jti from revoked_access_tokens`;
    assert.deepEqual(rows.map(({ jti }) => jti), ["new"]);
  },
});
