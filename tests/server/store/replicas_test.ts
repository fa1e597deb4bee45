import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { startHeartbeat } from "../../../server/replicas/heartbeat.ts";
import { describeReplica } from "../../../server/replicas/replica.ts";
import {
  deleteOldReplicas,
  deleteReplica,
  listReplicas,
  type NewReplica,
  recordHeartbeat,
} from "../../../server/store/replicas.ts";
import { eventually } from "../../support/eventually.ts";
import { testStore } from "../../support/test_store.ts";

function newReplica(name: string): NewReplica {
  return { id: randomUUID(), name, host: "host", pid: 7, version: "1.2.3" };
}

testStore("replicas", {
  async "lists a replica until it stops, and forgets a killed one after a day"({ sql }) {
    const [stopped, killed] = [newReplica("stopped"), { ...newReplica("killed"), worker: 2 }];
    await recordHeartbeat(sql, stopped);
    await recordHeartbeat(sql, killed);
    await deleteReplica(sql, stopped.id);
    const [replica] = await listReplicas(sql);
    assert.deepEqual([replica.name, replica.worker, replica.isAlive], ["killed", 2, true]);
    const setLastSeen = (ago: string) =>
      sql`update replicas set last_seen_at = now() - ${ago}::interval`;
    await setLastSeen("1 minute");
    assert.equal((await listReplicas(sql))[0].isAlive, false);
    await setLastSeen("23 hours");
    assert.equal(await deleteOldReplicas(sql, 10), 0);
    await setLastSeen("25 hours");
    assert.equal(await deleteOldReplicas(sql, 10), 1);
  },
  async "records heartbeats, also after the row was deleted"({ sql }) {
    const replica = describeReplica();
    const heartbeat = await startHeartbeat(sql, replica, 50);
    const lastSeen = async () => (await listReplicas(sql))[0]?.lastSeenAt.getTime() ?? 0;
    const first = await lastSeen();
    await eventually("a heartbeat", async () => await lastSeen() > first);
    await deleteReplica(sql, replica.id);
    await eventually("a new row", async () => await lastSeen() > 0);
    await heartbeat.stop();
    assert.deepEqual(await listReplicas(sql), []);
  },
});
