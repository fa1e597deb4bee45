/** Faults under load, and then questions about everything that was acknowledged. */
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import postgres from "postgres";
import { brand } from "../../../shared/brand.ts";
import { PASSWORD_MARK } from "../assert_no_secrets.ts";
import { run } from "../binary.ts";
import { eventually } from "../eventually.ts";
import { temporaryHome } from "../temporary_home.ts";
import { collectAccountSecrets } from "./account_secrets.ts";
import { auditProblems } from "./check_audit.ts";
import { FAULTS, type Site } from "./faults.ts";
import { type Journal, newJournal } from "./journal.ts";
import { type LoadClient, loadClient } from "./load_client.ts";
import { startPostgresCluster } from "./postgres_cluster.ts";
import { seededRandom } from "./random.ts";
import { type Replica, startReplicas } from "./replicas.ts";
import { findSecrets } from "./find_secrets.ts";

const CLIENTS = 4;
/** Longest time until the service is there again, on a machine that is busy with other tests. */
const RECOVERY_MS = 90_000;

export interface ChaosOptions {
  seed: number;
  /** Each fault once, in a random order. */
  short?: boolean;
  /** Otherwise: random faults for this long. */
  minutes?: number;
  onFault?(name: string, result: ChaosResult): void;
}

export interface ChaosResult {
  journal: Journal;
  faults: Record<string, number>;
  /** Where secrets were searched, with the number of characters. */
  searched: Record<string, number>;
  /** What PostgreSQL and the replicas have logged, if anything went wrong. */
  logs?: string;
}

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const schedule = seededRandom(options.seed);
  const journal = newJournal();
  const result: ChaosResult = { journal, faults: {}, searched: {} };
  await using cluster = await startPostgresCluster();
  await using replicas = await startReplicas(cluster);
  const site: Site = {
    cluster,
    replicas,
    random: seededRandom(options.seed + 1),
    short: options.short ?? false,
  };
  const accounts = Array.from({ length: CLIENTS }, (_, number) => ({
    email: `dev-${number}@example.com`,
    password: `${PASSWORD_MARK} ${number} by anyone`,
  }));
  const env = {
    ...replicas.keyVariables,
    [`${brand.envPrefix}_DATABASE_URL`]: urlOf(cluster.password, cluster.primary().port),
  };
  await Promise.all(accounts.map(async ({ email, password }) => {
    const args = ["admin", "user", "add", email, "--password-stdin"];
    const { code, stderr } = await run(args, { stdin: `${password}\n`, env });
    if (code !== 0) throw new Error(stderr);
  }));
  for (const secret of await collectAccountSecrets({ origin: replicas.issuer, env })) {
    journal.secrets.add(secret);
  }
  const clients = accounts.map((account, number): LoadClient =>
    loadClient({
      origin: replicas.issuer,
      replicas: () => replicas.list.map(({ url }) => url),
      account,
      journal,
      random: seededRandom(options.seed + 2 + number),
    })
  );

  let over = false;
  const load = clients.map(async (client) => {
    while (!over) await client.step();
  });
  const inject = async (name: string) => {
    await FAULTS[name](site);
    result.faults[name] = (result.faults[name] ?? 0) + 1;
    options.onFault?.(name, result);
  };
  try {
    // Something to lose.
    await eventually("the load runs", () => (journal.counts.refresh ?? 0) >= 10).catch((error) => {
      throw new Error(
        `${error.message}: ${journal.lastFailure}\n${replicas.output().slice(-3000)}`,
      );
    });
    const names = Deno.env.get("ONLY")?.split(",") ?? Object.keys(FAULTS);
    if (options.short) {
      for (const name of shuffled(names, schedule)) {
        await inject(name);
        await delay(500);
      }
    } else {
      const end = performance.now() + (options.minutes ?? 5) * 60_000;
      while (performance.now() < end && journal.faults.length === 0) {
        await inject(names[Math.floor(schedule() * names.length)]);
        await delay(schedule() * 4000);
      }
    }
  } finally {
    over = true;
    await Promise.all(load);
  }

  for (const replica of replicas.list) {
    await eventually(`${replica.url} recovers`, replica.isReady, RECOVERY_MS).catch((error) => {
      throw new Error(`${error.message}\n${replicas.output().slice(-20_000)}`);
    });
  }
  for (const client of clients) {
    // The proxy takes a moment to notice the recovery.
    await eventually("the replicas answer", async () => {
      try {
        await client.verify();
        return true;
      } catch (error) {
        journal.lastFailure = (error as Error).message;
        return false;
      }
    }, RECOVERY_MS);
  }
  const sql = postgres(urlOf(cluster.password, cluster.primary().port), { max: 2 });
  try {
    journal.faults.push(...await auditProblems(sql as never, journal));
    const passwords = accounts.map(({ password }) => password);
    const secrets = [
      ...journal.secrets,
      ...[...passwords, cluster.password, ...replicas.secrets],
    ];
    const { problems, searched } = await findSecrets(secrets, sql as never, {
      log: replicas.output(),
      metrics: (await Promise.all(replicas.list.map(metricsOf))).join("\n"),
      ...await replicas.exported(),
      ...await printedByCommands({
        ...env,
        // Another one since a failover.
        [`${brand.envPrefix}_DATABASE_URL`]: urlOf(cluster.password, cluster.primary().port),
      }),
    });
    journal.faults.push(...problems);
    result.searched = searched;
  } finally {
    await sql.end();
  }
  if (journal.faults.length > 0) result.logs = await cluster.logs() + replicas.output();
  return result;
}

/** What operators' commands print and write. */
async function printedByCommands(
  variables: Record<string, string>,
): Promise<Record<string, string>> {
  await using home = await temporaryHome();
  const env = { ...home.env, ...variables };
  const backup = join(home.folder, "auth.backup");
  const encrypted = join(home.folder, "encrypted.backup");
  const passphrase = join(home.folder, "passphrase");
  await Deno.writeTextFile(passphrase, "a passphrase of the test\n", { mode: 0o600 });
  const commands = {
    backup: ["admin", "backup", backup, "--json"],
    "encrypted backup": ["admin", "backup", encrypted, "--passphrase-file", passphrase],
    doctor: ["admin", "doctor", "--json"],
    audit: ["admin", "audit", "--json"],
    "serve --check": ["serve", "--check"],
  };
  const printed: Record<string, string> = {};
  for (const [name, args] of Object.entries(commands)) {
    const { stdout, stderr } = await run(args, { env });
    printed[name] = stdout + stderr;
  }
  printed["backup file"] = await contentOfBackup(backup);
  const bytes = await Deno.readFile(encrypted);
  printed["encrypted backup file"] = Buffer.from(bytes).toString("latin1");
  return printed;
}

/** The rows of a backup that is not encrypted: lines of JSON, each followed by gzip (format.ts). */
async function contentOfBackup(path: string): Promise<string> {
  const bytes = Buffer.from(await Deno.readFile(path));
  let content = "";
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf("\n", at);
    const line = bytes.toString("utf8", at, end);
    content += `${line}\n`;
    at = end + 1;
    const length = line.startsWith('{"table"') ? JSON.parse(line).bytes : 0;
    if (length === 0) continue;
    content += `${gunzipSync(bytes.subarray(at, at + length)).toString()}\n`;
    at += length;
  }
  return content;
}

async function metricsOf({ metricsUrl }: Replica): Promise<string> {
  const response = await fetch(metricsUrl);
  return await response.text();
}

function urlOf(password: string, port: number): string {
  return `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const rest = [...list];
  return list.map(() => rest.splice(Math.floor(random() * rest.length), 1)[0]);
}
