/**
 * Invariant: a failover to a synchronous standby loses nothing that was acknowledged, and the server
 * follows it without a restart. A primary that was replaced is left, even if it accepts writes.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import postgres from "postgres";
import { brand } from "../../shared/brand.ts";
import {
  errorsOfLostLogins,
  networkOf,
  startDeviceLoginFrom,
} from "../support/acknowledged_logins.ts";
import { eventually } from "../support/eventually.ts";
import { startServer } from "../support/server_process.ts";
import { hasStandby, startCluster } from "../support/standby.ts";
import { temporaryHome } from "../support/temporary_home.ts";

for (const commit of ["on", "remote_apply", "remote_write"] as const) {
  Deno.test({
    name: `follows a failover under load, and loses nothing that was acknowledged (${commit})`,
    ignore: !hasStandby(),
    async fn() {
      await using home = await temporaryHome();
      await using cluster = await startCluster({ synchronous: true, commit });
      await using server = await startServer({
        dataDir: join(home.folder, "data"),
        databaseUrl: cluster.url,
        args: ["--trusted-proxies", "127.0.0.1"],
      });
      const acknowledged: string[] = [];
      let [stopped, refused, started] = [false, 0, 0];
      const load = Array.from({ length: 8 }, async (_, worker) => {
        while (!stopped) {
          const address = networkOf(worker, started++);
          const { status, body } = await startDeviceLoginFrom(server.issuer, address);
          if (status === 200) acknowledged.push(body.device_code);
          else {
            assert.equal(status, 503, JSON.stringify(body));
            refused++;
          }
        }
      });
      const grown = async (what: string, by: number) => {
        const from = acknowledged.length;
        await eventually(what, () => acknowledged.length >= from + by);
      };
      await grown("logins on the primary", 50);
      await cluster.killPrimary();
      await eventually("the outage", () => /database_unreachable/.test(server.running.stderr()));
      await cluster.promote();
      const promotedAt = performance.now();
      await grown("logins on the promoted standby", 50);
      const healedMs = performance.now() - promotedAt;
      stopped = true;
      await Promise.all(load);
      assert.ok(refused > 0);
      assert.ok(healedMs < 30_000, `${healedMs} ms`);

      assert.deepEqual(await errorsOfLostLogins(server.issuer, acknowledged), []);
      assert.equal(
        (await fetch(`${server.issuer}/readyz`).then((response) => response.json())).status,
        "ready",
      );
      assert.doesNotMatch(server.running.stderr(), /unexpected|TypeError|uncaught/i);
    },
  });
}

Deno.test({
  name: "leaves an old primary that accepts writes after a standby was promoted",
  ignore: !hasStandby(),
  async fn() {
    await using home = await temporaryHome();
    await using cluster = await startCluster({ synchronous: false });
    await using server = await startServer({
      dataDir: join(home.folder, "data"),
      databaseUrl: cluster.url,
    });
    const logIn = async () => {
      const response = await fetch(`${server.issuer}/oauth/device/authorize`, {
        method: "POST",
        body: new URLSearchParams({ client_id: brand.cliClientId }),
      });
      return { status: response.status, body: await response.json() };
    };
    assert.equal((await logIn()).status, 200);
    const [old, current] = [cluster.primaryUrl, cluster.standbyUrl].map((url) =>
      postgres(url, { max: 1, onnotice: () => {} })
    );
    try {
      const waiting = async () => {
        const [{ count }] = await current<{ count: number }[]>`
          select count(*)::int as count from device_authorizations`;
        return count;
      };
      // Nothing stops the primary: the network between the two is cut, for instance.
      await cluster.promote();
      await eventually(
        "the promoted server is used",
        () => /old_primary.*replaced_by/.test(server.running.stderr()),
      );
      await eventually("no session with the old primary", async () => {
        const rows = await old`
          select 1 from pg_stat_activity where application_name = ${brand.binaryName}
            and query not like '%pg_control_system%'`;
        return rows.length === 0;
      });
      const before = await waiting();
      await eventually(
        "a login on the promoted server",
        async () => (await logIn()).status === 200,
      );
      assert.ok(await waiting() > before);
      const ready = () => fetch(`${server.issuer}/readyz`).then((response) => response.json());
      await eventually("readiness", async () => (await ready()).status === "ready");
    } finally {
      await Promise.all([old, current].map((sql) => sql.end()));
    }
    // Reported once, however often it is seen.
    assert.equal(server.running.stderr().split("old_primary").length, 2);
    assert.doesNotMatch(server.running.stderr(), /unexpected|TypeError|uncaught/i);
  },
});
