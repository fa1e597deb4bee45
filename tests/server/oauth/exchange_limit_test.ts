/** Repeated exchanges of one caller are limited, and so are their audit events. */
import assert from "node:assert/strict";
import { cleanUp } from "../../../server/cleanup.ts";
import { TOKEN_EXCHANGE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { ACCESS_TOKEN_TYPE } from "../../../shared/oauth/token_types.ts";
import { SharedRateLimit } from "../../../server/security/shared_rate_limit.ts";
import { openDatabase } from "../../../server/store/db/connect.ts";
import { deleteOldRateBuckets } from "../../../server/store/rate_buckets.ts";
import { TokenBucketLimit } from "../../../server/security/token_bucket.ts";
import { testOnEachDatabase } from "../../support/databases.ts";
import { createPat, describeScopes } from "../../support/pats.ts";
import { addPerson } from "../../support/person.ts";
import { manualClock } from "../../support/manual_clock.ts";
import { testServer } from "../../support/test_server.ts";

testOnEachDatabase(
  "limits exchanges of one token, and audits them in two rows an hour",
  async (location) => {
    await using server = await testServer(location, describeScopes);
    const { sql } = server.parts;
    const alice = await addPerson(server);
    const { token, id } = await createPat(server, alice);
    const other = await createPat(server, alice);
    const exchange = (subject_token: string) =>
      server.post("/oauth/token", {
        grant_type: TOKEN_EXCHANGE_GRANT,
        subject_token_type: ACCESS_TOKEN_TYPE,
        subject_token,
      });
    const answers = [];
    for (let round = 0; round < 13; round++) {
      answers.push(...await Promise.all(Array.from({ length: 20 }, () => exchange(token))));
    }
    const passed = answers.filter(({ status }) => status === 200);
    assert.equal(passed.length, 100);
    assert.equal(new Set(passed.map(({ body }) => body.access_token)).size, 100);
    const refused = answers.filter(({ status }) => status !== 200);
    for (const { status, body, headers } of refused) {
      assert.equal(status, 429);
      assert.equal(body.error, "temporarily_unavailable");
      assert.equal(headers.get("retry-after"), "1");
    }
    assert.equal((await exchange(other.token)).status, 200, "other tokens have their own limit");
    server.clock.advance({ seconds: 1 });
    assert.equal((await exchange(token)).status, 200);

    const audited = () =>
      sql`select details from audit_log where event = 'token.exchanged' and subject = ${id}
      order by occurred_at, seq`;
    const [row, ...more] = await audited();
    assert.equal(more.length, 0);
    assert.deepEqual(row.details, { scope: "deploy" });
    const last_at = new Date(server.clock.now()).toISOString();
    server.clock.advance({ hours: 1 });
    assert.equal((await exchange(token)).status, 200);
    await cleanUp(server.parts);
    assert.deepEqual((await audited()).map(({ details }) => details), [
      { scope: "deploy" },
      { scope: "deploy", count: 100, last_at },
      { scope: "deploy" },
    ]);
  },
);

Deno.test("a rate limit refills over time, and takes from all of its buckets or from none", () => {
  const clock = manualClock();
  const limit = new TokenBucketLimit(clock);
  const [narrow, wide] = [{ burst: 2, perSecond: 0.5 }, { burst: 3, perSecond: 1 }];
  const take = (key: string) => limit.take([[key, narrow], ["all", wide]]);
  assert.deepEqual([take("a"), take("a"), take("a"), take("a")], [0, 0, 2, 2]);
  assert.equal(take("b"), 0, "what was refused took nothing from the common bucket");
  assert.equal(take("b"), 1, "the common bucket is empty");
  clock.advance({ seconds: 2 });
  assert.deepEqual([take("a"), take("a")], [0, 2]);
  clock.advance({ hours: 1 });
  assert.deepEqual([take("a"), take("a"), take("a")], [0, 0, 2], "no more than the burst");
  clock.set(clock.now() - 60_000);
  assert.equal(take("b"), 0, "a clock that was set back refills nothing and blocks no caller");
});

testOnEachDatabase("replicas share a rate limit, with few statements", async (location) => {
  const { sql, close } = await openDatabase(location);
  const clock = manualClock();
  let statements = 0;
  const counted = new Proxy(sql, {
    apply(target, _this, parameters: Parameters<typeof sql>) {
      statements++;
      return target(...parameters);
    },
  });
  const replicas = [1, 2].map(() => new SharedRateLimit(counted, clock));
  const rate = { burst: 100, perSecond: 2 };
  const all = { burst: 1000, perSecond: 100 };
  const takeMany = async (count: number) => {
    const waits = await Promise.all(
      Array.from(
        { length: count },
        (_, index) => replicas[index % 2].take([["a", rate], ["b", all]]),
      ),
    );
    return waits.filter((wait) => wait === 0).length;
  };
  let passed = 0;
  for (let round = 0; round < 20; round++) passed += await takeMany(10);
  assert.equal(passed, 100, "together as many as one replica");
  assert.ok(statements < 50, `${statements} statements`);
  const before = statements;
  assert.equal(await takeMany(50), 0);
  assert.equal(statements, before, "an empty bucket is remembered");
  assert.equal(replicas[0].refusals + replicas[1].refusals, 150);
  clock.advance({ seconds: 1 });
  assert.equal(await takeMany(10), 2);
  clock.advance({ hours: 1 });
  assert.equal(await takeMany(200), 100, "no more than the burst");
  clock.set(clock.now() - 3_600_000);
  assert.equal(await takeMany(10), 0, "a clock that was set back refills nothing");
  clock.advance({ seconds: 10 });
  assert.ok(await takeMany(10) > 0, "and blocks no caller");
  await deleteOldRateBuckets(sql, new Date(clock.now() + 1000), 10);
  assert.equal((await sql`select 1 from rate_buckets`).length, 0);
  await close();
});
