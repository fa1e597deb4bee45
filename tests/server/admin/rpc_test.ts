/** The control channel: only who can read its secret runs operations. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openControlChannel } from "../../../server/admin/rpc.ts";

Deno.test("the control channel rejects every secret but its own, of the same length too", async () => {
  const dataDir = await Deno.makeTempDir();
  // No operation that is asked for here gets as far as the database.
  const parts = { log: () => {} } as unknown as Parameters<typeof openControlChannel>[1];
  const channel = await openControlChannel(dataDir, parts);
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
        body: JSON.stringify({ operation: "nonsense", given: {} }),
      });
      await response.body?.cancel();
      return response.status;
    };
    // With the secret it gets as far as the operation, which does not exist.
    assert.equal(await status(`Bearer ${secret}`), 400);

    const replaced = (index: number) =>
      secret.slice(0, index) + (secret[index] === "A" ? "B" : "A") + secret.slice(index + 1);
    const others = [
      ...[...secret].map((_, index) => replaced(index)),
      "A".repeat(secret.length),
      secret.toLowerCase(),
      secret.slice(1),
      `${secret}A`,
      "",
    ];
    for (const other of others) {
      assert.notEqual(other, secret);
      assert.equal(await status(`Bearer ${other}`), 401, other);
    }
    assert.equal(await status(undefined), 401);
    assert.equal(await status(secret), 401);
    assert.equal(await status(`Basic ${secret}`), 401);
    assert.equal(await status(`${" ".repeat("Bearer ".length)}${secret}`), 401);
  } finally {
    await channel.close();
    await Deno.remove(dataDir, { recursive: true });
  }
});
