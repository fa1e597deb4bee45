// deno-lint-ignore-file no-console -- a task reports to its user
/** What `serve --workers` gains on this machine, and what each worker costs. Needs the compiled program. */
import postgres from "postgres";
import { brand } from "../../shared/brand.ts";
import { DEVICE_CODE_GRANT } from "../../shared/oauth/grant_types.ts";
import { install, type Installation, POSTGRES } from "../../tests/support/installation.ts";
import { requestsPerSecond } from "./load.ts";
import { privateMegabytes, processorSeconds } from "./process_figures.ts";
import { median, ratios, spread } from "./statistics.ts";
import { addTokens } from "./token_table.ts";

/** Logins that are renewed at the same time. */
const LOGINS = 32;

export interface WorkersOptions {
  seconds: number;
  rounds: number;
}

/** Alternates between one process, two, and one for each core. */
export async function benchWorkers({ seconds, rounds }: WorkersOptions): Promise<void> {
  const counts = [...new Set([1, 2, navigator.hardwareConcurrency])];
  const measured = new Map(counts.map((count) => [count, [] as Measurement[]]));
  for (let round = 0; round < rounds; round++) {
    for (const count of counts) measured.get(count)!.push(await measure(count, seconds));
  }
  for (const [count, all] of measured) {
    const of = (name: keyof Measurement) =>
      median(all.map((measurement) => measurement[name])).toFixed(0);
    console.log(
      `${count} workers: verify ${of("verify")}/s, refresh ${of("refresh")}/s, ` +
        `${of("megabytes")} MB for each worker, ${of("microseconds")} µs of processor time for ` +
        `each verification, ${of("share")} % of them on the busiest worker`,
    );
  }
  const rates = (count: number, name: keyof Measurement) =>
    measured.get(count)!.map((measurement) => measurement[name]);
  for (const count of counts.slice(1)) {
    for (const name of ["verify", "refresh"] as const) {
      const ofOne = ratios(rates(count, name), rates(1, name));
      const [least, most] = spread(ofOne).map((ratio) => ratio.toFixed(2));
      console.log(
        `${name} with ${count} workers: ${median(ofOne).toFixed(2)} times as much as with one ` +
          `(${least} to ${most})`,
      );
    }
  }
}

interface Measurement {
  /** Requests per second. */
  verify: number;
  refresh: number;
  /** Processor time of all workers for one verification: it does not depend on what else runs. */
  microseconds: number;
  /** Of that time, of the busiest worker, in %. */
  share: number;
  /** Memory that a worker does not share, after the load. */
  megabytes: number;
}

async function measure(workers: number, seconds: number): Promise<Measurement> {
  await using server = await install({ database: POSTGRES, args: ["--workers", String(workers)] });
  const sql = postgres(server.databaseUrl!, { max: 1, onnotice: () => {} });
  try {
    const [token] = await addTokens(sql, 1);
    const load = {
      url: `${server.issuer}/auth/verify`,
      headers: { authorization: `Bearer ${token}` },
    };
    await requestsPerSecond(load, 1);
    const pids = (await sql<{ pid: number }[]>`select pid from replicas`).map(({ pid }) => pid);
    const before = pids.map(processorSeconds);
    const verify = await requestsPerSecond(load, seconds);
    const used = pids.map((pid, index) => processorSeconds(pid) - before[index]);
    const total = used.reduce((sum, time) => sum + time, 0);
    const microseconds = total * 1_000_000 / (verify * seconds);
    const share = Math.max(...used) * 100 / total;
    const refresh = await refreshesPerSecond(server, seconds);
    const megabytes = median(pids.map(privateMegabytes));
    return { verify, refresh, megabytes, microseconds, share };
  } finally {
    await sql.end();
  }
}

async function refreshesPerSecond(server: Installation, seconds: number): Promise<number> {
  const post = async (path: string, form: Record<string, string>) => {
    const body = new URLSearchParams({ client_id: brand.cliClientId, ...form });
    const response = await fetch(server.issuer + path, { method: "POST", body });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return await response.json();
  };
  const tokens: string[] = [];
  for (let count = 0; count < LOGINS; count++) {
    const started = await post("/oauth/device/authorize", { scope: "openid offline_access" });
    await server.alice.decide(started.user_code, "approve");
    const { device_code } = started;
    tokens.push(
      (await post("/oauth/token", { grant_type: DEVICE_CODE_GRANT, device_code })).refresh_token,
    );
  }
  let refreshes = 0;
  const end = performance.now() + seconds * 1000;
  await Promise.all(tokens.map(async (token) => {
    while (performance.now() < end) {
      const form = { grant_type: "refresh_token", refresh_token: token };
      token = (await post("/oauth/token", form)).refresh_token;
      refreshes++;
    }
  }));
  return refreshes / seconds;
}
