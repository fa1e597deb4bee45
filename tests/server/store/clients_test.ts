import assert from "node:assert/strict";
import {
  commandLineClient,
  deleteClient,
  findClient,
  insertClient,
  listClients,
} from "../../../server/store/clients.ts";
import { testStore } from "../../support/test_store.ts";

const client = { id: "api", name: "an API", secretHash: new Uint8Array([0, 1, 255]) };

testStore("clients", {
  async "returns a client with the bytes of its secret's hash"({ sql, at }) {
    await insertClient(sql, { ...client, now: at({}) });
    const { secretHash, ...named } = (await findClient(sql, "api"))!;
    assert.deepEqual(named, { id: "api", name: "an API" });
    assert.deepEqual([...secretHash!], [0, 1, 255]);
    assert.equal(await findClient(sql, "API"), undefined);
  },
  async "knows the command line without a row"({ sql }) {
    assert.equal(await findClient(sql, commandLineClient.id), commandLineClient);
  },
  async "rejects a second client with the same id"({ sql, at }) {
    await insertClient(sql, { ...client, now: at({}) });
    await assert.rejects(insertClient(sql, { ...client, name: "other", now: at({}) }));
  },
  async "lists clients by age and deletes only the one named"({ sql, at }) {
    await insertClient(sql, { ...client, id: "newer", now: at({ days: 1 }) });
    await insertClient(sql, { ...client, id: "older", now: at({}) });
    assert.deepEqual((await listClients(sql)).map(({ id }) => id), ["older", "newer"]);
    assert.equal(await deleteClient(sql, "newer"), true);
    assert.equal(await deleteClient(sql, "newer"), false);
    assert.deepEqual((await listClients(sql)).map(({ id }) => id), ["older"]);
  },
});
