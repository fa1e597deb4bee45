/** This program, from its sources on the runtime of releases. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { brand } from "../../shared/brand.ts";
import { freePort } from "../../tests/support/free_port.ts";
import { addLogins } from "../scale/operations.ts";
import { AUTHENTICATED, CLIENT, type Contender, deviceLoads, FORM } from "./contender.ts";
import { type Program, startProgram } from "./program.ts";
import { addTokens } from "./token_table.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** More than wrk has connections: each is presented once and succeeded by another. */
const LOGINS = 400;

export function startProduct(databaseUrl: string, ...args: string[]): Promise<Program> {
  const port = freePort();
  return startProgram(Deno.execPath(), {
    args: [
      ...["run", "--lock=deno.lock", "--frozen", "--quiet", "--allow-all", "main.ts", "serve"],
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

/** With a user, a client that may introspect and a token, on an empty database. */
export async function startProductContender(
  databaseUrl: string,
  folder: string,
): Promise<Product> {
  // Each request of the load has an address of its own: limits for a network are not measured.
  const program = await startProduct(databaseUrl, "--trusted-proxies", "127.0.0.1");
  const sql = postgres(databaseUrl, { max: 2, onnotice: () => {} });
  await sql`
    insert into users (id, email, name, created_at)
    values (gen_random_uuid(), 'bench@example.test', 'Bench', now())`;
  await sql`
    insert into clients (id, name, secret_hash, grants, created_at)
    values (${CLIENT.id}, 'bench', ${
    createHash("sha256").update(CLIENT.secret).digest()
  }, '[]', now())`;
  const [token] = await addTokens(sql, 1);
  const to = (path: string) => `http://127.0.0.1:${program.port}${path}`;
  const refreshTokens = join(folder, "product-refresh-tokens");
  return {
    name: brand.binaryName,
    program,
    token,
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
        file: join(folder, "product-device-codes"),
      }),
      refresh: async () => {
        const tokens = await addLogins({ sql }, LOGINS, { scope: "openid offline_access" });
        await Deno.writeTextFile(refreshTokens, tokens.join("\n"));
        return {
          url: to("/oauth/token"),
          method: "POST",
          headers: FORM,
          tokenFile: refreshTokens,
          bodyBeforeToken: `grant_type=refresh_token&client_id=${brand.cliClientId}&refresh_token=`,
          nextToken: '"refresh_token":"([^"]+)"',
          manyAddresses: true,
        };
      },
      page: () => Promise.resolve({ url: to("/signin") }),
    },
    async stop() {
      await sql.end();
      await program.stop();
    },
  };
}
