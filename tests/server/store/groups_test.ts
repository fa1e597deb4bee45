/** What directories and administrators say about groups, and what counts: see 0021_groups.sql. */
import assert from "node:assert/strict";
import {
  changeExternalMembers,
  removeGroupSource,
  renameExternalGroup,
  setExternalGroups,
} from "../../../server/access/external_groups.ts";
import { syncDeclaredGroups } from "../../../server/access/declared_groups.ts";
import type { GroupSource } from "../../../server/access/external_groups.ts";
import type { Sql } from "../../../server/store/db/connect.ts";
import { statementRetries } from "../../../server/store/db/retry_conflicts.ts";
import {
  addLocalMembership,
  deleteGroup,
  insertGroup,
  listGroups,
  listMemberships,
  lockMemberships,
  removeLocalMembership,
  updateGroupRow,
} from "../../../server/store/groups.ts";
import { findPrincipal } from "../../../server/store/principals.ts";
import { findOwnerRecord } from "../../../server/store/pats/find.ts";
import {
  deleteUserRow,
  findUser,
  lacksAdministrator,
  listUsers,
  lockActiveAdministrators,
  updateUserRow,
} from "../../../server/store/users.ts";
import { testStore } from "../../support/test_store.ts";

const clock = { now: () => Date.UTC(2026, 0, 1) };
const now = new Date(clock.now());

const create = (
  sql: Sql,
  name: string,
  sources?: string[],
) => sql.begin((tx) => insertGroup(tx, { name, sources, now }));

const fromDirectory = (sql: Sql, userId: string, source: GroupSource, names: string[]) =>
  sql.begin((tx) => setExternalGroups(tx, { clock }, { userId, source, names }));

async function groupsOf(sql: Sql, userId: string): Promise<string[]> {
  const user = (await findUser(sql, userId))!;
  const principal = (await findPrincipal(sql, userId))!;
  const owner = (await findOwnerRecord(sql, { kind: "user", id: userId }))!;
  for (const { groups, isAdmin } of [principal, owner]) {
    assert.deepEqual({ groups, isAdmin }, { groups: user.groups, isAdmin: user.isAdmin });
  }
  return user.isAdmin ? ["(admin)", ...user.groups] : user.groups;
}

