/** Replacing `secret_key` and signing keys, while a server serves. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { brand } from "../../../shared/brand.ts";
import { createEncryption } from "../../../server/security/encryption.ts";
import { openDatabase } from "../../../server/store/db/connect.ts";
import { copyEmbeddedDatabase } from "../embedded_template.ts";
import { startServer } from "../server_process.ts";
import { copyData, type KillRound, type KillScenarios } from "./command_kills.ts";

const [OLD, NEW] = ["o".repeat(32), "n".repeat(32)];
/** Several batches of a rotation. */
const VALUES = 1500;

export const keyChanges: KillScenarios = {
  names: ["rotation of the secret key", "rotation of signing keys"],
  async prepare(folder) {
    const dataDir = join(folder, "sealed");
    await copyEmbeddedDatabase("migrated", dataDir);
    const secrets = await addSealedValues(dataDir);
    const env = {
      [`${brand.envPrefix}_SECRET_KEY`]: NEW,
      [`${brand.envPrefix}_PREVIOUS_SECRET_KEYS`]: OLD,
    };
    {
      // Creates the keys of a server that has the old one.
      await using _server = await startServer({
        dataDir,
        env: { [`${brand.envPrefix}_SECRET_KEY`]: OLD },
      });
    }
    return [
      {
        name: "rotation of the secret key",
        typicalMs: 4000,
        async round(round) {
          const data = await copyData(round, dataDir);
          const rotate = ["admin", "secret-key", "rotate", "--yes", "--data-dir", data];
          await interruptWithServer(round, data, rotate, env);
          await round.succeeds(rotate, env);
          const status = await round.succeeds(
            ["admin", "secret-key", "status", "--json", "--data-dir", data],
            env,
          );
          const { secretKey, keys } = JSON.parse(status.stdout);
          assert.deepEqual(keys.map(({ key }: { key: string }) => key), [secretKey]);
          const encryption = createEncryption({ secretKey: NEW });
          const { sql, close } = await openDatabase({ dataDir: data });
          try {
            const rows = await sql<{ user_id: string; secret: Uint8Array }[]>`
            select user_id, secret from totp_authenticators`;
            assert.equal(rows.length, secrets.size);
            for (const { user_id, secret } of rows) {
              const place = { column: "totp_authenticators.secret", row: user_id } as const;
              const plain = Buffer.from(encryption.decrypt(secret, place)).toString();
              assert.equal(plain, secrets.get(user_id));
            }
          } finally {
            await close();
          }
          // Without the old key.
          const onlyNew = { [`${brand.envPrefix}_SECRET_KEY`]: NEW };
          await using _server = await startServer({ dataDir: data, env: onlyNew });
        },
      },
      {
        name: "rotation of signing keys",
        typicalMs: 1200,
        async round(round) {
          const data = await copyData(round, dataDir);
          const place = ["--data-dir", data];
          const keys = async () => {
            const { stdout } = await round.succeeds(
              ["admin", "keys", "list", "--json", ...place],
              env,
            );
            return JSON.parse(stdout) as { kid: string; state: string }[];
          };
          const active = (await keys()).find(({ state }) => state === "active")!;
          const change = round.random() < 0.5
            ? ["admin", "keys", "rotate", "--force", ...place]
            : ["admin", "keys", "remove", active.kid, "--yes", ...place];
          await interruptWithServer(round, data, change, env);
          await using server = await startServer({ dataDir: data, env });
          const listed = await keys();
          const signing = listed.filter(({ state }) => state === "active");
          assert.equal(signing.length, 1, JSON.stringify(listed));
          assert.ok(listed.some(({ state }) => state === "next"), JSON.stringify(listed));
          const response = await fetch(`${server.issuer}/oauth/jwks`);
          const { keys: published } = await response.json();
          for (const { kid, state } of listed) {
            const isPublished = published.some((key: { kid: string }) => key.kid === kid);
            assert.ok(isPublished, `${state} key ${kid} is not published`);
          }
        },
      },
    ];
  },
};

/** Kills the command or, as often, the server that works for it. */
async function interruptWithServer(
  round: KillRound,
  dataDir: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<void> {
  await using server = await startServer({ dataDir, env });
  if (round.random() < 0.5) await round.killed(args, env);
  else await round.during(args, () => server.running.kill("SIGKILL"), env);
}

/** Returns the secrets by user. */
async function addSealedValues(dataDir: string): Promise<Map<string, string>> {
  const encryption = createEncryption({ secretKey: OLD });
  const secrets = new Map<string, string>();
  const { sql, close } = await openDatabase({ dataDir });
  try {
    await sql.begin(async (tx) => {
      for (let count = 0; count < VALUES; count++) {
        const [user, plain] = [randomUUID(), randomUUID()];
        secrets.set(user, plain);
        const place = { column: "totp_authenticators.secret", row: user } as const;
        await tx`
          insert into users (id, email, name, created_at)
          values (${user}, ${`${user}@example.com`}, '', now())`;
        await tx`
          insert into totp_authenticators (user_id, secret, created_at, last_step)
          values (${user}, ${encryption.encrypt(Buffer.from(plain), place)}, now(), 0)`;
      }
    });
  } finally {
    await close();
  }
  return secrets;
}
