// deno-lint-ignore-file no-console -- a task reports to its user
/**
 * What checking a token costs, beside what a bare server, a bare SELECT and other servers cost on
 * the same machine in the same minutes. Read the ratios: the absolute numbers drift by a third.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { freePort } from "../../tests/support/free_port.ts";
import { startPostgres } from "../../tests/support/postgres.ts";
import { AUTHENTICATED, CLIENT } from "./contender.ts";
import { type Load, requestsPerSecond } from "./load.ts";
import { type Peers, startPeers } from "./peers.ts";
import { type Program, startProgram } from "./program.ts";
import { startProduct } from "./product/product.ts";
import { median, shuffled } from "./statistics.ts";
import { addTokens, fillUp, inventTokens } from "./token_table.ts";
import { provideSystemPackages, TOKEN_CHECK_NEEDS } from "../system_packages.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Rows in the table; the cost must not depend on it. */
const SIZES = [1_000, 100_000, 1_000_000];
/** More tokens than a cold run can present in a second; each is presented once to a process. */
const COLD_TOKENS_PER_SECOND = 30_000;
/** Tokens that bring a fresh process up to speed before its cold run. */
const WARM_UP_TOKENS = 15_000;

export interface TokenCheckOptions {
  /** How long each load runs in a round. */
  seconds: number;
  rounds: number;
}

interface Goal {
  name: string;
  of: string;
  to: string;
  atLeast: number;
}

/** Requests per second by name, one number for each round. */
type Rounds = Map<string, number[]>;

/** The median of the rounds' ratios: the speed of a shared machine changes between rounds. */
function ratioOf(results: Rounds, of: string, to: string): number {
  const base = results.get(to)!;
  return median(results.get(of)!.map((perSecond, round) => perSecond / base[round]));
}

/** Runs every load in each round, in changing order. */
async function measure(
  loads: Record<string, () => Promise<number>>,
  rounds: number,
): Promise<Rounds> {
  const results: Rounds = new Map(Object.keys(loads).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of shuffled(Object.entries(loads))) results.get(name)!.push(await run());
  }
  return results;
}

function print(title: string, results: Rounds, base: string): void {
  console.log(`\n${title}`);
  for (const [name, all] of results) {
    const perSecond = median(all).toFixed(0).padStart(7);
    const ratio = ratioOf(results, name, base).toFixed(2).padStart(6);
    // Other load only slows a round down, so the best rounds are nearest to a quiet machine.
    const best = Math.max(...all);
    const ofBest = (best / Math.max(...results.get(base)!)).toFixed(2).padStart(6);
    const besideIt = `best ${best.toFixed(0).padStart(6)}/s ${ofBest}`;
    console.log(`  ${name.padEnd(30)} ${perSecond}/s ${ratio}   ${besideIt}`);
  }
}

function isMet(results: Rounds, { name, of, to, atLeast }: Goal): boolean {
  const ratio = ratioOf(results, of, to);
  const met = ratio >= atLeast;
  console.log(`  ${met ? "met    " : "NOT MET"} ${name}: ${ratio.toFixed(2)} (≥ ${atLeast})`);
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

const to = ({ port }: Program, path = "/") => `http://127.0.0.1:${port}${path}`;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const verify = (server: Program, load: Partial<Load>): Load => ({
  url: to(server, "/auth/verify"),
  ...load,
});
const introspect = (server: Program, load: Partial<Load>): Load => ({
  url: to(server, "/oauth/introspect"),
  method: "POST",
  headers: AUTHENTICATED,
  ...load,
});
const WARM_UP_SECONDS = 1;
const warmUp = (load: Load) => requestsPerSecond(load, WARM_UP_SECONDS);

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
  seconds: number,
): Promise<number> {
  const server = await startProduct(databaseUrl);
  try {
    await warmUp(loads.warmUp(server));
    return await requestsPerSecond(loads.cold(server), seconds);
  } finally {
    await server.stop();
  }
}

/** Prints the tables, and returns whether every goal is met. */
export async function benchTokenChecks(
  { seconds, rounds }: TokenCheckOptions,
): Promise<boolean> {
  const coldTokens = COLD_TOKENS_PER_SECOND * seconds;
  const run = (load: Load) => requestsPerSecond(load, seconds);
  await provideSystemPackages(TOKEN_CHECK_NEEDS, (line) => console.log(line));
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
  await sql`insert into clients (id, name, secret_hash, grants, created_at)
    values (${CLIENT.id}, 'bench', ${
    createHash("sha256").update(CLIENT.secret).digest()
  }, '[]', now())`;
  const product = await keep(startProduct(databaseUrl));
  const unknown = await fileOf("unknown", inventTokens(50_000));
  const goals: { goal: Goal; results: Rounds }[] = [];

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
    console.log(`\nNot compared with other servers, which cannot be installed: ${peers}`);
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
  for (const load of Object.values(loads)) await warmUp(load);
  const warmResults = await measure(
    Object.fromEntries(Object.entries(loads).map(([name, load]) => [name, () => run(load)])),
    rounds,
  );
  print("Known tokens, of Deno.serve", warmResults, "Deno.serve");
  const warmGoal = (name: string, of: string, to: string, atLeast: number) =>
    goals.push({ goal: { name, of, to, atLeast }, results: warmResults });
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
    const isLarge = size > coldTokens + WARM_UP_TOKENS;
    const fresh = isLarge ? await addTokens(sql, coldTokens + WARM_UP_TOKENS) : known;
    await fillUp(sql, size);
    const tokenFile = await fileOf(`cold-${size}`, isLarge ? fresh.slice(WARM_UP_TOKENS) : fresh);
    const warmUpFile = await fileOf(`warm-up-${size}`, fresh.slice(0, WARM_UP_TOKENS));
    const select = await startBaseline("select", databaseUrl, tokenFile);
    const refused = { tokenFile: unknown, refused: true };
    const file = (tokenFile: string) => ({ tokenFile, bodyBeforeToken: "token=" });
    await warmUp({ url: to(select) });
    await warmUp(verify(product, refused));
    const results = await measure({
      "one indexed SELECT": () => run({ url: to(select) }),
      "verify, unknown token": () => run(verify(product, refused)),
      ...isLarge && {
        "verify, cold": () =>
          runCold(databaseUrl, {
            warmUp: (server) => verify(server, { tokenFile: warmUpFile }),
            cold: (server) => verify(server, { tokenFile }),
          }, seconds),
        "introspection, cold": () =>
          runCold(databaseUrl, {
            warmUp: (server) => introspect(server, file(warmUpFile)),
            cold: (server) => introspect(server, file(tokenFile)),
          }, seconds),
      },
    }, rounds);
    await select.stop();
    const rows = `${size.toLocaleString("en")} rows`;
    print(`New tokens, ${rows}, of one indexed SELECT`, results, "one indexed SELECT");
    const of = isLarge ? "verify, cold" : "verify, unknown token";
    const name = `${of}, ${rows}, of one indexed SELECT`;
    goals.push({ goal: { name, of, to: "one indexed SELECT", atLeast: 0.8 }, results });
  }

  console.log("\nGoals");
  return goals.map(({ goal, results }) => isMet(results, goal)).every((met) => met);
}

async function peersOrReason(folder: string, databaseUrl: string): Promise<Peers | string> {
  try {
    return await startPeers(folder, databaseUrl);
  } catch (error) {
    return (error as Error).message;
  }
}
