// deno-lint-ignore-file no-console -- a task reports to its user
/**
 * What a login in the browser costs the server: an authorization request of a user who is signed in
 * and has approved the client before, and the redemption of its code.
 */
import { createHash, randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { freePort } from "../../tests/support/free_port.ts";
import { startPostgres } from "../../tests/support/postgres.ts";
import { brand } from "../../shared/brand.ts";
import { startProgram } from "./program.ts";
import { median } from "./statistics.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const USERS = 16;
const CLIENT = "bench";
const REDIRECT_URI = "http://127.0.0.1:1/callback";
const VERIFIER = "v".repeat(43);
const SCOPE = "openid profile email offline_access";

const sha256 = (text: string) => createHash("sha256").update(text).digest();

/** Prints logins per second and how long each of the two requests takes. */
export async function benchBrowserLogins({ seconds }: { seconds: number }): Promise<void> {
  await using database = await startPostgres();
  const port = freePort();
  const server = await startProgram(Deno.execPath(), {
    args: [
      ...["run", "--lock=deno.lock", "--frozen", "--quiet", "--allow-all", "main.ts", "serve"],
      ...["--listen", `127.0.0.1:${port}`, "--database-url", database.url],
    ],
    cwd: root,
    port,
    ready: /Ctrl-C/,
  });
  const sql = postgres(database.url, { onnotice: () => {} });
  try {
    const sessions = await addSessions(sql);
    const requests = { authorize: [] as number[], token: [] as number[] };
    const end = performance.now() + seconds * 1000;
    await Promise.all(sessions.map(async (session) => {
      while (performance.now() < end) {
        const started = performance.now();
        const code = await authorize(port, session);
        const authorized = performance.now();
        await redeem(port, code);
        requests.authorize.push(authorized - started);
        requests.token.push(performance.now() - authorized);
      }
    }));
    console.log(`${(requests.token.length / seconds).toFixed(0)} logins/s, ${USERS} users at once`);
    for (const [name, times] of Object.entries(requests)) {
      console.log(`  ${name.padEnd(10)} ${median(times).toFixed(1)} ms (median)`);
    }
  } finally {
    await sql.end();
    await server.stop();
  }
}

/** Users who are signed in, each with a consent; returns the values of their cookies. */
async function addSessions(sql: postgres.Sql): Promise<string[]> {
  const now = new Date();
  const later = new Date(now.getTime() + 3_600_000);
  await sql`
    insert into clients (id, name, is_public, grants, redirect_uris, consent, created_at)
    values (${CLIENT}, 'Bench', true, '["code"]', '["loopback"]', 'remember', ${now})`;
  return await Promise.all(Array.from({ length: USERS }, async (_, number) => {
    const [id, token] = [randomUUID(), sha256(`session ${number}`).toString("base64url")];
    const email = `user${number}@example.com`;
    await sql`
      insert into users (id, email, email_key, name, created_at)
      values (${id}, ${email}, ${email}, 'Bench', ${now})`;
    await sql`
      insert into sessions (id, token_hash, user_id, created_at, authenticated_at, last_seen_at,
        expires_at, address, user_agent)
      values (${randomUUID()}, ${sha256(token)}, ${id}, ${now}, ${now}, ${now}, ${later}, '', '')`;
    await sql`
      insert into consents (user_id, client_id, redirect_uri, scope, created_at, last_used_at)
      values (${id}, ${CLIENT}, 'loopback', ${SCOPE}, ${now}, ${now})`;
    return token;
  }));
}

async function authorize(port: number, session: string): Promise<string> {
  const query = new URLSearchParams({
    response_type: "code",
    client_id: CLIENT,
    redirect_uri: REDIRECT_URI,
    scope: SCOPE,
    code_challenge: sha256(VERIFIER).toString("base64url"),
    code_challenge_method: "S256",
  });
  const response = await fetch(`http://127.0.0.1:${port}/oauth/authorize?${query}`, {
    redirect: "manual",
    headers: { cookie: `${brand.folderName}-browser-${port}=${session}` },
  });
  await response.body?.cancel();
  const location = response.headers.get("location") ?? "";
  const code = URL.canParse(location) && new URL(location).searchParams.get("code");
  if (!code) throw new Error(`${response.status} ${location}`);
  return code;
}

async function redeem(port: number, code: string): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/oauth/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: CLIENT,
      code,
      redirect_uri: REDIRECT_URI,
      code_verifier: VERIFIER,
    }),
  });
  const body = await response.text();
  if (response.status !== 200) throw new Error(body);
}
