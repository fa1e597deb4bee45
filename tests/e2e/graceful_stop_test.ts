/** A replica that stops behind a load balancer: no request fails. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { brand } from "../../shared/brand.ts";
import { EXIT } from "../../shared/exit_codes.ts";
import { start } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free_port.ts";
import { createDatabase } from "../support/postgres.ts";
import { programPath } from "../support/reverse_proxy.ts";
import { startServer } from "../support/server_process.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const CLIENTS = 8;

Deno.test({
  name: "no request fails while one of two replicas behind HAProxy stops",
  // Windows has no SIGTERM to send.
  ignore: Deno.build.os === "windows",
  async fn() {
    await using cleanUp = new AsyncDisposableStack();
    const home = cleanUp.use(await temporaryHome());
    const { url: databaseUrl } = cleanUp.use(await createDatabase());
    const port = freePort();
    const issuer = `http://127.0.0.1:${port}`;
    const startReplica = async (name: string) =>
      cleanUp.use(
        await startServer({
          dataDir: join(home.folder, name),
          databaseUrl,
          args: ["--issuer", issuer, "--stop-delay", "6s"],
        }),
      );
    const [first, second] = [await startReplica("a"), await startReplica("b")];
    const config = join(home.folder, "haproxy.cfg");
    // No retries: a connection that the server closes too early would be seen.
    await Deno.writeTextFile(
      config,
      `
defaults
    mode http
    retries 0
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    # Not the interval: a busy machine may answer later.
    timeout check 20s
frontend auth
    bind 127.0.0.1:${port}
    default_backend replicas
backend replicas
    option httpchk
    http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host auth.example.com
    default-server check inter 200ms fall 2 rise 1
    server a 127.0.0.1:${first.port}
    server b 127.0.0.1:${second.port}
`,
    );
    cleanUp.use(start(["-db", "-f", config], {}, await programPath("haproxy")));
    const status = (url: string) =>
      fetch(url).then(async (response) => {
        await response.body?.cancel();
        return response.status;
      }, () => 0);
    await eventually("the proxy answers", async () => await status(`${issuer}/healthz`) === 200);

    const statuses = new Map<number | string, number>();
    let isOver = false;
    const count = (key: number | string) => statuses.set(key, (statuses.get(key) ?? 0) + 1);
    const load = async () => {
      while (!isOver) {
        try {
          const response = await fetch(`${issuer}/oauth/device/authorize`, {
            method: "POST",
            body: new URLSearchParams({ client_id: brand.cliClientId, scope: "openid" }),
          });
          await response.text();
          // More logins than may wait: also an answer.
          count(response.status === 429 ? 200 : response.status);
          const keys = await fetch(`${issuer}/oauth/jwks`);
          await keys.text();
          count(keys.status);
        } catch (error) {
          count(String(error));
        }
      }
    };
    const clients = Array.from({ length: CLIENTS }, load);
    await eventually("some load", () => (statuses.get(200) ?? 0) > 100);
    first.running.kill("SIGTERM");
    await eventually(
      "the replica is not ready",
      async () => await status(`http://127.0.0.1:${first.port}/readyz`) === 503,
    );
    // It still serves, and says that the connection ends.
    const response = await fetch(`http://127.0.0.1:${first.port}/healthz`);
    assert.deepEqual([response.status, await response.text()], [200, '{"status":"ok"}']);
    assert.equal((await first.running.ended).code, EXIT.ok);
    const atStop = statuses.get(200)!;
    await eventually("more load", () => statuses.get(200)! > atStop + 100);
    isOver = true;
    await Promise.all(clients);
    assert.deepEqual([...statuses.keys()], [200], JSON.stringify([...statuses]));

    // A second signal does not wait.
    second.running.kill("SIGTERM");
    await second.running.waitFor(/Stopping…/);
    second.running.kill("SIGTERM");
    assert.equal((await second.running.ended).code, EXIT.interrupted);
  },
});
