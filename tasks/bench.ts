// deno-lint-ignore-file no-console -- a task speaks to whoever runs it
/**
 * `deno task bench [SECONDS ROUNDS]`: what checking a token costs, beside what a
 * bare server, a bare SELECT and others cost on the same machine in the same
 * minutes. Read the ratios: the absolute numbers drift by a third. Uses 127.0.0.1
 * alone, but for npm, which brings the others. About five minutes.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { freePort } from "../tests/support/free_port.ts";
import { startPostgres } from "../tests/support/postgres.ts";
import { type Load, requestsPerSecond } from "./bench/load.ts";
import { type Peers, startPeers } from "./bench/peers.ts";
import { type Program, startProgram } from "./bench/program.ts";
import { addTokens, fillUp, inventTokens } from "./bench/token_table.ts";
import { BENCH_NEEDS, provideSystemPackages } from "./system_packages.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const [seconds = 2, rounds = 5] = Deno.args.map(Number);
/** Rows in the table; the cost must not depend on it. */
const SIZES = [1_000, 100_000, 1_000_000];
/** More tokens than a cold run can present; each is presented once to a process. */
const COLD_TOKENS = 30_000 * seconds;
/** Tokens that bring a fresh process up to speed before its cold run. */
const WARM_UP_TOKENS = 15_000;
const CLIENT = { id: "bench", secret: "bench-secret" };

/** What must hold. */
interface Goal {
  words: string;
  of: string;
  to: string;
  atLeast: number;
}

/** Requests per second by name, one number for each round. */
type Rounds = Map<string, number[]>;

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function shuffled<T>(list: readonly T[]): T[] {
  return list.map((one) => ({ one, key: Math.random() })).sort((a, b) => a.key - b.key)
    .map(({ one }) => one);
}

/** The median of what each round says: the machine's mood changes between rounds. */
function ratioOf(found: Rounds, of: string, to: string): number {
  const base = found.get(to)!;
  return median(found.get(of)!.map((perSecond, round) => perSecond / base[round]));
}

/** Runs every load in each round, in changing order. */
async function measure(loads: Record<string, () => Promise<number>>): Promise<Rounds> {
  const found: Rounds = new Map(Object.keys(loads).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of shuffled(Object.entries(loads))) found.get(name)!.push(await run());
  }
  return found;
}

function print(title: string, found: Rounds, base: string): void {
  console.log(`\n${title}`);
  for (const [name, all] of found) {
    const perSecond = median(all).toFixed(0).padStart(7);
    const ratio = ratioOf(found, name, base).toFixed(2).padStart(6);
    // Others on the machine only ever take away, so best rounds come nearest to a quiet one.
    const best = Math.max(...all);
    const ofBest = (best / Math.max(...found.get(base)!)).toFixed(2).padStart(6);
    const besideIt = `best ${best.toFixed(0).padStart(6)}/s ${ofBest}`;
    console.log(`  ${name.padEnd(30)} ${perSecond}/s ${ratio}   ${besideIt}`);
  }
}

function isMet(found: Rounds, { words, of, to, atLeast }: Goal): boolean {
  const ratio = ratioOf(found, of, to);
  const met = ratio >= atLeast;
  console.log(`  ${met ? "met    " : "NOT MET"} ${words}: ${ratio.toFixed(2)} (≥ ${atLeast})`);
  return met;
}

function startDeno(port: number, ready: RegExp, args: string[]): Promise<Program> {
  return startProgram(Deno.execPath(), {
    args: ["run", "--lock=deno.lock", "--frozen", "--quiet", "--allow-all", ...args],
    cwd: root,
    port,
    ready,
  });
}

function startBaseline(...args: [kind: string, ...more: string[]]): Promise<Program> {
  const [port, [kind, ...more]] = [freePort(), args];
  const file = "tasks/bench/baseline_server.ts";
  return startDeno(port, /ready/, [file, kind, String(port), ...more]);
}

function startProduct(databaseUrl: string): Promise<Program> {
  const port = freePort();
  const options = ["--listen", `127.0.0.1:${port}`, "--database-url", databaseUrl];
  return startDeno(port, /Ctrl-C/, ["main.ts", "serve", ...options]);
}

const to = ({ port }: Program, path = "/") => `http://127.0.0.1:${port}${path}`;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const authenticated = {
  authorization: `Basic ${btoa(`${CLIENT.id}:${CLIENT.secret}`)}`,
  "content-type": "application/x-www-form-urlencoded",
};
const verify = (server: Program, load: Partial<Load>): Load => ({
  url: to(server, "/auth/verify"),
  ...load,
});
const introspect = (server: Program, load: Partial<Load>): Load => ({
  url: to(server, "/oauth/introspect"),
  method: "POST",
  headers: authenticated,
  ...load,
});
const run = (load: Load, duration = seconds) => requestsPerSecond(load, duration);

/** A JWT for a personal access token. */
async function exchange(server: Program, token: string): Promise<string> {
  const response = await fetch(to(server, "/oauth/token"), {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      subject_token: token,
    }),
  });
  return (await response.json()).access_token;
}

/** Runs `load` against a process that has seen none of its tokens, but is up to speed. */
async function runCold(
  databaseUrl: string,
  loads: { warmUp(server: Program): Load; cold(server: Program): Load },
): Promise<number> {
  const server = await startProduct(databaseUrl);
  try {
    await run(loads.warmUp(server), 1);
    return await run(loads.cold(server));
  } finally {
    await server.stop();
  }
}

