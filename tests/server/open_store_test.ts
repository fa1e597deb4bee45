import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { listReplicas, recordHeartbeat } from "../../server/store/replicas.ts";
import { testOnEachDatabase } from "../support/databases.ts";
import { testServer } from "../support/test_server.ts";

testOnEachDatabase(
  "a server of the embedded database knows that others were killed",
  async (location) => {
    const first = await testServer(location);
    const killed = { id: randomUUID(), name: "killed", host: "vm", pid: 1, version: "0.1.0" };
    await recordHeartbeat(first.parts.sql, killed);
    await first[Symbol.asyncDispose]();
    const second = await testServer(location);
    const names = (await listReplicas(second.parts.sql)).map(({ name }) => name);
    await second[Symbol.asyncDispose]();
    // Servers of one PostgreSQL run at the same time.
    assert.deepEqual(names, location.databaseUrl === undefined ? [] : ["killed"]);
  },
);
