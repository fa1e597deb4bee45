/** Runs the tests of one table on every database: what the SQL must guarantee on each of them. */
import { randomUUID } from "node:crypto";
import { openDatabase, type Sql } from "../../server/store/db/connect.ts";
import { insertRefreshTokenFamily } from "../../server/store/refresh_token_families.ts";
import { createServiceAccount, type ServiceAccount } from "../../server/store/service_accounts.ts";
import { createSession } from "../../server/store/sessions.ts";
import { createUser, type User } from "../../server/store/users.ts";
import { tokenHash } from "../../server/tokens/token_hash.ts";
import { databaseKinds, pooledKinds } from "./databases.ts";
import { passwordSignIn } from "./password_sign_in.ts";

interface Offset {
  days?: number;
  hours?: number;
  minutes?: number;
  seconds?: number;
}

/** A database with empty tables, and the rows that others refer to. */
export interface TestStore {
  sql: Sql;
  /** A time relative to the start of the test. */
  at(offset: Offset): Date;
  addUser(): Promise<User>;
  addServiceAccount(): Promise<ServiceAccount>;
  /** Returns the id of a session that expires after ten hours. */
  addSession(userId: string, token?: string): Promise<string>;
  /** Returns the id of a login that expires after 30 days without use, or a year. */
  addLogin(userId: string): Promise<string>;
  /** Makes sure that what follows runs on many connections at the same time. */
  openConnections(): Promise<void>;
}

export type StoreTests = Record<string, (store: TestStore) => Promise<void>>;

/** The tests share one database per kind; each starts with empty tables. */
export function testStore(table: string, tests: StoreTests): void {
  for (const kind of [...databaseKinds, ...pooledKinds]) {
    Deno.test(`${table} (${kind.name})`, async (t) => {
      await using created = await kind.create();
      const { sql, close } = await openDatabase(created.location);
      try {
        for (const [name, test] of Object.entries(tests)) {
          await t.step(name, async () => {
            await emptyTables(sql);
            await test(newStore(sql));
          });
        }
      } finally {
        await close();
      }
    });
  }
}

async function emptyTables(sql: Sql): Promise<void> {
  const tables = await sql<{ tablename: string }[]>`
    select tablename from pg_tables
    where schemaname = 'public' and tablename not in ('schema_migrations', 'write_probe')`;
  const names = tables.map(({ tablename }) => tablename).join(", ");
  await sql.begin(async (tx) => {
    // Past the trigger that keeps the audit log.
    await tx`set local session_replication_role = replica`;
    await tx.unsafe(`truncate ${names} cascade`);
  });
}

function newStore(sql: Sql): TestStore {
  const start = Date.UTC(2026, 10, 24, 10, 0, 0);
  const at = ({ days = 0, hours = 0, minutes = 0, seconds = 0 }: Offset) =>
    new Date(start + (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000);
  const now = at({});
  return {
    sql,
    at,
    async addUser() {
      const email = `${randomUUID()}@example.test`;
      const user = { email, name: "Alice", passwordHash: "", isAdmin: false, now };
      return await createUser(sql, user) as User;
    },
    addServiceAccount: async () =>
      (await createServiceAccount(sql, { name: randomUUID(), scope: "deploy", now }))!,
    addSession: async (userId, token = randomUUID()) =>
      (await createSession(sql, {
        tokenHash: tokenHash(token),
        userId,
        ...passwordSignIn({ passwordHash: "" }),
        now,
        expiresAt: at({ hours: 10 }),
        address: "192.0.2.1",
        userAgent: "Browser/1",
      }))!,
    async addLogin(userId) {
      const id = randomUUID();
      const first = { handleHash: tokenHash(`handle ${id}`), hash: tokenHash(`first ${id}`) };
      await sql.begin((tx) =>
        insertRefreshTokenFamily(tx, {
          id,
          userId,
          clientId: "a client",
          scope: "openid",
          authenticatedAt: now,
          createdAt: now,
          lastUsedAt: now,
          idleExpiresAt: at({ days: 30 }),
          absoluteExpiresAt: at({ days: 365 }),
          address: "192.0.2.1",
          userAgent: "test/1",
        }, first)
      );
      return id;
    },
    async openConnections() {
      await Promise.all(Array.from({ length: 10 }, () => sql`select pg_sleep(0.1)`));
    },
  };
}
