// deno-lint-ignore-file no-console -- a task speaks to whoever runs it
/**
 * `deno task bench [SECONDS ROUNDS]`: what checking a token costs, beside what a
 * bare server costs on the same machine in the same minute. Needs wrk. Read the
 * ratios: the absolute numbers drift by a third.
 */
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { brand } from "../shared/brand.ts";
import { formatToken } from "../shared/token_format.ts";
import { freePort } from "../tests/support/free_port.ts";
import { startPostgres } from "../tests/support/postgres.ts";
import { type Load, requestsPerSecond } from "./bench/load.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const [seconds = 3, rounds = 5] = Deno.args.map(Number);
/** Rows in the table; the cost must not depend on it. */
const SIZES = [1_000, 100_000, 1_000_000];
/** Tokens that a cold run presents, each once; and those that warm the process up before. */
const FRESH_TOKENS = 150_000;
const WARM_UP_TOKENS = 20_000;

interface Server {
  port: number;
  stop(): Promise<void>;
}

/** Runs a program until it says that it is ready. */
async function startProgram(args: string[], port: number, ready: RegExp): Promise<Server> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--lock=deno.lock", "--frozen", "--quiet", "--allow-all", ...args],
    cwd: root,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!ready.test(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`${args[0]} ended: ${text}`);
    text += value;
  }
  const drained = (async () => {
    while (!(await reader.read()).done) { /* What it says later is of no interest. */ }
  })();
  return {
    port,
    async stop() {
      child.kill("SIGTERM");
      await child.status;
      await drained;
    },
  };
}

function startBaseline(kind: string, databaseUrl: string): Promise<Server> {
  const port = freePort();
  const args = ["tasks/bench/baseline_server.ts", kind, String(port), databaseUrl];
  return startProgram(args, port, /ready/);
}

function startProduct(databaseUrl: string): Promise<Server> {
  const port = freePort();
  const args = ["main.ts", "serve", "--listen", `127.0.0.1:${port}`, "--database-url", databaseUrl];
  return startProgram(args, port, /Ctrl-C/);
}

/** Fills the table up to `size` rows. */
async function fill(sql: postgres.Sql, size: number): Promise<void> {
  const [{ count }] = await sql`select count(*)::int as count from personal_access_tokens`;
  const prefix = brand.tokenPrefixes.personalAccessToken;
  await sql`
    insert into personal_access_tokens
      (id, user_id, name, token_hash, token_prefix, scope, audience, created_at, expires_at)
    select gen_random_uuid(), (select id from users limit 1), 'filler',
      sha256((${prefix} || n)::bytea), ${prefix}, 'openid', '', now(), now() + interval '1 year'
    from generate_series(${count}::int + 1, ${size}::int) n`;
  await sql`vacuum analyze personal_access_tokens`;
}

/** Makes `count` tokens that work, and returns them. */
async function makeTokens(sql: postgres.Sql, count: number): Promise<string[]> {
  const prefix = brand.tokenPrefixes.personalAccessToken;
  const tokens = Array.from({ length: count }, () => formatToken(prefix, randomBytes(32)));
  for (let start = 0; start < count; start += 5000) {
    const hashes = tokens.slice(start, start + 5000)
      .map((token) => createHash("sha256").update(token).digest("hex"));
    await sql`
      insert into personal_access_tokens
        (id, user_id, name, token_hash, token_prefix, scope, audience, created_at, expires_at)
      select gen_random_uuid(), (select id from users limit 1), 'bench', decode(hash, 'hex'),
        ${prefix}, 'openid', '', now(), now() + interval '1 year'
      from jsonb_array_elements_text(${sql.json(hashes)}) hash`;
  }
  return tokens;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function shuffled<T>(list: readonly T[]): T[] {
  return list.map((one) => ({ one, key: Math.random() })).sort((a, b) => a.key - b.key)
    .map(({ one }) => one);
}

const results: { name: string; perSecond: number; ratio: string }[] = [];

/** Runs every load in each round, in changing order; the medians are what counts. */
async function measure(loads: Record<string, () => Promise<number>>) {
  const found: Record<string, number[]> = {};
  for (const run of Object.values(loads)) await run();
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of shuffled(Object.entries(loads))) {
      (found[name] ??= []).push(await run());
    }
  }
  return Object.fromEntries(Object.entries(found).map(([name, all]) => [name, median(all)]));
}

function note(name: string, perSecond: number, of: string, base: number): void {
  const ratio = `${(perSecond / base).toFixed(2)} of ${of}`;
  results.push({ name, perSecond, ratio });
  console.log(`${name.padEnd(44)} ${perSecond.toFixed(0).padStart(8)}/s   ${ratio}`);
}

