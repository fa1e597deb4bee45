/** The page Health does its work once for all who open it. */
import assert from "node:assert/strict";
import { type DoctorDeps, startExamination } from "../../../server/admin/doctor/examine.ts";
import { SharedExamination } from "../../../server/admin/doctor/shared_examination.ts";
import { recordHeartbeat } from "../../../server/store/replicas.ts";
import { ok } from "../../../shared/finding.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { manualClock } from "../../support/manual_clock.ts";
import { addUserWithPassword, signedIn } from "../../support/person.ts";
import { testServer } from "../../support/test_server.ts";

Deno.test("examines once for all who ask, and not again before it has finished", async () => {
  const clock = manualClock();
  let started = 0;
  const running: (() => void)[] = [];
  const shared = new SharedExamination({ clock } as Partial<DoctorDeps> as DoctorDeps, () => {
    const { promise: finished, resolve } = Promise.withResolvers<void>();
    running.push(resolve);
    const areas = [{ title: String(++started), findings: [ok("a", "b")] }];
    return { areas: Promise.resolve(areas), finished };
  });
  const examine = async () => (await shared.examine()).areas[0].title;
  assert.deepEqual(await Promise.all([examine(), examine(), examine()]), ["1", "1", "1"]);
  // The database still works for the first one, such as for an area that took too long.
  clock.advance({ minutes: 1 });
  assert.equal(await examine(), "1");
  running[0]();
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(await examine(), "2");
  running[1]();
  await Promise.resolve();
  clock.advance({ seconds: 9 });
  assert.equal(await examine(), "2");
  clock.advance({ seconds: 1 });
  assert.equal(await examine(), "3");
});

testOnEachDatabase("the page shows what was found within the last seconds", async (location) => {
  await using server = await testServer(location);
  const { sql } = server.parts;
  const { id } = await addUserWithPassword(server);
  await sql`update users set is_admin = true where id = ${id}`;
  const browser = await signedIn(server);
  const replicaState = async () => {
    const { html } = await browser.get("/admin/health");
    return /data-check="replicas" data-status="(\w+)"/.exec(html)?.[1];
  };
  assert.equal(await replicaState(), "warning", "none is running");
  const replica = { id: crypto.randomUUID(), name: "a", host: "a", pid: 1, version: "0.1.0" };
  await recordHeartbeat(sql, replica);
  assert.equal(await replicaState(), "warning");
  server.clock.advance({ seconds: 10 });
  assert.equal(await replicaState(), "ok");
});

testOnEachDatabase("an area that fails does not keep an examination running", async (location) => {
  await using server = await testServer(location);
  await server.parts.sql`alter table housekeeping rename to housekeeping_elsewhere`;
  const { areas, finished } = startExamination(server.parts, { brief: true });
  await finished;
  const replicas = (await areas).find(({ title }) => title === "Replicas")!;
  assert.equal(replicas.findings[0].status, "problem");
});
