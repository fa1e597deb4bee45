/** Encryption at rest as a whole: storage_test.ts. */
import assert from "node:assert/strict";
import { createEncryption, EncryptionKeyError } from "../../../server/security/encryption.ts";
import { loadServerSecrets, verifyServerSecrets } from "../../../server/store/server_secrets.ts";
import { testStore } from "../../support/test_store.ts";

const plain = createEncryption({});
const encrypted = createEncryption({ secretKey: "a".repeat(32) });

testStore("server_secrets", {
  async "creates secrets once, however many replicas load them"({ sql, openConnections }) {
    await openConnections();
    const secrets = await Promise.all(
      Array.from({ length: 10 }, () => loadServerSecrets(sql, plain)),
    );
    for (const other of secrets) assert.deepEqual(other, secrets[0]);
    assert.notDeepEqual(secrets[0].formKey, secrets[0].refreshTokenKey);
    assert.equal((await sql`select name from server_secrets`).length, 3);
  },
  async "encrypts stored secrets without changing them"({ sql }) {
    const before = await loadServerSecrets(sql, plain);
    assert.deepEqual(await loadServerSecrets(sql, encrypted), before);
    await assert.rejects(loadServerSecrets(sql, plain), EncryptionKeyError);
  },
  async "verifies secrets without changing them"({ sql }) {
    await verifyServerSecrets(sql, encrypted);
    await loadServerSecrets(sql, encrypted);
    const stored = await sql`select * from server_secrets order by name`;
    await verifyServerSecrets(sql, encrypted);
    await assert.rejects(
      verifyServerSecrets(sql, createEncryption({ secretKey: "b".repeat(32) })),
      EncryptionKeyError,
    );
    assert.deepEqual(await sql`select * from server_secrets order by name`, stored);
  },
});