async function main(): Promise<boolean> {
  await provideSystemPackages(BENCH_NEEDS, (line) => console.log(line));
  await using cleanUp = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "bench-" });
  cleanUp.defer(() => Deno.remove(folder, { recursive: true }));
  const { url: databaseUrl } = cleanUp.use(await startPostgres("18"));
  const sql = postgres(databaseUrl, { max: 2, onnotice: () => {} });
  cleanUp.defer(() => sql.end());
  const keep = async (starting: Promise<Program>) => {
    const program = await starting;
    cleanUp.defer(() => program.stop());
    return program;
  };
  const fileOf = async (name: string, tokens: string[]) => {
    const path = join(folder, name);
    await Deno.writeTextFile(path, tokens.join("\n"));
    return path;
  };

  await (await startProduct(databaseUrl)).stop(); // Migrates.
  await sql`insert into users (id, email, name, created_at)
    values (gen_random_uuid(), 'bench@example.test', 'Bench', now())`;
  await sql`insert into clients (id, name, secret_hash, created_at)
    values (${CLIENT.id}, 'bench', ${createHash("sha256").update(CLIENT.secret).digest()}, now())`;
  const product = await keep(startProduct(databaseUrl));
  const unknown = await fileOf("unknown", inventTokens(50_000));
  const goals: { goal: Goal; found: Rounds }[] = [];

  const known = await addTokens(sql, SIZES[0]);
  const [warm] = known;
  const jwt = await exchange(product, warm);
  const raw = await keep(startBaseline("raw"));
  const hono = await keep(startBaseline("hono"));
  const peers = await peersOrReason(folder, databaseUrl);
  const loads: Record<string, Load> = {
    "Deno.serve": { url: to(raw) },
    "Hono": { url: to(hono) },
    "verify, warm": verify(product, { headers: bearer(warm) }),
    "verify, warm, a JWT": verify(product, { headers: bearer(jwt) }),
    "introspection, warm": introspect(product, { body: `token=${warm}` }),
    "introspection, warm, a JWT": introspect(product, { body: `token=${jwt}` }),
  };
  if (typeof peers === "string") {
    console.log(`\nNot compared with others, for they cannot be had: ${peers}`);
  } else {
    loads["oidc-provider, introspection"] = {
      ...introspect(peers.oidcProvider, { body: `token=${peers.oidcProvider.said[1]}` }),
      url: to(peers.oidcProvider, "/token/introspection"),
    };
    loads["better-auth, API key"] = {
      url: to(peers.betterAuth),
      headers: bearer(peers.betterAuth.said[1]),
    };
  }
  for (const load of Object.values(loads)) await run(load, 1);
  const warmFound = await measure(
    Object.fromEntries(Object.entries(loads).map(([name, load]) => [name, () => run(load)])),
  );
  print("Known tokens, of Deno.serve", warmFound, "Deno.serve");
  const warmGoal = (words: string, of: string, to: string, atLeast: number) =>
    goals.push({ goal: { words, of, to, atLeast }, found: warmFound });
  warmGoal("verify warm, of Deno.serve", "verify, warm", "Deno.serve", 0.6);
  warmGoal("introspection warm, of Deno.serve", "introspection, warm", "Deno.serve", 0.45);
  if (typeof peers !== "string") {
    await peers.oidcProvider.stop();
    await peers.betterAuth.stop();
    const oidc = "oidc-provider, introspection";
    warmGoal("introspection warm, of oidc-provider's", "introspection, warm", oidc, 5);
    warmGoal("verify warm, of better-auth's", "verify, warm", "better-auth, API key", 5);
  }

  for (const size of SIZES) {
    // A small table has too few tokens to present each once; there the unknown ones speak.
    const isLarge = size > COLD_TOKENS + WARM_UP_TOKENS;
    const fresh = isLarge ? await addTokens(sql, COLD_TOKENS + WARM_UP_TOKENS) : known;
    await fillUp(sql, size);
    const tokenFile = await fileOf(`cold-${size}`, isLarge ? fresh.slice(WARM_UP_TOKENS) : fresh);
    const warmUpFile = await fileOf(`warm-up-${size}`, fresh.slice(0, WARM_UP_TOKENS));
    const select = await startBaseline("select", databaseUrl, tokenFile);
    const refused = { tokenFile: unknown, refused: true };
    const file = (tokenFile: string) => ({ tokenFile, bodyBeforeToken: "token=" });
    await run({ url: to(select) }, 1);
    await run(verify(product, refused), 1);
    const found = await measure({
      "one indexed SELECT": () => run({ url: to(select) }),
      "verify, unknown token": () => run(verify(product, refused)),
      ...isLarge && {
        "verify, cold": () =>
          runCold(databaseUrl, {
            warmUp: (server) => verify(server, { tokenFile: warmUpFile }),
            cold: (server) => verify(server, { tokenFile }),
          }),
        "introspection, cold": () =>
          runCold(databaseUrl, {
            warmUp: (server) => introspect(server, file(warmUpFile)),
            cold: (server) => introspect(server, file(tokenFile)),
          }),
      },
    });
    await select.stop();
    const rows = `${size.toLocaleString("en")} rows`;
    print(`New tokens, ${rows}, of one indexed SELECT`, found, "one indexed SELECT");
    const of = isLarge ? "verify, cold" : "verify, unknown token";
    const words = `${of}, ${rows}, of one indexed SELECT`;
    goals.push({ goal: { words, of, to: "one indexed SELECT", atLeast: 0.8 }, found });
  }

  console.log("\nGoals");
  return goals.map(({ goal, found }) => isMet(found, goal)).every((met) => met);
}

async function peersOrReason(folder: string, databaseUrl: string): Promise<Peers | string> {
  try {
    return await startPeers(folder, databaseUrl);
  } catch (error) {
    return (error as Error).message;
  }
}

const started = performance.now();
const met = await main();
console.log(`\n${((performance.now() - started) / 60_000).toFixed(1)} minutes`);
Deno.exit(met ? 0 : 1);
