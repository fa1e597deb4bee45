/** Replacing `secret_key` while servers run. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { AdminDeps } from "../../../server/admin/operation.ts";
import {
  finishSecretKeyRotation,
  type RotatedBatch,
  rotateSecretKeyBatch,
  startSecretKeyRotation,
} from "../../../server/admin/secret_key/rotate.ts";
import { secretKeyStatus } from "../../../server/admin/secret_key/status.ts";
import { DomainError } from "../../../server/domain_error.ts";
import { createEncryption, type Encryption } from "../../../server/security/encryption.ts";
import { bindsValues } from "../../../server/store/sealing.ts";
import { loadServerSecrets, verifyServerSecrets } from "../../../server/store/server_secrets.ts";
import type { Sql } from "../../../server/store/db/connect.ts";
import { recordHeartbeat } from "../../../server/store/replicas.ts";
import { SigningKeys } from "../../../server/tokens/signing_keys.ts";
import { manualClock } from "../../support/manual_clock.ts";
import { testStore } from "../../support/test_store.ts";

const [A, B] = ["a".repeat(32), "b".repeat(32)];
const clock = manualClock();

function depsOf(sql: Sql, encryption: Encryption): AdminDeps {
  return { sql, clock, encryption } as Partial<AdminDeps> as AdminDeps;
}

function signingKeys(sql: Sql, encryption: Encryption): SigningKeys {
  const config = {
    signingAlgorithm: "ES256",
    resources: [],
    keyRotation: 86_400,
    accessTokenLifetime: 900,
  } as const;
  return new SigningKeys(sql, encryption, clock, config);
}

async function addReplica(sql: Sql, name: string, encryption?: Encryption): Promise<string> {
  const id = randomUUID();
  await recordHeartbeat(sql, {
    ...{ id, name, host: "host", pid: 1, version: "1" },
    secretKeyId: encryption?.keyId,
    acceptedKeyIds: encryption?.acceptedKeyIds,
  });
  return id;
}

/** All batches; stops after the first one with `interrupted`. */
async function rotateAll(deps: AdminDeps, { interrupted = false } = {}) {
  const secretKey = deps.encryption.keyId ?? null;
  const started = await startSecretKeyRotation(deps, { start: true });
  assert.ok(!(started instanceof DomainError), (started as DomainError).message);
  const total = { rotated: 0, unreadable: [] as RotatedBatch["unreadable"] };
  let from: RotatedBatch["next"];
  do {
    const batch = await rotateSecretKeyBatch(deps, { secretKey, from });
    assert.ok(!(batch instanceof DomainError));
    total.rotated += batch.rotated;
    total.unreadable.push(...batch.unreadable);
    from = batch.next;
  } while (from !== undefined && !interrupted);
  return total;
}

async function keysOf(deps: AdminDeps): Promise<Record<string, number>> {
  const { keys } = await secretKeyStatus(deps, {});
  return Object.fromEntries(keys.map(({ key, count }) => [key, count]));
}

