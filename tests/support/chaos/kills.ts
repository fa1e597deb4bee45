/**
 * Kills a server with the embedded database at random moments, again and again on the same folder,
 * and asks for everything that it had acknowledged.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Buffer } from "node:buffer";
import { setTimeout as delay } from "node:timers/promises";
import { openDatabase } from "../../../server/store/db/connect.ts";
import { DEVICE_CODE_GRANT } from "../../../shared/oauth/grant_types.ts";
import { brand } from "../../../shared/brand.ts";
import { assertNoSecrets, PASSWORD_MARK } from "../assert_no_secrets.ts";
import { start } from "../binary.ts";
import { install, type Installation } from "../installation.ts";
import { startServer } from "../server_process.ts";
import { temporaryHome } from "../temporary_home.ts";
import { auditProblems } from "./check_audit.ts";
import { findSecrets } from "./find_secrets.ts";
import { type Journal, newJournal } from "./journal.ts";
import { type LoadClient, loadClient } from "./load_client.ts";
import { seededRandom } from "./random.ts";

/** When a server is killed; while it starts, after each other kill. */
export type Moment = "load" | "start" | "stop" | "creation";
const FIRST_MOMENTS = ["load", "load", "load", "load", "stop", "creation"] as const;
/** How likely the start after a kill is killed too, and the one after that. */
const KILL_AGAIN = 0.6;

const CLIENTS = 3;
/** Rounds after which everything is asked for. */
const VERIFY_EVERY = 20;
/** Device codes are valid for 15 minutes. */
const PENDING_MS = 10 * 60_000;

export interface KillsOptions {
  count: number;
  seed: number;
  /** Called after each verification. */
  onProgress?(kills: number, result: KillsResult): void;
}

export interface KillsResult {
  kills: Record<Moment, number>;
  journal: Journal;
  /** Of the starts after a kill, in ms. */
  slowestStartMs: number;
  /** Where secrets were searched, with the number of characters. */
  searched: Record<string, number>;
}

export async function runKills(options: KillsOptions): Promise<KillsResult> {
  // What clients do depends on the speed of the machine, the sequence of kills does not.
  const schedule = seededRandom(options.seed);
  const random = seededRandom(options.seed + 1);
  const journal = newJournal();
  const kills: Record<Moment, number> = { load: 0, start: 0, stop: 0, creation: 0 };
  const result: KillsResult = { kills, journal, slowestStartMs: 0, searched: {} };
  await using server = await install();
  const clients: LoadClient[] = [];
  for (let number = 0; number < CLIENTS; number++) {
    const account = {
      email: `dev-${number}@example.com`,
      password: `${PASSWORD_MARK} ${number} by anyone`,
    };
    await server.addUser(account);
    clients.push(loadClient({
      origin: server.issuer,
      replicas: () => [server.issuer],
      account,
      journal,
      random,
    }));
  }
  let startMs = 2000;
  const restart = async () => {
    const startedAt = performance.now();
    await server.restart();
    startMs = performance.now() - startedAt;
    result.slowestStartMs = Math.max(result.slowestStartMs, startMs);
  };
  const total = () => Object.values(kills).reduce((sum, count) => sum + count, 0);

  for (let round = 0; total() < options.count; round++) {
    const moment = FIRST_MOMENTS[Math.floor(schedule() * FIRST_MOMENTS.length)];
    if (moment === "creation") {
      kills.creation += await killDuringCreation(schedule, random);
    } else {
      await underLoad(clients, async () => {
        await delay(30 + random() * 700);
        if (moment === "stop") {
          server.server.running.kill("SIGTERM");
          await delay(random() * 300);
        }
        await server.kill();
      });
      kills[moment]++;
      // Recovers again and again.
      while (schedule() < KILL_AGAIN) {
        await killDuringStart(server, random() * startMs);
        kills.start++;
      }
      await restart();
    }
    await verify(server, clients, journal, round % VERIFY_EVERY === 0 ? 50 : 2);
    if (journal.faults.length > 0) break;
    options.onProgress?.(total(), result);
  }
  await verify(server, clients, journal);
  server.server.running.kill("SIGTERM");
  await server.server.running.ended;
  const database = await openDatabase({ dataDir: server.dataDir });
  try {
    journal.faults.push(...await auditProblems(database.sql, journal));
    const { problems, searched } = await findSecrets([...journal.secrets], database.sql, {
      files: await contentOf(server.dataDir),
    });
    journal.faults.push(...problems);
    result.searched = searched;
  } finally {
    await database.close();
  }
  await server.restart();
  return result;
}

/** Runs `work` while all clients do one thing after the other. */
async function underLoad(
  clients: readonly LoadClient[],
  work: () => Promise<void>,
): Promise<void> {
  let over = false;
  const running = clients.map(async (client) => {
    while (!over) await client.step();
  });
  try {
    await work();
  } finally {
    over = true;
    await Promise.all(running);
  }
}

async function verify(
  server: Installation,
  clients: readonly LoadClient[],
  journal: Journal,
  recent?: number,
): Promise<void> {
  for (const client of clients) await client.verify(recent);
  const valid = journal.pending.filter(({ startedAt }) => startedAt > Date.now() - PENDING_MS);
  journal.pending.splice(0, journal.pending.length, ...valid);
  for (const { deviceCode } of valid.slice(-(recent ?? valid.length))) {
    const response = await fetch(`${server.issuer}/oauth/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: DEVICE_CODE_GRANT,
        client_id: brand.cliClientId,
        device_code: deviceCode,
      }),
    });
    const { error } = await response.json();
    if (!["authorization_pending", "slow_down"].includes(error)) {
      journal.faults.push(`a device code that waits for a decision is ${error}`);
    }
  }
}

/** All files below a folder, one character for each byte. */
async function contentOf(folder: string): Promise<string> {
  let content = "";
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    content += isDirectory
      ? await contentOf(path)
      : Buffer.from(await Deno.readFile(path)).toString("latin1");
  }
  return content;
}

async function killDuringStart(server: Installation, afterMs: number): Promise<void> {
  const { port } = server.server;
  await using starting = start(
    ["serve", "--listen", `127.0.0.1:${port}`, "--data-dir", server.dataDir],
    { env: { HOME: join(server.dataDir, "..") } },
  );
  await delay(afterMs);
  starting.kill("SIGKILL");
  await starting.ended;
}

/** A first start that was killed, whenever that was, can be repeated. Returns the number of kills. */
async function killDuringCreation(schedule: () => number, random: () => number): Promise<number> {
  await using home = await temporaryHome();
  const dataDir = join(home.folder, "data");
  const args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", dataDir];
  let count = 0;
  do {
    await using first = start(args, { env: home.env, stdin: "" });
    await delay(random() * 4000);
    first.kill("SIGKILL");
    const { stdout, stderr } = await first.ended;
    assertNoSecrets("serve", stdout.replaceAll(/\/setup\?token=\S+/g, "") + stderr);
    count++;
  } while (schedule() < KILL_AGAIN);
  await using second = await startServer({ dataDir, env: home.env });
  assert.ok(second.setupUrl);
  return count;
}
