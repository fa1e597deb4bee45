/** This program, from its sources on the runtime of releases. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { brand } from "../../../shared/brand.ts";
import { freePort } from "../../../tests/support/free_port.ts";
import { addLogins } from "../../scale/operations.ts";
import { AUTHENTICATED, CLIENT, type Contender, deviceLoads, refreshLoad } from "../contender.ts";
import { type Program, startProgram } from "../program.ts";
import { addTokens } from "../token_table.ts";
import { exchangeLoad, tokenCreationLoad } from "./api_tokens.ts";
import { addSessions, authorizationCodeLoad } from "./authorization_code.ts";
import { passwordSignInLoad } from "./password_sign_in.ts";
import { addUsers } from "./users.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
/** More than wrk has connections: each is presented once and succeeded by another. */
const LOGINS = 400;

export function startProduct(databaseUrl: string, ...args: string[]): Promise<Program> {
  return startProductWith([], databaseUrl, ...args);
}

/** `runtimeArgs` are of Deno. */
function startProductWith(
  runtimeArgs: readonly string[],
  databaseUrl: string,
  ...args: string[]
): Promise<Program> {
  const port = freePort();
  return startProgram(Deno.execPath(), {
    args: [
      ...["run", "--lock=deno.lock", "--frozen", "--quiet", "--allow-all", ...runtimeArgs],
      ...["main.ts", "serve"],
      ...["--listen", `127.0.0.1:${port}`, "--database-url", databaseUrl, ...args],
    ],
    cwd: root,
    port,
    ready: /Ctrl-C/,
  });
}

export interface Product extends Contender {
  program: Program;
  /** A personal access token. */
  token: string;
}

/** With users, a client that may introspect and a token, on an empty database. */
export async function startProductContender(
  databaseUrl: string,
  folder: string,
  runtimeArgs: readonly string[] = [],
): Promise<Product> {
  // Each request of the load has an address of its own: limits for a network are not measured.
  const proxies = ["--trusted-proxies", "127.0.0.1"];
  const program = await startProductWith(runtimeArgs, databaseUrl, ...proxies);
  const sql = postgres(databaseUrl, { max: 2, onnotice: () => {} });
  await sql`
    insert into users (id, email, name, is_admin, created_at)
    values (gen_random_uuid(), 'bench@example.test', 'Bench', true, now())`;
  await sql`
    insert into clients (id, name, secret_hash, grants, created_at)
    values (${CLIENT.id}, 'bench', ${
    createHash("sha256").update(CLIENT.secret).digest()
  }, '[]', now())`;
  const [token] = await addTokens(sql, 1);
  // Afterwards, so that the token is the administrator's.
  await addUsers(sql);
  const origin = `http://127.0.0.1:${program.port}`;
  const to = (path: string) => origin + path;
  const file = (name: string) => join(folder, `product-${name}`);
  const cookies = await addSessions(sql, program.port);
  const passwordSignIn = await passwordSignInLoad(sql, origin);
  return {
    name: brand.binaryName,
    program,
    token,
    databaseUrl,
    startMs: program.startMs,
    pid: program.pid,
    loads: {
      introspection: () =>
        Promise.resolve({
          url: to("/oauth/introspect"),
          method: "POST",
          headers: AUTHENTICATED,
          body: `token=${token}`,
        }),
      ...deviceLoads({
        authorizationUrl: to("/oauth/device/authorize"),
        tokenUrl: to("/oauth/token"),
        clientId: brand.cliClientId,
        file: file("device-codes"),
      }),
      refresh: async () =>
        await refreshLoad({
          url: to("/oauth/token"),
          clientId: brand.cliClientId,
          tokens: await addLogins({ sql }, LOGINS, { scope: "openid offline_access" }),
          file: file("refresh-tokens"),
        }),
      "authorize + token": () => Promise.resolve(authorizationCodeLoad(origin, cookies)),
      "token exchange": () =>
        exchangeLoad(sql, { url: to("/oauth/token"), file: file("exchanged-tokens") }),
      "API token creation": async () => await tokenCreationLoad(sql, origin),
      "password sign-in": () => Promise.resolve(passwordSignIn),
      "sign-in page": () => Promise.resolve({ url: to("/signin") }),
      "dashboard page": () => Promise.resolve({ url: to("/"), headers: { cookie: cookies[0] } }),
    },
    async stop() {
      await sql.end();
      await program.stop();
    },
  };
}
