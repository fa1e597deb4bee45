/**
 * Invariant: whatever fails, nothing that was acknowledged is lost or done twice, and a revocation
 * is seen by every replica within a second of its response. `deno task chaos` runs longer.
 */
import assert from "node:assert/strict";
import { runChaos } from "../support/chaos/run_chaos.ts";
import { FAULTS } from "../support/chaos/faults.ts";

Deno.test({
  name: "two replicas lose nothing to faults of the database, the network, disks and clocks",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const { journal, faults, searched, logs } = await runChaos({ seed: 1, short: true });
    assert.deepEqual(journal.faults, [], logs);
    assert.deepEqual(Object.keys(faults).sort(), Object.keys(FAULTS).sort());
    for (const operation of ["login", "refresh", "token created", "token revoked", "check"]) {
      assert.ok(journal.counts[operation] > 0, `${operation}: ${JSON.stringify(journal.counts)}`);
    }
    // Secrets were searched for where they could be.
    assert.ok(journal.secrets.size > 50, `${journal.secrets.size} secrets`);
    for (
      const place of [
        ...["log", "metrics", "table audit_log", "table personal_access_tokens"],
        ...["OpenTelemetry", "audit webhook", "audit file", "process list"],
        ...["backup file", "encrypted backup file", "doctor", "audit", "serve --check"],
      ]
    ) assert.ok(searched[place] > 100, place);
  },
});
