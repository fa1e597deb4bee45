import assert from "node:assert/strict";
import { recordAuditEvent } from "../../../../server/store/audit_events.ts";
import {
  type AuditFilter,
  type AuditPosition,
  listAuditEvents,
  positionOf,
} from "../../../../server/store/audit_log/list.ts";
import { createAuditPartitions } from "../../../../server/store/audit_log/partitions.ts";
import { testStore } from "../../../support/test_store.ts";

testStore("audit_log, list", {
  async "returns all events once, page by page, over partitions"({ sql, at }) {
    await createAuditPartitions(sql, at({}));
    const names: string[] = [];
    for (const days of [-1, 0, 0, 7, 7, 7, 30]) {
      names.push(`test.${names.length}`);
      const clock = { now: () => at({ days }).getTime() };
      await recordAuditEvent(sql, clock, { event: names.at(-1)! });
    }
    for (const order of ["oldest first", "newest first"] as const) {
      const seen: string[] = [];
      let after: AuditPosition | undefined;
      for (;;) {
        const page = await listAuditEvents(sql, { after, order, limit: 2 });
        seen.push(...page.map(({ event }) => event));
        if (page.length < 2) break;
        after = positionOf(page[1]);
      }
      assert.deepEqual(seen, order === "oldest first" ? names : names.toReversed());
    }
  },
  async "returns what the filter asks for"({ sql, at }) {
    const clock = { now: () => at({}).getTime() };
    const event = { event: "token.created", actor: "alice", subject: "t1", address: "192.0.2.1" };
    await recordAuditEvent(sql, clock, event);
    await recordAuditEvent(sql, clock, { ...event, actor: "agent:x", actingFor: "alice" });
    await recordAuditEvent(sql, clock, { event: "token_format.created", actor: "operator" });
    await recordAuditEvent(sql, clock, { event: "signin.failed", subject: "bob" });
    const count = async (filter: AuditFilter) =>
      (await listAuditEvents(sql, { ...filter, limit: 10 })).length;
    const cases: [AuditFilter, number][] = [
      [{}, 4],
      [{ actors: ["alice"] }, 2],
      [{ actors: ["bob", "operator"] }, 1],
      [{ subjects: ["t1"] }, 2],
      [{ events: ["token.*"] }, 2],
      [{ events: ["token.*", "signin.failed"] }, 3],
      [{ events: ["token%"] }, 0],
      [{ events: ["token_*"] }, 1],
      [{ events: [] }, 0],
      [{ result: "failed" }, 1],
      [{ address: "192.0.2.1", actors: ["agent:x"] }, 1],
      [{ since: at({ seconds: 1 }) }, 0],
      [{ until: at({}) }, 0],
      [{ requestId: "none" }, 0],
    ];
    for (const [filter, expected] of cases) {
      assert.equal(await count(filter), expected, JSON.stringify(filter));
    }
  },
});
