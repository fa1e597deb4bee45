import assert from "node:assert/strict";
import { join } from "node:path";
import { openAdminRpc } from "../../../server/admin/rpc.ts";

Deno.test("rejects every secret but its own, including others of the same length", async () => {
  const dataDir = await Deno.makeTempDir();
  // No request of this test gets as far as the database.
  const deps = { log: () => {} } as unknown as Parameters<typeof openAdminRpc>[1];
  const rpc = await openAdminRpc(dataDir, deps);
  try {
    const path = join(dataDir, "control.json");
    const { url, secret } = JSON.parse(await Deno.readTextFile(path));
    if (Deno.build.os !== "windows") {
      assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
    }
    const status = async (authorization?: string) => {
      const response = await fetch(url, {
        method: "POST",
        headers: authorization === undefined ? {} : { authorization },
        body: JSON.stringify({ operation: "nonsense", params: {} }),
      });
      await response.body?.cancel();
      return response.status;
    };
    // The secret is accepted; the operation does not exist.
    assert.equal(await status(`Bearer ${secret}`), 400);

    const replaced = (index: number) =>
      secret.slice(0, index) + (secret[index] === "A" ? "B" : "A") + secret.slice(index + 1);
    const wrong = [
      ...[...secret].map((_, index) => replaced(index)),
      "A".repeat(secret.length),
      secret.toLowerCase(),
      secret.slice(1),
      `${secret}A`,
      "",
    ];
    for (const candidate of wrong) {
      assert.notEqual(candidate, secret);
      assert.equal(await status(`Bearer ${candidate}`), 401, candidate);
    }
    assert.equal(await status(undefined), 401);
    assert.equal(await status(secret), 401);
    assert.equal(await status(`Basic ${secret}`), 401);
    assert.equal(await status(`${" ".repeat("Bearer ".length)}${secret}`), 401);
  } finally {
    await rpc.close();
    await Deno.remove(dataDir, { recursive: true });
  }
});
