/** Inputs that the runtime rejects before our code runs: docs/decisions/0014-what-the-runtime-refuses.md. */
import assert from "node:assert/strict";
import { binaryPath, run } from "../support/binary.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const SCRIPTS = {
  "an argument that is not UTF-8": `exec "$0" scan "$(printf '\\377')"`,
  "an option that is not UTF-8": `exec "$0" token --account "$(printf '\\377')"`,
  "a working folder that was deleted": `mkdir gone && cd gone && rmdir ../gone && exec "$0" token`,
};

for (const [name, script] of Object.entries(SCRIPTS)) {
  Deno.test({
    name: `${name} exits with an error, and prints nothing to standard output`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await using home = await temporaryHome();
      const options = { env: home.env, cwd: home.folder };
      const ended = await run(["-c", script, binaryPath()], options, "sh");
      assert.notEqual(ended.code, 0);
      assert.equal(ended.signal, null);
      assert.equal(ended.stdout, "");
      assert.notEqual(ended.stderr, "");
      // Not even our folder was created.
      const names = (await Array.fromAsync(Deno.readDir(home.folder))).map(({ name }) => name);
      assert.deepEqual(names, ["tmp"]);
    },
  });
}
