import assert from "node:assert/strict";
import { createEncryption, EncryptionKeyError } from "../../../server/security/encryption.ts";
import {
  deleteExpiredSigningKeys,
  deleteSigningKey,
  encryptSigningKeys,
  insertSigningKey,
  listSigningKeys,
  type NewSigningKey,
  privateJwkOf,
  scheduleSigningKey,
  withSigningKeysLocked,
} from "../../../server/store/signing_keys.ts";
import { type TestStore, testStore } from "../../support/test_store.ts";

const plain = createEncryption({});
const encrypted = createEncryption({ secretKey: "a".repeat(32) });

async function insert(
  { sql, at }: TestStore,
  kid: string,
  change: Partial<NewSigningKey> = {},
): Promise<void> {
  const key: NewSigningKey = {
    kid,
    algorithm: "ES256",
    publicJwk: { kty: "EC", x: kid },
    privateJwk: { kty: "EC", d: kid },
    createdAt: at({}),
    ...change,
  };
  await sql.begin((tx) => insertSigningKey(tx, plain, key));
}

async function kids({ sql, at }: TestStore, days = 0): Promise<string[]> {
  return (await listSigningKeys(sql, at({ days }))).map(({ kid }) => kid);
}

testStore("signing_keys", {
  async "lists keys by age until they expire"(store) {
    await insert(store, "newer", { createdAt: store.at({ days: 1 }) });
    await insert(store, "older", { expiresAt: store.at({ days: 2 }) });
    assert.deepEqual(await kids(store, 1), ["older", "newer"]);
    assert.deepEqual(await kids(store, 2), ["newer"]);
  },
  async "schedules one key, and keeps times that are not given"(store) {
    const { sql, at } = store;
    await insert(store, "a", { activatesAt: at({ days: 1 }) });
    await insert(store, "b");
    await sql.begin((tx) => scheduleSigningKey(tx, "a", { expiresAt: at({ days: 9 }) }));
    const [a, b] = await listSigningKeys(sql, at({}));
    assert.deepEqual([a.activatesAt, a.expiresAt], [at({ days: 1 }), at({ days: 9 })]);
    assert.deepEqual([b.activatesAt, b.expiresAt], [undefined, undefined]);
  },
  async "deletes a named key and expired keys only"(store) {
    const { sql, at } = store;
    await insert(store, "kept", { expiresAt: at({ days: 2 }) });
    await insert(store, "expired", { expiresAt: at({ days: 1 }) });
    await insert(store, "named");
    await deleteExpiredSigningKeys(sql, at({ days: 1 }), 10);
    await sql.begin((tx) => deleteSigningKey(tx, "named"));
    assert.deepEqual(await kids(store), ["kept"]);
  },
  async "runs one change at a time"(store) {
    await store.openConnections();
    const { sql, at } = store;
    const addIfMissing = () =>
      withSigningKeysLocked(sql, async (tx) => {
        if ((await listSigningKeys(tx, at({}))).length > 0) return false;
        await insertSigningKey(tx, plain, {
          kid: crypto.randomUUID(),
          algorithm: "ES256",
          publicJwk: { kty: "EC" },
          privateJwk: { kty: "EC" },
          createdAt: at({}),
        });
        return true;
      });
    const added = await Promise.all(Array.from({ length: 10 }, addIfMissing));
    assert.equal(added.filter(Boolean).length, 1);
  },
  async "encrypts stored private keys without changing them"(store) {
    const { sql, at } = store;
    await insert(store, "a");
    await sql.begin((tx) => encryptSigningKeys(tx, plain));
    assert.deepEqual(await kids(store), ["a"]);
    await sql.begin((tx) => encryptSigningKeys(tx, encrypted));
    const [key] = await listSigningKeys(sql, at({}));
    assert.deepEqual(privateJwkOf(key, encrypted), { kty: "EC", d: "a" });
    assert.throws(() => privateJwkOf(key, plain), EncryptionKeyError);
    assert.throws(() => privateJwkOf({ ...key, kid: "b" }, encrypted), EncryptionKeyError);
  },
});