testStore("secret_key", {
  async "is introduced, replaced and removed while the secrets stay the same"({ sql }) {
    const none = createEncryption({});
    const secrets = await loadServerSecrets(sql, none);
    await signingKeys(sql, none).maintain();
    assert.deepEqual(await keysOf(depsOf(sql, none)), { plain: 5 });
    let before = none;
    for (const secretKey of [A, B, undefined]) {
      const previousSecretKeys = [A, B].filter((key) => key !== secretKey);
      const encryption = createEncryption({ secretKey, previousSecretKeys });
      const deps = depsOf(sql, encryption);
      assert.deepEqual((await rotateAll(deps)).rotated, 5);
      assert.deepEqual(await keysOf(deps), { [encryption.keyId ?? "plain"]: 5 });
      assert.deepEqual(await loadServerSecrets(sql, createEncryption({ secretKey })), secrets);
      assert.ok(await signingKeys(sql, createEncryption({ secretKey })).active());
      // Those that run with the key before, and accept the new one.
      const running = createEncryption({ previousSecretKeys: [A, B] });
      await verifyServerSecrets(sql, running);
      assert.notEqual(before.keyId, encryption.keyId);
      before = encryption;
      assert.equal((await rotateAll(deps)).rotated, 0);
    }
    const events = await sql<{ details: Record<string, unknown> }[]>`
      select details from audit_log where event = 'secret_key.rotated'`;
    assert.equal(events.length, 0);
    await finishSecretKeyRotation(depsOf(sql, none), { rotated: 4, unreadable: 0 });
    assert.equal(
      (await sql`select 1 from audit_log where event = 'secret_key.rotated'`).length,
      1,
    );
  },
  async "binds values of an older version to their rows"({ sql }) {
    const old = createEncryption({ secretKey: A }, { bindsValues: false });
    const secrets = await loadServerSecrets(sql, old);
    assert.deepEqual(await keysOf(depsOf(sql, old)), { unnamed: 3 });
    const encryption = createEncryption({ secretKey: A }, { bindsValues: await bindsValues(sql) });
    assert.equal(encryption.bindsValues, false);
    await rotateAll(depsOf(sql, encryption));
    assert.equal(await bindsValues(sql), true);
    assert.deepEqual(await keysOf(depsOf(sql, encryption)), { [encryption.keyId!]: 3 });
    assert.deepEqual(await loadServerSecrets(sql, encryption), secrets);
  },
  async "continues where it was interrupted, in batches"({ sql }) {
    const rows = Array.from({ length: 450 }, (_, index) => `secret-${String(index).padStart(3)}`);
    const before = createEncryption({ secretKey: A });
    for (const row of rows) {
      const value = before.encrypt(
        new TextEncoder().encode(row),
        { column: "server_secrets.value", row },
      );
      await sql`insert into server_secrets (name, value) values (${row}, ${value})`;
    }
    const deps = depsOf(sql, createEncryption({ secretKey: B, previousSecretKeys: [A] }));
    assert.equal((await rotateAll(deps, { interrupted: true })).rotated, 200);
    assert.deepEqual(Object.values(await keysOf(deps)).sort(), [200, 250]);
    await verifyServerSecrets(sql, deps.encryption);
    assert.equal((await rotateAll(deps)).rotated, 250);
    await verifyServerSecrets(sql, createEncryption({ secretKey: B }));
  },
  async "leaves values that cannot be decrypted, and names them"({ sql }) {
    const a = createEncryption({ secretKey: A });
    await loadServerSecrets(sql, a);
    await sql`
      update server_secrets s set value = other.value
      from server_secrets other where other.name <> s.name and s.name = 'form_key'`;
    const deps = depsOf(sql, createEncryption({ secretKey: B, previousSecretKeys: [A] }));
    const { rotated, unreadable } = await rotateAll(deps);
    assert.equal(rotated, 2);
    assert.deepEqual(unreadable.map(({ column, row }) => [column, row]), [
      ["server_secrets.value", "form_key"],
    ]);
  },
  async "does not start while a server cannot read the new key, or encrypts with another"({ sql }) {
    const a = createEncryption({ secretKey: A });
    await loadServerSecrets(sql, a);
    const target = depsOf(sql, createEncryption({ secretKey: B, previousSecretKeys: [A] }));
    const codeOf = async (deps = target) => {
      const state = await startSecretKeyRotation(deps, { start: true });
      return state instanceof DomainError ? state.code : "starts";
    };
    assert.equal(await codeOf(), "starts");
    const lacking = await addReplica(sql, "lacking", a);
    assert.equal(await codeOf(), "conflict");
    assert.match((await secretKeyStatus(target, {})).next, /lacking does not accept/);
    await sql`delete from replicas where id = ${lacking}`;
    const accepting = createEncryption({ secretKey: A, previousSecretKeys: [B] });
    const waiting = await addReplica(sql, "waiting", accepting);
    assert.equal(await codeOf(), "conflict");
    assert.match((await secretKeyStatus(target, {})).next, /waiting still encrypts with/);
    await sql`delete from replicas where id = ${waiting}`;
    await addReplica(sql, "ready", target.encryption);
    assert.equal(await codeOf(), "starts");
    await addReplica(sql, "unknown");
    assert.equal(await codeOf(), "conflict");
    await sql`update replicas set last_seen_at = now() - interval '1 hour' where name = 'unknown'`;
    assert.equal(await codeOf(), "starts");
    const withoutOld = depsOf(sql, createEncryption({ secretKey: B }));
    assert.equal(await codeOf(withoutOld), "conflict");
    const otherKey = { secretKey: "000000000000" };
    assert.ok(await rotateSecretKeyBatch(target, otherKey) instanceof DomainError);
  },
});
