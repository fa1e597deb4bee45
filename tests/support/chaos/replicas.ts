/** Two replicas of the compiled program behind HAProxy, each with its own way to the database. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { brand } from "../../../shared/brand.ts";
import { type Running, start } from "../binary.ts";
import { eventually } from "../eventually.ts";
import { freePort } from "../free_port.ts";
import { type ProcessClock, processClock } from "../libfaketime.ts";
import { otlpReceiver } from "../otlp_receiver.ts";
import { programPath } from "../reverse_proxy.ts";
import { startTcpProxy, type TcpProxy } from "../tcp_proxy.ts";
import { temporaryHome } from "../temporary_home.ts";
import type { PostgresCluster } from "./postgres_cluster.ts";

export interface Replica {
  url: string;
  metricsUrl: string;
  /** Between it and the database: for statements, and for notifications. */
  statements: readonly TcpProxy[];
  notifications: readonly TcpProxy[];
  clock: ProcessClock;
  isReady(): Promise<boolean>;
  kill(): Promise<void>;
  start(): Promise<void>;
}

export interface Replicas extends AsyncDisposable {
  /** The address of the proxy, which is the issuer. */
  issuer: string;
  list: readonly Replica[];
  /** Everything that their processes have written. */
  output(): string;
  /** What they have sent and written elsewhere, by place, and what other users of the machine see. */
  exported(): Promise<Record<string, string>>;
  secrets: readonly string[];
  /** The variables with which their commands read what is sealed. */
  keyVariables: Record<string, string>;
}

export async function startReplicas(cluster: PostgresCluster): Promise<Replicas> {
  await using cleanUp = new AsyncDisposableStack();
  const home = cleanUp.use(await temporaryHome());
  const [proxyPort, ...ports] = [freePort(), freePort(), freePort()];
  const issuer = `http://127.0.0.1:${proxyPort}`;
  const collector = cleanUp.use(otlpReceiver());
  const events: string[] = [];
  const receiver = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      events.push(JSON.stringify([...request.headers]), await request.text());
      return new Response();
    },
  );
  cleanUp.defer(() => receiver.shutdown());
  const auditFile = join(home.folder, "audit.jsonl");
  const auditSecret = `secret-of-the-stream-${crypto.randomUUID()}`;
  const secretKey = randomBytes(32).toString("base64");
  const keyVariables = { [`${brand.envPrefix}_SECRET_KEY`]: secretKey };
  const outputs: Running[] = [];
  const list: Replica[] = [];
  for (const port of ports) {
    const relays = () => cluster.ports.map((port) => cleanUp.use(startTcpProxy(port)));
    const [statements, notifications] = [relays(), relays()];
    const clock = cleanUp.use(await processClock());
    const hosts = (proxies: readonly TcpProxy[]) =>
      `postgres://postgres:${cluster.password}@${
        proxies.map((proxy) => `127.0.0.1:${proxy.port}`).join(",")
      }/postgres`;
    const dataDir = join(home.folder, `replica-${port}`);
    const metrics = `127.0.0.1:${freePort()}`;
    let running: Running | undefined;
    const url = `http://127.0.0.1:${port}`;
    const isReady = async () => {
      try {
        const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) });
        await response.body?.cancel();
        return response.status === 200;
      } catch {
        return false;
      }
    };
    const replica: Replica = {
      url,
      metricsUrl: `http://${metrics}/metrics`,
      statements,
      notifications,
      clock,
      isReady,
      async kill() {
        running?.kill("SIGKILL");
        await running?.ended;
      },
      async start() {
        running = start(
          [
            ...["serve", "--listen", `127.0.0.1:${port}`, "--data-dir", dataDir],
            ...["--issuer", issuer, "--trusted-proxies", "127.0.0.1"],
            ...["--metrics-listen", metrics, "--access-log", "on"],
          ],
          {
            env: {
              ...home.env,
              ...clock.env,
              ...collector.env,
              ...keyVariables,
              [`${brand.envPrefix}_DATABASE_URL`]: hosts(statements),
              [`${brand.envPrefix}_DATABASE_LISTEN_URL`]: hosts(notifications),
              [`${brand.envPrefix}_AUDIT_STREAM`]:
                `http://127.0.0.1:${receiver.addr.port}/audit,file:${auditFile}`,
              [`${brand.envPrefix}_AUDIT_STREAM_SECRET`]: auditSecret,
            },
          },
        );
        outputs.push(running);
        const starting = running;
        await starting.waitFor(/Ctrl-C/);
        await eventually(`${url} is ready`, isReady, 120_000);
      },
    };
    cleanUp.defer(() => replica.kill());
    await replica.start();
    list.push(replica);
  }
  cleanUp.use(await startHaproxy(home.folder, proxyPort, ports));
  await eventually("the proxy answers", async () => {
    const response = await fetch(`${issuer}/readyz`).catch(() => undefined);
    await response?.body?.cancel();
    return response?.status === 200;
  });
  const owned = cleanUp.move();
  return {
    issuer,
    list,
    secrets: [auditSecret, secretKey],
    keyVariables,
    async exported() {
      const lines = outputs.map(({ pid }) =>
        Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "")
      );
      return {
        "OpenTelemetry": collector.text(),
        "audit webhook": events.join("\n"),
        "audit file": await Deno.readTextFile(auditFile),
        "process list": (await Promise.all(lines)).join("\n"),
      };
    },
    output: () => outputs.map(({ stdout, stderr }) => stdout() + stderr()).join("\n"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Asks each replica whether it is ready, and repeats a request only if it was not sent. */
async function startHaproxy(
  folder: string,
  port: number,
  replicas: readonly number[],
): Promise<Running> {
  const config = join(folder, "haproxy.cfg");
  await Deno.writeTextFile(
    config,
    [
      "defaults",
      "  mode http",
      "  timeout connect 1s",
      "  timeout client 30s",
      "  timeout server 15s",
      "  option redispatch",
      "  retries 2",
      "  retry-on conn-failure",
      "frontend site",
      `  bind 127.0.0.1:${port}`,
      "  option forwardfor",
      "  default_backend replicas",
      "backend replicas",
      "  balance roundrobin",
      "  option httpchk",
      "  http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host 127.0.0.1",
      "  default-server check inter 300ms fall 2 rise 1",
      ...replicas.map((replica, index) => `  server r${index} 127.0.0.1:${replica}`),
      "",
    ].join("\n"),
  );
  return start(["-db", "-f", config], {}, await programPath("haproxy"));
}

/** Ends a fault after some time, even if the time is cut short by an error. */
export async function during(
  ms: number,
  begin: () => void | Promise<void>,
  end: () => void | Promise<void>,
): Promise<void> {
  await begin();
  try {
    await delay(ms);
  } finally {
    await end();
  }
}
