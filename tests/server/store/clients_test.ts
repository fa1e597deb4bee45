import assert from "node:assert/strict";
import {
  commandLineClient,
  deleteClient,
  findClient,
  insertClient,
  listClients,
  rotateClientSecret,
  setClientDisabled,
  updateClientPolicy,
} from "../../../server/store/clients.ts";
import { testStore } from "../../support/test_store.ts";

const client = {
  id: "api",
  name: "an API",
  grants: [],
  secretHash: new Uint8Array([0, 1, 255]),
};

const ids = async (clients: Promise<{ id: string }[]>) => (await clients).map(({ id }) => id);

testStore("clients", {
  async "returns a client with the bytes of its secret's hash"({ sql, at }) {
    await insertClient(sql, { ...client, now: at({}) });
    const row = (await findClient(sql, "api"))!;
    assert.deepEqual([...row.secretHash!], [0, 1, 255]);
    assert.equal(row.name, "an API");
    assert.deepEqual(row.createdAt, at({}));
    assert.equal(row.scopes, undefined);
    assert.equal(await findClient(sql, "API"), undefined);
  },
  async "knows the command line without a row, and prefers its row"({ sql, at }) {
    assert.equal(await findClient(sql, commandLineClient.id), commandLineClient);
    await insertClient(sql, { ...commandLineClient, grants: ["device"], now: at({}) });
    assert.deepEqual((await findClient(sql, commandLineClient.id))?.grants, ["device"]);
    assert.deepEqual(await ids(listClients(sql)), [commandLineClient.id]);
  },
  async "rejects a second client with the same id"({ sql, at }) {
    assert.equal(await insertClient(sql, { ...client, now: at({}) }), true);
    assert.equal(await insertClient(sql, { ...client, name: "other", now: at({}) }), false);
    assert.equal((await findClient(sql, "api"))?.name, "an API");
  },
  async "keeps the policy of a client as it is updated"({ sql, at }) {
    const policy = {
      name: "Acme CLI",
      homepage: "https://acme.example",
      grants: ["device", "code"] as const,
      redirectUris: ["loopback", "https://acme.example/callback"],
      consent: "remember" as const,
      scopes: ["read", "openid"],
      resources: ["default", "orders"],
      deviceFlow: ["same-network", "fresh-sign-in"] as const,
      accessTokenLifetime: 300,
      refreshTokenIdleLifetime: 3600,
      refreshTokenAbsoluteLifetime: 7200,
    };
    const read = async () => {
      const { id: _id, createdAt: _at, secretHash, ...rest } = (await findClient(sql, "acme"))!;
      assert.equal(secretHash, undefined);
      return rest;
    };
    await insertClient(sql, { ...policy, id: "acme", now: at({}) });
    assert.deepEqual(await read(), {
      ...policy,
      previousSecret: undefined,
      disabledAt: undefined,
      document: undefined,
      managedBy: undefined,
      secretManagedBy: undefined,
    });
    await updateClientPolicy(sql, "acme", { name: "Acme", grants: [], scopes: [] });
    assert.deepEqual(
      Object.entries(await read()).filter(([, value]) => value !== undefined),
      [["name", "Acme"], ["grants", []], ["scopes", []]],
    );
    assert.equal(await updateClientPolicy(sql, "other", policy), false);
  },
  async "keeps one previous secret, and none of a public client"({ sql, at }) {
    await insertClient(sql, { ...client, now: at({}) });
    for (const [byte, previous] of [[1, [0, 1, 255]], [2, [1]]] as const) {
      const previousExpiresAt = at({ hours: byte });
      const secretHash = new Uint8Array([byte]);
      assert.ok(await rotateClientSecret(sql, { id: "api", secretHash, previousExpiresAt }));
      const row = (await findClient(sql, "api"))!;
      assert.deepEqual([...row.secretHash!], [byte]);
      assert.deepEqual([...row.previousSecret!.hash], previous);
      assert.deepEqual(row.previousSecret!.expiresAt, previousExpiresAt);
    }
    await insertClient(sql, { id: "acme", name: "Acme", grants: [], now: at({}) });
    const rotation = { secretHash: new Uint8Array([1]), previousExpiresAt: at({}) };
    assert.equal(await rotateClientSecret(sql, { id: "acme", ...rotation }), false);
    assert.equal(await rotateClientSecret(sql, { id: "other", ...rotation }), false);
  },
  async "remembers when a client was first disabled"({ sql, at }) {
    await insertClient(sql, { ...client, now: at({}) });
    const set = (disabled: boolean, now: Date) =>
      setClientDisabled(sql, { id: "api", disabled, now });
    const disabledAt = async () => (await findClient(sql, "api"))?.disabledAt;
    await set(true, at({ hours: 1 }));
    await set(true, at({ hours: 2 }));
    assert.deepEqual(await disabledAt(), at({ hours: 1 }));
    await set(false, at({ hours: 3 }));
    assert.equal(await disabledAt(), undefined);
    assert.equal(
      await setClientDisabled(sql, { id: "other", disabled: true, now: at({}) }),
      false,
    );
  },
  async "lists the command line, then clients by age, and deletes only the one named"(
    { sql, at },
  ) {
    await insertClient(sql, { ...client, id: "newer", now: at({ days: 1 }) });
    await insertClient(sql, { ...client, id: "older", now: at({}) });
    assert.deepEqual(await ids(listClients(sql)), [commandLineClient.id, "older", "newer"]);
    assert.equal(await deleteClient(sql, "newer"), true);
    assert.equal(await deleteClient(sql, "newer"), false);
    assert.deepEqual(await ids(listClients(sql)), [commandLineClient.id, "older"]);
  },
});
