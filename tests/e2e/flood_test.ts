/**
 * Invariant: without a proxy in front, clients that send nothing, too much or half of a request
 * cost little memory and are disconnected, and other clients are served meanwhile.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { generateRefreshToken } from "../../server/tokens/refresh_token.ts";
import { brand } from "../../shared/brand.ts";
import { install, POSTGRES } from "../support/installation.ts";
import { rawRequest } from "../support/raw_http.ts";
import { startServer } from "../support/server_process.ts";
import { terminal } from "../support/terminal.ts";
import { temporaryHome } from "../support/temporary_home.ts";

const MB = 1024 * 1024;

/** Resident memory of a process, in MB. */
async function memoryOf(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)![1]) / 1024;
}

/** Sends a head and `sent` bytes of a body, and gives what is read until the server hangs up. */
async function halfSent(port: number, head: string, sent: number): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const write = async (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  };
  const sending = write(new TextEncoder().encode(head)).then(() => write(new Uint8Array(sent)))
    .catch(() => {});
  let read = "";
  const chunk = new Uint8Array(4096);
  for (;;) {
    const length = await connection.read(chunk).catch(() => null);
    if (length === null) break;
    read += new TextDecoder().decode(chunk.subarray(0, length));
  }
  await sending;
  return read;
}

Deno.test({
  name: "serves other clients during floods of half-sent requests, with bounded memory",
  ignore: Deno.build.os !== "linux",
  async fn(t) {
    await using home = await temporaryHome();
    await using server = await startServer({ dataDir: join(home.folder, "data") });
    const { port, running } = server;
    const before = await memoryOf(running.pid);
    const head = (path: string, length: number, ...headers: string[]) =>
      [`POST ${path} HTTP/1.1`, "Host: a", `Content-Length: ${length}`, ...headers, "", ""]
        .join("\r\n");
    const isServed = async () => {
      const response = await fetch(`${server.issuer}/oauth/device/authorize`, {
        method: "POST",
        body: new URLSearchParams({ client_id: "unknown" }),
      });
      await response.body?.cancel();
      assert.equal(response.status, 400);
    };

    // Closed after 20 s, while the steps below go on.
    const silent = [
      halfSent(port, "", 0),
      halfSent(port, "GET /healthz HTTP/1.1\r\nHost: a\r\nX: ", 0),
    ];

    await t.step("rejects alerts without a valid signature before their bodies", async () => {
      const alert = head(
        "/api/v1/secret-scanning/github",
        4 * MB,
        "Content-Type: application/json",
      );
      const answers = await Promise.all(
        Array.from({ length: 60 }, () => halfSent(port, alert, 3.9 * MB)),
      );
      // One that was cut while it went on sending may have lost the answer.
      for (const answer of answers) assert.match(answer, /^$|^HTTP\/1\.1 401 /);
      assert.ok(answers.some((answer) => answer !== ""));
      const grown = await memoryOf(running.pid) - before;
      assert.ok(grown < 60, `${grown} MB more`);
      await isServed();
    });

    await t.step("bounds the sum of other half-sent bodies", async () => {
      const report = head("/api/v1/secret-scanning/gitlab", MB, "Content-Type: application/json");
      const answers = Array.from({ length: 150 }, () => halfSent(port, report, 0.9 * MB));
      let most = 0;
      const refused = answers.map((answer) =>
        answer.then((text) => {
          assert.match(text, /^$|^HTTP\/1\.1 (503|408) /);
          return text;
        })
      );
      const first = await Promise.race(refused);
      assert.match(first, /^$|503/);
      for (let look = 0; look < 20; look++) {
        most = Math.max(most, await memoryOf(running.pid) - before);
        await isServed();
      }
      assert.ok(most < 100, `${most} MB more`);
      await Promise.all(refused);
    });

    await t.step("rejects endless headers", async () => {
      const long = (length: number) =>
        rawRequest(
          { port },
          `GET /healthz HTTP/1.1\nHost: a\nConnection: close\nX: ${"x".repeat(length)}\n\n`,
        ).then(({ status }) => status, () => 0);
      assert.equal(await long(8000), 200);
      assert.notEqual(await long(2 * MB), 200);
      const many = "X: y\n".repeat(1000);
      const { status } = await rawRequest(
        { port },
        `GET /healthz HTTP/1.1\nHost: a\nConnection: close\n${many}\n`,
      );
      assert.notEqual(status, 200);
      await isServed();
    });

    await t.step("closes connections without a whole request", async () => {
      for (const read of await Promise.all(silent)) assert.doesNotMatch(read, /^HTTP\/1\.1 200/);
    });
  },
});

Deno.test({
  name: "a flood of requests that need the database does not stop logins of others",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using server = await install({
      database: POSTGRES,
      args: ["--trusted-proxies", "127.0.0.1"],
    });
    const { issuer } = server;
    await using alice = await terminal();
    const { pid } = server.server.running;
    // Each is a look-up, and counts for a network of its own: that of the flood.
    const attack = async () => {
      const response = await fetch(`${issuer}/oauth/token`, {
        method: "POST",
        headers: { "x-forwarded-for": "198.51.100.7" },
        body: new URLSearchParams({
          grant_type: "refresh_token",
          client_id: brand.cliClientId,
          refresh_token: generateRefreshToken(),
        }),
      });
      await response.body?.cancel();
      return { status: response.status, retryAfter: response.headers.get("retry-after") };
    };
    await Promise.all(Array.from({ length: 50 }, attack));
    const before = await memoryOf(pid);
    let stopped = false;
    const statuses = new Map<number, number>();
    const flood = Array.from({ length: 1500 }, async () => {
      while (!stopped) {
        // A connection may be refused where the machine is busy.
        const answer = await attack().catch(() => undefined);
        if (answer === undefined) continue;
        statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
        if (answer.status === 503) assert.match(answer.retryAfter ?? "", /^\d+$/);
      }
    });
    let most = 0;
    const watch = (async () => {
      while (!stopped) {
        most = Math.max(most, await memoryOf(pid) - before);
        assert.equal((await fetch(`${issuer}/healthz`).then(drained)).status, 200);
        assert.equal((await fetch(`${issuer}/readyz`).then(drained)).status, 200);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    })();
    const login = await alice.login(server, server.alice);
    stopped = true;
    await Promise.all([...flood, watch]);
    assert.equal(login.code, 0, login.stderr);
    assert.deepEqual([...statuses.keys()].filter((status) => ![400, 503].includes(status)), []);
    assert.ok(statuses.get(400)! > 100, JSON.stringify([...statuses]));
    assert.ok(most < 500, `${most} MB more`);
    assert.doesNotMatch(server.server.running.stderr(), /request_failed|uncaught/);
  },
});

async function drained(response: Response): Promise<Response> {
  await response.body?.cancel();
  return response;
}