testStore("groups", {
  async "are locked once by each transaction"({ sql }) {
    await sql.begin(async (tx) => {
      const isLocked = async () =>
        (await tx`
          select 1 from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`).length ===
          1;
      let statements = 0;
      const counted = new Proxy(tx, {
        apply: (target, self, parameters) => {
          statements++;
          return Reflect.apply(target, self, parameters);
        },
      });
      await lockMemberships(counted);
      await lockMemberships(counted);
      assert.deepEqual([statements, await isLocked()], [1, true]);
    });
    await sql.begin(async (tx) => {
      await tx.savepoint(async (nested) => {
        await lockMemberships(nested);
        throw new Error("undone, and the lock with it");
      }).catch(() => {});
      await lockMemberships(tx);
      const { length } = await tx`
        select 1 from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`;
      assert.equal(length, 1);
    });
  },
  async "lists groups by name and rejects a name in another letter case"({ sql }) {
    assert.equal(await create(sql, "ops"), true);
    assert.equal(await create(sql, "Deployers", ["okta:Deployers"]), true);
    assert.equal(await create(sql, "deployers"), false);
    const groups = await listGroups(sql);
    assert.deepEqual(groups.map(({ name, sources }) => [name, sources]), [
      ["Deployers", ["okta:Deployers"]],
      ["ops", undefined],
    ]);
  },
  async "counts local memberships until they are removed or the group is deleted"(
    { sql, addUser },
  ) {
    const { id: userId } = await addUser();
    await create(sql, "ops");
    const add = () => sql.begin((tx) => addLocalMembership(tx, { userId, group: "ops" }));
    assert.equal(await add(), true);
    assert.equal(await add(), false);
    assert.deepEqual(await groupsOf(sql, userId), ["ops"]);
    const remove = () => sql.begin((tx) => removeLocalMembership(tx, { userId, group: "ops" }));
    assert.equal(await remove(), true);
    assert.equal(await remove(), false);
    assert.deepEqual(await groupsOf(sql, userId), []);
    await add();
    await sql.begin((tx) => deleteGroup(tx, "ops"));
    assert.deepEqual(await groupsOf(sql, userId), []);
  },
  async "counts the groups of each directory under their own names"({ sql, addUser }) {
    const { id } = await addUser();
    await fromDirectory(sql, id, "idp:okta", ["Everyone", "Deployers"]);
    await fromDirectory(sql, id, "scim:entra", ["Deployers", "Ops"]);
    assert.deepEqual(await groupsOf(sql, id), ["Deployers", "Everyone", "Ops"]);
    assert.deepEqual(await fromDirectory(sql, id, "idp:okta", ["Everyone", "New"]), {
      added: ["New"],
      removed: ["Deployers"],
      ignored: 0,
    });
    assert.deepEqual(await groupsOf(sql, id), ["Deployers", "Everyone", "New", "Ops"]);
    await fromDirectory(sql, id, "scim:entra", []);
    assert.deepEqual(await groupsOf(sql, id), ["Everyone", "New"]);
  },
  async "counts only the groups that a group lists, if it lists any"({ sql, addUser }) {
    const [a, b] = [(await addUser()).id, (await addUser()).id];
    await fromDirectory(sql, a, "idp:okta", ["Release Managers"]);
    await fromDirectory(sql, b, "idp:github", ["deployers"]);
    assert.deepEqual(await groupsOf(sql, b), ["deployers"]);
    await create(sql, "deployers", ["okta:Release Managers"]);
    assert.deepEqual(await groupsOf(sql, a), ["Release Managers", "deployers"]);
    assert.deepEqual(await groupsOf(sql, b), []);
    await sql.begin((tx) => updateGroupRow(tx, { name: "deployers", sources: [] }));
    assert.deepEqual(await groupsOf(sql, a), ["Release Managers"]);
    await sql.begin((tx) => updateGroupRow(tx, { name: "deployers" }));
    assert.deepEqual(await groupsOf(sql, b), ["deployers"]);
    assert.deepEqual(await listMemberships(sql, b), [
      { group: "deployers", source: "idp:github", sourceName: "deployers" },
    ]);
  },
  async "makes administrators only of the groups that admin lists"({ sql, addUser }) {
    assert.equal(await lacksAdministrator(sql), false);
    const { id } = await addUser();
    await fromDirectory(sql, id, "idp:okta", ["admin", "user", "Admins"]);
    assert.deepEqual(await groupsOf(sql, id), ["Admins"]);
    await create(sql, "admin", ["okta:Admins"]);
    assert.deepEqual(await groupsOf(sql, id), ["(admin)", "Admins"]);
    assert.equal((await findUser(sql, id))!.isAdminByGroup, true);
    assert.deepEqual((await listUsers(sql, { isAdmin: true })).map((user) => user.id), [id]);
    await sql.begin((tx) => updateUserRow(tx, id, { passwordHash: "x" }));
    assert.deepEqual(await sql.begin((tx) => lockActiveAdministrators(tx)), [id]);
    assert.equal(await lacksAdministrator(sql), false);
    await fromDirectory(sql, id, "idp:okta", []);
    assert.deepEqual(await groupsOf(sql, id), []);
    assert.equal(await lacksAdministrator(sql), true);
  },
  async "never stores a local membership of a role"({ sql, addUser }) {
    const { id: userId } = await addUser();
    for (const group of ["admin", "user"]) {
      await assert.rejects(sql.begin((tx) => addLocalMembership(tx, { userId, group })));
    }
  },
  async "ignores hostile names and stores at most 1,000, those known here first"(
    { sql, addUser },
  ) {
    const { id } = await addUser();
    const hostile = [
      "",
      "  ",
      "x".repeat(10_000),
      "a\u202eb",
      "a\u0000b",
      "\ud800",
      "x".repeat(201),
    ];
    const { ignored } = await fromDirectory(sql, id, "idp:okta", [...hostile, "<b>bold</b>", "é"]);
    assert.equal(ignored, hostile.length);
    assert.deepEqual(await groupsOf(sql, id), ["<b>bold</b>", "é"]);
    await create(sql, "zz-known");
    await create(sql, "mapped", ["okta:zz mapped"]);
    const many = Array.from({ length: 3000 }, (_, index) => `group ${index}`);
    const changed = await fromDirectory(sql, id, "idp:okta", [...many, "zz-known", "zz mapped"]);
    assert.equal(changed.ignored, 2002);
    const groups = await groupsOf(sql, id);
    assert.equal(groups.length, 1001);
    assert.ok(groups.includes("zz-known") && groups.includes("mapped"));
  },
  async "changes, renames and forgets the groups of a directory"({ sql, addUser }) {
    const [a, b] = [(await addUser()).id, (await addUser()).id];
    const source = "scim:okta";
    const missing = "00000000-0000-4000-8000-000000000000";
    const change = (members: { add?: string[]; remove?: string[] }) =>
      sql.begin((tx) =>
        changeExternalMembers(tx, { clock }, { source, name: "Deployers", ...members })
      );
    const { added } = await change({ add: [a, b, missing] });
    assert.deepEqual(added.sort(), [a, b].sort());
    assert.deepEqual(await change({ add: [a], remove: [b] }), { added: [], removed: [b] });
    await sql.begin((tx) =>
      renameExternalGroup(tx, { clock }, { source, from: "Deployers", to: "Release" })
    );
    assert.deepEqual(await groupsOf(sql, a), ["Release"]);
    assert.deepEqual(await groupsOf(sql, b), []);
    await sql.begin((tx) => removeGroupSource(tx, { clock }, { source }));
    assert.deepEqual(await groupsOf(sql, a), []);
    const events = await sql<{ details: Record<string, unknown> }[]>`
      select details from audit_log
      where event = 'group.membership_changed' and subject = ${a} order by details::text`;
    assert.deepEqual(events.map(({ details }) => details).length, 3);
  },
  async "keeps both of two changes at the same time"(store) {
    const { sql, addUser } = store;
    await store.openConnections();
    const users = await Promise.all(Array.from({ length: 4 }, () => addUser()));
    const changes = users.flatMap(({ id }, index) => [
      fromDirectory(sql, id, "idp:okta", ["Everyone", "Release"]),
      fromDirectory(sql, id, "scim:entra", ["Ops"]),
      create(sql, `group-${index}`, ["okta:Release"]),
    ]);
    const conflicts = statementRetries.conflict;
    await Promise.all(changes);
    assert.equal(statementRetries.conflict, conflicts, "none waited for each other");
    for (const { id } of users) {
      assert.deepEqual(
        await groupsOf(sql, id),
        ["Everyone", "Ops", "Release", "group-0", "group-1", "group-2", "group-3"],
      );
    }
  },
  async "follows the groups that the config file declares"({ sql, addUser }) {
    const { id } = await addUser();
    await fromDirectory(sql, id, "idp:okta", ["Admins", "Ops"]);
    await create(sql, "OPS");
    const sync = (declared: { name: string; sources?: string[] }[]) =>
      syncDeclaredGroups(sql, clock, declared);
    const admin = { name: "admin", sources: ["okta:Admins"] };
    assert.deepEqual(await sync([admin, { name: "team", sources: ["okta:Ops"] }]), []);
    assert.deepEqual(await groupsOf(sql, id), ["(admin)", "Admins", "Ops", "team"]);
    await sql.begin((tx) => addLocalMembership(tx, { userId: id, group: "team" }));
    assert.deepEqual(await sync([admin, { name: "ops" }]), ["ops"]);
    // Members who were added here stay, those of the directory do not.
    assert.deepEqual(await groupsOf(sql, id), ["(admin)", "Admins", "Ops", "team"]);
    assert.deepEqual(await sync([]), []);
    assert.deepEqual(await groupsOf(sql, id), ["Admins", "Ops", "team"]);
    assert.deepEqual(
      (await listGroups(sql)).map(({ name, sources, isDeclared }) => [name, sources, isDeclared]),
      [["OPS", undefined, false], ["admin", [], false], ["team", [], false]],
    );
  },
  async "forgets the memberships of a user who is deleted"({ sql, addUser }) {
    const { id } = await addUser();
    await fromDirectory(sql, id, "idp:okta", ["Everyone"]);
    await sql.begin((tx) => deleteUserRow(tx, id));
    assert.equal((await sql`select 1 from group_memberships`).length, 0);
    assert.deepEqual(await fromDirectory(sql, id, "idp:okta", ["Everyone"]), {
      added: [],
      removed: [],
      ignored: 0,
    });
  },
  async "adds 10,000 members at once"({ sql }) {
    await sql`
      insert into users (id, email, name, created_at)
      select gen_random_uuid(), 'u' || n || '@example.com', 'U', now()
      from generate_series(1, 10000) n`;
    const users = await sql<{ id: string }[]>`select id from users`;
    await sql.begin((tx) =>
      changeExternalMembers(tx, { clock }, {
        source: "scim:okta",
        name: "Everyone",
        add: users.map(({ id }) => id),
      })
    );
    const [{ count }] = await sql<{ count: number }[]>`
      select count(*)::int as count from users where groups = '["Everyone"]'`;
    assert.equal(count, 10_000);
  },
});
