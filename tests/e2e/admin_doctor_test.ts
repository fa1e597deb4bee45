/** `admin doctor` of the compiled program beside a server that runs, and without one. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../shared/exit_codes.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { install, POSTGRES } from "../support/installation.ts";
import { parseOutput } from "../support/output_schema.ts";
import { temporaryHome } from "../support/temporary_home.ts";

interface Finding {
  check: string;
  status: string;
}

for (const database of ["embedded", POSTGRES] as const) {
  Deno.test(`admin doctor finds a forgotten proxy and a dead server (${database})`, async () => {
    await using home = await temporaryHome();
    const port = freePort();
    const config = join(home.folder, "config.toml");
    await Deno.writeTextFile(config, `listen = "127.0.0.1:${port}"\n`, { mode: 0o600 });
    await using server = await install({ database, port });
    const examine = async (...more: string[]) => {
      const args = ["admin", "doctor", "--json", "--config", config, ...more];
      const { code, stdout, stderr } = await server.operate(args);
      assert.notEqual(stdout, "", stderr);
      const { ok, findings } = parseOutput("admin-doctor", stdout) as {
        ok: boolean;
        findings: Finding[];
      };
      assert.equal(code, ok ? EXIT.ok : EXIT.failure);
      const statuses = new Map(findings.map(({ check, status }) => [check, status]));
      return { ok, of: (check: string) => statuses.get(check), findings };
    };
    const healthy = await examine();
    assert.ok(healthy.ok, JSON.stringify(healthy.findings));
    assert.equal(healthy.of("public_address"), "ok");
    assert.equal(healthy.of("replicas"), "ok");
    // There is no mail server.
    assert.equal(healthy.of("mail"), "warning");
    assert.equal((await examine("--strict")).ok, false);

    const headers = { "x-forwarded-for": "203.0.113.1" };
    // Of a peer that has sent many requests before, every fiftieth is looked at.
    for (let count = 0; count < 100; count++) {
      await (await fetch(`${server.issuer}/auth/verify`, { headers })).body?.cancel();
    }
    await eventually(
      "the replica has reported the proxy",
      async () => (await examine()).of("proxies") === "warning",
    );
    await server.kill();
    const dead = await examine();
    assert.equal(dead.ok, false);
    assert.equal(dead.of("public_address"), "problem");
  });
}
