/**
 * Invariant: without a proxy in front, clients that send nothing, too much or half of a request
 * cost little memory and are disconnected, and other clients are served meanwhile.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { generatePersonalAccessToken } from "../../server/tokens/personal_access_token.ts";
import { generateRefreshToken } from "../../server/tokens/refresh_token.ts";
import { brand } from "../../shared/brand.ts";
import { withTimeout } from "../../shared/deadline.ts";
import { eventually } from "../support/eventually.ts";
import { install, POSTGRES } from "../support/installation.ts";
import { addApiClient } from "../support/introspect.ts";
import { rawRequest } from "../support/raw_http.ts";
import { startServer } from "../support/server_process.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp_proxy.ts";
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

    await t.step("holds no more of bodies in chunks of one byte than of others", async () => {
      const chunked = (chunks: number) =>
        halfSent(
          port,
          [
            ...["POST /oauth/token HTTP/1.1", `Host: ${new URL(server.issuer).host}`],
            "Content-Type: application/x-www-form-urlencoded",
            ...["Transfer-Encoding: chunked", "Connection: close", "", ""],
          ].join("\r\n") + `${"1\r\na\r\n".repeat(chunks)}0\r\n\r\n`,
          0,
        );
      assert.match(await chunked(500), /^HTTP\/1\.1 400 /);
      const answers = Array.from({ length: 30 }, () => chunked(3000));
      let [most, isOver] = [0, false];
      const watch = (async () => {
        while (!isOver) {
          most = Math.max(most, await memoryOf(running.pid) - before);
          await isServed();
        }
      })();
      const received = await Promise.all(answers);
      isOver = true;
      await watch;
      for (const answer of received) assert.match(answer, /^$|^HTTP\/1\.1 400 /);
      // They would be 5,600 MB if each chunk had a buffer of its own.
      assert.ok(most < 350, `${most} MB more`);
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
    // About 90 MB for 1,500 connections, and up to 120 MB of garbage that V8 has not collected yet:
    // the busier the machine, the more (docs/reliability.md).
    assert.ok(most < 350, `${most} MB more`);
    assert.doesNotMatch(server.server.running.stderr(), /request_failed|uncaught/);
  },
});

Deno.test({
  name: "one client's flood of introspection stops neither forward auth, health checks nor metrics",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using cleanUp = new AsyncDisposableStack();
    let database: TcpProxy;
    const server = cleanUp.use(
      await install({
        database: POSTGRES,
        args: ["--trusted-proxies", "127.0.0.1", "--metrics-listen", "127.0.0.1:0"],
        databaseVia(databaseUrl) {
          const url = new URL(databaseUrl);
          database = cleanUp.use(startTcpProxy(Number(url.port)));
          url.host = `127.0.0.1:${database.port}`;
          return url.href;
        },
      }),
    );
    const { issuer } = server;
    const [, metricsUrl] = /Metrics\s+(\S+)/.exec(server.server.running.stdout())!;
    const api = await addApiClient(server);
    const basic = { authorization: `Basic ${btoa(`${api.id}:${api.secret}`)}` };
    const from = (address: string) => ({ "x-forwarded-for": address });
    const statuses = new Map<string, number>();
    const count = async (name: string, asking: Promise<Response>) => {
      const response = await asking.catch(() => undefined);
      // A connection may be refused where the machine is busy.
      if (response === undefined) return;
      await response.body?.cancel();
      const key = `${name} ${response.status}`;
      statuses.set(key, (statuses.get(key) ?? 0) + 1);
      if (response.status === 503 || response.status === 429) {
        assert.match(response.headers.get("retry-after") ?? "", /^\d+$/, name);
      }
    };
    const introspect = (token: string) =>
      fetch(`${issuer}/oauth/introspect`, {
        method: "POST",
        headers: { ...basic, ...from("198.51.100.7") },
        body: new URLSearchParams({ token }),
      });
    // Each takes at least one look-up, and none is for what is cached.
    const kinds: Record<string, () => Promise<Response>> = {
      login: () => introspect(generateRefreshToken()),
      token: () => introspect(generatePersonalAccessToken()),
      page: () =>
        fetch(`${issuer}/`, {
          redirect: "manual",
          headers: { ...from("198.51.100.7"), cookie: `session=${crypto.randomUUID()}` },
        }),
      api: () =>
        fetch(`${issuer}/api/v1/tokens`, {
          headers: {
            ...from("198.51.100.7"),
            authorization: `Bearer ${generatePersonalAccessToken()}`,
          },
        }),
      device: () =>
        fetch(`${issuer}/oauth/device/authorize`, {
          method: "POST",
          headers: from("198.51.100.7"),
          body: new URLSearchParams({ client_id: crypto.randomUUID() }),
        }),
    };
    await count("login", kinds.login());
    database!.delayMs = 100;
    let stopped = false;
    const flood = Array.from({ length: 1800 }, async (_, index) => {
      // Most of them from one client of introspection.
      const names = index % 6 === 0 ? Object.keys(kinds) : ["login"];
      const name = names[Math.floor(index / 6) % names.length];
      while (!stopped) await count(name, kinds[name]());
    });
    const queued = () =>
      [...statuses].filter(([key]) => key.endsWith(" 503"))
        .reduce((sum, [, count]) => sum + count, 0);
    const value = (text: string, name: string) =>
      text.split("\n").filter((line) => line.startsWith(`${brand.binaryName}_${name}`))
        .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
    try {
      await eventually("requests of the flood are rejected", () => queued() > 0 || undefined);
      let waiting = 0;
      for (let round = 0; round < 8; round++) {
        const timed = (asking: Promise<Response>) =>
          withTimeout(asking.then(drained).then(({ status }) => status), 15_000);
        const [verified, alive, ready, metrics] = await Promise.all([
          timed(fetch(`${issuer}/auth/verify`, {
            headers: {
              ...from(`192.0.${round}.1`),
              authorization: `Bearer ${generatePersonalAccessToken()}`,
            },
          })),
          timed(fetch(`${issuer}/healthz`)),
          timed(fetch(`${issuer}/readyz`)),
          fetch(metricsUrl).then((response) => response.text()),
        ]);
        assert.deepEqual([verified, alive, ready], [401, 200, 200], `round ${round}`);
        waiting = Math.max(waiting, value(metrics, "database_statements_waiting"));
      }
      assert.ok(waiting > 500, `${waiting} statements waited`);
      const metrics = await (await fetch(metricsUrl)).text();
      assert.ok(value(metrics, "database_statements_shed_total") > 0);
      assert.ok(value(metrics, "database_statements_oldest_wait_seconds") > 0);
      assert.ok(value(metrics, "database_connections ") > 0);
      assert.equal(value(metrics, "database_up"), 1);
    } finally {
      stopped = true;
      database!.delayMs = 0;
      await Promise.all(flood);
    }
    const unexpected = [...statuses.keys()]
      .filter((key) =>
        !/^(login|token) (200|503)|^page (200|303|302|503)|^(api|device) (400|401|503)/.test(key)
      );
    assert.deepEqual(unexpected, [], JSON.stringify([...statuses]));
    assert.equal((await introspect(generateRefreshToken()).then(drained)).status, 200);
    assert.doesNotMatch(server.server.running.stderr(), /request_failed|uncaught/);
  },
});

async function drained(response: Response): Promise<Response> {
  await response.body?.cancel();
  return response;
}