async function main(): Promise<void> {
  await using database = await startPostgres("18");
  const sql = postgres(database.url, { max: 2, onnotice: () => {} });
  const folder = await Deno.makeTempDir();
  const running: Server[] = [];
  const start = async (starting: Promise<Server>) => {
    const server = await starting;
    running.push(server);
    return server;
  };
  try {
    await (await startProduct(database.url)).stop(); // Migrates.
    await sql`insert into users (id, email, name, created_at)
      values (gen_random_uuid(), 'bench@example.test', 'Bench', now())`;
    const clientSecret = "bench-secret";
    await sql`insert into clients (id, name, secret_hash, created_at)
      values ('bench', 'bench', ${createHash("sha256").update(clientSecret).digest()}, now())`;
    const [warmToken] = await makeTokens(sql, 1);
    const raw = await start(startBaseline("raw", database.url));
    const hono = await start(startBaseline("hono", database.url));
    const select = await start(startBaseline("select", database.url));
    const address = ({ port }: Server, path = "/") => `http://127.0.0.1:${port}${path}`;
    const run = (load: Omit<Load, "duration">) => requestsPerSecond({ duration: seconds, ...load });
    const basic = { authorization: `Basic ${btoa(`bench:${clientSecret}`)}` };
    const form = { ...basic, "content-type": "application/x-www-form-urlencoded" };

    for (const size of SIZES) {
      await fill(sql, size);
      const product = await start(startProduct(database.url));
      const bearer = { authorization: `Bearer ${warmToken}` };
      const jwt = await exchange(address(product, "/oauth/token"), warmToken);
      const medians = await measure({
        raw: () => run({ url: address(raw) }),
        hono: () => run({ url: address(hono) }),
        verify: () => run({ url: address(product, "/auth/verify"), headers: bearer }),
        verifyJwt: () =>
          run({
            url: address(product, "/auth/verify"),
            headers: { authorization: `Bearer ${jwt}` },
          }),
        introspect: () =>
          run({
            url: address(product, "/oauth/introspect"),
            method: "POST",
            headers: form,
            body: `token=${warmToken}`,
          }),
      });
      const rows = `${size.toLocaleString("en")} tokens`;
      note(`${rows}: Deno.serve`, medians.raw, "Deno.serve", medians.raw);
      note(`${rows}: Hono`, medians.hono, "Deno.serve", medians.raw);
      note(`${rows}: /auth/verify, warm`, medians.verify, "Deno.serve", medians.raw);
      note(`${rows}: /auth/verify, warm, a JWT`, medians.verifyJwt, "Deno.serve", medians.raw);
      note(`${rows}: introspection, warm`, medians.introspect, "Deno.serve", medians.raw);

      // A cold run needs tokens nobody has presented, and so a process that has seen none.
      const cold = { select: [] as number[], verify: [] as number[], introspect: [] as number[] };
      const tokenFile = join(folder, `tokens-${size}`);
      if (size < FRESH_TOKENS) {
        await product.stop();
        continue;
      }
      const warmUpFile = `${tokenFile}-warm-up`;
      const tokens = await makeTokens(sql, FRESH_TOKENS + WARM_UP_TOKENS);
      await Deno.writeTextFile(tokenFile, tokens.slice(WARM_UP_TOKENS).join("\n"));
      await Deno.writeTextFile(warmUpFile, tokens.slice(0, WARM_UP_TOKENS).join("\n"));
      await sql`vacuum analyze personal_access_tokens`;
      await product.stop();
      for (let round = 0; round < rounds; round++) {
        await run({ url: address(select), tokenFile: warmUpFile });
        cold.select.push(await run({ url: address(select), tokenFile }));
        for (const kind of ["verify", "introspect"] as const) {
          const fresh = await startProduct(database.url);
          const url = address(fresh, kind === "verify" ? "/auth/verify" : "/oauth/introspect");
          const load = kind === "verify"
            ? { url }
            : { url, method: "POST" as const, headers: form, tokenBody: "token=TOKEN" };
          await run({ ...load, tokenFile: warmUpFile });
          cold[kind].push(await run({ ...load, tokenFile }));
          await fresh.stop();
        }
      }
      const base = median(cold.select);
      note(`${rows}: one indexed SELECT`, base, "Deno.serve", medians.raw);
      note(`${rows}: /auth/verify, cold`, median(cold.verify), "the SELECT", base);
      note(`${rows}: introspection, cold`, median(cold.introspect), "the SELECT", base);
    }
  } finally {
    for (const server of running) await server.stop().catch(() => {});
    await sql.end();
    await Deno.remove(folder, { recursive: true });
  }
}

async function exchange(url: string, token: string): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      subject_token: token,
    }),
  });
  return (await response.json()).access_token;
}

await main();
