/** Invariant: clients that use up all open files do not stop the server. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { start } from "../../support/binary.ts";

const FILES = 128;

Deno.test({
  name: "listens again after it has run out of files (not on Windows: no such limit)",
  ignore: Deno.build.os === "windows",
  async fn() {
    const script = fileURLToPath(new URL("./listening_process.ts", import.meta.url));
    await using running = start(
      [
        "-c",
        `ulimit -n ${FILES} && exec "$0" run --no-config --allow-net "$1"`,
        Deno.execPath(),
        script,
      ],
      { env: { NO_COLOR: "1" } },
      "/bin/sh",
    );
    const [, port] = await running.waitFor(/port (\d+)/);
    const address = { hostname: "127.0.0.1", port: Number(port) };
    const held: Deno.Conn[] = [];
    for (let count = 0; count < 2 * FILES; count++) {
      const connection = await Deno.connect(address).catch(() => undefined);
      if (connection === undefined) break;
      held.push(connection);
    }
    await running.waitFor(/listening_failed/);
    for (const connection of held) connection.close();
    await running.waitFor(/listening_again/);
    const response = await fetch(`http://127.0.0.1:${port}/`);
    assert.equal(await response.text(), "here");
  },
});
