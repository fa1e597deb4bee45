/** Switchovers and failovers by Patroni, under load of the compiled program. */
import { join } from "node:path";
import { errorsOfLostLogins, networkOf, startDeviceLoginFrom } from "../acknowledged_logins.ts";
import { eventually } from "../eventually.ts";
import { startPatroni } from "../patroni.ts";
import { startServer } from "../server_process.ts";
import { temporaryHome } from "../temporary_home.ts";

const RECOVERY_MS = 120_000;

export interface PatroniResult {
  acknowledged: number;
  refused: number;
  /** How long no login succeeded, for each event, in ms. */
  gaps: { event: string; ms: number }[];
  faults: string[];
}

/** `rounds` times: a switchover, then a leader that is killed and comes back. */
export async function runPatroni(
  { rounds, onEvent }: { rounds: number; onEvent?(event: string, ms: number): void },
): Promise<PatroniResult> {
  const result: PatroniResult = { acknowledged: 0, refused: 0, gaps: [], faults: [] };
  await using home = await temporaryHome();
  await using cluster = await startPatroni();
  await using server = await startServer({
    dataDir: join(home.folder, "data"),
    databaseUrl: cluster.url,
    args: ["--trusted-proxies", "127.0.0.1"],
  });
  const acknowledged: { code: string; at: number }[] = [];
  let [stopped, started, gap, lastAt] = [false, 0, 0, performance.now()];
  const load = Array.from({ length: 4 }, async (_, worker) => {
    while (!stopped) {
      const address = networkOf(worker, started++);
      const { status, body } = await startDeviceLoginFrom(server.issuer, address);
      const now = performance.now();
      if (status === 200) {
        gap = Math.max(gap, now - lastAt);
        lastAt = now;
        acknowledged.push({ code: body.device_code, at: now });
      } else if (status === 503) result.refused++;
      else result.faults.push(`a login was answered with ${status}: ${JSON.stringify(body)}`);
      // A login a moment is enough, and the database has all of them until the end.
      await new Promise((resolve) => setTimeout(resolve, status === 200 ? 20 : 100));
    }
  });
  const grown = async (by: number) => {
    const from = acknowledged.length;
    await eventually("logins", () => acknowledged.length >= from + by, RECOVERY_MS);
  };
  const observe = async (event: string, cause: () => Promise<void>) => {
    await grown(20);
    gap = 0;
    await cause();
    await grown(20);
    result.gaps.push({ event, ms: Math.round(gap) });
    onEvent?.(event, Math.round(gap));
  };
  try {
    for (let round = 0; round < rounds; round++) {
      await observe("switchover", cluster.switchOver);
      let killed = "";
      await observe("leader killed", async () => {
        killed = await cluster.killLeader();
        await cluster.leader();
      });
      await observe("old leader back as a standby", () => cluster.restart(killed));
    }
  } catch (error) {
    throw new Error(
      `${(error as Error).message}\n${await cluster.logs()}\n${
        server.running.stderr().slice(-3000)
      }`,
    );
  } finally {
    stopped = true;
    await Promise.all(load);
  }
  result.acknowledged = acknowledged.length;
  const codes = acknowledged.map(({ code }) => code);
  // Codes are valid for a quarter of an hour.
  const expected = ["authorization_pending", "slow_down", "expired_token"];
  for (const error of await errorsOfLostLogins(server.issuer, codes, expected)) {
    result.faults.push(`a login is lost: ${error}`);
  }
  if (/TypeError|uncaught/i.test(server.running.stderr())) {
    result.faults.push(`the server logged an unexpected error: ${server.running.stderr()}`);
  }
  return result;
}
